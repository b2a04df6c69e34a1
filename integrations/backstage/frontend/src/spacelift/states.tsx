// States of stacks and runs in words and signs. States that nobody told us of have both, too: the list of them is open.
import { StatusAborted, StatusError, StatusOK, StatusPending, StatusRunning, StatusWarning } from '@backstage/core-components';
import { makeStyles } from '@material-ui/core/styles';
import type { StateGroup } from '../api/SpaceliftApi';

type Tone = 'moving' | 'good' | 'bad' | 'asking' | 'off' | 'waiting';

const tones: Record<string, Tone> = {
  APPLYING: 'moving', DESTROYING: 'moving', INITIALIZING: 'moving', PLANNING: 'moving', PREPARING: 'moving', PERFORMING: 'moving',
  PREPARING_APPLY: 'moving', PREPARING_REPLAN: 'moving',
  READY: 'waiting', QUEUED: 'waiting', PENDING: 'waiting', CONFIRMED: 'waiting', REPLAN_REQUESTED: 'waiting',
  FINISHED: 'good',
  FAILED: 'bad',
  UNCONFIRMED: 'asking', PENDING_REVIEW: 'asking',
};

const signs = { moving: StatusRunning, good: StatusOK, bad: StatusError, asking: StatusWarning, waiting: StatusPending, off: StatusAborted };

/** A state as people write it: PREPARING_APPLY is "Preparing apply". */
export function stateText(state: string): string {
  const words = state.split('_').join(' ').toLowerCase().trim();
  return words === '' ? 'Unknown' : words.charAt(0).toUpperCase() + words.slice(1);
}

const useStyles = makeStyles({
  state: { display: 'inline-flex', alignItems: 'center', whiteSpace: 'nowrap', '& .MuiTypography-root': { fontSize: 'inherit', fontWeight: 'inherit' } },
});

export const State = ({ state }: { state: string }) => {
  const classes = useStyles();
  const Sign = signs[tones[state] ?? 'off'];
  return (
    <span className={classes.state} data-state={state}>
      <Sign>{stateText(state)}</Sign>
    </span>
  );
};

/** The groups that v1 puts states into (spacelift.md 5.5), in the order of how much they want to be looked at. */
export const groups: Record<StateGroup, string> = {
  attention: 'Needs attention',
  failed: 'Failed',
  hold: 'On hold',
  progress: 'In progress',
  finished: 'Finished',
  other: 'Other',
};

/** The states from which the official page offers a trigger (spacelift.md 2). */
export const isStartable = (state: string) => ['DISCARDED', 'FAILED', 'STOPPED', 'FINISHED', 'NONE'].includes(state);
