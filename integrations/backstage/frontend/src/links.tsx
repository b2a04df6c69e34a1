// Where the pages are in this app: each frontend system has its own way to tell.
import { createContext, useContext, useMemo } from 'react';

export interface Links {
  /** The Spacelift page's path; undefined in an app without it. */
  spacelift?: string;
}

export const LinksContext = createContext<Links>({});

export interface SpaceliftLinks {
  root?: string;
  stack: (id: string) => string | undefined;
  run: (stack: string, run: string) => string | undefined;
}

export function useSpaceliftLinks(): SpaceliftLinks {
  const { spacelift } = useContext(LinksContext);
  return useMemo(() => {
    const base = spacelift?.replace(/\/+$/, '');
    const below = (rest: string) => (base === undefined ? undefined : `${base}${rest}`);
    return {
      root: spacelift,
      stack: (id) => below(`/stacks/${encodeURIComponent(id)}`),
      run: (stack, run) => below(`/stacks/${encodeURIComponent(stack)}/runs/${encodeURIComponent(run)}`),
    };
  }, [spacelift]);
}
