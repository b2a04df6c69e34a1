import { makeStyles } from '@material-ui/core/styles';
import type { Run } from '../api/SpaceliftApi';

const useStyles = makeStyles((theme) => ({
  delta: { display: 'inline-flex', gap: theme.spacing(1), fontFamily: 'monospace', whiteSpace: 'nowrap' },
  add: { color: theme.palette.success.main },
  change: { color: theme.palette.warning.main },
  delete: { color: theme.palette.error.main },
}));

/** What a run plans to change, or has changed. */
export const Delta = ({ delta }: { delta?: Run['delta'] }) => {
  const classes = useStyles();
  if (!delta) return <>–</>;
  const { add, change } = delta;
  if (add + change + delta.delete === 0) return <>No changes</>;
  return (
    <span className={classes.delta} aria-label={`${add} to add, ${change} to change, ${delta.delete} to delete`}>
      <span className={classes.add}>+{add}</span>
      <span className={classes.change}>~{change}</span>
      <span className={classes.delete}>−{delta.delete}</span>
    </span>
  );
};
