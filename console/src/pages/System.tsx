import { Code, Skeleton, Stack, Table, Tabs, Text, TextInput } from '@mantine/core';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs';
import IconPlug from '@tabler/icons-react/dist/esm/icons/IconPlug.mjs';
import IconSettings from '@tabler/icons-react/dist/esm/icons/IconSettings.mjs';
import { type Bootstrap, bootstrapQuery, type ConfigLine, configQuery, type Plugin, pluginsQuery, type Task, tasksQuery } from '../api/system';
import { EmptyState } from '../ui/EmptyState';
import { ErrorState } from '../ui/ErrorState';
import { PageHeader } from '../ui/PageHeader';
import { Status } from '../ui/Status';
import { Time } from '../ui/Time';
import { cadenceText, lastErrorText } from './cadence';
import { NotFound } from './NotFound';
import { PluginStatus } from './PluginStatus';
import SelfCheck from './SelfCheck';
import classes from './System.module.css';
import { systemTabs } from './tabs';

export default function System() {
  const { tab } = useParams({ from: '/system/$tab' });
  const navigate = useNavigate();
  const { data: bootstrap } = useQuery(bootstrapQuery);
  if (!(systemTabs as readonly string[]).includes(tab)) return <NotFound />;
  const choose = (next: string | null) => void navigate({ to: '/system/$tab', params: { tab: next ?? 'plugins' }, replace: true });
  return (
    <>
      <PageHeader title="System">Understudy {bootstrap?.version}</PageHeader>
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <Tabs.List mb="lg" className={classes.tabs}>
          <Tabs.Tab value="plugins">Plugins</Tabs.Tab>
          <Tabs.Tab value="tasks">Tasks</Tabs.Tab>
          <Tabs.Tab value="config">Configuration</Tabs.Tab>
          <Tabs.Tab value="check">Self-check</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="plugins"><Plugins /></Tabs.Panel>
        <Tabs.Panel value="tasks"><Tasks /></Tabs.Panel>
        <Tabs.Panel value="config"><Config /></Tabs.Panel>
        <Tabs.Panel value="check"><SelfCheck /></Tabs.Panel>
      </Tabs>
    </>
  );
}

/** The states of a list: on its way, failed, empty, there. */
function Listed<T>({ query, empty, children }: { query: UseQueryResult<T[]>; empty: ReactNode; children: (items: T[]) => ReactNode }) {
  if (query.data) return query.data.length === 0 ? empty : children(query.data);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Stack gap="sm" aria-busy="true">
      {Array.from({ length: 6 }, (_, i) => <Skeleton key={i} h={38} radius="md" />)}
    </Stack>
  );
}

/** Where a plugin is. Who may not see all addresses knows those that the page itself uses. */
function addressOf(plugin: Plugin, bootstrap: Bootstrap | undefined): string {
  if (plugin.status !== 'remote') return `/api/${plugin.id}`;
  const known: Record<string, string | undefined> = { ...bootstrap?.elsewhere };
  return plugin.address ?? known[plugin.id] ?? 'another backend';
}

