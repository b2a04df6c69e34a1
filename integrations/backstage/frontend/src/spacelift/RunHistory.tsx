import { InfoCard } from '@backstage/core-components';
import List from '@material-ui/core/List';
import ListItem from '@material-ui/core/ListItem';
import Typography from '@material-ui/core/Typography';
import type { RunDetail } from '../api/SpaceliftApi';
import { Person } from '../ui/Person';
import { duration } from '../ui/Ago';
import { State } from './states';

/** The states that a run went through, each with how long it took and who has done it, and what people said. */
export const RunHistory = ({ run }: { run: RunDetail }) => (
  <InfoCard title="History" noPadding>
    <List dense>
      {run.history.map((step, i) => {
        const next = run.history[i + 1];
        const took = next && step.timestamp && next.timestamp ? Date.parse(next.timestamp) - Date.parse(step.timestamp) : undefined;
        const who = step.requestedBy ?? step.username;
        return (
          <ListItem key={step.stateVersion} divider={i < run.history.length - 1} style={{ display: 'block' }}>
            <div style={{ display: 'flex', justifyContent: 'space-between', gap: 8 }}>
              <State state={step.state} />
              <Typography variant="caption" color="textSecondary">{took !== undefined ? duration(took) : time(step.timestamp)}</Typography>
            </div>
            {(who || step.note) && (
              <Typography variant="caption" color="textSecondary" component="div">
                {who && <Person who={who} />} {step.note && <>“{step.note}”</>}
              </Typography>
            )}
          </ListItem>
        );
      })}
    </List>
    {run.comments.map((comment, i) => (
      <Typography key={i} variant="body2" style={{ padding: '0 16px 12px', overflowWrap: 'anywhere' }}>
        {comment.username && <strong>{comment.username}: </strong>}{comment.body}
      </Typography>
    ))}
  </InfoCard>
);

const time = (at?: string) => (at ? new Date(at).toLocaleTimeString() : '');
