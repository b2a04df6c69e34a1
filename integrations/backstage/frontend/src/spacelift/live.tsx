// One stream of events for all that a page shows.
import { createContext, type PropsWithChildren, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { useApi } from '@backstage/core-plugin-api';
import { follow, type LiveState } from '../api/events';
import { isRouteMissing } from '../api/errors';
import { spaceliftApiRef, type SpaceliftEvent } from '../api/SpaceliftApi';
import { useVisible } from '../hooks/useVisible';

/** Which stacks have changed; undefined when any may have. */
type Changed = (ids: string[] | undefined) => void;

interface Live {
  state: LiveState;
  listeners: Set<Changed>;
}

const LiveContext = createContext<Live>({ state: 'off', listeners: new Set() });

/** Changes come in bursts: they are answered once in so many milliseconds. */
const quiet = 800;

/** Listens while the tab is seen: browsers open six connections to a server at most, and each stream takes one. */
export const LiveProvider = ({ children }: PropsWithChildren<{}>) => {
  const api = useApi(spaceliftApiRef);
  const visible = useVisible();
  const [state, setState] = useState<LiveState>('off');
  const [listeners] = useState(() => new Set<Changed>());
  useEffect(() => {
    if (!visible) return undefined;
    const end = new AbortController();
    const burst = new Burst((ids) => listeners.forEach((listener) => listener(ids)));
    void follow<SpaceliftEvent>(end.signal, {
      open: (signal) => api.openEvents(signal),
      hopeless: isRouteMissing,
      onState: (next) => !end.signal.aborted && setState(next),
      onEvent: ({ type, ids }) => {
        if (type === 'stacks') burst.add(ids);
        if (type === 'hello' || type === 'status') burst.add(undefined);
      },
    });
    return () => {
      end.abort();
      burst.end();
    };
  }, [api, visible, listeners]);
  const live = useMemo(() => ({ state, listeners }), [state, listeners]);
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
};

class Burst {
  private ids = new Set<string>();
  private any = false;
  private timer?: ReturnType<typeof setTimeout>;

  constructor(private readonly told: Changed) {}

  add(ids: string[] | undefined): void {
    if (ids) ids.forEach((id) => this.ids.add(id));
    else this.any = true;
    this.timer ??= setTimeout(() => this.tell(), quiet);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private tell(): void {
    const ids = this.any ? undefined : [...this.ids];
    this.ids = new Set();
    this.any = false;
    this.timer = undefined;
    this.told(ids);
  }
}

/** Calls back when stacks have changed, and tells how well that is known. */
export function useChanges(onChange: Changed): LiveState {
  const { state, listeners } = useContext(LiveContext);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    const listener: Changed = (ids) => latest.current(ids);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [listeners]);
  return state;
}

/** How often to ask again: seldom where events tell of changes, and soon after a failure that may pass. */
export function pollAfter(live: LiveState, error: unknown): number {
  if (error !== undefined) return 10_000;
  return live === 'live' ? 30_000 : 10_000;
}
