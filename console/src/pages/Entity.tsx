import { Anchor, Breadcrumbs, Button, Group, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import IconMasks from '@tabler/icons-react/dist/esm/icons/IconMasksTheater.mjs';
import { addresses } from '../api/addresses';
import { entityQuery } from '../api/catalog';
import { exportPlugin } from '../api/export';
import { bootstrapQuery } from '../api/system';
import { failedQuery, sourceOf } from '../api/unprocessed';
import { ApiError } from '../api/errors';
import { type Entity, formatRef, isOrphan, type Ref, refOf, text, titleOf } from '../api/entity';
import { kindLook } from '../theme/kinds';
import { BackstageLink } from '../ui/BackstageLink';
import { CopyIcon } from '../ui/CopyIcon';
import { EmptyState } from '../ui/EmptyState';
import { KindIcon } from '../ui/KindIcon';
import { Lifecycle } from '../ui/Lifecycle';
import { Notice } from '../ui/Notice';
import { useDocumentTitle } from '../ui/PageHeader';
import { Tag, TagLink } from '../ui/Tag';
import { CatalogError } from './CatalogError';
import classes from './Entity.module.css';
import { EntityAbout } from './EntityAbout';
import { EntityRelations } from './EntityRelations';
import { remember } from './recent';
import type { EntityTab } from './tabs';

const Source = lazy(() => import('./EntitySource'));
const Export = lazy(() => import('./exports/EntityExport'));

export default function EntityPage() {
  const ref: Ref = useParams({ from: '/catalog/$namespace/$kind/$name' });
  const entity = useQuery(entityQuery(ref));
  const known = entity.data;
  useDocumentTitle(known ? titleOf(known) : ref.name);
  useEffect(() => {
    if (known) remember({ ref: formatRef(refOf(known)), title: titleOf(known) });
  }, [known]);

  // What was deleted while it was looked at is gone, though its last state is still in memory.
  if (entity.isError && (!known || isMissing(entity.error))) {
    return (
      <>
        <Crumbs kind={ref.kind} />
        {isMissing(entity.error) ? <Missing entityRef={ref} /> : <CatalogError error={entity.error} onRetry={() => void entity.refetch()} path={pathOf(ref)} />}
      </>
    );
  }
  if (!known) return <Loading kind={ref.kind} />;
  return <Loaded entity={known} />;
}

/** The address of an entity's page, in Backstage's frontend as in this one. */
function pathOf({ kind, namespace, name }: Ref): string {
  return `/catalog/${[namespace, kind, name].map((part) => encodeURIComponent(part.toLowerCase())).join('/')}`;
}

function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function Missing({ entityRef }: { entityRef: Ref }) {
  const failed = useQuery(failedQuery);
  const row = failed.data?.entities.find((f) => f.entity_ref === formatRef(entityRef));
  if (row) {
    return (
      <Notice tone="bad" title="Not in the catalog yet: it could not be processed">
        <Stack gap={6}>
          {row.errors.map((error, i) => (
            <Text key={i} size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
              {error.message}
            </Text>
          ))}
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            Correct its file{sourceOf(row) && <>, <code>{sourceOf(row)}</code></>}; it is read again by itself.
          </Text>
        </Stack>
      </Notice>
    );
  }
  return (
    <EmptyState
      icon={IconMasks}
      title="Not in the catalog"
      action={
        <Button mt="sm" variant="default" renderRoot={(props) => <Link {...props} to="/catalog" search={{ q: entityRef.name }} />}>
          Search for “{entityRef.name}”
        </Button>
      }
    >
      There is no <code>{formatRef(entityRef)}</code>
      {addresses.elsewhere('catalog') ? ' in Backstage’s catalog, or none that you may see.' : '. It may have been deleted, or its file may not have been read yet; if it was just added, this page shows it as soon as it is there.'}
    </EmptyState>
  );
}

function Crumbs({ kind }: { kind: string }) {
  return (
    <Breadcrumbs separator="/" mb="md" component="nav" aria-label="Breadcrumb">
      <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/catalog" />}>
        Catalog
      </Anchor>
      <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/catalog" search={{ kind: kind.toLowerCase() }} />}>
        {kindLook(kind).plural}
      </Anchor>
    </Breadcrumbs>
  );
}

function Loading({ kind }: { kind: string }) {
  return (
    <>
      <Crumbs kind={kind} />
      <Group align="flex-start" wrap="nowrap" aria-busy="true">
        <Skeleton h={56} w={56} radius="lg" />
        <Stack gap="xs" flex={1}>
          <Skeleton h={30} w="40%" />
          <Skeleton h={14} w="65%" />
        </Stack>
      </Group>
      <Skeleton h={320} mt="xl" radius="lg" />
    </>
  );
}

function Loaded({ entity }: { entity: Entity }) {
  const { tab = 'overview' } = useSearch({ from: '/catalog/$namespace/$kind/$name' });
  const navigate = useNavigate({ from: '/catalog/$namespace/$kind/$name' });
  const { data: bootstrap } = useQuery(bootstrapQuery);
  const exported = bootstrap?.plugins.includes(exportPlugin);
  const definition = text(entity.spec?.definition);
  const shown = (tab === 'definition' && !definition) || (tab === 'export' && !exported) ? 'overview' : tab;
  const relations = entity.relations?.length ?? 0;
  const choose = (next: string | null) => {
    void navigate({ search: next === 'overview' ? {} : { tab: next as EntityTab }, replace: true });
  };
  return (
    <>
      <Crumbs kind={entity.kind} />
      <Header entity={entity} />
      <Problems entity={entity} />
      <Tabs value={shown} onChange={choose} keepMounted={false}>
        <Tabs.List mb="lg" className={classes.tabs}>
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="relations">Relations{relations > 0 && <span className={classes.tabCount}>{relations}</span>}</Tabs.Tab>
          {definition && <Tabs.Tab value="definition">Definition</Tabs.Tab>}
          <Tabs.Tab value="yaml">YAML</Tabs.Tab>
          {exported && <Tabs.Tab value="export">Export preview</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <EntityAbout entity={entity} />
        </Tabs.Panel>
        <Tabs.Panel value="relations">
          <EntityRelations entity={entity} />
        </Tabs.Panel>
        <Tabs.Panel value="definition">
          <Suspense fallback={<Skeleton h={300} />}>
            <Source text={definition ?? ''} label="Definition" />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="yaml">
          <Suspense fallback={<Skeleton h={300} />}>
            <Source entity={entity} label="Entity as YAML" />
          </Suspense>
        </Tabs.Panel>
        {exported && (
          <Tabs.Panel value="export">
            <Suspense fallback={<Skeleton h={300} />}>
              <Export entity={entity} />
            </Suspense>
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}

function Header({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  const type = text(entity.spec?.type);
  return (
    <header className={classes.header}>
      <KindIcon kind={entity.kind} size={32} tile />
      <div className={classes.headerText}>
        <Title order={1} className={classes.title}>
          {titleOf(entity)}
        </Title>
        <Group gap={4} wrap="nowrap">
          <Text size="sm" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
            {formatRef(ref)}
          </Text>
          <CopyIcon value={formatRef(ref)} label="Copy the reference" />
        </Group>
        {entity.metadata.description && <Text mt={6} maw="48rem">{entity.metadata.description}</Text>}
        <Group gap={6} mt="sm">
          <Tag>{kindLook(entity.kind).label}{type && ` · ${type}`}</Tag>
          <Lifecycle value={text(entity.spec?.lifecycle)} />
          {entity.metadata.tags?.map((tag) => (
            <TagLink key={tag} tag={tag} />
          ))}
          <BackstageLink path={pathOf(ref)} />
        </Group>
      </div>
    </header>
  );
}

function Problems({ entity }: { entity: Entity }) {
  const items = (entity.status?.items ?? []).filter((i) => i.level === 'error' || i.level === 'warning');
  const errors = items.some((i) => i.level === 'error');
  return (
    <Stack gap="sm" mb={items.length > 0 || isOrphan(entity) ? 'lg' : 0}>
      {items.length > 0 && (
        <Notice tone={errors ? 'bad' : 'warn'} title={errors ? 'This entity could not be processed' : 'This entity was processed with warnings'}>
          <Stack gap={6}>
            {items.map((item, i) => (
              <Text key={i} size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
                {item.message}
              </Text>
            ))}
            {errors && <Text size="sm">What you see is its last good state. Correct its file; it is read again by itself.</Text>}
          </Stack>
        </Notice>
      )}
      {isOrphan(entity) && (
        <Notice tone="warn" title="Orphan">
          <Text size="sm">No location declares this entity any more. Bring its file back, or delete the entity.</Text>
        </Notice>
      )}
    </Stack>
  );
}
