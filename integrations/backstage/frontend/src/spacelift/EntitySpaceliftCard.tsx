import { InfoCard, Progress } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import { useEntity } from '@backstage/plugin-catalog-react';
import Divider from '@material-ui/core/Divider';
import Typography from '@material-ui/core/Typography';
import { Fragment } from 'react';
import { spaceliftApiRef, type Stack } from '../api/SpaceliftApi';
import { useLoad } from '../hooks/useLoad';
import { Ago } from '../ui/Ago';
import { Fact, Facts } from '../ui/Facts';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { isSpaceliftAvailable } from './annotation';
import { Delta } from './Delta';
import { LiveProvider, pollAfter, useChanges } from './live';
import { Outside, RunLink, StackLink } from './StackLink';
import { State } from './states';
import { useEntityStacks } from './useEntityStacks';

/** More than these are on the tab. */
const most = 3;

/** The card of an entity: its stacks, each with its last run. Nothing where the entity names none. */
export const EntitySpaceliftCard = () => {
  const { entity } = useEntity();
  return isSpaceliftAvailable(entity) ? <LiveProvider><Card /></LiveProvider> : null;
};

const Card = () => {
  const { value, error, loading, reload } = useEntityStacks();
  const rest = (value?.rows.length ?? 0) - most;
  return (
    <InfoCard title="Spacelift">
      {error !== undefined && <Problem error={error} onRetry={reload} />}
      {loading && <Progress />}
      {value?.rows.length === 0 && <Typography>None of the stacks that this entity names can be seen.</Typography>}
      {value?.rows.slice(0, most).map((row, i) => {
        const stack = value.stacks?.find((s) => s.id === row.id);
        return (
          <Fragment key={row.id}>
            {i > 0 && <Divider style={{ margin: '16px 0' }} />}
            <Facts>
              <Fact label="Stack" wide={6}>{stack ? <StackLink id={row.id} url={row.url}>{row.name}</StackLink> : <Outside url={row.url}>{row.name}</Outside>}</Fact>
              <Fact label="State" wide={6}><State state={row.state} /></Fact>
              {stack && <LastRun stack={stack} />}
            </Facts>
          </Fragment>
        );
      })}
      {rest > 0 && <Typography variant="caption" color="textSecondary">and {rest} more</Typography>}
    </InfoCard>
  );
};

const LastRun = ({ stack }: { stack: Stack }) => {
  const api = useApi(spaceliftApiRef);
  const live = useChanges((ids) => (ids === undefined || ids.includes(stack.id)) && runs.reload());
  const runs = useLoad(`last/${stack.id}`, (signal) => api.runs(stack.id, 'tracked', undefined, signal), {
    every: (value, error) => (value?.items[0]?.finished === false ? 5000 : pollAfter(live, error)),
  });
  if (runs.error !== undefined && !runs.value) return <Fact label="Last run" wide={12}>It could not be read</Fact>;
  const run = runs.value?.items[0];
  if (!run) return <Fact label="Last run" wide={12}>{runs.loading ? '…' : 'None yet'}</Fact>;
  return (
    <>
      <Fact label="Last run" wide={6}><RunLink stack={stack.id} run={run.id} url={run.url}>{run.title || run.id}</RunLink></Fact>
      <Fact label="Run state" wide={6}><State state={run.state} /></Fact>
      <Fact label="By" wide={6}><Person who={run.requestedBy ?? run.triggeredBy ?? run.commit?.author} /> · <Ago time={run.createdAt} /></Fact>
      <Fact label="Changes" wide={6}><Delta delta={run.delta} /></Fact>
    </>
  );
};
