// The way to the server: typed clients that carry the token and turn every failure into an error that can be shown.
import createClient from 'openapi-fetch';
import { errorOf, UnreachableError } from './errors';
import { session } from './session';
import type { paths as CatalogPaths } from './catalog.gen';
import type { paths as SpaceliftPaths } from './spacelift.gen';
import type { paths as UnderstudyPaths } from './understudy.gen';

/** Fetches with the session's token; once more after a 401, with a renewed one. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401 || session.get().state !== 'in') return response;
  await session.renew();
  return session.get().state === 'in' ? send(again) : response;
}

async function send(request: Request): Promise<Response> {
  const token = await session.token();
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new UnreachableError(error);
  }
}

// Absolute, because tests run where a relative address has no meaning.
const origin = window.location.origin;

export const understudy = createClient<UnderstudyPaths>({ baseUrl: `${origin}/api/understudy/v1`, fetch: authorizedFetch });
export const catalog = createClient<CatalogPaths>({ baseUrl: `${origin}/api/catalog`, fetch: authorizedFetch });
export const spacelift = createClient<SpaceliftPaths>({ baseUrl: `${origin}/api/spacelift-io/v1`, fetch: authorizedFetch });

/** The data of an answer, or its error thrown. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw errorOf(response, error);
  return data;
}
