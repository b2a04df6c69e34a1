import { useApi } from '@backstage/core-plugin-api';
import { useCallback, useEffect, useState } from 'react';
import { spaceliftApiRef, type Stack } from './client';

const pollEvery = 10_000;

/** The stacks, asked for at once and then every ten seconds, whatever became of the question before. */
export function useStacks() {
  const client = useApi(spaceliftApiRef);
  const [stacks, setStacks] = useState<Stack[]>([]);
  const [loading, setLoading] = useState(true);
  const [failure, setFailure] = useState<string>();
  const [warning, setWarning] = useState<string>();

  const load = useCallback(async () => {
    try {
      setStacks(await client.stacks());
      setFailure(undefined);
    } catch (error) {
      setStacks([]);
      setFailure((error as Error).message);
    } finally {
      setLoading(false);
    }
  }, [client]);

  useEffect(() => {
    void load();
    const timer = setInterval(load, pollEvery);
    return () => clearInterval(timer);
  }, [load]);

  const trigger = async (id: string) => {
    try {
      const run = await client.trigger(id);
      setWarning(undefined);
      if (run.id) await load();
    } catch (error) {
      setWarning((error as Error).message);
    }
  };

  return { stacks, loading, failure, warning, load, trigger, closeWarning: () => setWarning(undefined) };
}
