// The stacks of an entity, on its page.
import { Anchor, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Entity, formatRef, refOf } from '../api/entity';
import { annotatedStacks, entityStacksQuery, type Stack as SpaceliftStack, statusQuery } from '../api/spacelift';
import { ErrorState } from '../ui/ErrorState';
import { Notice } from '../ui/Notice';
import { Panel } from '../ui/Panel';
import { Time } from '../ui/Time';
import classes from './EntityStacks.module.css';
import { Flags } from './spacelift/Flags';
import { useLiveStacks } from './spacelift/live';
import { StateChip } from './spacelift/StateChip';
import { TriggerButton } from './spacelift/TriggerButton';
import { TriggerDialog } from './spacelift/TriggerDialog';

export default function EntityStacks({ entity }: { entity: Entity }) {
  const named = annotatedStacks(entity.metadata.annotations);
  const stacks = useQuery(entityStacksQuery(formatRef(refOf(entity))));
  const [target, setTarget] = useState<SpaceliftStack>();
  useLiveStacks();
  return (
    <Panel
      title="Stacks"
      right={<Anchor size="sm" renderRoot={(props) => <Link {...props} to="/spacelift" />}>All stacks</Anchor>}
    >
      {stacks.data ? (
        <Stack gap="sm">
          {stacks.data.items.length > 0 && (
            <ul className={classes.stacks}>
              {stacks.data.items.map((stack) => <Row key={stack.id} stack={stack} onTrigger={() => setTarget(stack)} />)}
            </ul>
          )}
          <Unknown ids={missingOf(named, stacks.data.items)} synced={stacks.data.syncedAt !== null} />
        </Stack>
      ) : stacks.isError ? (
        <ErrorState error={stacks.error} onRetry={() => void stacks.refetch()} />
      ) : (
        <Stack gap="sm" aria-busy="true">
          {named.slice(0, 5).map((id) => <Skeleton key={id} h={40} radius="md" />)}
        </Stack>
      )}
      <TriggerDialog stack={target} onClose={() => setTarget(undefined)} />
    </Panel>
  );
}

function missingOf(named: string[], stacks: SpaceliftStack[]): string[] {
  const known = new Set(stacks.map((s) => s.id.toLowerCase()));
  return named.filter((id) => !known.has(id.toLowerCase()));
}

function Row({ stack, onTrigger }: { stack: SpaceliftStack; onTrigger: () => void }) {
  return (
    <li>
      <div className={classes.name}>
        <Anchor fw={600} size="sm" renderRoot={(props) => <Link {...props} to="/spacelift/$stackId" params={{ stackId: stack.id }} />}>{stack.name}</Anchor>{' '}
        <Flags stack={stack} />
        <Text size="xs" c="dimmed" component="div">
          {stack.space.name}
          {stack.stateSetAt && <> · changed <Time value={stack.stateSetAt} /></>}
        </Text>
      </div>
      <StateChip state={stack.state} />
      <TriggerButton stack={stack} compact onTrigger={onTrigger} />
    </li>
  );
}

/** The annotation names what is not there: whoever wrote it should know. */
function Unknown({ ids, synced }: { ids: string[]; synced: boolean }) {
  const { data: status } = useQuery(statusQuery);
  if (ids.length === 0) return null;
  if (!synced) {
    return <Text size="sm" c="dimmed">The stacks of {status?.account ?? 'Spacelift'} have not been read yet.</Text>;
  }
  return (
    <Notice tone="warn" title={ids.length === 1 ? 'A stack is not known' : `${ids.length} stacks are not known`}>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {status?.account ?? 'Spacelift'} has no {ids.map((id, i) => <span key={id}>{i > 0 && ', '}<code>{id}</code></span>)} that the API key can see.
        Correct the annotation <code>spacelift.io/stack-id</code>: it holds ids of stacks, with commas between them.
      </Text>
    </Notice>
  );
}
