import { Anchor, Button, Group, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import IconPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs';
import { safeUrl } from '../../api/entity';
import { type Run, runsQuery, type StackDetail } from '../../api/spacelift';
import { EmptyState } from '../../ui/EmptyState';
import { ErrorState } from '../../ui/ErrorState';
import { Panel } from '../../ui/Panel';
import { Time } from '../../ui/Time';
import { Hash, subject } from './CommitLine';
import { Delta } from './Delta';
import { Person } from './Pending';
import { RunProgress } from './RunProgress';
import classes from './StackRuns.module.css';
import { type RunKind, runKinds } from './search';
import { StateChip } from './StateChip';

const tabs: Record<RunKind, { label: string; none: string; why: string }> = {
  tracked: { label: 'Tracked', none: 'No runs yet', why: 'A run starts with a commit to the branch of the stack, or when somebody triggers one.' },
  proposed: { label: 'Proposed', none: 'No proposed runs yet', why: 'They start with pull requests, and when Spacelift looks for drift.' },
  task: { label: 'Tasks', none: 'No tasks yet', why: 'A task is a command that somebody runs in the stack at Spacelift.' },
};

export function StackRuns({ stack }: { stack: StackDetail }) {
  const { runs: kind = 'tracked' } = useSearch({ from: '/spacelift/$stackId' });
  const navigate = useNavigate({ from: '/spacelift/$stackId' });
  const choose = (next: string | null) => void navigate({ search: next === 'tracked' ? {} : { runs: next as RunKind }, replace: true });
  return (
    <Stack gap="lg">
      <Current stackId={stack.id} />
      <Panel title="Runs">
        <Tabs value={kind} onChange={choose} keepMounted={false}>
          <Tabs.List mb="sm">
            {runKinds.map((k) => <Tabs.Tab key={k} value={k}>{tabs[k].label}</Tabs.Tab>)}
          </Tabs.List>
          {runKinds.map((k) => (
            <Tabs.Panel key={k} value={k}><Runs stackId={stack.id} kind={k} /></Tabs.Panel>
          ))}
        </Tabs>
      </Panel>
    </Stack>
  );
}

/** The run that is under way. */
function Current({ stackId }: { stackId: string }) {
  const { data } = useInfiniteQuery(runsQuery(stackId, 'tracked'));
  // Of those that are not over, the oldest is the one that runs: the others wait for it.
  const run = data?.pages[0]?.items.findLast((r) => !r.finished);
  if (!run) return null;
  return (
    <Panel title="Under way">
      <RunProgress key={run.id} stackId={stackId} runId={run.id} state={run.state} />
    </Panel>
  );
}

function Runs({ stackId, kind }: { stackId: string; kind: RunKind }) {
  const runs = useInfiniteQuery(runsQuery(stackId, kind));
  if (!runs.data) {
    if (runs.isError) return <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />;
    return (
      <Stack gap="md" aria-busy="true" pt="xs">
        {Array.from({ length: 5 }, (_, i) => <Skeleton key={i} h={38} radius="md" />)}
      </Stack>
    );
  }
  const items = unique(runs.data.pages.flatMap((p) => p.items));
  if (items.length === 0) return <EmptyState icon={IconPlay} title={tabs[kind].none}>{tabs[kind].why}</EmptyState>;
  return (
    <>
      <ul className={classes.runs} aria-label={`${tabs[kind].label} runs, the newest first`}>
        {items.map((run) => <Row key={run.id} run={run} />)}
      </ul>
      {runs.isFetchNextPageError ? (
        <ErrorState error={runs.error} onRetry={() => void runs.fetchNextPage()} />
      ) : (
        runs.hasNextPage && (
          <Button mt="sm" variant="default" size="sm" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
            Older runs
          </Button>
        )
      )}
    </>
  );
}

/** A run that came between two readings is at the end of one page and the start of the next. */
function unique(runs: Run[]): Run[] {
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}

function Row({ run }: { run: Run }) {
  const href = safeUrl(run.url);
  const title = run.title || (run.commit && subject(run.commit)) || run.id;
  return (
    <li className={classes.run} data-run={run.id}>
      <div className={classes.state}><StateChip state={run.state} /></div>
      <div className={classes.what}>
        {href ? (
          <Anchor href={href} target="_blank" rel="noreferrer" size="sm" fw={600} className={classes.title}>{title}</Anchor>
        ) : (
          <Text size="sm" fw={600} className={classes.title}>{title}</Text>
        )}
        <Text size="xs" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
          {run.commit && <><Hash commit={run.commit} /> · </>}
          <Cause run={run} />
          {run.createdAt && <> · <Time value={run.createdAt} /></>}
        </Text>
        {run.reason && <p className={classes.reason}>“{run.reason}”</p>}
        {(run.drift || run.needsApproval) && (
          <Group gap={6} mt={4}>
            {run.drift && <span className={classes.mark}>drift detection</span>}
            {run.needsApproval && <span className={classes.mark} data-warn>needs approval</span>}
          </Group>
        )}
      </div>
      <div className={classes.delta}><Delta delta={run.delta} /></div>
    </li>
  );
}

/** Who or what started it. */
function Cause({ run }: { run: Run }) {
  if (run.requestedBy) return <>triggered here by <Person entityRef={run.requestedBy} /></>;
  if (run.triggeredBy?.startsWith('api::')) return <>triggered with the API key {run.triggeredBy.slice('api::'.length)}</>;
  if (run.triggeredBy) return <>triggered by {run.triggeredBy}</>;
  if (run.drift) return <>scheduled</>;
  return <>{run.commit?.author ? `commit by ${run.commit.author}` : 'started by a commit'}</>;
}
