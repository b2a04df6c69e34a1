import { Anchor, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import IconBooks from '@tabler/icons-react/dist/esm/icons/IconBooks.mjs';
import { hostOf } from '../api/addresses';
import { emptySelection, type FacetCount, facetsQuery } from '../api/catalog';
import { parseRef, shortRef } from '../api/entity';
import { failedQuery } from '../api/unprocessed';
import { bootstrapQuery, pluginsQuery } from '../api/system';
import { compareKinds, kindLook } from '../theme/kinds';
import { BackstageLink } from '../ui/BackstageLink';
import { EmptyState } from '../ui/EmptyState';
import { EntityLink } from '../ui/EntityLink';
import { ErrorState } from '../ui/ErrorState';
import { KindIcon } from '../ui/KindIcon';
import { useDocumentTitle } from '../ui/PageHeader';
import { Panel } from '../ui/Panel';
import { TagLink } from '../ui/Tag';
import { useTitles } from '../ui/useTitles';
import { AttentionPanel, FailedList } from './AttentionPanel';
import { CatalogError } from './CatalogError';
import classes from './Overview.module.css';
import { PluginStatus } from './PluginStatus';
import { useRecent } from './recent';

export default function Overview() {
  const { data: bootstrap } = useQuery(bootstrapQuery);
  const facets = useQuery(facetsQuery(emptySelection));
  useDocumentTitle('Overview');
  const joined = bootstrap?.elsewhere?.catalog;
  const kinds = facets.data?.kind?.toSorted((a, b) => compareKinds(a.value, b.value));
  const total = kinds?.reduce((sum, k) => sum + k.count, 0);

  return (
    <>
      <header className={classes.hero}>
        <Title order={1} className={classes.title}>
          {bootstrap?.title ?? 'Understudy'}
        </Title>
        <Text c="dimmed" component="div">
          {total === undefined ? (
            facets.isError ? (joined ? `Beside Backstage at ${hostOf(joined)}` : 'The catalog cannot be read right now') : <Skeleton h={14} w={260} mt={6} />
          ) : (
            `${count(total, 'entity', 'entities')} with ${count(facets.data?.owner?.length ?? 0, 'owner', 'owners')} in ${count(facets.data?.namespace?.length ?? 0, 'namespace', 'namespaces')}`
          )}
        </Text>
      </header>
      {facets.isError && !facets.data ? (
        <Stack gap="lg">
          <CatalogError error={facets.error} onRetry={() => void facets.refetch()} />
          {joined && <Plugins />}
        </Stack>
      ) : total === 0 ? (
        <EmptyCatalog joined={joined} />
      ) : (
        <Stack gap="lg">
          <Kinds kinds={kinds} />
          <div className={classes.columns}>
            <Stack gap="lg">
              {!joined && <AttentionPanel />}
              <Owners owners={facets.data?.owner} />
            </Stack>
            <Stack gap="lg">
              <Plugins />
              <Recent />
              <Tags tags={facets.data?.tag} />
            </Stack>
          </div>
        </Stack>
      )}
    </>
  );
}

function count(n: number, one: string, many: string): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** Nothing is there, or nothing was good: then it says what was wrong with it. */
function EmptyCatalog({ joined }: { joined: string | undefined }) {
  const failed = useQuery(failedQuery);
  if (joined) {
    return (
      <EmptyState icon={IconBooks} title="The catalog is empty" action={<BackstageLink path="/catalog" />}>
        Backstage at {hostOf(joined)} has no entities, or none that you may see.
      </EmptyState>
    );
  }
  if (failed.data && failed.data.entities.length > 0) {
    return (
      <Panel title="Needs attention">
        <FailedList failed={failed.data} />
      </Panel>
    );
  }
  return (
    <EmptyState icon={IconBooks} title="The catalog is empty">
      Add a location to <code>catalog.locations</code> in app-config.yaml that points at your{' '}
      <code>catalog-info.yaml</code> files, and they appear here. <code>understudy catalog validate PATH</code> tells what is
      wrong with a file that does not.
    </EmptyState>
  );
}

function Kinds({ kinds }: { kinds: FacetCount[] | undefined }) {
  const most = Math.max(...(kinds ?? []).map((k) => k.count), 1);
  return (
    <section aria-label="Kinds" className={classes.kinds}>
      {kinds
        ? kinds.map((k) => {
            const look = kindLook(k.value);
            return (
              <Link key={k.value} to="/catalog" search={{ kind: k.value.toLowerCase() }} className={classes.kind}>
                <KindIcon kind={k.value} size={21} tile />
                <span className={classes.kindText}>
                  <span className={classes.kindCount}>{k.count.toLocaleString('en')}</span>
                  <span className={classes.kindName}>{k.count === 1 ? look.label : look.plural}</span>
                </span>
                <span
                  className={classes.kindBar}
                  style={{ width: `${Math.max((k.count / most) * 100, 3)}%`, background: `light-dark(${look.light}, ${look.dark})` }}
                />
              </Link>
            );
          })
        : Array.from({ length: 8 }, (_, i) => <Skeleton key={i} h={78} radius="lg" />)}
    </section>
  );
}

const shownOwners = 8;
/** A page with thousands of rows helps nobody: the filters of the catalog find any owner. */
const mostOwners = 200;

function Owners({ owners }: { owners: FacetCount[] | undefined }) {
  const [all, setAll] = useState(false);
  const more = owners !== undefined && owners.length > shownOwners;
  return (
    <Panel
      title="Owners"
      right={
        more && (
          <Anchor component="button" type="button" size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `Show the first ${shownOwners}` : `Show all ${owners.length.toLocaleString('en')}`}
          </Anchor>
        )
      }
    >
      {owners ? <OwnerBars owners={owners} most={all ? mostOwners : shownOwners} /> : <Lines n={6} />}
      {all && more && owners.length > mostOwners && (
        <Text size="sm" c="dimmed" mt="md">
          and {(owners.length - mostOwners).toLocaleString('en')} more: find them among the{' '}
          <Anchor inherit underline="always" renderRoot={(props) => <Link {...props} to="/catalog" />}>
            filters of the catalog
          </Anchor>
        </Text>
      )}
    </Panel>
  );
}

