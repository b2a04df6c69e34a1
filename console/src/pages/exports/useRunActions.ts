// What can be done to runs. Whatever was done, all that tells of runs is asked for again.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { cancelRun, isUnderWay, refreshRuns, resumeRun, retryFailed, type Run, type RunKind, startRun } from '../../api/export';

export function useStart() {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: (kind: RunKind) => startRun(kind), onSettled: () => refreshRuns(queryClient) });
}

export function useCancel() {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: cancelRun, onSettled: () => refreshRuns(queryClient) });
}

export function useResume() {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: resumeRun, onSettled: () => refreshRuns(queryClient) });
}

export function useRetry(id: string) {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: (refs?: string[]) => retryFailed(id, refs), onSettled: () => refreshRuns(queryClient) });
}

/** Asks for everything again when the run that is watched has ended, or another has begun. */
export function useRefreshWhenDone(run: Run | undefined): void {
  const queryClient = useQueryClient();
  const watched = run && isUnderWay(run) ? run.id : undefined;
  const before = useRef(watched);
  useEffect(() => {
    if (before.current === watched) return;
    before.current = watched;
    void refreshRuns(queryClient);
  }, [watched, queryClient]);
}
