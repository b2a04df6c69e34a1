import { Center } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { ErrorState } from '../ui/ErrorState';

/** Stands in for a page that failed while it was drawn, or whose code could not be loaded. */
export function Crash({ error, reset }: { error: unknown; reset?: () => void }) {
  const router = useRouter();
  return (
    <Center mih="50vh" p="md">
      <ErrorState
        error={error}
        onRetry={() => {
          // After an upgrade the code of this page has another name: only a reload finds it.
          if (String(error).includes('dynamically imported module')) window.location.reload();
          reset?.();
          void router.invalidate();
        }}
      />
    </Center>
  );
}
