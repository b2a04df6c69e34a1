import { Anchor, Breadcrumbs, Button, Group, Skeleton, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import IconOut from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs';
import IconStack from '@tabler/icons-react/dist/esm/icons/IconStack2.mjs';
import { safeUrl } from '../../api/entity';
import { isMissing, spaceliftPlugin, type StackDetail, stackQuery } from '../../api/spacelift';
import { bootstrapQuery } from '../../api/system';
import { CopyIcon } from '../../ui/CopyIcon';
import { EmptyState } from '../../ui/EmptyState';
import { ErrorState } from '../../ui/ErrorState';
import { Notice } from '../../ui/Notice';
import { useDocumentTitle } from '../../ui/PageHeader';
import { Time } from '../../ui/Time';
import { useLiveStacks } from './live';
import { Markdown } from './Markdown';
import { NotHosted } from './NotHosted';
import { Pending } from './Pending';
import { Flags } from './Flags';
import { StackFacts } from './StackFacts';
import { StackRuns } from './StackRuns';
import classes from './StackPage.module.css';
import { StateChip } from './StateChip';
import { stateText, toneOf } from './states';
import { StatusNotices } from './StatusNotices';
import { TriggerButton } from './TriggerButton';
import { TriggerDialog } from './TriggerDialog';

export default function StackPage() {
  const { stackId } = useParams({ from: '/spacelift/$stackId' });
  const { data: bootstrap } = useQuery(bootstrapQuery);
  if (bootstrap && !bootstrap.plugins.includes(spaceliftPlugin)) return <NotHosted />;
  return <One key={stackId} id={stackId} />;
}

function One({ id }: { id: string }) {
  const live = useLiveStacks();
  const stack = useQuery(stackQuery(id, live === 'live'));
  useDocumentTitle(stack.data?.name ?? id);
  if (isMissing(stack.error)) {
    return (
      <>
        <Crumbs />
        <Missing id={id} />
      </>
    );
  }
  if (stack.data) return <Loaded stack={stack.data} unreadable={stack.error} />;
  return (
    <>
      <Crumbs />
      {stack.isError ? <ErrorState error={stack.error} onRetry={() => void stack.refetch()} /> : <Loading />}
    </>
  );
}

function Crumbs({ space }: { space?: StackDetail['space'] }) {
  return (
    <Breadcrumbs separator="/" mb="md" component="nav" aria-label="Breadcrumb">
      <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/spacelift" />}>Stacks</Anchor>
      {space && (
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/spacelift" search={{ space: space.id }} />}>{space.name}</Anchor>
      )}
    </Breadcrumbs>
  );
}

function Missing({ id }: { id: string }) {
  return (
    <EmptyState
      icon={IconStack}
      title="No such stack"
      action={<Button mt="sm" variant="default" renderRoot={(props) => <Link {...props} to="/spacelift" search={{ q: id }} />}>Search for “{id}”</Button>}
    >
      There is no stack <code>{id}</code> that the API key can see. It may have been deleted, be in a space that the key does
      not belong to, or have a new id because it was renamed.
    </EmptyState>
  );
}

function Loading() {
  return (
    <>
      <Group align="flex-start" wrap="nowrap" aria-busy="true">
        <Skeleton h={56} w={56} radius="lg" />
        <Stack gap="xs" flex={1}>
          <Skeleton h={30} w="40%" />
          <Skeleton h={14} w="65%" />
        </Stack>
      </Group>
      <Skeleton h={360} mt="xl" radius="lg" />
    </>
  );
}

function Loaded({ stack, unreadable }: { stack: StackDetail; unreadable: unknown }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Crumbs space={stack.space} />
      <Header stack={stack} onTrigger={() => setAsking(true)} />
      <StatusNotices />
      <Notices stack={stack} unreadable={unreadable} />
      <div className={classes.columns}>
        <StackRuns stack={stack} />
        <StackFacts stack={stack} />
      </div>
      <TriggerDialog stack={asking ? stack : undefined} onClose={() => setAsking(false)} />
    </>
  );
}

function Header({ stack, onTrigger }: { stack: StackDetail; onTrigger: () => void }) {
  const out = safeUrl(stack.url);
  return (
    <header className={classes.header}>
      <span className={classes.tile} data-tone={toneOf(stack.state)}>
        <IconStack size={32} stroke={1.6} aria-hidden />
      </span>
      <div className={classes.headerText}>
        <Group gap="sm">
          <Title order={1} className={classes.title}>{stack.name}</Title>
          <Flags stack={stack} />
        </Group>
        <Group gap={4} wrap="nowrap">
          <Text size="sm" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>{stack.id}</Text>
          <CopyIcon value={stack.id} label="Copy the id" />
        </Group>
        <Group gap="sm" mt={6}>
          <StateChip state={stack.state} large />
          <VisuallyHidden role="status">{`The stack is ${stateText(stack.state).toLowerCase()}`}</VisuallyHidden>
          {stack.stateSetAt && <Text size="sm" c="dimmed" component="span">since <Time value={stack.stateSetAt} /></Text>}
        </Group>
        {stack.description && <Markdown text={stack.description} />}
      </div>
      <Group gap="xs" className={classes.actions}>
        {out && (
          <Button component="a" href={out} target="_blank" rel="noreferrer" variant="default" rightSection={<IconOut size={16} stroke={1.6} aria-hidden />}>
            Spacelift
          </Button>
        )}
        <TriggerButton stack={stack} onTrigger={onTrigger} />
      </Group>
    </header>
  );
}

function Notices({ stack, unreadable }: { stack: StackDetail; unreadable: unknown }) {
  const { pending } = stack.trigger;
  const notices = [
    stack.deleting && <Notice key="deleting" tone="bad" title="This stack is being deleted"><Text size="sm">It disappears from here once Spacelift has deleted it.</Text></Notice>,
    stack.disabled && <Notice key="disabled" tone="warn" title="Disabled"><Text size="sm">Spacelift starts no runs of it until it is enabled there.</Text></Notice>,
    stack.lockedBy && (
      <Notice key="locked" tone="warn" title={`Locked by ${stack.lockedBy}`}>
        <Text size="sm">{stack.lockNote ? `“${stack.lockNote}”. ` : ''}Only whoever holds the lock can start a run.</Text>
      </Notice>
    ),
    pending?.outcome === 'unknown' && (
      <Notice key="pending" tone="warn" title="It is not known whether the last trigger started a run">
        {pending.message && <Text size="sm">{pending.message}</Text>}
        <Pending trigger={pending} />
      </Notice>
    ),
    (stack.stale || Boolean(unreadable)) && (
      <Notice key="stale" tone="warn" title="Spacelift could not be asked about this stack">
        <Text size="sm" component="div">What you see is from <Time value={stack.syncedAt} />. It is tried again by itself.</Text>
      </Notice>
    ),
  ].filter(Boolean);
  return (
    <div aria-live="polite">
      {notices.length > 0 && <Stack gap="sm" mb="lg">{notices}</Stack>}
    </div>
  );
}
