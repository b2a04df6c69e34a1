import { Button, Code, Group, Text } from '@mantine/core';
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs';
import { advise, ApiError } from '../api/errors';
import { session } from '../api/session';
import { Notice } from './Notice';
import { Yaml } from './Yaml';

interface Props {
  error: unknown;
  onRetry?: () => void;
}

/** What went wrong, in the place of what could not be shown, and what to do about it. */
export function ErrorState({ error, onRetry }: Props) {
  const advice = advise(error);
  const id = error instanceof ApiError ? error.requestId : undefined;
  const signedOut = error instanceof ApiError && error.status === 401 && !error.where;
  return (
    <Notice tone="bad" title={advice.title} alert>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {advice.text}
      </Text>
      {advice.yaml && <Yaml text={advice.yaml} />}
      {id && (
        <Text size="xs" mt={6}>
          Request <Code>{id}</Code>
        </Text>
      )}
      <Group mt={advice.retry || signedOut ? 'sm' : 0}>
        {advice.retry && onRetry && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={15} aria-hidden />} onClick={onRetry}>
            Try again
          </Button>
        )}
        {signedOut && (
          <Button size="xs" onClick={() => session.signOut()}>
            Sign in again
          </Button>
        )}
      </Group>
    </Notice>
  );
}
