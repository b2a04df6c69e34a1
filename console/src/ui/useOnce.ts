import { useCallback, useRef } from 'react';

/**
 * Lets one action through at a time. A second click may come before React has drawn what the first one changed: what is
 * pending by state is too late for it. What the action throws is its own to tell.
 */
export function useOnce(): (action: () => Promise<unknown>) => void {
  const busy = useRef(false);
  return useCallback((action) => {
    if (busy.current) return;
    busy.current = true;
    const free = () => {
      busy.current = false;
    };
    action().then(free, free);
  }, []);
}
