import { Link } from '@backstage/core-components';
import type { ReactNode } from 'react';
import { useSpaceliftLinks } from '../links';

/** Leads to a stack's page here or, in an app without the page, to Spacelift. */
export const StackLink = ({ id, url, children }: { id: string; url?: string; children: ReactNode }) => {
  const to = useSpaceliftLinks().stack(id) ?? httpOnly(url);
  return to ? <Link to={to}>{children}</Link> : <>{children}</>;
};

export const RunLink = ({ stack, run, url, children }: { stack: string; run: string; url?: string; children: ReactNode }) => {
  const to = useSpaceliftLinks().run(stack, run) ?? httpOnly(url);
  return to ? <Link to={to}>{children}</Link> : <>{children}</>;
};

/** Leads to Spacelift itself, in a window of its own. */
export const Outside = ({ url, children }: { url?: string; children: ReactNode }) => {
  const to = httpOnly(url);
  return to ? <Link to={to} target="_blank" rel="noopener noreferrer">{children}</Link> : <>{children}</>;
};

/** What comes from a server is a link only where it leads to a web page. */
const httpOnly = (url?: string) => (url && /^https?:\/\//i.test(url) ? url : undefined);
