import { Button, Card, Divider, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import IconArrow from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs';
import { session } from '../api/session';
import type { Bootstrap } from '../api/system';
import { useSession } from '../shell/useSession';
import { ThemeMenu } from '../shell/UserMenu';
import { Brand } from '../ui/Brand';
import { ErrorState } from '../ui/ErrorState';
import { useDocumentTitle } from '../ui/PageHeader';
import classes from './SignIn.module.css';

export default function SignIn({ bootstrap }: { bootstrap: Bootstrap }) {
  useDocumentTitle('Sign in');
  const current = useSession();
  const [error, setError] = useState<unknown>();
  const [withToken, setWithToken] = useState(false);
  const guest = bootstrap.signIn.some((p) => p.id === 'guest');

  const enter = (way: Promise<void>) => {
    setError(undefined);
    way.catch(setError);
  };

  return (
    <main className={classes.stage}>
      <div className={classes.theme}>
        <ThemeMenu />
      </div>
      <Card className={classes.card} radius="xl" p="xl" shadow="xl">
        <Stack gap="lg">
          <div>
            <Brand size={46} />
            <Title order={1} mt="md">
              {bootstrap.title}
            </Title>
            <Text c="dimmed" mt={6}>
              {bootstrap.demo
                ? 'A demo with a made-up company. Go in and look around.'
                : 'The catalog of your software, and who looks after it.'}
            </Text>
          </div>
          {current.state === 'out' && current.reason === 'expired' && (
            <Text size="sm" role="status">
              Your session has ended. Sign in again to go on where you were.
            </Text>
          )}
          {error !== undefined && <ErrorState error={error} />}
          {guest && (
            <Button
              size="md"
              loading={current.state === 'busy'}
              rightSection={<IconArrow size={18} aria-hidden />}
              onClick={() => enter(session.signInAsGuest())}
            >
              Enter as a guest
            </Button>
          )}
          {bootstrap.signIn.length === 0 && <NoWayIn />}
          {withToken ? (
            <TokenForm onToken={(token) => enter(session.signInWithToken(token))} />
          ) : (
            <>
              {guest && <Divider label="or" />}
              <Button variant="subtle" color="gray" onClick={() => setWithToken(true)}>
                Use an access token
              </Button>
            </>
          )}
        </Stack>
      </Card>
    </main>
  );
}

function NoWayIn() {
  return (
    <Text size="sm">
      No way to sign in is configured. Add <code>auth.providers.guest</code> to app-config.yaml to let anyone in, or enter
      with a token of <code>backend.auth.externalAccess</code>.
    </Text>
  );
}

function TokenForm({ onToken }: { onToken: (token: string) => void }) {
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) onToken(token.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <PasswordInput
          label="Access token"
          description="A token of backend.auth.externalAccess. It is kept in this page's memory only."
          value={token}
          autoFocus
          autoComplete="off"
          onChange={(e) => setToken(e.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={!token.trim()}>
          Enter with the token
        </Button>
      </Stack>
    </form>
  );
}
