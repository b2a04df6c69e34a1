import { Button, Drawer, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import IconFilter from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs';
import IconMasks from '@tabler/icons-react/dist/esm/icons/IconMasksTheater.mjs';
import { addresses } from '../api/addresses';
import { emptySelection, entitiesQuery, type EntityPage, facetsQuery, pageSize, type Selection, type Sort } from '../api/catalog';
import { BackstageLink } from '../ui/BackstageLink';
import { EmptyState } from '../ui/EmptyState';
import { PageHeader } from '../ui/PageHeader';
import classes from './Catalog.module.css';
import { CatalogError } from './CatalogError';
import { Filters } from './CatalogFilters';
import { CatalogTable } from './CatalogTable';
import { type CatalogSearch, countChosen, searchOf, selectionOf, sortOf, sortText } from './catalogSearch';
import { KindRow } from './KindRow';

export default function Catalog() {
  const search = useSearch({ from: '/catalog' });
  const navigate = useNavigate({ from: '/catalog' });
  const selection = selectionOf(search);
  const sort = sortOf(search);
  const term = search.q?.trim() ?? '';

  const page = useQuery(entitiesQuery({ selection, search: term, sort, cursor: search.cursor }));
  const facets = useQuery(facetsQuery(selection));
  const [filtersOpen, filters] = useDisclosure(false);

  const go = (next: CatalogSearch, replace = false) => void navigate({ search: next, replace });
  const choose = (next: Selection) => go({ q: search.q, sort: search.sort, ...searchOf(next) });
  const order = (next: Sort) => go({ ...search, sort: sortText(next), cursor: undefined, page: undefined });
  const clear = () => go({ sort: search.sort });
  const chosen = countChosen(selection);
  const narrowed = chosen > 0 || selection.kind.length > 0 || term !== '';
  const panel = <Filters selection={selection} facets={facets.data} counted={term === ''} error={facets.error} onChange={choose} />;

  if (page.isError && facets.isError && !page.data && addresses.elsewhere('catalog')) {
    return (
      <>
        <PageHeader title="Catalog" />
        <CatalogError error={page.error} onRetry={() => void Promise.all([page.refetch(), facets.refetch()])} />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title="Catalog"
        right={
          <Button
            hiddenFrom="md"
            variant="default"
            leftSection={<IconFilter size={17} aria-hidden />}
            onClick={filters.open}
          >
            {chosen > 0 ? `Filters (${chosen})` : 'Filters'}
          </Button>
        }
      >
        <Summary page={page.data} term={term} />
      </PageHeader>
      <KindRow selection={selection} counts={facets.data?.kind} counted={term === ''} onChange={choose} />
      <div className={classes.columns}>
        <aside className={classes.side} aria-label="Filters">
          <a className={classes.skip} href="#list" onClick={skipToList}>
            Skip to the list
          </a>
          {panel}
        </aside>
        <div id="list" tabIndex={-1} className={classes.main}>
          {page.isError && !page.isPlaceholderData && !page.data ? (
            <ListError error={page.error} cursor={search.cursor} onRetry={() => void page.refetch()} onRestart={() => go({ ...search, cursor: undefined, page: undefined })} />
          ) : page.data && page.data.items.length === 0 ? (
            <Nothing narrowed={narrowed} term={term} onClear={clear} />
          ) : (
            <>
              <CatalogTable items={page.data?.items} stale={page.isPlaceholderData} sort={sort} onSort={order} />
              {page.data && <Pager page={page.data} search={search} onGo={(next) => go(next)} />}
            </>
          )}
        </div>
      </div>
      <Drawer opened={filtersOpen} onClose={filters.close} title="Filters" position="right" size="sm" closeButtonProps={{ 'aria-label': 'Close the filters' }}>
        {panel}
        <Group mt="lg" grow>
          <Button variant="default" onClick={() => choose({ ...emptySelection, kind: selection.kind })}>
            Clear
          </Button>
          <Button onClick={filters.close}>Show</Button>
        </Group>
      </Drawer>
    </>
  );
}

/** The filters are many stops on the way of whoever uses the keyboard. */
function skipToList(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById('list')?.focus();
}

function Summary({ page, term }: { page: EntityPage | undefined; term: string }) {
  const n = page?.totalItems;
  return (
    <span aria-live="polite">
      {n === undefined ? 'Everything that is known of your software' : `${n.toLocaleString('en')} ${n === 1 ? 'entity' : 'entities'}`}
      {n !== undefined && term && <> with “{term}”</>}
    </span>
  );
}

function Nothing({ narrowed, term, onClear }: { narrowed: boolean; term: string; onClear: () => void }) {
  if (!narrowed && addresses.elsewhere('catalog')) {
    return (
      <EmptyState icon={IconMasks} title="The catalog is empty" action={<BackstageLink path="/catalog" />}>
        Backstage has no entities, or none that you may see.
      </EmptyState>
    );
  }
  if (!narrowed) {
    return (
      <EmptyState icon={IconMasks} title="The catalog is empty">
        Add a location to <code>catalog.locations</code> in app-config.yaml that points at your <code>catalog-info.yaml</code>{' '}
        files, and they appear here.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={IconMasks}
      title="Nothing matches"
      action={
        <Button mt="sm" variant="default" onClick={onClear}>
          Clear search and filters
        </Button>
      }
    >
      {term
        ? `No entity has “${term}” in its name, title, description or tags${narrowed ? ', within the filters chosen' : ''}.`
        : 'No entity has all that is chosen. Take one filter away.'}
    </EmptyState>
  );
}

function ListError(props: { error: unknown; cursor: string | undefined; onRetry: () => void; onRestart: () => void }) {
  return (
    <>
      <CatalogError error={props.error} onRetry={props.onRetry} />
      {props.cursor && (
        <Button mt="md" variant="default" onClick={props.onRestart}>
          Back to the first page
        </Button>
      )}
    </>
  );
}

function Pager({ page, search, onGo }: { page: EntityPage; search: CatalogSearch; onGo: (next: CatalogSearch) => void }) {
  const { nextCursor, prevCursor } = page.pageInfo;
  const number = Number(search.page ?? 1);
  if (!nextCursor && !prevCursor && !search.cursor) return null;
  const first = (number - 1) * pageSize + 1;
  const turn = (cursor: string | undefined, to: number) => {
    // Page one without a cursor has an address of its own, and sees what has been added in front.
    onGo(to <= 1 ? { ...search, cursor: undefined, page: undefined } : { ...search, cursor, page: String(to) });
    window.scrollTo({ top: 0 });
  };
  return (
    <Group component="nav" aria-label="Pages of the list" justify="space-between" mt="md">
      <Text size="sm" c="dimmed">
        {first.toLocaleString('en')}–{(first + page.items.length - 1).toLocaleString('en')} of {page.totalItems.toLocaleString('en')}
      </Text>
      <Group gap="xs">
        <Button variant="default" size="sm" disabled={!prevCursor && number <= 1} onClick={() => turn(prevCursor, number - 1)}>
          Previous
        </Button>
        <Button variant="default" size="sm" disabled={!nextCursor} onClick={() => turn(nextCursor, number + 1)}>
          Next
        </Button>
      </Group>
    </Group>
  );
}
