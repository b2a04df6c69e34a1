import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { listen, type LiveState } from '../api/events';

/** Keeps what pages show of the catalog fresh while the shell is open; only this server's own catalog tells of its changes. */
export function useLiveCatalog(enabled: boolean): LiveState {
  const queryClient = useQueryClient();
  const [state, setState] = useState<LiveState>('off');
  useEffect(() => {
    if (!enabled) return undefined;
    const end = new AbortController();
    void listen(end.signal, {
      onState: setState,
      // What is on screen is asked for again at once, the rest when it is next shown.
      onPosition: () => void queryClient.invalidateQueries({ queryKey: ['catalog'] }),
    });
    return () => end.abort();
  }, [queryClient, enabled]);
  return state;
}
