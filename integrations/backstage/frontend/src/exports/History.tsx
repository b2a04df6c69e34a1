import { Link, Table, type TableColumn } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Typography from '@material-ui/core/Typography';
import { useEffect } from 'react';
import { exportApiRef, type ExportRun } from '../api/ExportApi';
import { usePages } from '../hooks/usePages';
import { Ago, duration } from '../ui/Ago';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { kindText, number, RunState } from './words';

const columns: TableColumn<ExportRun>[] = [
  { title: 'Began', width: 'auto', highlight: true, render: (run) => <Link to={`runs/${encodeURIComponent(run.id)}`}><Ago time={run.startedAt} /></Link> },
  { title: 'State', width: 'auto', render: (run) => <RunState status={run.status} /> },
  { title: 'Kind', width: 'auto', render: kindText },
  { title: 'By', width: 'auto', render: (run) => <Person who={run.requestedBy} /> },
  { title: 'Read', width: 'auto', type: 'numeric', render: ({ counts }) => number(counts.read) },
  { title: 'Sent', width: 'auto', type: 'numeric', render: ({ counts, dryRun }) => (dryRun ? `(${number(counts.create + counts.update)})` : number(counts.sent)) },
  { title: 'Failed', width: 'auto', type: 'numeric', render: ({ counts }) => number(counts.failed) },
  { title: 'Took', width: 'auto', render: (run) => (run.endedAt ? duration(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : '–') },
];

/** All runs, newest first. `fresh` changes when there may be new ones. */
export const History = ({ fresh }: { fresh: string }) => {
  const api = useApi(exportApiRef);
  const { page, paging, error, loading, reload } = usePages('runs', (cursor, limit, signal) => api.runs({ limit, cursor }, signal));
  useEffect(() => reload(), [fresh, reload]);
  return (
    <>
      {error !== undefined && <Problem error={error} onRetry={reload} />}
      <Table<ExportRun>
        title="History"
        columns={columns}
        data={(page?.items ?? []).map((run) => ({ ...run }))}
        isLoading={loading}
        emptyContent={<Typography style={{ padding: 32, textAlign: 'center' }}>{loading ? 'Loading…' : 'No runs yet'}</Typography>}
        {...paging}
        options={{ ...paging.options, search: false, sorting: false, padding: 'dense', draggable: false }}
      />
    </>
  );
};
