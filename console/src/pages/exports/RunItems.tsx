// The items of a run with the destination's words, and the ways to send failed ones again.
import { Button, Checkbox, Group, Skeleton, Stack, Table, Text, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs';
import IconList from '@tabler/icons-react/dist/esm/icons/IconListDetails.mjs';
import { isUnderWay, type Item, type ItemStatus, itemsQuery, mostRetried, type Run } from '../../api/export';
import { parseRef } from '../../api/entity';
import { EmptyState } from '../../ui/EmptyState';
import { EntityLink } from '../../ui/EntityLink';
import { ErrorState } from '../../ui/ErrorState';
import { Panel } from '../../ui/Panel';
import { Status, type Tone } from '../../ui/Status';
import { Time } from '../../ui/Time';
import { ActionError } from './Notices';
import classes from './RunItems.module.css';
import { itemStatuses } from './search';
import { useRetry } from './useRunActions';
import { codeText, number } from './words';

const looks: Record<ItemStatus, { tone: Tone; label: string }> = {
  sent: { tone: 'ok', label: 'Sent' },
  failed: { tone: 'bad', label: 'Failed' },
  skipped: { tone: 'idle', label: 'Skipped' },
  pending: { tone: 'idle', label: 'Pending' },
};

/** What a dry run would send is no longer pending: it never will be sent by it. */
function itemLabel(status: ItemStatus, dryRun: boolean): string {
  return dryRun && status === 'pending' ? 'Planned' : looks[status].label;
}

/** Whether it may arrive when it is sent again: an id that another entity has is taken until somebody renames one. */
function mayHelp(item: Item): boolean {
  return item.status === 'failed' && item.code !== 'duplicate_id';
}

export function RunItems({ run }: { run: Run }) {
  const { status } = useSearch({ from: '/exports/runs/$run' });
  const navigate = useNavigate();
  const query = useInfiniteQuery({
    ...itemsQuery(run.id, status),
    // While it runs, a page of items is asked for again now and then; a long list that somebody has opened is left alone.
    refetchInterval: ({ state }) => (isUnderWay(run) && (state.data?.pages.length ?? 0) <= 1 ? 3000 : false),
  });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const retry = useRetry(run.id);
  const items = query.data?.pages.flatMap((page) => page.items);
  const retryable = run.dryRun || isUnderWay(run) ? [] : (items ?? []).filter(mayHelp).map((i) => i.entityRef);
  const picked = retryable.filter((ref) => chosen.has(ref)).slice(0, mostRetried);

  const pick = (refs: string[], on: boolean) => {
    const next = new Set(chosen);
    for (const ref of refs) {
      if (on) next.add(ref);
      else next.delete(ref);
    }
    setChosen(next);
  };
  const again = (refs: string[]) =>
    retry.mutate(refs, { onSuccess: (started) => void navigate({ to: '/exports/runs/$run', params: { run: started.runId } }) });

  return (
    <Panel
      title="Items"
      right={
        retryable.length > 0 && (
          <Button size="xs" variant="default" disabled={picked.length === 0} loading={retry.isPending} onClick={() => again(picked)}>
            {picked.length === 0 ? 'Retry selected' : `Retry ${number(picked.length)} selected`}
          </Button>
        )
      }
    >
      <Filter run={run} status={status} />
      {retry.isError && <div className={classes.error}><ActionError error={retry.error} /></div>}
      {items ? (
        items.length === 0 ? (
          <Nothing run={run} status={status} />
        ) : (
          <>
            <Items items={items} dryRun={run.dryRun} stale={query.isPlaceholderData} retryable={retryable} chosen={chosen} busy={retry.isPending} onPick={pick} onRetry={(ref) => again([ref])} />
            {query.hasNextPage && (
              <Button variant="default" mt="md" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Show more
              </Button>
            )}
          </>
        )
      ) : query.isError ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Stack gap="sm" aria-busy="true">
          {Array.from({ length: 5 }, (_, i) => <Skeleton key={i} h={38} radius="md" />)}
        </Stack>
      )}
    </Panel>
  );
}

function Filter({ run, status }: { run: Run; status: ItemStatus | undefined }) {
  const navigate = useNavigate({ from: '/exports/runs/$run' });
  const { counts: c } = run;
  const counts: Record<ItemStatus, number> = { sent: c.sent, failed: c.failed, skipped: c.skipped, pending: run.dryRun ? c.create + c.update : c.pending };
  const choose = (next: ItemStatus | undefined) => void navigate({ search: next ? { status: next } : {}, replace: true, resetScroll: false });
  return (
    <div role="group" aria-label="Show items by status" className={classes.filter}>
      <UnstyledButton className={classes.chip} aria-pressed={status === undefined} onClick={() => choose(undefined)}>All</UnstyledButton>
      {itemStatuses.filter((s) => s !== 'sent' || !run.dryRun).map((s) => (
        <UnstyledButton key={s} className={classes.chip} aria-pressed={status === s} onClick={() => choose(s)}>
          {itemLabel(s, run.dryRun)} <span className={classes.count}>{number(counts[s])}</span>
        </UnstyledButton>
      ))}
    </div>
  );
}

