import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { parseRef, shortRef } from '../api/entity';
import { failedQuery, reasonOf, sourceOf, type Unprocessed } from '../api/unprocessed';
import { type Attention, type AttentionItem, attentionQuery } from '../api/system';
import { EntityLink } from '../ui/EntityLink';
import { ErrorState } from '../ui/ErrorState';
import { KindIcon } from '../ui/KindIcon';
import { Panel } from '../ui/Panel';
import { Status, type Tone } from '../ui/Status';
import classes from './AttentionPanel.module.css';
import type { CatalogSearch } from './catalogSearch';

const shown = 5;

/** What in the catalog somebody should look at, with the reason. */
export function AttentionPanel() {
  const attention = useQuery(attentionQuery);
  const failed = useQuery(failedQuery);
  const broken = [attention, failed].find((q) => q.isError && !q.data);
  return (
    <Panel title="Needs attention">
      {attention.data && failed.data ? (
        <Lists attention={attention.data} failed={failed.data} />
      ) : broken ? (
        <ErrorState error={broken.error} onRetry={() => void broken.refetch()} />
      ) : (
        <Stack gap="sm" aria-busy="true">
          <Skeleton h={14} w="70%" />
          <Skeleton h={14} w="55%" />
          <Skeleton h={14} w="62%" />
        </Stack>
      )}
    </Panel>
  );
}

interface Failed {
  entities: Unprocessed[];
  truncated: boolean;
}

function Lists({ attention, failed }: { attention: Attention; failed: Failed }) {
  const { errors, orphans, missing } = attention;
  if (failed.entities.length + errors.count + orphans.count + missing.count === 0) {
    return <Status tone="ok">All is well: no errors, no orphans, no loose ends</Status>;
  }
  return (
    <Stack gap="lg">
      <FailedList failed={failed} />
      <List tone="bad" one="entity with errors" many="entities with errors" list={errors}>
        {(item) => <Text size="sm" c="dimmed" lineClamp={2}>{item.message}</Text>}
      </List>
      <List
        tone="warn"
        one="reference to nothing"
        many="references to nothing"
        hint="Other entities refer to these, but the catalog does not have them."
        list={missing}
      >
        {(item) => <Referrer item={item} />}
      </List>
      <List
        tone="warn"
        one="orphan"
        many="orphans"
        hint="No location declares these any more. Delete them, or bring their file back."
        list={orphans}
        all={{ orphan: '1' }}
      />
    </Stack>
  );
}

/** Entities that have no page, because they were never in the catalog: the reason and the file stand here. */
export function FailedList({ failed: { entities, truncated } }: { failed: Failed }) {
  if (entities.length === 0) return null;
  const count = `${entities.length.toLocaleString('en')}${truncated ? '+' : ''}`;
  return (
    <div>
      <Group justify="space-between" mb={6}>
        <Status tone="bad">{`${count} ${entities.length === 1 ? 'entity' : 'entities'} not in the catalog`}</Status>
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/unprocessed" />}>
          Show why
        </Anchor>
      </Group>
      <ul className={classes.list}>
        {entities.slice(0, shown).map((row) => {
          const ref = parseRef(row.entity_ref);
          return (
            <li key={row.entity_id}>
              <span className={classes.name}>
                {ref && <KindIcon kind={ref.kind} size={16} />}
                {ref ? shortRef(ref) : row.entity_ref}
              </span>
              <Text size="sm" lineClamp={2}>{reasonOf(row.errors[0]?.message ?? '')}</Text>
              <Text size="xs" c="dimmed" ff="monospace">{sourceOf(row)}</Text>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Referrer({ item }: { item: AttentionItem }) {
  const from = item.from ? parseRef(item.from) : undefined;
  if (!from) return null;
  const others = (item.referrers ?? 1) - 1;
  return (
    <Text size="sm" c="dimmed">
      named by <EntityLink entityRef={from} inherit underline="always" />
      {others > 0 && ` and ${others} more`}
    </Text>
  );
}

interface ListProps {
  tone: Tone;
  one: string;
  many: string;
  hint?: string;
  list: Attention['errors'];
  /** The filter of the whole list. */
  all?: CatalogSearch;
  children?: (item: AttentionItem) => ReactNode;
}

function List({ tone, one, many, hint, list, all, children }: ListProps) {
  if (list.count === 0) return null;
  return (
    <div>
      <Group justify="space-between" mb={6}>
        <Status tone={tone}>{`${list.count.toLocaleString('en')} ${list.count === 1 ? one : many}`}</Status>
        {all && (
          <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/catalog" search={all} />}>
            Show all
          </Anchor>
        )}
      </Group>
      {hint && (
        <Text size="sm" c="dimmed" mb={6}>
          {hint}
        </Text>
      )}
      <ul className={classes.list}>
        {list.items.slice(0, shown).map((item) => {
          const ref = parseRef(item.ref);
          return (
            <li key={item.ref}>
              {ref ? <EntityLink entityRef={ref} icon size="sm" /> : item.ref}
              {children?.(item)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
