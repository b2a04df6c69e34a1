import { Anchor, Paper, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Run } from '../../api/export';
import { Status } from '../../ui/Status';
import { Time } from '../../ui/Time';
import classes from './LastRun.module.css';
import { RunProblem } from './Notices';
import { durationOf, durationText, kindText, outcomeText, statusLook } from './words';

/** How the last run ended; what to do where it did not end well. */
export function LastRun({ run }: { run: Run }) {
  const look = statusLook(run.status);
  return (
    <>
      <Paper component="section" aria-label="The last run" className={classes.card}>
        <Status tone={look.tone}>{look.label}</Status>
        <Text component="div" className={classes.outcome}>{outcomeText(run)}</Text>
        <Text size="sm" c="dimmed" component="div" className={classes.when}>
          {kindText(run)}, ended <Time value={run.endedAt ?? run.startedAt} /> after {durationText(durationOf(run, Date.now()))}
        </Text>
        <Anchor size="sm" className={classes.link} renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: run.id }} />}>
          See the run
        </Anchor>
      </Paper>
      <RunProblem run={run} link />
    </>
  );
}
