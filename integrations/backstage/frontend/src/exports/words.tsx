import { StatusAborted, StatusError, StatusOK, StatusPending, StatusRunning, StatusWarning } from '@backstage/core-components';
import { makeStyles } from '@material-ui/core/styles';
import type { Counts, ExportRun, RunStatus } from '../api/ExportApi';

const looks: Record<RunStatus, { text: string; sign: typeof StatusOK }> = {
  queued: { text: 'Queued', sign: StatusPending },
  running: { text: 'Running', sign: StatusRunning },
  succeeded: { text: 'Succeeded', sign: StatusOK },
  partial: { text: 'Incomplete', sign: StatusWarning },
  failed: { text: 'Failed', sign: StatusError },
  cancelled: { text: 'Cancelled', sign: StatusAborted },
  auth_failed: { text: 'Token refused', sign: StatusError },
  not_entitled: { text: 'Not in the plan', sign: StatusError },
};

const useStyles = makeStyles({
  state: { display: 'inline-flex', alignItems: 'center', whiteSpace: 'nowrap', '& .MuiTypography-root': { fontSize: 'inherit', fontWeight: 'inherit' } },
});

export const RunState = ({ status }: { status: RunStatus }) => {
  const { text, sign: Sign } = looks[status] ?? { text: status, sign: StatusAborted };
  return <span data-status={status} className={useStyles().state}><Sign>{text}</Sign></span>;
};

export const isUnderWay = (run: Pick<ExportRun, 'status'> | undefined) => run?.status === 'queued' || run?.status === 'running';

const phases: Record<string, string> = {
  prepare: 'looking at the destination',
  plan: 'reading the catalog',
  write: 'sending',
  finish: 'finishing',
};

export const phaseText = (phase: string | undefined) => (phase ? (phases[phase] ?? phase) : 'waiting to begin');

const triggers: Record<string, string> = { manual: 'by hand', cron: 'by schedule', retry: 'retry of failed items', missed: 'made up for a missed one' };

export const kindText = (run: Pick<ExportRun, 'trigger' | 'dryRun' | 'full'>) =>
  [triggers[run.trigger] ?? run.trigger, run.dryRun && 'dry run', run.full && 'everything'].filter(Boolean).join(', ');

/** How much of what there is to send has settled, as far as that is known: between 0 and 1. */
export function progressOf({ sent, failed, unmappable, create, update }: Counts, phase: string | undefined): number | undefined {
  if (phase !== 'write' && phase !== 'finish') return undefined;
  const planned = create + update;
  if (planned === 0) return undefined;
  const settled = sent + Math.max(0, failed - unmappable);
  return Math.min(1, settled / planned);
}

export const number = (n: number) => n.toLocaleString('en');
