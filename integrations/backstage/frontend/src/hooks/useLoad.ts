import { useCallback, useEffect, useRef, useState } from 'react';

export interface Loaded<T> {
  value?: T;
  error?: unknown;
  /** Nothing has come for this key yet. */
  loading: boolean;
  reload: () => void;
}

interface Options<T> {
  /** After how many milliseconds to ask again; false for never. */
  every?: (value: T | undefined, error: unknown) => number | false;
  /** Shows what another key had until this one has come. */
  keep?: boolean;
  /** Nothing is asked. */
  off?: boolean;
}

interface State<T> {
  key: string;
  value?: T;
  error?: unknown;
}

/**
 * Asks for something that `key` names, and again as `every` says; never twice at once, and not while nobody sees the page. What
 * has come stays when a later answer is an error, which is told beside it.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { every, keep = false, off = false }: Options<T> = {}): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key: '' });
  const latest = useRef({ load, every });
  latest.current = { load, every };
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (off) return undefined;
    const end = new AbortController();
    const loop = new Loop(end.signal, async () => {
      let next: State<T>;
      try {
        next = { key, value: await latest.current.load(end.signal) };
      } catch (error) {
        next = { key, error };
      }
      if (end.signal.aborted) return false;
      const failed = 'error' in next;
      setState((before) => (failed && before.key === key ? { ...before, error: next.error } : failed && keep ? { ...before, ...next } : next));
      return latest.current.every?.(next.value, next.error) ?? false;
    });
    again.current = () => loop.run();
    loop.run();
    return () => end.abort();
  }, [key, keep, off]);
  const reload = useCallback(() => again.current(), []);
  const current = state.key === key;
  return {
    value: current || keep ? state.value : undefined,
    error: current ? state.error : undefined,
    loading: !current && !off,
    reload,
  };
}

/** Does some work, and again after the time that it says, which passes only while the page is seen. */
class Loop {
  private busy = false;
  private wanted = false;
  private timer?: ReturnType<typeof setTimeout>;

  constructor(private readonly signal: AbortSignal, private readonly work: () => Promise<number | false>) {
    const seen = () => document.visibilityState === 'visible' && this.wanted && this.run();
    document.addEventListener('visibilitychange', seen);
    signal.addEventListener('abort', () => {
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(this.timer);
    });
  }

  run(): void {
    if (this.busy) {
      this.wanted = true;
      return;
    }
    clearTimeout(this.timer);
    this.wanted = false;
    this.busy = true;
    void this.work().then((ms) => {
      this.busy = false;
      if (this.signal.aborted) return;
      if (this.wanted) this.run();
      else if (ms !== false) this.timer = setTimeout(() => this.due(), ms);
    });
  }

  private due(): void {
    if (document.visibilityState === 'visible') this.run();
    else this.wanted = true;
  }
}
