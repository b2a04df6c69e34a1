// What surrounds every page: nothing but the sign-in page until somebody is signed in, the shell from then on.
import { Center, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { session } from '../api/session';
import { bootstrapQuery } from '../api/system';
import { ErrorState } from '../ui/ErrorState';
import { Shell } from './Shell';
import { useSession } from './useSession';

const SignIn = lazy(() => import('../pages/SignIn'));

export function Root() {
  const bootstrap = useQuery(bootstrapQuery);
  const current = useSession();
  const restoring = useRestore(bootstrap.data?.signIn.map((p) => p.id));
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

/** Signs in again after a reload, when guest is the only way in and this tab had used it. True while it is under way. */
function useRestore(providers: string[] | undefined): boolean {
  const [state, setState] = useState<'open' | 'busy' | 'done'>('open');
  const wanted = providers?.length === 1 && providers[0] === 'guest' && session.wasGuest() && session.get().state === 'out';
  useEffect(() => {
    if (!providers || state !== 'open') return;
    if (!wanted) {
      setState('done');
      return;
    }
    setState('busy');
    session
      .signInAsGuest()
      .catch(() => session.signOut())
      .finally(() => setState('done'));
  }, [providers, state, wanted]);
  return state === 'busy' || (state === 'open' && wanted);
}

/** Whoever signs in next must not see what the last one could. */
function useForget(state: string) {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (state !== 'out') return;
    queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'bootstrap' });
  }, [state, queryClient]);
}
