import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import IconStack from '@tabler/icons-react/dist/esm/icons/IconStack2.mjs';
import { type Stack, type StackFilters, type StackPage, spaceliftPlugin, statusQuery } from '../../api/spacelift';
import { bootstrapQuery } from '../../api/system';
import { EmptyState } from '../../ui/EmptyState';
import { ErrorState } from '../../ui/ErrorState';
import { PageHeader } from '../../ui/PageHeader';
import { FilterBar } from './FilterBar';
import { GroupRow } from './GroupRow';
import { NotHosted } from './NotHosted';
import { countChosen, emptyFilters, filtersOf, searchOfFilters } from './search';
import { isTold, StatusNotices, SyncLine } from './StatusNotices';
import { LoadingRows, StacksTable } from './StacksTable';
import { TriggerDialog } from './TriggerDialog';
import { useStacks } from './useStacks';

export default function Stacks() {
  const { data: bootstrap } = useQuery(bootstrapQuery);
  if (bootstrap && !bootstrap.plugins.includes(spaceliftPlugin)) return <NotHosted />;
  return <List />;
}

function List() {
  const search = useSearch({ from: '/spacelift' });
  const navigate = useNavigate({ from: '/spacelift' });
  const filters = filtersOf(search);
  const { list, rows, shown, live, first } = useStacks(filters);
  const [target, setTarget] = useState<Stack>();

  const go = (next: StackFilters, replace = false) => {
    window.scrollTo({ top: 0 });
    void navigate({ search: searchOfFilters(next), replace });
  };
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError]);
  const narrowed = filters.q !== '' || filters.group.length > 0 || countChosen(filters) > 0;

  return (
    <>
      <PageHeader title="Stacks" right={<Account />}>
        <Group gap={8}>
          <Summary first={first} />
          <SyncLine live={live} />
        </Group>
      </PageHeader>
      <StatusNotices />
      <GroupRow filters={filters} counts={first?.groups} onChange={go} />
      <FilterBar filters={filters} page={first} onChange={go} />
      {!first ? (
        list.isError ? <Unreadable error={list.error} onRetry={() => void list.refetch()} /> : <LoadingRows />
      ) : rows.length === 0 ? (
        <Nothing narrowed={narrowed} onClear={() => go(emptyFilters)} />
      ) : (
        <>
          <StacksTable
            rows={rows}
            total={first.totalItems}
            spaces={first.spaces}
            stale={list.isPlaceholderData}
            shown={shown}
            onEnd={more}
            onTrigger={setTarget}
          />
          {isFetchNextPageError && (
            <div style={{ marginTop: '1rem' }}>
              <ErrorState error={list.error} onRetry={() => void fetchNextPage()} />
            </div>
          )}
        </>
      )}
      <TriggerDialog stack={target} onClose={() => setTarget(undefined)} />
    </>
  );
}

function Unreadable({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const status = useQuery(statusQuery);
  if (status.isPending) return <LoadingRows />;
  return isTold(error, status.data) ? null : <ErrorState error={error} onRetry={onRetry} />;
}

function Summary({ first }: { first: StackPage | undefined }) {
  if (!first) return null;
  const n = first.totalItems;
  return <span aria-live="polite">{`${n.toLocaleString('en')} ${n === 1 ? 'stack' : 'stacks'}`}</span>;
}

function Account() {
  const { data: status } = useQuery(statusQuery);
  if (!status?.url) return null;
  return (
    <Button component="a" href={status.url} target="_blank" rel="noreferrer" variant="default" size="sm" visibleFrom="sm">
      Open Spacelift
    </Button>
  );
}

function Nothing({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  const { data: status } = useQuery(statusQuery);
  if (narrowed) {
    return (
      <EmptyState icon={IconStack} title="Nothing matches" action={<Button mt="sm" variant="default" onClick={onClear}>Clear search and filters</Button>}>
        No stack has all that is chosen. Take one filter away.
      </EmptyState>
    );
  }
  if (status && !status.synced.complete) return <LoadingRows />;
  return (
    <EmptyState icon={IconStack} title="No stacks yet">
      The account {status && <code>{status.account}</code>} has no stacks that the API key can see. Stacks that are made at
      Spacelift appear here by themselves; if some are missing, check which spaces the key belongs to.
    </EmptyState>
  );
}
