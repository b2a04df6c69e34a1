import { Content, Header, Page } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import { CatalogFilterLayout } from '@backstage/plugin-catalog-react';
import Alert from '@material-ui/lab/Alert';
import { useState } from 'react';
import { isV1Missing, spaceliftApiRef, type StackFilters as Filters, type Status } from '../api/SpaceliftApi';
import { usePages } from '../hooks/usePages';
import { Ago } from '../ui/Ago';
import { Problem } from '../ui/Problem';
import { pollAfter, useChanges } from './live';
import { OfficialStacks } from './OfficialStacks';
import { StackFilters } from './StackFilters';
import { rowOf, StacksTable } from './StacksTable';
import { type Target, TriggerDialog } from './TriggerDialog';
import { useStackFilters } from './useStackFilters';
import { useStatus } from './useStatus';

/** The stacks of the account: with Understudy all that it knows, with the official backend plugin what that one has. */
export const StacksView = () => {
  const [filters, onChange] = useStackFilters();
  const status = useStatus();
  const { value, error } = status;
  const official = isV1Missing(error);
  return (
    <Page themeId="tool">
      <Header title="Spacelift" subtitle={value?.account ?? 'Stacks and their runs'} />
      <Content>
        {official ? <OfficialStacks /> : <Stacks filters={filters} onFilters={onChange} status={value} />}
      </Content>
    </Page>
  );
};

interface Props {
  filters: Filters;
  onFilters: (change: Partial<Filters>) => void;
  status?: Status;
}

const Stacks = ({ filters, onFilters, status }: Props) => {
  const api = useApi(spaceliftApiRef);
  const live = useChanges(() => list.reload());
  const list = usePages(JSON.stringify(filters), (cursor, limit, signal) => api.stacks(filters, { limit, cursor }, signal), {
    every: (error) => pollAfter(live, error),
  });
  const { page, paging, reload, error, loading } = list;
  const [target, setTarget] = useState<Target>();
  const empty = Object.values(filters).some((f) => f.length > 0) ? 'No stack matches the filters' : 'No stacks found';
  return (
    <>
      <StatusNotices status={status} />
      {error !== undefined && !isV1Missing(error) && <Problem error={error} onRetry={reload}>{page && 'What is shown was read before.'}</Problem>}
      <CatalogFilterLayout>
        <CatalogFilterLayout.Filters>
          <StackFilters filters={filters} page={page} onChange={onFilters} />
        </CatalogFilterLayout.Filters>
        <CatalogFilterLayout.Content>
          <StacksTable
            title={page ? `Stacks (${page.totalItems})` : 'Stacks'}
            rows={page?.items.map(rowOf) ?? []}
            loading={loading && error === undefined}
            empty={error === undefined ? empty : 'The stacks could not be read'}
            paging={paging}
            onTrigger={status?.readOnly || status?.canWrite === false ? undefined : ({ id }) => setTarget(page?.items.find((s) => s.id === id))}
            pages
          />
        </CatalogFilterLayout.Content>
      </CatalogFilterLayout>
      {target && <TriggerDialog target={target} onClose={() => setTarget(undefined)} onSent={reload} />}
    </>
  );
};

/** What is wrong with what is shown, or with what can be done. */
export const StatusNotices = ({ status }: { status?: Status }) => {
  if (!status) return null;
  const { synced, readOnly, canWrite } = status;
  return (
    <>
      {synced.error && (
        <Alert severity="warning" variant="outlined" style={{ marginBottom: 16 }}>
          Spacelift could not be read just now: {synced.error.error}
          {synced.at && <> What is shown is of <Ago time={synced.at} />.</>}
        </Alert>
      )}
      {!readOnly && !canWrite && (
        <Alert severity="info" variant="outlined" style={{ marginBottom: 16 }}>
          The API key of this portal may only read at Spacelift: nothing can be triggered here.
        </Alert>
      )}
    </>
  );
};
