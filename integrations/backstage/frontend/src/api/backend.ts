// The way to a plugin of the backend: discovery, fetch, deadlines, and errors that can be shown.
import type { DiscoveryApi, FetchApi } from '@backstage/core-plugin-api';
import { errorOf, isRouteMissing, StrangeError, UnreachableError } from './errors';

/** Reading waits as long as Understudy itself waits for Spacelift's first sync, and a little. */
const readDeadline = 20_000;
/** A trigger has 30 seconds at Spacelift. */
const writeDeadline = 45_000;

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface Ask {
  method?: 'GET' | 'POST';
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Escapes what goes into a path: ids are chosen by people. */
export const path = (strings: TemplateStringsArray, ...ids: string[]) =>
  strings.reduce((all, s, i) => all + s + (i < ids.length ? encodeURIComponent(ids[i]) : ''), '');

export function queryOf(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '' || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString();
  return text && `?${text}`;
}

export class Backend {
  private id: string;

  /** `ids` are the plugin's names, the first of which is asked first; where no route answers, the next. */
  constructor(private readonly discovery: DiscoveryApi, private readonly fetchApi: FetchApi, private readonly ids: readonly string[]) {
    this.id = ids[0];
  }

  /** Where the plugin is, for messages. */
  base(): Promise<string> {
    return this.discovery.getBaseUrl(this.id);
  }

  /** Asks and reads JSON. */
  async json<T>(where: string, ask: Ask = {}): Promise<T> {
    for (const [i, id] of this.candidates().entries()) {
      try {
        const value = await this.once<T>(id, where, ask);
        this.id = id;
        return value;
      } catch (error) {
        if (!isRouteMissing(error) || i === this.candidates().length - 1) throw error;
      }
    }
    throw new Error('a backend has at least one name');
  }

  // The name that answered last comes first.
  private candidates(): string[] {
    return [this.id, ...this.ids.filter((id) => id !== this.id)];
  }

  private async once<T>(id: string, where: string, { method = 'GET', query, body, headers, signal }: Ask): Promise<T> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), method === 'GET' ? readDeadline : writeDeadline);
    const leave = () => deadline.abort();
    signal?.addEventListener('abort', leave);
    try {
      const url = `${await this.discovery.getBaseUrl(id)}${where}${queryOf(query)}`;
      const response = await this.fetchApi.fetch(url, {
        method,
        headers: { Accept: 'application/json', ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: deadline.signal,
      });
      const text = await response.text();
      if (!response.ok) throw errorOf(response.status, response.statusText, text, response.headers.get('x-request-id'));
      return parse<T>(text, url);
    } catch (error) {
      if (signal?.aborted || isOurs(error)) throw error;
      throw new UnreachableError(deadline.signal.aborted ? 'No answer came in time' : undefined, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Opens a stream; whoever opens it ends it by the signal. */
  async stream(where: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.fetchApi.fetch(`${await this.base()}${where}`, { headers: { Accept: 'application/x-ndjson' }, signal });
    if (!response.ok) throw errorOf(response.status, response.statusText, await response.text(), response.headers.get('x-request-id'));
    if (!response.body) throw new StrangeError('The stream of events has no body');
    return response.body;
  }
}

const isOurs = (error: unknown) => error instanceof Error && ['ApiError', 'StrangeError'].includes(error.name);

function parse<T>(text: string, url: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    const { pathname } = new URL(url, 'http://none');
    throw new StrangeError(`${pathname} answered no JSON. Something between this browser and the backend may have answered in its place, such as a sign-in page`);
  }
}
