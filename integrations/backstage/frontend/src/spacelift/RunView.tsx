import { Content, Header, HeaderLabel, InfoCard, Page, Progress } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Grid from '@material-ui/core/Grid';
import { useParams } from 'react-router-dom';
import { ApiError, isRouteMissing } from '../api/errors';
import { type Run, type RunDetail, spaceliftApiRef } from '../api/SpaceliftApi';
import { useLoad } from '../hooks/useLoad';
import { useSpaceliftLinks } from '../links';
import { Ago } from '../ui/Ago';
import { Fact, Facts } from '../ui/Facts';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { Delta } from './Delta';
import { pollAfter, useChanges } from './live';
import { RunActions } from './RunActions';
import { RunHistory } from './RunHistory';
import { RunLog } from './RunLog';
import { Outside } from './StackLink';
import { State } from './states';

const pollRun = 3000;
const pollEnded = 60_000;

/** A run: what it is, what can be done with it, how it went, and its log. */
export const RunView = () => {
  const { stackId = '', runId = '' } = useParams();
  const api = useApi(spaceliftApiRef);
  const links = useSpaceliftLinks();
  const live = useChanges((ids) => (ids === undefined || ids.includes(stackId)) && run.reload());
  const run = useLoad(`run/${stackId}/${runId}`, (signal) => api.run(stackId, runId, signal), {
    every: (value, error) => {
      if (isRouteMissing(error)) return false;
      if (error !== undefined) return pollAfter(live, error);
      return value?.finished ? pollEnded : pollRun;
    },
  });
  const { value, error, reload } = run;
  const told = isRouteMissing(error) ? new ApiError(404, 'This backend has no pages of runs: it is an older Understudy, or none') : error;
  return (
    <Page themeId="tool">
      <Header title={value?.title || runId} type={value?.stackName ?? stackId} typeLink={links.stack(stackId)} pageTitleOverride={runId}>
        <HeaderLabel label="Run" value={runId} />
        {value?.branch && <HeaderLabel label="Branch" value={value.branch} />}
      </Header>
      <Content>
        {told !== undefined && <Problem error={told} onRetry={reload}>{value && 'What is shown was read before.'}</Problem>}
        {run.loading && <Progress />}
        {value && (
          <Grid container spacing={3}>
            <Grid item xs={12} md={8}>
              <About run={value} onDone={reload} />
            </Grid>
            <Grid item xs={12} md={4}>
              <RunHistory run={value} />
            </Grid>
            <Grid item xs={12}>
              <RunLog run={value} />
            </Grid>
          </Grid>
        )}
      </Content>
    </Page>
  );
};

const About = ({ run, onDone }: { run: RunDetail; onDone: () => void }) => (
  <InfoCard
    title="Run"
    subheader={<State state={run.state} />}
    deepLink={run.url ? { title: 'Open in Spacelift', link: run.url } : undefined}
  >
    <RunActions run={run} onDone={onDone} />
    <Facts>
      <Fact label="Changes" wide={4}><Delta delta={run.delta} /></Fact>
      <Fact label="Created" wide={4}><Ago time={run.createdAt} /></Fact>
      <Fact label="Kind" wide={4}>{kindOf(run)}</Fact>
      <Fact label="By" wide={4}><Person who={run.requestedBy ?? run.triggeredBy ?? run.commit?.author} /></Fact>
      <Fact label="Reason" wide={4}>{run.reason || '–'}</Fact>
      <Fact label="Commit" wide={4}>
        {run.commit ? <Outside url={run.commit.url}>{run.commit.hash.slice(0, 8)} {run.commit.message.split('\n')[0]}</Outside> : '–'}
      </Fact>
      {run.needsApproval && <Fact label="Approval" wide={4}>Wanted, and not there yet</Fact>}
    </Facts>
  </InfoCard>
);

const kindOf = (run: Run) => {
  const words = (run.type ?? 'tracked').toLowerCase();
  return run.drift ? `${words}, drift detection` : words;
};
