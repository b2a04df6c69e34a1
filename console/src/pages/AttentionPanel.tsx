import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { parseRef } from '../api/entity';
import { type Attention, type AttentionItem, attentionQuery } from '../api/system';
import { EntityLink } from '../ui/EntityLink';
import { ErrorState } from '../ui/ErrorState';
import { Panel } from '../ui/Panel';
import { Status, type Tone } from '../ui/Status';
import classes from './AttentionPanel.module.css';
import type { CatalogSearch } from './catalogSearch';

const shown = 5;

/** What in the catalog somebody should look at, with the reason. */
export function AttentionPanel() {
  const attention = useQuery(attentionQuery);
  return (
    <Panel title="Needs attention">
      {attention.data ? (
        <Lists attention={attention.data} />
      ) : attention.isError ? (
        <ErrorState error={attention.error} onRetry={() => void attention.refetch()} />
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

function Lists({ attention }: { attention: Attention }) {
  const { errors, orphans, missing } = attention;
  if (errors.count + orphans.count + missing.count === 0) {
    return <Status tone="ok">All is well: no errors, no orphans, no loose ends</Status>;
  }
  return (
    <Stack gap="lg">
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
