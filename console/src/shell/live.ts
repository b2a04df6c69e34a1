import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { listen, type LiveState } from '../api/events';

/** Keeps what pages show of the catalog fresh while the shell is open. */
export function useLiveCatalog(): LiveState {
  const queryClient = useQueryClient();
  const [state, setState] = useState<LiveState>('off');
  useEffect(() => {
    const end = new AbortController();
    void listen(end.signal, {
      onState: setState,
      // What is on screen is asked for again at once, the rest when it is next shown.
      onPosition: () => void queryClient.invalidateQueries({ queryKey: ['catalog'] }),
    });
    return () => end.abort();
  }, [queryClient]);
  return state;
}