function Nothing({ run, status }: { run: Run; status: ItemStatus | undefined }) {
  if (status === 'failed') return <EmptyState icon={IconCheck} title="Nothing failed">{isUnderWay(run) ? 'So far.' : 'Everything that was sent has arrived.'}</EmptyState>;
  if (status) return <EmptyState icon={IconList} title={`Nothing is ${itemLabel(status, run.dryRun).toLowerCase()}`}>Choose another status to see the rest.</EmptyState>;
  return (
    <EmptyState icon={IconList} title="No items">
      {isUnderWay(run) ? 'They are listed as they are planned.' : 'Entities that had not changed are counted above, and not listed.'}
    </EmptyState>
  );
}

interface ItemsProps {
  items: Item[];
  dryRun: boolean;
  stale: boolean;
  /** The refs that can be sent again. */
  retryable: string[];
  chosen: ReadonlySet<string>;
  busy: boolean;
  onPick: (refs: string[], on: boolean) => void;
  onRetry: (ref: string) => void;
}

function Items({ items, dryRun, stale, retryable, chosen, busy, onPick, onRetry }: ItemsProps) {
  const can = new Set(retryable);
  const all = retryable.length > 0 && retryable.every((ref) => chosen.has(ref));
  const some = retryable.some((ref) => chosen.has(ref));
  return (
    <Table className={classes.table} verticalSpacing={10} horizontalSpacing="sm" data-stale={stale || undefined} aria-busy={stale}>
      <caption className={classes.caption}>Items</caption>
      <Table.Thead>
        <Table.Tr>
          {can.size > 0 && (
            <Table.Th className={classes.check}>
              <Checkbox size="xs" aria-label="Select all failed items shown" checked={all} indeterminate={some && !all} onChange={(e) => onPick(retryable, e.currentTarget.checked)} />
            </Table.Th>
          )}
          <Table.Th>Entity</Table.Th>
          <Table.Th className={classes.state}>Status</Table.Th>
          <Table.Th className={classes.wide}>What the destination said</Table.Th>
          <Table.Th className={`${classes.wide} ${classes.when}`}>When</Table.Th>
          {can.size > 0 && <Table.Th className={classes.act}><span className={classes.hidden}>Retry</span></Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((item) => (
          <Row key={item.entityRef} item={item} dryRun={dryRun} selectable={can.size > 0} retryable={can.has(item.entityRef)} chosen={chosen.has(item.entityRef)} busy={busy} onPick={(on) => onPick([item.entityRef], on)} onRetry={() => onRetry(item.entityRef)} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface RowProps {
  item: Item;
  dryRun: boolean;
  selectable: boolean;
  retryable: boolean;
  chosen: boolean;
  busy: boolean;
  onPick: (on: boolean) => void;
  onRetry: () => void;
}

function Row({ item, dryRun, selectable, retryable, chosen, busy, onPick, onRetry }: RowProps) {
  const ref = parseRef(item.entityRef);
  // On a phone both stand under the entity; only one of each pair is ever shown.
  const state = <Status tone={looks[item.status]?.tone ?? 'idle'}>{outcomeOf(item, dryRun)}</Status>;
  const again = <Button size="compact-xs" variant="default" disabled={busy} aria-label={`Retry ${item.entityRef}`} onClick={onRetry}>Retry</Button>;
  return (
    <Table.Tr data-chosen={chosen || undefined}>
      {selectable && (
        <Table.Td className={classes.check}>
          {retryable && <Checkbox size="xs" aria-label={`Select ${item.entityRef}`} checked={chosen} onChange={(e) => onPick(e.currentTarget.checked)} />}
        </Table.Td>
      )}
      <Table.Td className={classes.entity}>
        {ref ? <EntityLink entityRef={ref} icon size="sm" fw={600} /> : item.entityRef}
        {item.id && <Text size="xs" c="dimmed" ff="monospace" className={classes.words}>{item.id}</Text>}
        <div className={classes.small}>
          <Said item={item} />
          <div className={classes.line}>
            {state}
            {retryable && again}
          </div>
        </div>
      </Table.Td>
      <Table.Td className={classes.state}>
        {state}
        {(item.attempts ?? 0) > 1 && <Text size="xs" c="dimmed">{item.attempts} attempts</Text>}
      </Table.Td>
      <Table.Td className={classes.wide}><Said item={item} /></Table.Td>
      <Table.Td className={`${classes.wide} ${classes.when}`}>{item.at && <Time value={item.at} />}</Table.Td>
      {selectable && (
        <Table.Td className={classes.act}>
          {retryable && <Group justify="flex-end">{again}</Group>}
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function outcomeOf(item: Item, dryRun: boolean): string {
  if (item.status === 'sent' && item.operation) return item.operation === 'create' ? 'Created' : 'Updated';
  if (dryRun && item.status === 'pending' && item.operation) return item.operation === 'create' ? 'To create' : 'To update';
  return looks[item.status] ? itemLabel(item.status, dryRun) : item.status;
}

function Said({ item }: { item: Item }) {
  const about = [item.code && codeText(item.code), item.httpStatus && item.httpStatus >= 300 ? `HTTP ${item.httpStatus}` : undefined].filter(Boolean).join(' · ');
  if (!item.message && !about) return null;
  return (
    <>
      {item.message && <Text size="sm" className={classes.words}>{item.message}</Text>}
      {about && <Text size="xs" c="dimmed">{about}</Text>}
    </>
  );
}
