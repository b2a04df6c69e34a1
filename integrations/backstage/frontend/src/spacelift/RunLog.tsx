import { InfoCard, LogViewer } from '@backstage/core-components';
import FormControlLabel from '@material-ui/core/FormControlLabel';
import { makeStyles } from '@material-ui/core/styles';
import Switch from '@material-ui/core/Switch';
import Typography from '@material-ui/core/Typography';
import { useEffect, useState } from 'react';
import type { RunDetail } from '../api/SpaceliftApi';
import { useRunLog } from './useRunLog';

const useStyles = makeStyles({
  log: { height: 560 },
  follow: { margin: '8px 8px 0 0' },
});

/** The log, which goes on as the run does. Without "Follow" it stands still, so that it can be read. */
export const RunLog = ({ run }: { run: RunDetail }) => {
  const classes = useStyles();
  const log = useRunLog(run, !run.logsAllowed);
  const [follow, setFollow] = useState(true);
  const [still, setStill] = useState('');
  useEffect(() => {
    if (follow) setStill(log.text);
  }, [follow, log.text]);
  const text = follow ? log.text : still;
  const title = 'Log';
  if (!run.logsAllowed) return <InfoCard title={title}><Typography>You may not read the logs of this stack.</Typography></InfoCard>;
  const more = log.text !== text;
  const whole = log.partial ? 'Some of it is left out here' : 'Complete';
  return (
    <InfoCard
      title={title}
      subheader={log.trouble ?? (log.done ? whole : more ? 'There is more by now' : 'Follows the run')}
      action={!log.done || more ? (
        <FormControlLabel
          className={classes.follow}
          control={<Switch checked={follow} onChange={(_, on) => setFollow(on)} color="primary" />}
          label="Follow"
        />
      ) : undefined}
    >
      {text === '' ? (
        <Typography color="textSecondary">{log.done ? 'This run has left no log.' : 'Nothing has been written yet.'}</Typography>
      ) : (
        <div className={classes.log} data-testid="run-log"><LogViewer text={text} /></div>
      )}
    </InfoCard>
  );
};
