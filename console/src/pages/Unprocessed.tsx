import { Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import IconBooks from '@tabler/icons-react/dist/esm/icons/IconBooks.mjs';
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs';
import { addresses } from '../api/addresses';
import { parseRef, shortRef } from '../api/entity';
import { failedQuery, reasonOf, sourceOf, type Unprocessed as Row } from '../api/unprocessed';
import { BackstageLink } from '../ui/BackstageLink';
import { EmptyState } from '../ui/EmptyState';
import { ErrorState } from '../ui/ErrorState';
import { KindIcon } from '../ui/KindIcon';
import { PageHeader } from '../ui/PageHeader';
import { Time } from '../ui/Time';
import classes from './Unprocessed.module.css';

/** What is not in the catalog though somebody wrote it, and why. */
export default function Unprocessed() {
  const failed = useQuery(failedQuery);
  if (addresses.elsewhere('catalog')) {
    return (
      <>
        <PageHeader title="Not in the catalog" />
        <EmptyState icon={IconBooks} title="The catalog is Backstage’s" action={<BackstageLink path="/catalog" />}>
          What it could not process, it does not tell other backends.
        </EmptyState>
      </>
    );
  }
  return (
    <>
      <PageHeader title="Not in the catalog">
        These entities have never been processed well, so that the catalog does not show them. Correct the file: it is read
        again by itself.
      </PageHeader>
      {failed.data ? (
        failed.data.entities.length === 0 ? (
          <EmptyState icon={IconCheck} title="Nothing is missing">
            Everything that was read is in the catalog. If you miss something, check that one of the{' '}
            <code>catalog.locations</code> leads to its file.
          </EmptyState>
        ) : (
          <Stack gap="md">
            {failed.data.entities.map((row) => (
              <Failure key={row.entity_id} row={row} />
            ))}
            {failed.data.truncated && <Text c="dimmed">There are more. They show up as these are corrected.</Text>}
          </Stack>
        )
      ) : failed.isError ? (
        <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : (
        <Stack gap="md" aria-busy="true">
          {Array.from({ length: 3 }, (_, i) => <Skeleton key={i} h={110} radius="lg" />)}
        </Stack>
      )}
    </>
  );
}

function Failure({ row }: { row: Row }) {
  const ref = parseRef(row.entity_ref);
  return (
    <Paper component="article" p="lg" className={classes.failure}>
      <div className={classes.head}>
        {ref && <KindIcon kind={ref.kind} size={20} tile />}
        <Title order={2} className={classes.name}>
          {ref ? shortRef(ref) : row.entity_ref}
        </Title>
      </div>
      {row.errors.map((error, i) => {
        const reason = reasonOf(error.message);
        return (
          <div key={i} className={classes.error}>
            <p className={classes.reason}>{reason}</p>
            {reason !== error.message && <p className={classes.message}>{`${error.name}: ${error.message}`}</p>}
          </div>
        );
      })}
      <dl className={classes.facts}>
        <dt>Read from</dt>
        <dd className={classes.source}>{sourceOf(row) ?? 'an unknown source'}</dd>
        {row.last_discovery_at && (
          <>
            <dt>Last changed</dt>
            <dd><Time value={row.last_discovery_at} /></dd>
          </>
        )}
      </dl>
    </Paper>
  );
}
