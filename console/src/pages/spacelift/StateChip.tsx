import classes from './StateChip.module.css';
import { isMoving, stateText, toneOf } from './states';

/** A state as a word in its colour; what is under way has a dot that moves, unless only the word is meant. */
export function StateChip({ state, large, still }: { state: string; large?: boolean; still?: boolean }) {
  return (
    <span className={classes.chip} data-tone={toneOf(state)} data-moving={(!still && isMoving(state)) || undefined} data-large={large || undefined}>
      <span className={classes.dot} aria-hidden />
      {stateText(state)}
    </span>
  );
}
