import { Badge, Group, Skeleton, Table, Text, UnstyledButton } from '@mantine/core';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useNavigate } from '@tanstack/react-router';
import { createContext, useContext } from 'react';
import IconDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs';
import IconUp from '@tabler/icons-react/dist/esm/icons/IconChevronUp.mjs';
import IconSelector from '@tabler/icons-react/dist/esm/icons/IconSelector.mjs';
import type { Sort, SortField } from '../api/catalog';
import { type Entity, isOrphan, ownerOf, type Ref, refOf, shortRef, text, titleOf } from '../api/entity';
import { kindLook } from '../theme/kinds';
import { EntityLink } from '../ui/EntityLink';
import { KindIcon } from '../ui/KindIcon';
import { Lifecycle } from '../ui/Lifecycle';
import { TagLink } from '../ui/Tag';
import { useTitles } from '../ui/useTitles';
import classes from './CatalogTable.module.css';

const features = tableFeatures({});
const helper = createColumnHelper<typeof features, Entity>();

// Order, filters and pages are the server's: the table is a model of columns, nothing more.
const columns = helper.columns([
  helper.display({ id: 'name', header: 'Name', cell: ({ row }) => <NameCell entity={row.original} /> }),
  helper.display({ id: 'kind', header: 'Kind', cell: ({ row }) => <KindCell entity={row.original} /> }),
  helper.display({ id: 'owner', header: 'Owner', cell: ({ row }) => <OwnerCell entity={row.original} /> }),
  helper.display({ id: 'lifecycle', header: 'Lifecycle', cell: ({ row }) => <Lifecycle value={text(row.original.spec?.lifecycle)} /> }),
  helper.display({ id: 'tags', header: 'Tags', cell: ({ row }) => <Tags tags={row.original.metadata.tags} /> }),
]);

const sortable: Record<string, SortField> = { name: 'name', kind: 'kind' };
const none: Entity[] = [];

/** What the owners on this page are called. */
const OwnerTitles = createContext<(owner: Ref) => string | undefined>(() => undefined);

interface Props {
  /** Undefined while the first page is on its way. */
  items: Entity[] | undefined;
  /** Whether the items answer an older question. */
  stale: boolean;
  sort: Sort;
  onSort: (sort: Sort) => void;
}

export function CatalogTable({ items, stale, sort, onSort }: Props) {
  const table = useTable({ features, columns, data: items ?? none });
  const title = useTitles((items ?? none).flatMap((item) => ownerOf(item) ?? []));
  return (
    <OwnerTitles value={title}>
      <Table className={classes.table} data-stale={stale || undefined} aria-busy={!items || stale}>
        <caption className={classes.caption}>Entities</caption>
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header) => (
                <HeaderCell key={header.id} id={header.id} sort={sort} onSort={onSort}>
                  <table.FlexRender header={header} />
                </HeaderCell>
              ))}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {items
            ? table.getRowModel().rows.map((row) => (
                <Row key={row.original.metadata.uid ?? row.id} entity={row.original}>
                  {row.getAllCells().map((cell) => (
                    <Table.Td key={cell.id} className={classes[cell.column.id]}>
                      <table.FlexRender cell={cell} />
                    </Table.Td>
                  ))}
                </Row>
              ))
            : Array.from({ length: 10 }, (_, i) => <LoadingRow key={i} i={i} />)}
        </Table.Tbody>
      </Table>
    </OwnerTitles>
  );
}

function HeaderCell(props: { id: string; sort: Sort; onSort: (s: Sort) => void; children: React.ReactNode }) {
  const field = sortable[props.id];
  if (!field) return <Table.Th className={classes[props.id]}>{props.children}</Table.Th>;
  const active = props.sort.field === field;
  const Icon = !active ? IconSelector : props.sort.descending ? IconDown : IconUp;
  return (
    <Table.Th className={classes[props.id]} aria-sort={active ? (props.sort.descending ? 'descending' : 'ascending') : undefined}>
      <UnstyledButton className={classes.sort} onClick={() => props.onSort({ field, descending: active && !props.sort.descending })}>
        {props.children}
        <Icon size={14} aria-hidden />
      </UnstyledButton>
    </Table.Th>
  );
}

