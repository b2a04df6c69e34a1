import { Table, type TableColumn } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Tab from '@material-ui/core/Tab';
import Tabs from '@material-ui/core/Tabs';
import Typography from '@material-ui/core/Typography';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { useEffect, useState } from 'react';
import { exportApiRef, type ExportRun, type Item, type ItemStatus } from '../api/ExportApi';
import { usePages } from '../hooks/usePages';
import { Ago } from '../ui/Ago';
import { Problem } from '../ui/Problem';
import { isUnderWay } from './words';

const tabs: { status?: ItemStatus; label: string }[] = [
  { status: 'failed', label: 'Failed' },
  { status: 'sent', label: 'Sent' },
  { status: 'skipped', label: 'Left out' },
  { status: 'pending', label: 'Waiting' },
  { label: 'All' },
];

const columns: TableColumn<Item>[] = [
  { title: 'Entity', width: 'auto', highlight: true, render: (item) => <EntityRefLink entityRef={item.entityRef} /> },
  { title: 'State', width: 'auto', render: (item) => [item.status, item.operation].filter(Boolean).join(', ') },
  {
    title: 'Why',
    width: 'auto',
    render: (item) => (
      <>
        {[item.code, item.httpStatus && `HTTP ${item.httpStatus}`].filter(Boolean).join(', ') || '–'}
        {item.message && <Typography variant="caption" color="textSecondary" display="block" style={{ overflowWrap: 'anywhere' }}>{item.message}</Typography>}
      </>
    ),
  },
  { title: 'Attempts', width: 'auto', type: 'numeric', render: (item) => item.attempts ?? '–' },
  { title: 'When', width: 'auto', render: (item) => <Ago time={item.at} /> },
];

/** What became of entities in a run, those that failed first. */
export const ExportItems = ({ run }: { run: ExportRun }) => {
  const api = useApi(exportApiRef);
  const [tab, setTab] = useState(run.counts.failed > 0 ? 0 : tabs.length - 1);
  const { status } = tabs[tab];
  const view = `${run.id} ${status ?? ''}`;
  const { page, paging, error, loading, reload } = usePages(view, (cursor, limit, signal) => api.items(run.id, status, { limit, cursor }, signal));
  const { sent, failed, skipped, pending } = run.counts;
  const fresh = `${run.status} ${isUnderWay(run) ? '' : `${sent} ${failed} ${skipped} ${pending}`}`;
  useEffect(() => reload(), [fresh, reload]);
  return (
    <>
      {error !== undefined && <Problem error={error} onRetry={reload} />}
      <Table<Item>
        title={
          <Tabs value={tab} onChange={(_, next) => setTab(next)} indicatorColor="primary" aria-label="Entities of this run">
            {tabs.map(({ label }) => <Tab key={label} label={label} />)}
          </Tabs>
        }
        columns={columns}
        data={(page?.items ?? []).map((item) => ({ id: item.entityRef, ...item }))}
        isLoading={loading}
        emptyContent={<Typography style={{ padding: 32, textAlign: 'center' }}>{loading ? 'Loading…' : 'No entities. Those that had not changed are not listed'}</Typography>}
        {...paging}
        options={{ ...paging.options, search: false, sorting: false, padding: 'dense', draggable: false }}
      />
    </>
  );
};
