// What surrounds every page: nothing but the sign-in page until somebody is signed in, the shell from then on.
import { Center, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { type Provider, session } from '../api/session';
import { bootstrapQuery, providersOf } from '../api/system';
import { ErrorState } from '../ui/ErrorState';
import { Shell } from './Shell';
import { useSession } from './useSession';

const SignIn = lazy(() => import('../pages/SignIn'));

export function Root() {
  const bootstrap = useQuery(bootstrapQuery);
  const current = useSession();
  const restoring = useRestore(bootstrap.data && providersOf(bootstrap.data));
  useForget(current.state);

  if (bootstrap.isError) {
    return (
      <Center component="main" mih="100vh" p="md">
        <ErrorState error={bootstrap.error} onRetry={() => void bootstrap.refetch()} />
      </Center>
    );
  }
  if (!bootstrap.data || restoring) return <Waiting />;
  if (current.state !== 'in') {
    return (
      <Suspense fallback={<Waiting />}>
        <SignIn bootstrap={bootstrap.data} />
      </Suspense>
    );
  }
  return (
    <Shell bootstrap={bootstrap.data}>
      <Suspense>
        <Outlet />
      </Suspense>
    </Shell>
  );
}

function Waiting() {
  return (
    <Center component="main" mih="100vh" aria-busy="true">
      <Loader type="dots" aria-label="Loading" />
    </Center>
  );
}

/** Signs in again after a reload, by the provider that this tab had used. True while it is under way. */
function useRestore(providers: Provider[] | undefined): boolean {
  const [state, setState] = useState<'open' | 'busy' | 'done'>('open');
  const remembered = session.get().state === 'out' ? providers?.find((p) => p.id === session.remembered()) : undefined;
  useEffect(() => {
    if (!providers || state !== 'open') return;
    if (!remembered) {
      setState('done');
      return;
    }
    setState('busy');
    session
      .restore(remembered)
      .catch(() => session.signOut())
      .finally(() => setState('done'));
  }, [providers, state, remembered]);
  return state === 'busy' || (state === 'open' && remembered !== undefined);
}

/** What is the same for everybody. */
const lasting = new Set<unknown>(['bootstrap', 'obstacle']);

/** Whoever signs in next must not see what the last one could. */
function useForget(state: string) {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (state !== 'out') return;
    queryClient.removeQueries({ predicate: (query) => !lasting.has(query.queryKey[0]) });
  }, [state, queryClient]);
}
