import { Anchor, Stack, Text } from '@mantine/core';
import { addresses } from '../api/addresses';
import { safeUrl } from '../api/entity';
import { ErrorState } from '../ui/ErrorState';
import { Notice } from '../ui/Notice';

interface Props {
  error: unknown;
  onRetry: () => void;
  /** The page in Backstage's own frontend that shows what could not be shown here. */
  path?: string;
}

/** Stands where something of the catalog should be. A catalog that is Backstage's is still to be seen there. */
export function CatalogError({ error, onRetry, path = '/catalog' }: Props) {
  const href = safeUrl(addresses.page(path));
  if (!addresses.elsewhere('catalog')) return <ErrorState error={error} onRetry={onRetry} />;
  return (
    <Stack gap="md">
      <Notice tone="info" title="The catalog is Backstage’s">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {href ? (
            <>
              Look at it there: <Anchor inherit underline="always" href={href} target="_blank" rel="noreferrer">{href}</Anchor>.{' '}
            </>
          ) : (
            <>It is at {addresses.base('catalog')}. </>
          )}
          Stacks and exports are here and need no more than this.
        </Text>
      </Notice>
      <ErrorState error={error} onRetry={onRetry} />
    </Stack>
  );
}
