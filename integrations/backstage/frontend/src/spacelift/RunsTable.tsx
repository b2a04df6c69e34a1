import { Table, type TableColumn } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Tab from '@material-ui/core/Tab';
import Tabs from '@material-ui/core/Tabs';
import Typography from '@material-ui/core/Typography';
import { useEffect, useState } from 'react';
import { type Run, type RunKind, type Stack, spaceliftApiRef } from '../api/SpaceliftApi';
import { useLoad } from '../hooks/useLoad';
import { Ago } from '../ui/Ago';
import { Person } from '../ui/Person';
import { Problem } from '../ui/Problem';
import { Delta } from './Delta';
import { pollAfter, useChanges } from './live';
import { RunLink } from './StackLink';
import { State } from './states';

const kinds: Record<RunKind, string> = { tracked: 'Tracked', proposed: 'Proposed', task: 'Tasks' };

const columns = (stack: string): TableColumn<Run>[] => [
  {
    title: 'Run',
    field: 'id',
    width: 'auto',
    highlight: true,
    render: (run) => (
      <>
        <RunLink stack={stack} run={run.id} url={run.url}>{run.title || run.id}</RunLink>
        <Typography variant="caption" color="textSecondary" display="block">{run.id}{run.drift && ' · drift detection'}</Typography>
      </>
    ),
  },
  { title: 'State', field: 'state', width: 'auto', render: (run) => <State state={run.state} /> },
  { title: 'Changes', width: 'auto', render: (run) => <Delta delta={run.delta} /> },
  {
    title: 'By',
    width: 'auto',
    render: (run) => (
      <>
        <Person who={run.requestedBy ?? run.triggeredBy ?? run.commit?.author} />
        {run.reason && <Typography variant="caption" color="textSecondary" display="block">{run.reason}</Typography>}
      </>
    ),
  },
  { title: 'Created', width: 'auto', render: (run) => <Ago time={run.createdAt} /> },
];

/** A run that is not over is looked at often: not every step of it changes its stack, so that an event would tell. */
const pollRun = 4000;

/** The history: pages that were asked for stay, and the first is kept fresh. */
export const RunsTable = ({ stack, sends }: { stack: Pick<Stack, 'id'>; sends: number }) => {
  const api = useApi(spaceliftApiRef);
  const [kind, setKind] = useState<RunKind>('tracked');
  const key = `${stack.id} ${kind}`;
  const live = useChanges((ids) => (ids === undefined || ids.includes(stack.id)) && first.reload());
  const first = useLoad(key, (signal) => api.runs(stack.id, kind, undefined, signal), {
    every: (value, error) => (value?.items.some((run) => !run.finished) ? pollRun : pollAfter(live, error)),
  });
  useEffect(() => {
    if (sends > 0) first.reload();
  }, [sends, first.reload]); // eslint-disable-line react-hooks/exhaustive-deps
  const older = useOlder(key, (cursor) => api.runs(stack.id, kind, cursor), first.value?.nextCursor);
  const fresh = new Set(first.value?.items.map((run) => run.id));
  const rows = [...(first.value?.items ?? []), ...older.items.filter((run) => !fresh.has(run.id))];
  return (
    <>
      {first.error !== undefined && <Problem error={first.error} onRetry={first.reload} />}
      {older.error !== undefined && <Problem error={older.error} onRetry={older.more} />}
      <Table<Run>
        title={
          <Tabs value={kind} onChange={(_, next) => setKind(next)} indicatorColor="primary" aria-label="Kinds of runs">
            {(Object.keys(kinds) as RunKind[]).map((k) => <Tab key={k} value={k} label={kinds[k]} />)}
          </Tabs>
        }
        columns={columns(stack.id)}
        data={rows.map((run) => ({ ...run }))}
        isLoading={first.loading}
        emptyContent={<Typography style={{ padding: 32, textAlign: 'center' }}>{first.loading ? 'Loading…' : 'No runs of this kind'}</Typography>}
        options={{ paging: false, search: false, sorting: false, padding: 'dense', draggable: false }}
      />
      {older.more && <Button onClick={older.more} disabled={older.busy} style={{ marginTop: 8 }}>{older.busy ? 'Loading…' : 'Older runs'}</Button>}
    </>
  );
};

interface Older {
  key: string;
  items: Run[];
  cursor?: string;
  error?: unknown;
  busy?: boolean;
}

/** The pages after the first, one by one. */
function useOlder(key: string, read: (cursor: string) => Promise<{ items: Run[]; nextCursor?: string }>, firstCursor: string | undefined) {
  const [state, setState] = useState<Older>({ key, items: [] });
  const current = state.key === key ? state : { key, items: [] };
  const cursor = current.items.length > 0 ? current.cursor : firstCursor;
  const more = () => {
    if (cursor === undefined || current.busy) return;
    setState({ ...current, busy: true, error: undefined });
    const mine = (next: Partial<Older>) => setState((before) => (before.key === key ? { ...before, busy: false, ...next } : before));
    void read(cursor).then(
      (page) => mine({ items: [...current.items, ...page.items], cursor: page.nextCursor }),
      (error: unknown) => mine({ error }),
    );
  };
  return { ...current, more: cursor === undefined ? undefined : more };
}
