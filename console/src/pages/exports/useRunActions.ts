// What can be done to runs. Whatever was done, all that tells of runs is asked for again.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { cancelRun, isUnderWay, refreshRuns, resumeRun, retryFailed, type Run, type RunKind, startRun } from '../../api/export';
import { useOnce } from '../../ui/useOnce';

/** An action that is not sent again before it has been answered, however fast one clicks. */
function useAction<Answer, Given>(mutationFn: (given: Given) => Promise<Answer>) {
  const queryClient = useQueryClient();
  const once = useOnce();
  const mutation = useMutation<Answer, Error, Given>({ mutationFn, onSettled: () => refreshRuns(queryClient) });
  const { mutateAsync } = mutation;
  const mutate = useCallback(
    (given: Given, done?: { onSuccess: (answer: Answer) => void }) =>
      once(() => mutateAsync(given, { onSuccess: (answer) => done?.onSuccess(answer) })),
    [once, mutateAsync],
  );
  return { mutate, error: mutation.error, isPending: mutation.isPending, isSuccess: mutation.isSuccess, isError: mutation.isError };
}

export function useStart() {
  return useAction((kind: RunKind) => startRun(kind));
}

export function useCancel() {
  return useAction(cancelRun);
}

export function useResume() {
  return useAction(resumeRun);
}

export function useRetry(id: string) {
  return useAction((refs: string[] | undefined) => retryFailed(id, refs));
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
