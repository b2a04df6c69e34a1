// A run under way: its phases, how far it is, how fast, and the way to end it.
import { Button, Paper, Text, Title, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import IconStop from '@tabler/icons-react/dist/esm/icons/IconPlayerStop.mjs';
import IconHourglass from '@tabler/icons-react/dist/esm/icons/IconHourglass.mjs';
import { advise } from '../../api/errors';
import type { Run } from '../../api/export';
import { Notice } from '../../ui/Notice';
import { Time } from '../../ui/Time';
import { Confirm } from './Confirm';
import type { Lost } from './lost';
import { ActionError } from './Notices';
import { announcement, phases, progressOf, secondsUntil } from './progress';
import classes from './RunProgress.module.css';
import { useCancel } from './useRunActions';
import { useNow } from './useNow';
import { bytesText, count, durationOf, durationText, etaText, kindText, number, rateText } from './words';

interface Props {
  run: Run;
  /** Nobody answers: this is how it stood, and nothing goes on here. */
  lost: Lost | undefined;
  link?: boolean;
}

export function RunProgress({ run, lost, link }: Props) {
  const now = useNow(!lost);
  const progress = progressOf(run);
  const wait = lost ? 0 : secondsUntil(run.waitingUntil, now);
  const still = wait > 0 || lost;
  const { counts: c } = run;
  const facts = [
    durationText(durationOf(run, now)),
    still ? undefined : rateText(run.rate),
    still ? undefined : etaText(run.etaSeconds),
    c.requests > 0 ? count(c.requests, 'request', 'requests') : undefined,
    c.wireBytes > 0 ? bytesText(c.wireBytes) : undefined,
  ].filter((f) => f !== undefined);
  const title = lost ? 'A run was under way' : run.dryRun ? 'A dry run is under way' : run.status === 'queued' ? 'A run waits for its turn' : 'A run is under way';
  return (
    <Paper component="section" aria-label="Progress" className={classes.card}>
      <div className={classes.head}>
        <div>
          <Title order={2} className={classes.title}>{title}</Title>
          <Text size="sm" c="dimmed">{kindText(run)}</Text>
        </div>
        <div className={classes.actions}>
          {link && (
            <Button variant="default" size="sm" renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: run.id }} />}>
              Watch
            </Button>
          )}
          {!lost && <Cancel run={run} />}
        </div>
      </div>
      <Phases run={run} />
      <div
        className={classes.track}
        role="progressbar"
        aria-label={progress.text}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={progress.percent === undefined ? undefined : Math.round(progress.percent)}
        aria-valuetext={progress.amount}
        data-unknown={progress.percent === undefined || undefined}
        data-waiting={wait > 0 || undefined}
        data-lost={lost ? true : undefined}
      >
        <span className={classes.bar} style={{ width: progress.percent === undefined ? undefined : `${progress.percent}%` }} />
      </div>
      <div className={classes.line}>
        <Text size="sm" fw={500}>{progress.text}</Text>
        {progress.amount && (
          <Text size="sm" className={classes.amount}>
            {progress.amount}
            {progress.percent !== undefined && <span className={classes.percent}>{Math.floor(progress.percent)} %</span>}
          </Text>
        )}
      </div>
      {wait > 0 && (
        <p className={classes.wait}>
          <IconHourglass size={17} stroke={1.7} aria-hidden />
          Rely asked us to wait. The run goes on in {durationText(wait * 1000).replaceAll(' ', '\u00a0')}.
        </p>
      )}
      {run.note && wait === 0 && (
        <p className={classes.wait}>
          <IconHourglass size={17} stroke={1.7} aria-hidden />
          {run.note}
        </p>
      )}
      {run.note && <Text size="sm" mt={6} className={classes.note}>{run.note}</Text>}
      <Text size="sm" c="dimmed" className={classes.facts}>
        {facts.map((fact) => <span key={fact}>{fact}</span>)}
        {c.failed > 0 && <span className={classes.failed}>{number(c.failed)} failed so far</span>}
      </Text>
      {lost && (
        <div className={classes.lost}>
          <Notice tone="warn" title={advise(lost.error).title}>
            <Text size="sm" component="div">
              This is how the run stood <Time value={lost.at} />; nobody knows here how it has gone on. The server is asked again by itself.
            </Text>
          </Notice>
        </div>
      )}
      <VisuallyHidden role="status">{lost ? `${advise(lost.error).title}. It is not known how the run goes on` : wait > 0 ? 'Rely asked us to wait' : announcement(run)}</VisuallyHidden>
    </Paper>
  );
}

function Phases({ run }: { run: Run }) {
  const shown = run.dryRun ? phases.filter((p) => p.phase !== 'write') : phases;
  const at = shown.findIndex((p) => p.phase === run.phase);
  return (
    <ol className={classes.phases} aria-label="Phases">
      {shown.map((p, i) => (
        <li key={p.phase} data-state={i < at ? 'done' : i === at ? 'now' : 'next'} aria-current={i === at ? 'step' : undefined}>
          <span className={classes.phase}>{p.label}</span>
          {i < at && <VisuallyHidden>, done</VisuallyHidden>}
        </li>
      ))}
    </ol>
  );
}

function Cancel({ run }: { run: Run }) {
  const [asking, ask] = useDisclosure(false);
  const cancel = useCancel();
  const sent = cancel.isPending || cancel.isSuccess;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconStop size={16} aria-hidden />}
        {...(sent && { 'data-disabled': true, 'aria-disabled': true })}
        onClick={() => !sent && ask.open()}
      >
        {sent ? 'Ending…' : 'Cancel'}
      </Button>
      <Confirm opened={asking} title="Cancel this run?" confirm="Cancel the run" refuse="Let it go on" onClose={ask.close} onConfirm={() => cancel.mutate(run.id)}>
        What is under way is brought to its end, and nothing more is sent. What has arrived stays, and the run can be resumed later.
      </Confirm>
      {sent && (
        <Text size="sm" c="dimmed" className={classes.ending} role="status">
          The run ends once what Rely was given has settled. That can take as long as Rely does.
        </Text>
      )}
      {cancel.isError && <div className={classes.error}><ActionError error={cancel.error} /></div>}
    </>
  );
}
