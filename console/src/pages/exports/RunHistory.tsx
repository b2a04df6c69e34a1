// The runs, newest first: what each was, and what became of it.
import { Anchor, Button, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import IconCloud from '@tabler/icons-react/dist/esm/icons/IconCloudUpload.mjs';
import { type Run, runsQuery } from '../../api/export';
import { parseRef, shortRef } from '../../api/entity';
import { EmptyState } from '../../ui/EmptyState';
import { EntityLink } from '../../ui/EntityLink';
import { ErrorState } from '../../ui/ErrorState';
import { Panel } from '../../ui/Panel';
import { Status } from '../../ui/Status';
import { Time } from '../../ui/Time';
import { RunChart } from './RunChart';
import classes from './RunHistory.module.css';
import { useNow } from './useNow';
import { durationOf, durationText, kindText, number, outcomeText, statusLook, triggerText } from './words';

/** `running` is the run under way as it is known best; `lost` says that nobody tells how it goes on. */
export function RunHistory({ running, lost }: { running: Run | undefined; lost: boolean }) {
  const query = useInfiniteQuery(runsQuery);
  const now = useNow(running !== undefined && !lost);
  const runs = query.data && withCurrent(query.data.pages.flatMap((page) => page.items), running);
  return (
    <Panel title="History">
      {runs ? (
        runs.length === 0 ? (
          <EmptyState icon={IconCloud} title="Nothing has been exported yet">
            Run it now, or begin with a dry run: it tells what would be sent, and writes nothing.
          </EmptyState>
        ) : (
          <>
            <RunChart runs={runs} now={now} />
            <Runs runs={runs} now={now} />
            {query.hasNextPage && (
              <Button variant="default" mt="md" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Show older runs
              </Button>
            )}
          </>
        )
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Stack gap="sm" aria-busy="true">
          <Skeleton h={210} radius="md" />
          {Array.from({ length: 4 }, (_, i) => <Skeleton key={i} h={36} radius="md" />)}
        </Stack>
      )}
    </Panel>
  );
}

/** The list is asked for when something begins or ends; between, the run under way is fresher elsewhere. */
function withCurrent(runs: Run[], running: Run | undefined): Run[] {
  if (!running) return runs;
  if (runs.some((r) => r.id === running.id)) return runs.map((r) => (r.id === running.id ? running : r));
  return [running, ...runs];
}

function Runs({ runs, now }: { runs: Run[]; now: number }) {
  return (
    <div className={classes.room}>
      <Table className={classes.table} verticalSpacing={10} horizontalSpacing="sm">
        <caption className={classes.caption}>Runs</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Run</Table.Th>
            <Table.Th className={classes.wide}>Status</Table.Th>
            <Table.Th className={classes.wide}>Started</Table.Th>
            <Table.Th className={`${classes.wide} ${classes.n}`}>Took</Table.Th>
            <Table.Th className={`${classes.wide} ${classes.n}`}>Sent</Table.Th>
            <Table.Th className={`${classes.wide} ${classes.n}`}>Unchanged</Table.Th>
            <Table.Th className={`${classes.wide} ${classes.n}`}>Failed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{runs.map((run) => <Row key={run.id} run={run} now={now} />)}</Table.Tbody>
      </Table>
    </div>
  );
}

function Row({ run, now }: { run: Run; now: number }) {
  const navigate = useNavigate();
  const { counts: c } = run;
  const look = statusLook(run.status);
  const took = durationText(durationOf(run, now));
  const open = (event: React.MouseEvent) => {
    if ((event.target as Element).closest('a, button') || window.getSelection()?.toString()) return;
    void navigate({ to: '/exports/runs/$run', params: { run: run.id } });
  };
  return (
    <Table.Tr className={classes.row} onClick={open}>
      <Table.Td>
        <div className={classes.what}>
          <Anchor className={classes.link} fw={600} size="sm" renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: run.id }} />}>
            {kindText(run)}
          </Anchor>
          <span className={classes.small}><Status tone={look.tone}>{look.label}</Status></span>
        </div>
        <Text size="xs" c="dimmed" component="div">
          {triggerText(run.trigger)}
          {run.requestedBy && <> · <Requester value={run.requestedBy} /></>}
        </Text>
        <Text size="xs" c="dimmed" component="div" className={classes.small}>
          <Time value={run.startedAt} /> · {took}
          <br />
          {outcomeText(run)}
        </Text>
      </Table.Td>
      <Table.Td className={classes.wide}><Status tone={look.tone}>{look.label}</Status></Table.Td>
      <Table.Td className={classes.wide}><Text size="sm" component="div"><Time value={run.startedAt} /></Text></Table.Td>
      <Table.Td className={`${classes.wide} ${classes.n}`}>{took}</Table.Td>
      <Table.Td className={`${classes.wide} ${classes.n}`}>{run.dryRun ? <span title="What it would create and update">({number(c.create + c.update)})</span> : number(c.sent)}</Table.Td>
      <Table.Td className={`${classes.wide} ${classes.n}`}>{number(c.unchanged)}</Table.Td>
      <Table.Td className={`${classes.wide} ${classes.n}`}>
        {c.failed > 0 ? (
          <Anchor size="sm" className={classes.failed} aria-label={`${number(c.failed)} failed items`} renderRoot={(props) => <Link {...props} to="/exports/runs/$run" params={{ run: run.id }} search={{ status: 'failed' }} />}>
            {number(c.failed)}
          </Anchor>
        ) : (
          <span className={classes.none}>0</span>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** Who asked for a run: a user of the catalog, or the subject of a token. */
export function Requester({ value }: { value: string }) {
  const ref = /^(user|group):[^/]+\/.+$/i.test(value) ? parseRef(value) : undefined;
  if (!ref) return <>{value}</>;
  return <EntityLink entityRef={ref} inherit underline="always">{shortRef(ref, { kind: 'user' })}</EntityLink>;
}