/** A row leads to its entity wherever it is clicked; for the keyboard there is the link in it. */
function Row({ entity, children }: { entity: Entity; children: React.ReactNode }) {
  const navigate = useNavigate();
  const { kind, namespace, name } = refOf(entity);
  const open = (event: React.MouseEvent) => {
    if ((event.target as Element).closest('a, button') || window.getSelection()?.toString()) return;
    void navigate({ to: '/catalog/$namespace/$kind/$name', params: { namespace, kind: kind.toLowerCase(), name } });
  };
  return (
    <Table.Tr className={classes.row} onClick={open}>
      {children}
    </Table.Tr>
  );
}

function NameCell({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  const name = titleOf(entity);
  const place = ref.namespace === 'default' ? ref.name : `${ref.namespace}/${ref.name}`;
  const owner = ownerOf(entity);
  const title = useContext(OwnerTitles);
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <KindIcon kind={entity.kind} size={18} tile />
      <div className={classes.nameText}>
        <EntityLink entityRef={ref} fw={600} className={classes.link}>
          {name}
        </EntityLink>
        {place !== name && (
          <Text span size="xs" c="dimmed" ml={8} className={classes.place}>
            {place}
          </Text>
        )}
        {isOrphan(entity) && (
          <Badge size="xs" ml={8} className={classes.orphan}>
            orphan
          </Badge>
        )}
        {entity.metadata.description && (
          <Text size="sm" c="dimmed" lineClamp={2}>
            {entity.metadata.description}
          </Text>
        )}
        <Text size="xs" c="dimmed" className={classes.small} component="div">
          {[kindLook(entity.kind).label, text(entity.spec?.type), text(entity.spec?.lifecycle), owner && (title(owner) ?? shortRef(owner, { kind: 'group' }))].filter(Boolean).join(' · ')}
        </Text>
      </div>
    </Group>
  );
}

function KindCell({ entity }: { entity: Entity }) {
  const type = text(entity.spec?.type);
  return (
    <Text size="sm" component="div">
      {kindLook(entity.kind).label}
      {type && (
        <Text size="xs" c="dimmed">
          {type}
        </Text>
      )}
    </Text>
  );
}

function OwnerCell({ entity }: { entity: Entity }) {
  const owner = ownerOf(entity);
  const title = useContext(OwnerTitles);
  if (!owner) return <Text size="sm" c="dimmed" aria-label="none">–</Text>;
  return (
    <EntityLink entityRef={owner} size="sm" defaults={{ kind: 'group' }}>
      {title(owner)}
    </EntityLink>
  );
}

const shownTags = 3;

function Tags({ tags }: { tags: string[] | undefined }) {
  if (!tags?.length) return null;
  return (
    <Group gap={4}>
      {tags.slice(0, shownTags).map((tag) => (
        <TagLink key={tag} tag={tag} />
      ))}
      {tags.length > shownTags && (
        <Text size="xs" c="dimmed" title={tags.slice(shownTags).join(', ')}>
          +{tags.length - shownTags}
        </Text>
      )}
    </Group>
  );
}

function LoadingRow({ i }: { i: number }) {
  return (
    <Table.Tr>
      <Table.Td className={classes.name}>
        <Group gap="sm" wrap="nowrap">
          <Skeleton h={33} w={33} radius="md" />
          <div style={{ flex: 1 }}>
            <Skeleton h={13} w={`${40 + ((i * 13) % 30)}%`} mb={7} />
            <Skeleton h={10} w={`${60 + ((i * 17) % 30)}%`} />
          </div>
        </Group>
      </Table.Td>
      {['kind', 'owner', 'lifecycle', 'tags'].map((id) => (
        <Table.Td key={id} className={classes[id]}>
          <Skeleton h={12} w="70%" />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
