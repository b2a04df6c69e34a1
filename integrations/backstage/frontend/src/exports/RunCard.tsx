import { InfoCard, Link } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import LinearProgress from '@material-ui/core/LinearProgress';
import Typography from '@material-ui/core/Typography';
import Alert from '@material-ui/lab/Alert';
import { exportApiRef, type ExportRun } from '../api/ExportApi';
import { useAction } from '../hooks/useAction';
import { useNow } from '../hooks/useNow';
import { Ago, duration } from '../ui/Ago';
import { Fact, Facts } from '../ui/Facts';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { isUnderWay, kindText, number, phaseText, progressOf, RunState } from './words';

interface Props {
  run: ExportRun;
  title: string;
  onChanged: (id?: string) => void;
  /** Leads to the run's own page. */
  link?: boolean;
  /** Leads to all runs. */
  back?: boolean;
}

export const RunCard = ({ run, title, onChanged, link, back }: Props) => {
  const underWay = isUnderWay(run);
  const now = useNow(underWay);
  const took = (run.endedAt ? Date.parse(run.endedAt) : now) - Date.parse(run.startedAt);
  return (
    <InfoCard title={title} subheader={<RunState status={run.status} />} action={back ? <div style={{ padding: 16 }}><Link to="..">All runs</Link></div> : undefined}>
      {underWay && <UnderWay run={run} />}
      <Said run={run} />
      <Counts run={run} />
      <Facts>
        <Fact label="Began"><Ago time={run.startedAt} now={underWay ? now : undefined} /></Fact>
        <Fact label="Took">{duration(took)}</Fact>
        <Fact label="Kind">{kindText(run)}</Fact>
        <Fact label="By">{run.requestedBy ? <Person who={run.requestedBy} /> : 'the schedule'}</Fact>
      </Facts>
      <Actions run={run} link={link} onChanged={onChanged} />
    </InfoCard>
  );
};

const UnderWay = ({ run }: { run: ExportRun }) => {
  const progress = progressOf(run.counts, run.phase);
  const eta = run.etaSeconds ? `, about ${duration(Math.ceil(run.etaSeconds) * 1000)} to go` : '';
  return (
    <div style={{ marginBottom: 16 }} role="status">
      <LinearProgress aria-label="Progress" variant={progress === undefined ? 'indeterminate' : 'determinate'} value={(progress ?? 0) * 100} />
      <Typography variant="body2" color="textSecondary" style={{ marginTop: 8 }}>
        {phaseText(run.phase)}{run.rate ? `, ${number(Math.round(run.rate))} a second` : ''}{eta}
      </Typography>
    </div>
  );
};

/** What the run itself has to say. */
const Said = ({ run }: { run: ExportRun }) => {
  const look = { variant: 'outlined' as const, style: { marginBottom: 16 } };
  return (
    <>
      {run.error && <Alert severity={run.status === 'partial' ? 'warning' : 'error'} {...look}>{run.error}</Alert>}
      {run.note && <Alert severity="info" {...look}>{run.note}</Alert>}
      {run.waitingUntil && <Alert severity="info" {...look}>The destination asked to wait; it goes on <Ago time={run.waitingUntil} />.</Alert>}
      {run.retryAt && <Alert severity="info" {...look}>What failed is tried again by itself <Ago time={run.retryAt} />.</Alert>}
      {run.warnings && run.warnings.length > 0 && (
        <Alert severity="warning" {...look}>
          {run.warnings.slice(0, 5).map((warning) => <div key={warning}>{warning}</div>)}
          {run.warnings.length > 5 && <div>and {run.warnings.length - 5} more</div>}
        </Alert>
      )}
    </>
  );
};

const Counts = ({ run: { counts, dryRun } }: { run: ExportRun }) => (
  <div style={{ marginBottom: 16 }}>
    <Facts>
      <Fact label="Entities read">{number(counts.read)}</Fact>
      <Fact label={dryRun ? 'Would be sent' : 'Sent'}>{number(dryRun ? counts.create + counts.update : counts.sent)}</Fact>
      <Fact label="Not changed">{number(counts.unchanged)}</Fact>
      <Fact label="Failed">{number(counts.failed)}</Fact>
      {counts.filtered > 0 && <Fact label="Filtered out">{number(counts.filtered)}</Fact>}
      {counts.skipped > 0 && <Fact label="Left out by the mapping">{number(counts.skipped)}</Fact>}
    </Facts>
  </div>
);

const Actions = ({ run, link, onChanged }: { run: ExportRun; link?: boolean; onChanged: (id?: string) => void }) => {
  const api = useApi(exportApiRef);
  const act = useAction(async (what: 'cancel' | 'resume' | 'retry') => {
    if (what === 'retry') {
      const { runId } = await api.retryFailed(run.id);
      onChanged(runId);
      return;
    }
    await api[what](run.id);
    onChanged(run.id);
  });
  const underWay = isUnderWay(run);
  const offers = [
    underWay && { what: 'cancel' as const, label: 'Cancel' },
    !underWay && run.resumable && { what: 'resume' as const, label: 'Resume' },
    !underWay && !run.dryRun && run.counts.failed > 0 && { what: 'retry' as const, label: 'Retry what failed' },
  ].filter((offer) => offer !== false && offer !== undefined);
  return (
    <div style={{ marginTop: 16 }}>
      {act.error !== undefined && <Problem error={act.error} onClose={act.forget} />}
      {offers.map(({ what, label }) => (
        <Button key={what} variant="outlined" disabled={act.busy} onClick={() => act.run(what)} style={{ marginRight: 8 }}>{label}</Button>
      ))}
      {link && <Link to={`runs/${encodeURIComponent(run.id)}`}>Details of this run</Link>}
    </div>
  );
};
