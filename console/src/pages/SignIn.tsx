import { Button, Card, Divider, Loader, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import IconArrow from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs';
import { addresses, hostOf } from '../api/addresses';
import { BlockedError, UnreachableError } from '../api/errors';
import { type Provider, session } from '../api/session';
import { type Bootstrap, obstacleQuery, providersOf } from '../api/system';
import { useSession } from '../shell/useSession';
import { ThemeMenu } from '../shell/UserMenu';
import { Brand } from '../ui/Brand';
import { ErrorState } from '../ui/ErrorState';
import { useDocumentTitle } from '../ui/PageHeader';
import { providerLabel } from './providers';
import classes from './SignIn.module.css';
import { TokenForm } from './TokenForm';

export default function SignIn({ bootstrap }: { bootstrap: Bootstrap }) {
  useDocumentTitle('Sign in');
  const current = useSession();
  const [error, setError] = useState<unknown>();
  const enter = (way: Promise<void>) => {
    setError(undefined);
    way.catch(setError);
  };
  const ways = { providers: providersOf(bootstrap), error, enter };
  const away = bootstrap.elsewhere?.auth;

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
            <Text c="dimmed" mt={6} style={{ overflowWrap: 'anywhere' }}>
              {subtitle(bootstrap)}
            </Text>
          </div>
          {current.state === 'out' && current.reason === 'expired' && (
            <Text size="sm" role="status">
              Your session has ended. Sign in again to go on where you were.
            </Text>
          )}
          {away ? <Elsewhere base={away} {...ways} /> : <Here {...ways} />}
        </Stack>
      </Card>
    </main>
  );
}

function subtitle(bootstrap: Bootstrap): string {
  if (bootstrap.demo) return 'A demo with a made-up company. Go in and look around.';
  if (bootstrap.elsewhere?.catalog) return `Beside Backstage at ${hostOf(bootstrap.elsewhere.catalog)}.`;
  return 'The catalog of your software, and who looks after it.';
}

interface Ways {
  providers: Provider[];
  error: unknown;
  enter: (way: Promise<void>) => void;
}

/** Sign-in is this server's own. */
function Here({ providers, error, enter }: Ways) {
  return (
    <>
      {error !== undefined && <ErrorState error={error} />}
      <Providers providers={providers} enter={enter} />
      {providers.length === 0 && <NoWayIn />}
      <TokenWay divided={providers.length > 0} enter={enter} />
    </>
  );
}

/** Sign-in is another backend's: either this page may ask it, or a token of it can be pasted. The page says which. */
function Elsewhere({ base, providers, error, enter }: Ways & { base: string }) {
  const obstacle = useQuery(obstacleQuery(base));
  const host = hostOf(base);
  if (obstacle.isPending) {
    return (
      <Stack align="center" gap="xs" aria-busy="true">
        <Loader type="dots" aria-label={`Asking ${host}`} />
      </Stack>
    );
  }
  if (obstacle.data) {
    const blocked = obstacle.data === 'unreachable' ? new UnreachableError(undefined, base) : new BlockedError(base, obstacle.data, addresses.origin);
    return (
      <>
        <ErrorState error={blocked} onRetry={() => void obstacle.refetch()} />
        <Text size="sm">Until then, a token of Backstage can be pasted:</Text>
        {error !== undefined && <ErrorState error={error} />}
        <TokenForm joined onToken={(token) => enter(session.signInWithToken(token))} />
      </>
    );
  }
  return (
    <>
      {error !== undefined && <ErrorState error={error} />}
      <Providers providers={providers} enter={enter}>
        <Text size="sm" c="dimmed" ta="center" style={{ overflowWrap: 'anywhere' }}>
          You sign in at {host}
        </Text>
      </Providers>
      <TokenWay joined divided enter={enter} />
    </>
  );
}

function Providers({ providers, enter, children }: Omit<Ways, 'error'> & { children?: ReactNode }) {
  const current = useSession();
  const [chosen, setChosen] = useState<string>();
  if (providers.length === 0) return null;
  const busy = current.state === 'busy';
  return (
    <Stack gap="sm">
      {providers.map((provider) => (
        <Button
          key={provider.id}
          size="md"
          loading={busy && provider.id === chosen}
          disabled={busy && provider.id !== chosen}
          rightSection={<IconArrow size={18} aria-hidden />}
          onClick={() => {
            setChosen(provider.id);
            enter(session.signIn(provider));
          }}
        >
          {providerLabel(provider.id)}
        </Button>
      ))}
      {children}
    </Stack>
  );
}

function TokenWay({ joined, divided, enter }: { joined?: boolean; divided: boolean; enter: Ways['enter'] }) {
  const [open, setOpen] = useState(false);
  if (open) return <TokenForm joined={joined} onToken={(token) => enter(session.signInWithToken(token))} />;
  return (
    <>
      {divided && <Divider label="or" />}
      <Button variant="subtle" color="gray" onClick={() => setOpen(true)}>
        Use an access token
      </Button>
    </>
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
