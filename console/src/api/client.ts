// The way to the server: typed clients that carry the token and turn every failure into an error that can be shown.
import createClient from 'openapi-fetch';
import { addresses } from './addresses';
import { errorOf, UnreachableError } from './errors';
import { Failures } from './reach';
import { session } from './session';
import type { paths as CatalogPaths } from './catalog.gen';
import type { paths as SpaceliftPaths } from './spacelift.gen';
import type { paths as UnderstudyPaths } from './understudy.gen';

const failures = new Failures();

/** Fetches with the session's token; once more after a 401, with a renewed one. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  const current = session.get();
  if (response.status !== 401 || current.state !== 'in') return response;
  // A pasted token may be good here and not there: that is no reason to leave.
  if (current.way === 'token' && addresses.peerOf(request.url)) return response;
  await session.renew();
  return session.get().state === 'in' ? send(again) : response;
}

async function send(request: Request): Promise<Response> {
  const peer = addresses.peerOf(request.url);
  const known = peer && failures.recent(peer);
  if (known) throw known;
  const token = addresses.mayCarryToken(request.url) ? await session.token() : '';
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw peer ? await failures.explain(peer, false, error) : new UnreachableError(error);
  }
}

// Absolute, because tests run where a relative address has no meaning.
const { origin } = addresses;

export const understudy = createClient<UnderstudyPaths>({ baseUrl: `${origin}/api/understudy/v1`, fetch: authorizedFetch });
export const spacelift = createClient<SpaceliftPaths>({ baseUrl: `${origin}/api/spacelift-io/v1`, fetch: authorizedFetch });

const catalogs = new Map<string, ReturnType<typeof createClient<CatalogPaths>>>();

/** The catalog, wherever the server said that it is. */
export function catalog() {
  const baseUrl = addresses.base('catalog');
  const client = catalogs.get(baseUrl) ?? createClient<CatalogPaths>({ baseUrl, fetch: authorizedFetch });
  catalogs.set(baseUrl, client);
  return client;
}

/** The data of an answer, or its error thrown. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw errorOf(response, error);
  return data;
}
