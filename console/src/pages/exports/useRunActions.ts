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

/**
 * Asks for everything again when what is watched moves on: a run has begun or ended, here or elsewhere. A run that was over
 * between two questions is seen by its name alone.
 */
export function useRefreshOnChange(...watched: (Run | undefined)[]): void {
  const queryClient = useQueryClient();
  const key = watched.some((run) => run) ? watched.map((run) => (run ? `${run.id} ${isUnderWay(run)}` : '')).join() : undefined;
  const before = useRef(key);
  useEffect(() => {
    const known = before.current;
    before.current = key;
    if (known !== undefined && known !== key) void refreshRuns(queryClient);
  }, [key, queryClient]);
}
