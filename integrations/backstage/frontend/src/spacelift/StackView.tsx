import { Content, Header, HeaderLabel, InfoCard, MarkdownContent, Page, Progress } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import Chip from '@material-ui/core/Chip';
import Grid from '@material-ui/core/Grid';
import Alert from '@material-ui/lab/Alert';
import { useState } from 'react';
import { useParams } from 'react-router-dom';
import { spaceliftApiRef, type StackDetail } from '../api/SpaceliftApi';
import { useLoad } from '../hooks/useLoad';
import { useSpaceliftLinks } from '../links';
import { Ago } from '../ui/Ago';
import { Fact, Facts } from '../ui/Facts';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { pollAfter, useChanges } from './live';
import { RunsTable } from './RunsTable';
import { Outside, RunLink, StackLink } from './StackLink';
import { State } from './states';
import { refusalOf, TriggerButton } from './TriggerButton';
import { TriggerDialog } from './TriggerDialog';
import { isReadOnly, useStatus } from './useStatus';

/** A stack and its runs. */
export const StackView = () => {
  const { stackId = '' } = useParams();
  const api = useApi(spaceliftApiRef);
  const { root } = useSpaceliftLinks();
  const status = useStatus();
  const [asking, setAsking] = useState(false);
  // What the page itself has asked for changes its runs before an event tells.
  const [sends, setSends] = useState(0);
  const live = useChanges((ids) => (ids === undefined || ids.includes(stackId)) && stack.reload());
  const stack = useLoad(`stack/${stackId}`, (signal) => api.stack(stackId, signal), {
    every: (value, error) => (value?.trigger.pending ? 5000 : pollAfter(live, error)),
  });
  const { value, error } = stack;
  const sent = () => {
    stack.reload();
    setSends(sends + 1);
  };
  return (
    <Page themeId="tool">
      <Header title={value?.name ?? stackId} type="Spacelift" typeLink={root} pageTitleOverride={value?.name ?? stackId}>
        {value && <HeaderLabel label="Space" value={value.space.name} />}
        {value?.branch && <HeaderLabel label="Branch" value={value.branch} />}
      </Header>
      <Content>
        {error !== undefined && <Problem error={error} onRetry={stack.reload}>{value && 'What is shown was read before.'}</Problem>}
        {stack.loading && <Progress />}
        {value && (
          <Grid container spacing={3}>
            <Grid item xs={12}>
              <About stack={value} onTrigger={isReadOnly(status) ? undefined : () => setAsking(true)} />
            </Grid>
            <Grid item xs={12}>
              <RunsTable stack={value} sends={sends} />
            </Grid>
          </Grid>
        )}
        {asking && value && <TriggerDialog target={value} onClose={() => setAsking(false)} onSent={sent} />}
      </Content>
    </Page>
  );
};

const About = ({ stack, onTrigger }: { stack: StackDetail; onTrigger?: () => void }) => (
  <InfoCard
    title="Stack"
    subheader={<State state={stack.state} />}
    action={onTrigger && <div style={{ padding: 8 }}><TriggerButton large name={stack.name} refusal={refusalOf(stack)} onClick={onTrigger} /></div>}
    deepLink={stack.url ? { title: 'Open in Spacelift', link: stack.url } : undefined}
  >
    <Notices stack={stack} />
    {stack.description && <MarkdownContent content={stack.description} dialect="gfm" />}
    <Facts>
      <Fact label="Since"><Ago time={stack.stateSetAt} /></Fact>
      <Fact label="Repository">{[stack.namespace, stack.repository].filter(Boolean).join('/') || '–'}</Fact>
      <Fact label="Project root">{stack.projectRoot || '/'}</Fact>
      <Fact label="Tool">{[stack.vendor, stack.terraformVersion].filter(Boolean).join(' ') || '–'}</Fact>
      <Fact label="Autodeploy">{stack.autodeploy ? 'On: changes are applied without a question' : 'Off: changes wait to be confirmed'}</Fact>
      <Fact label="Space"><Outside url={stack.space.url}>{stack.space.name}</Outside></Fact>
      <Fact label="Worker pool">{stack.workerPool ?? 'Public'}</Fact>
      <Fact label="Commit">
        {stack.commit ? <Outside url={stack.commit.url}>{stack.commit.hash.slice(0, 8)} {stack.commit.message.split('\n')[0]}</Outside> : '–'}
      </Fact>
      {stack.labels.length > 0 && <Fact label="Labels" wide={6}>{stack.labels.map((l) => <Chip key={l} size="small" label={l} />)}</Fact>}
      {stack.entities.length > 0 && (
        <Fact label="In the catalog">
          {stack.entities.map((ref, i) => <span key={ref}>{i > 0 && ', '}<EntityRefLink entityRef={ref} /></span>)}
        </Fact>
      )}
      <Refs label="Depends on" refs={stack.dependsOn} />
      <Refs label="Needed by" refs={stack.dependedOnBy} />
      <Names label="Policies" names={stack.policies} />
      <Names label="Contexts" names={stack.contexts} />
    </Facts>
  </InfoCard>
);

const Refs = ({ label, refs = [] }: { label: string; refs?: { id: string; name: string }[] }) =>
  refs.length === 0 ? null : (
    <Fact label={label}>{refs.map(({ id, name }, i) => <span key={id}>{i > 0 && ', '}<StackLink id={id}>{name}</StackLink></span>)}</Fact>
  );

const Names = ({ label, names = [] }: { label: string; names?: { name: string }[] }) =>
  names.length === 0 ? null : <Fact label={label}>{[...new Set(names.map(({ name }) => name))].join(', ')}</Fact>;

/** What keeps the stack from being used as usual. */
const Notices = ({ stack }: { stack: StackDetail }) => {
  const { pending } = stack.trigger;
  const told = { variant: 'outlined' as const, style: { marginBottom: 16 } };
  return (
    <>
      {stack.stale && <Alert severity="warning" {...told}>Spacelift could not be asked just now. What is shown is of <Ago time={stack.syncedAt} />.</Alert>}
      {stack.deleting && <Alert severity="warning" {...told}>This stack is being deleted.</Alert>}
      {stack.disabled && <Alert severity="info" {...told}>This stack is disabled at Spacelift.</Alert>}
      {stack.lockedBy && <Alert severity="info" {...told}>Locked by {stack.lockedBy}{stack.lockNote && <>: “{stack.lockNote}”</>}</Alert>}
      {stack.blocker && <Alert severity="info" {...told}>Other runs wait for <RunLink stack={stack.id} run={stack.blocker}>{stack.blocker}</RunLink>.</Alert>}
      {stack.entitiesError && <Alert severity="info" {...told}>{stack.entitiesError}</Alert>}
      {pending && (
        <Alert severity={pending.outcome === 'unknown' ? 'warning' : 'info'} {...told}>
          <Person who={pending.requestedBy} /> triggered a run <Ago time={pending.requestedAt} />{pending.reason && <>: “{pending.reason}”</>}.
          {pending.runId ? <> It is <RunLink stack={stack.id} run={pending.runId}>{pending.runId}</RunLink>.</> : <> {pending.message ?? 'It is on its way.'}</>}
        </Alert>
      )}
    </>
  );
};
