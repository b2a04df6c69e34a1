import classes from './StateChip.module.css';
import { isMoving, stateText, toneOf } from './states';

/** A state as a word in its colour; what is under way has a dot that moves. */
export function StateChip({ state, large }: { state: string; large?: boolean }) {
  return (
    <span className={classes.chip} data-tone={toneOf(state)} data-moving={isMoving(state) || undefined} data-large={large || undefined}>
      <span className={classes.dot} aria-hidden />
      {stateText(state)}
    </span>
  );
}