function OwnerBars({ owners, most }: { owners: FacetCount[]; most: number }) {
  const shown = owners.slice(0, most);
  const title = useTitles(shown.flatMap((o) => parseRef(o.value) ?? []));
  if (owners.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing has an owner yet. Set <code>spec.owner</code> in your catalog files to a group or a user.
      </Text>
    );
  }
  const highest = owners[0]?.count ?? 1;
  return (
    <ul className={classes.bars}>
      {shown.map((o) => {
        const ref = parseRef(o.value);
        const name = ref ? (title(ref) ?? shortRef(ref, { kind: 'group' })) : o.value;
        return (
          <li key={o.value}>
            <span className={classes.barName}>{ref ? <EntityLink entityRef={ref} icon size="sm">{name}</EntityLink> : name}</span>
            <span className={classes.track} aria-hidden>
              <span style={{ width: `${(o.count / highest) * 100}%` }} />
            </span>
            <Anchor
              size="sm"
              className={classes.barCount}
              aria-label={`${o.count} owned by ${name}`}
              renderRoot={(props) => <Link {...props} to="/catalog" search={{ owner: o.value.toLowerCase() }} />}
            >
              {o.count.toLocaleString('en')}
            </Anchor>
          </li>
        );
      })}
    </ul>
  );
}

function Plugins() {
  const plugins = useQuery(pluginsQuery);
  return (
    <Panel
      title="Plugins"
      right={
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/system/$tab" params={{ tab: 'plugins' }} />}>
          System
        </Anchor>
      }
    >
      {plugins.data ? (
        <Stack gap={8}>
          {plugins.data.map((p) => (
            <Group key={p.id} justify="space-between" wrap="nowrap">
              <Text size="sm" truncate>
                {p.id}
              </Text>
              <PluginStatus plugin={p} />
            </Group>
          ))}
          {plugins.data.length === 0 && <Text size="sm" c="dimmed">This server hosts no plugins.</Text>}
        </Stack>
      ) : plugins.isError ? (
        <ErrorState error={plugins.error} onRetry={() => void plugins.refetch()} />
      ) : (
        <Lines n={3} />
      )}
    </Panel>
  );
}

function Recent() {
  const recent = useRecent();
  if (recent.length === 0) return null;
  return (
    <Panel title="Recently viewed">
      <Stack gap={8}>
        {recent.slice(0, 6).map((r) => {
          const ref = parseRef(r.ref);
          return ref ? (
            <EntityLink key={r.ref} entityRef={ref} icon size="sm">
              {r.title}
            </EntityLink>
          ) : null;
        })}
      </Stack>
    </Panel>
  );
}

function Tags({ tags }: { tags: FacetCount[] | undefined }) {
  if (!tags || tags.length === 0) return null;
  return (
    <Panel title="Tags">
      <Group gap={6}>
        {tags.slice(0, 18).map((t) => (
          <TagLink key={t.value} tag={t.value} count={t.count} />
        ))}
      </Group>
    </Panel>
  );
}

function Lines({ n }: { n: number }) {
  return (
    <Stack gap="sm" aria-busy="true">
      {Array.from({ length: n }, (_, i) => (
        <Skeleton key={i} h={14} w={`${90 - ((i * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}
