import type { Run } from '../../api/spacelift';
import classes from './Delta.module.css';

const n = (value: number) => value.toLocaleString('en');

/** What a run changes, or would change: added, changed and deleted. */
export function Delta({ delta }: { delta: Run['delta'] }) {
  if (!delta) return null;
  const { add, change, delete: gone } = delta;
  const more = [['imported', delta.import], ['moved', delta.move], ['forgotten', delta.forget]].flatMap(([word, count]) => (count ? [`${n(count as number)} ${word}`] : []));
  const words = [`${n(add)} added`, `${n(change)} changed`, `${n(gone)} deleted`, ...more].join(', ');
  if (add + change + gone === 0 && more.length === 0) return <span className={classes.none}>no changes</span>;
  return (
    <span className={classes.delta} role="img" aria-label={words} title={words}>
      <span className={classes.add} data-zero={add === 0 || undefined}>+{n(add)}</span>
      <span className={classes.change} data-zero={change === 0 || undefined}>~{n(change)}</span>
      <span className={classes.gone} data-zero={gone === 0 || undefined}>−{n(gone)}</span>
    </span>
  );
}