function Plugins() {
  const plugins = useQuery(pluginsQuery);
  const { data: bootstrap } = useQuery(bootstrapQuery);
  return (
    <Listed query={plugins} empty={<EmptyState icon={IconPlug} title="No plugins">This server hosts nothing. Check <code>--only</code> and <code>discovery.endpoints</code>.</EmptyState>}>
      {(items: Plugin[]) => (
        <Table.ScrollContainer minWidth={0}>
          <Table className={classes.table}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Plugin</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th className={classes.wide}>Address</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((p) => (
                <Table.Tr key={p.id}>
                  <Table.Td>
                    <Text fw={600} size="sm">{p.id}</Text>
                    {p.status === 'remote' && <Text size="xs" c="dimmed" ff="monospace" className={classes.narrow} style={{ overflowWrap: 'anywhere' }}>{addressOf(p, bootstrap)}</Text>}
                    {p.error && <Text size="sm" c="var(--bad)" style={{ overflowWrap: 'anywhere' }}>{p.error}</Text>}
                  </Table.Td>
                  <Table.Td><PluginStatus plugin={p} /></Table.Td>
                  <Table.Td className={classes.wide}>
                    <Text size="sm" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>{addressOf(p, bootstrap)}</Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Listed>
  );
}

function Tasks() {
  const tasks = useQuery(tasksQuery);
  return (
    <Listed query={tasks} empty={<EmptyState icon={IconClock} title="No tasks">No hosted plugin has anything to do on a schedule.</EmptyState>}>
      {(items: Task[]) => (
        <Table className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Task</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th className={classes.wide}>Schedule</Table.Th>
              <Table.Th>Next run</Table.Th>
              <Table.Th className={classes.wide}>Last run</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((t) => <TaskRow key={`${t.pluginId} ${t.taskId}`} task={t} />)}
          </Table.Tbody>
        </Table>
      )}
    </Listed>
  );
}

function TaskRow({ task }: { task: Task }) {
  const { taskState: state, settings } = task;
  const error = lastErrorText(state?.lastRunError);
  const running = state?.status === 'running';
  return (
    <Table.Tr>
      <Table.Td>
        <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>{task.taskId}</Text>
        <Text size="xs" c="dimmed">{task.pluginId}{task.scope === 'local' && ' · on every replica'}</Text>
        {error && <Text size="sm" c="var(--bad)" style={{ overflowWrap: 'anywhere' }}>{error}</Text>}
      </Table.Td>
      <Table.Td>
        {running ? <Status tone="running">Running</Status> : error ? <Status tone="bad">Failed</Status> : <Status tone="idle">Idle</Status>}
      </Table.Td>
      <Table.Td className={classes.wide}><Text size="sm">{cadenceText(settings.cadence)}</Text></Table.Td>
      <Table.Td><Text size="sm" component="div">{running ? 'now' : state?.startsAt ? <Time value={state.startsAt} /> : settings.cadence === 'manual' ? 'when triggered' : '–'}</Text></Table.Td>
      <Table.Td className={classes.wide}><Text size="sm" component="div">{state?.lastRunEndedAt ? <Time value={state.lastRunEndedAt} /> : 'not yet'}</Text></Table.Td>
    </Table.Tr>
  );
}

function Config() {
  const config = useQuery(configQuery);
  return (
    <Listed query={config} empty={<EmptyState icon={IconSettings} title="Nothing is configured">The server runs on its defaults. Add an <code>app-config.yaml</code>, or name one with <code>--config</code>.</EmptyState>}>
      {(lines: ConfigLine[]) => <ConfigTable lines={lines} />}
    </Listed>
  );
}

function ConfigTable({ lines }: { lines: ConfigLine[] }) {
  const [find, setFind] = useState('');
  const term = find.trim().toLowerCase();
  const found = lines.filter((l) => `${l.path} ${String(l.value)} ${l.origin}`.toLowerCase().includes(term));
  return (
    <>
      <TextInput mb="md" maw="24rem" label="Find" placeholder="A key, a value or a file" value={find} onChange={(e) => setFind(e.currentTarget.value)} />
      <Table className={classes.table} verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Key</Table.Th>
            <Table.Th>Value</Table.Th>
            <Table.Th className={classes.wide}>From</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((l) => (
            <Table.Tr key={l.path}>
              <Table.Td className={classes.mono}>{l.path}</Table.Td>
              <Table.Td><Code className={classes.value}>{typeof l.value === 'string' ? l.value : JSON.stringify(l.value)}</Code></Table.Td>
              <Table.Td className={classes.wide}><Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>{l.origin}</Text></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {found.length === 0 && <Text size="sm" c="dimmed" mt="md">Nothing has “{find}” in its key, value or file.</Text>}
      <Text size="sm" c="dimmed" mt="md">Secrets are shown as ***. On the server, <code>understudy config print</code> shows the same.</Text>
    </>
  );
}
