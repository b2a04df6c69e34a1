// One run: what it counted, what it sent, what it was warned of, and what became of each entity.
import { Anchor, Breadcrumbs, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import IconMasks from '@tabler/icons-react/dist/esm/icons/IconMasksTheater.mjs';
import IconResume from '@tabler/icons-react/dist/esm/icons/IconPlayerTrackNext.mjs';
import IconRepeat from '@tabler/icons-react/dist/esm/icons/IconRepeat.mjs';
import { ApiError } from '../../api/errors';
import { exportPlugin, isUnderWay, type Run, runQuery } from '../../api/export';
import { bootstrapQuery } from '../../api/system';
import { CopyIcon } from '../../ui/CopyIcon';
import { EmptyState } from '../../ui/EmptyState';
import { ErrorState } from '../../ui/ErrorState';
import { Notice } from '../../ui/Notice';
import { PageHeader, useDocumentTitle } from '../../ui/PageHeader';
import { Panel } from '../../ui/Panel';
import { Status } from '../../ui/Status';
import { Time } from '../../ui/Time';
import classes from './ExportRun.module.css';
import { type Lost, lostOf } from './lost';
import { ActionError, ExportsOff, RunProblem } from './Notices';
import { RunCounts, RunTraffic } from './RunCounts';
import { Requester } from './RunHistory';
import { RunItems } from './RunItems';
import { RunProgress } from './RunProgress';
import { useRefreshOnChange, useResume, useRetry } from './useRunActions';
import { durationOf, durationText, kindText, number, statusLook, triggerText } from './words';

export default function ExportRun() {
  const { run: id } = useParams({ from: '/exports/runs/$run' });
  const { data: bootstrap } = useQuery(bootstrapQuery);
  const off = bootstrap && !bootstrap.plugins.includes(exportPlugin);
  return (
    <>
      <Breadcrumbs separator="/" mb="md" component="nav" aria-label="Breadcrumb">
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/exports" />}>Exports</Anchor>
      </Breadcrumbs>
      {off ? <ExportsOff /> : <Watched key={id} id={id} />}
    </>
  );
}

function Watched({ id }: { id: string }) {
  const run = useQuery(runQuery(id));
  useDocumentTitle('Export run');
  useRefreshOnChange(run.data);
  if (run.data) return <Loaded run={run.data} lost={lostOf(run)} />;
  if (run.isError) {
    if (run.error instanceof ApiError && run.error.status === 404) {
      return (
        <EmptyState
          icon={IconMasks}
          title="No such run"
          action={<Button mt="sm" variant="default" renderRoot={(props) => <Link {...props} to="/exports" />}>All runs</Button>}
        >
          There is no run <code>{id}</code>. Runs are kept for a time and forgotten then.
        </EmptyState>
      );
    }
    return <ErrorState error={run.error} onRetry={() => void run.refetch()} />;
  }
  return (
    <Stack gap="lg" aria-busy="true">
      <Skeleton h={34} w={220} />
      <Skeleton h={110} radius="lg" />
      <Skeleton h={320} radius="lg" />
    </Stack>
  );
}

function Loaded({ run, lost }: { run: Run; lost: Lost | undefined }) {
  const underWay = isUnderWay(run);
  const look = statusLook(run.status);
  return (
    <>
      <PageHeader title={`Export: ${kindText(run).toLowerCase()}`} right={!underWay && <Actions run={run} />}>
        <span className={classes.about}>
          <Status tone={look.tone}>{look.label}</Status>
          <span>
            started <Time value={run.startedAt} /> {triggerText(run.trigger)}
            {run.requestedBy && <> · <Requester value={run.requestedBy} /></>}
          </span>
          {!underWay && <span>took {durationText(durationOf(run, Date.now()))}</span>}
          {run.mode && <span>{run.mode === 'tasks' ? 'in bulk tasks' : 'in bulk requests'}</span>}
          {run.parentId && (
            <Anchor inherit underline="always" renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: run.parentId! }} />}>
              retry of an earlier run
            </Anchor>
          )}
        </span>
      </PageHeader>
      <Stack gap="lg">
        {underWay ? <RunProgress run={run} lost={lost} /> : <RunProblem run={run} />}
        <RunCounts run={run} />
        <RunWarnings warnings={run.warnings ?? []} />
        <Panel title="Traffic">
          <RunTraffic run={run} />
        </Panel>
        <RunItems run={run} />
        <Identity run={run} />
      </Stack>
    </>
  );
}

function Actions({ run }: { run: Run }) {
  const navigate = useNavigate();
  const resume = useResume();
  const retry = useRetry(run.id);
  const again = () =>
    retry.mutate(undefined, { onSuccess: (started) => void navigate({ to: '/exports/runs/$run', params: { run: started.runId } }) });
  const failed = run.dryRun ? 0 : run.counts.failed;
  if (!run.resumable && failed === 0) return null;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        {run.resumable && (
          <Button leftSection={<IconResume size={18} stroke={1.7} aria-hidden />} loading={resume.isPending} onClick={() => resume.mutate(run.id, { onSuccess: () => document.getElementById('content')?.focus() })}>
            Resume
          </Button>
        )}
        {failed > 0 && (
          <Button variant={run.resumable ? 'default' : 'filled'} leftSection={<IconRepeat size={18} stroke={1.7} aria-hidden />} loading={retry.isPending} onClick={again}>
            Retry {failed === 1 ? 'the failed one' : `all ${number(failed)} failed`}
          </Button>
        )}
      </Group>
      <ActionError error={resume.error ?? retry.error} />
    </Stack>
  );
}

function RunWarnings({ warnings }: { warnings: string[] }) {
  if (warnings.length === 0) return null;
  return (
    <Notice tone="warn" title={warnings.length === 1 ? 'A warning' : `${number(warnings.length)} warnings`}>
      <ul className={classes.warnings} tabIndex={warnings.length > 6 ? 0 : undefined} aria-label="Warnings">
        {warnings.map((w) => <li key={w}>{w}</li>)}
      </ul>
    </Notice>
  );
}

function Identity({ run }: { run: Run }) {
  return (
    <Text size="xs" c="dimmed" component="dl" className={classes.identity}>
      <div>
        <dt>Run</dt>
        <dd>{run.id}<CopyIcon value={run.id} label="Copy the run’s id" /></dd>
      </div>
      {run.digest && (
        <div>
          <dt title="SHA-256 over the documents of this run, ordered by id">Digest</dt>
          <dd>{run.digest}<CopyIcon value={run.digest} label="Copy the digest" /></dd>
        </div>
      )}
    </Text>
  );
}
