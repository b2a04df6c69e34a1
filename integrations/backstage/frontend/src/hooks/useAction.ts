import { useCallback, useEffect, useRef, useState } from 'react';

export interface Action<A extends unknown[]> {
  run: (...args: A) => void;
  busy: boolean;
  error?: unknown;
  forget: () => void;
}

/** Something that a person does by a button: once at a time, and never twice by a double click. */
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<void>): Action<A> {
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const latest = useRef(work);
  latest.current = work;
  const busy = useRef(false);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const run = useCallback((...args: A) => {
    if (busy.current) return;
    busy.current = true;
    setState({ busy: true });
    void latest
      .current(...args)
      .then(() => ({ busy: false }), (error: unknown) => ({ busy: false, error }))
      .then((next) => {
        busy.current = false;
        if (here.current) setState(next);
      });
  }, []);
  const forget = useCallback(() => setState((before) => ({ busy: before.busy })), []);
  return { run, ...state, forget };
}
