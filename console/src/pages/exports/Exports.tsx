// The export to Rely: how it stands, what is under way, what has been, and the ways to start it.
import { ActionIcon, Button, Group, Menu, Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import IconCloud from '@tabler/icons-react/dist/esm/icons/IconCloudUpload.mjs';
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs';
import IconEye from '@tabler/icons-react/dist/esm/icons/IconEye.mjs';
import IconRepeat from '@tabler/icons-react/dist/esm/icons/IconRepeat.mjs';
import { exportPlugin, type ExportStatus, isUnderWay, statusQuery } from '../../api/export';
import { bootstrapQuery } from '../../api/system';
import { ErrorState } from '../../ui/ErrorState';
import { PageHeader } from '../../ui/PageHeader';
import { Panel } from '../../ui/Panel';
import { Confirm } from './Confirm';
import { Destination } from './Destination';
import classes from './Exports.module.css';
import { Figures } from './Figures';
import { LastRun } from './LastRun';
import { type Lost, lostOf } from './lost';
import { ActionError, ExportsOff } from './Notices';
import { PreviewSearch } from './PreviewSearch';
import { RunHistory } from './RunHistory';
import { RunProgress } from './RunProgress';
import { useRefreshOnChange, useStart } from './useRunActions';
import { outcomeText, statusLook } from './words';

export default function Exports() {
  const { data: bootstrap } = useQuery(bootstrapQuery);
  if (bootstrap && !bootstrap.plugins.includes(exportPlugin)) {
    return (
      <>
        <PageHeader title="Exports" />
        <ExportsOff />
      </>
    );
  }
  return <Hosted />;
}

function Hosted() {
  const status = useQuery(statusQuery);
  const start = useStart();
  const running = isUnderWay(status.data?.running) ? status.data?.running : undefined;
  useRefreshOnChange(running, status.data?.last);
  return (
    <>
      <PageHeader title="Exports" right={<StartButtons busy={running !== undefined} start={start} />}>
        The catalog, sent to Rely
      </PageHeader>
      <Stack gap="lg" className={classes.page}>
        <ActionError error={start.error} />
        {status.data ? (
          <Loaded status={status.data} lost={lostOf(status)} />
        ) : status.isError ? (
          <ErrorState error={status.error} onRetry={() => void status.refetch()} />
        ) : (
          <div aria-busy="true" className={classes.columns}>
            <Skeleton h={420} radius="lg" />
            <Skeleton h={420} radius="lg" />
          </div>
        )}
      </Stack>
    </>
  );
}

function Loaded({ status, lost }: { status: ExportStatus; lost: Lost | undefined }) {
  const running = isUnderWay(status.running) ? status.running : undefined;
  return (
    <>
      <VisuallyHidden role="status">{running || !status.last ? '' : `The last run: ${statusLook(status.last.status).label}, ${outcomeText(status.last)}`}</VisuallyHidden>
      {running ? <RunProgress key={running.id} run={running} lost={lost} link /> : status.last && <LastRun run={status.last} />}
      <Figures status={status} />
      <div className={classes.columns}>
        <RunHistory running={running} lost={lost !== undefined} />
        <Stack gap="lg">
          <Panel title="Preview">
            <PreviewSearch />
          </Panel>
          <Panel title="Destination">
            <Destination status={status} />
          </Panel>
        </Stack>
      </div>
    </>
  );
}

function StartButtons({ busy, start }: { busy: boolean; start: ReturnType<typeof useStart> }) {
  const [asking, ask] = useDisclosure(false);
  const off = busy || start.isPending;
  // Not `disabled`: a button that one has just pressed must not lose the focus.
  const held = off ? { 'data-disabled': true, 'aria-disabled': true } : {};
  const go = (kind: 'changes' | 'dry') => () => {
    if (!off) start.mutate(kind);
  };
  return (
    <Group gap="xs">
      <Button leftSection={<IconCloud size={18} stroke={1.7} aria-hidden />} {...held} onClick={go('changes')}>
        Run now
      </Button>
      <Button variant="default" leftSection={<IconEye size={18} stroke={1.7} aria-hidden />} {...held} onClick={go('dry')}>
        Dry run
      </Button>
      <Menu position="bottom-end" width={230} disabled={off}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} radius="md" aria-label="More ways to run" {...held}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconRepeat size={17} stroke={1.6} aria-hidden />} onClick={ask.open}>
            Send everything again…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm opened={asking} title="Send everything again?" confirm="Send everything" onClose={ask.close} onConfirm={() => start.mutate('full')}>
        Every entity is sent, whether it has changed or not. That takes longer and uses up Rely’s rate limit. It mends what was
        changed there by hand in the properties that the mapping fills; nothing is deleted.
      </Confirm>
    </Group>
  );
}
