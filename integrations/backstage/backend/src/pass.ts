import type { RootHttpRouterService } from '@backstage/backend-plugin-api';
import { InputError, ServiceUnavailableError } from '@backstage/errors';
import { setMaxListeners } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** An Express request handler. */
export type Handler = Parameters<RootHttpRouterService['use']>[1] & ((...args: any[]) => unknown);

/** How long the other side may take, in milliseconds. */
export interface Limits {
  /** Until there is a connection, over TLS an encrypted one. */
  connect: number;
  /** From a request's last byte to the head of its answer. Streams of Understudy begin with theirs at once. */
  head: number;
}

/** What holds in a backend. `/migrate?wait=` has its answer after ten minutes at the latest, and nothing takes longer. */
export const LIMITS: Limits = { connect: 5_000, head: 11 * 60_000 };
const GRACE = 5_000; // for requests that are on their way when the backend ends
const RETRY_AFTER = '5'; // seconds

// Of one connection, not of the request (RFC 9110, 7.6.1). "expect" has been answered already.
const HOP = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'];

/** A request on its way through, and what is other about it there: undefined takes a header away. */
export interface Passage {
  req: http.IncomingMessage;
  res: http.ServerResponse;
  path: string;
  headers?: Record<string, string | undefined>;
}

/**
 * The answer to a request that was passed on has not come: nobody here knows what became of the request. It is always 504, as
 * the pages take that for an open outcome, and never with Retry-After: asking again could do the same thing twice.
 */
class AnswerLostError extends Error {
  override readonly name = 'GatewayTimeoutError';
  readonly statusCode = 504;
}

/** Passes requests on as they come, and answers as they come: nothing is read, changed or kept. */
export class Passages {
  // A connection that rests is closed here before the other side does it, so that no request meets one that is closing.
  readonly #agents = { http: new http.Agent({ keepAlive: true, timeout: 4_000 }), https: new https.Agent({ keepAlive: true, timeout: 4_000 }) };
  readonly #open = new Set<Promise<void>>();
  readonly #cut = new AbortController();
  readonly #limits: Limits;

  constructor(limits = LIMITS) {
    this.#limits = limits;
    setMaxListeners(0, this.#cut.signal); // each request on its way is one
  }

  /** Ends when the answer has been written, or throws where there is none yet. */
  async pass(passage: Passage, where: () => Promise<URL>): Promise<void> {
    const { req, res, path } = passage;
    if (climbs(path)) throw new InputError('the path leaves its plugin');
    const coding = req.headers['transfer-encoding'];
    if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
      throw new InputError(`a body can be 'chunked', not '${coding}'`);
    }
    if (req.readableEnded && (coding !== undefined || Number(req.headers['content-length']) > 0)) {
      throw new Error('the body has been read already: mount this before any body parser');
    }
    try {
      const base = await where();
      const agent = base.protocol === 'https:' ? this.#agents.https : this.#agents.http;
      const sent = send(passage, base, agent, this.#limits, this.#cut.signal);
      this.#open.add(sent);
      await sent.finally(() => this.#open.delete(sent));
    } catch (error) {
      if (error instanceof ServiceUnavailableError) res.setHeader('Retry-After', RETRY_AFTER);
      throw error;
    }
  }

  /** Waits for what is on its way, though not for streams that have no end. */
  async close(): Promise<void> {
    await Promise.race([Promise.allSettled(this.#open), sleep(GRACE, undefined, { ref: false })]);
    this.#cut.abort();
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

function send({ req, res, path, headers }: Passage, base: URL, agent: http.Agent, limits: Limits, cut: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (res.destroyed) return resolve(); // the caller has left
    const { request } = base.protocol === 'https:' ? https : http;
    const up = request({
      agent,
      protocol: base.protocol,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      method: req.method,
      path: base.pathname.replace(/\/$/, '') + path,
      headers: forwarded(req, headers),
      signal: cut,
    });
    const end = (why: string) => up.destroy(new Error(why));
    let late = setTimeout(() => end(`no connection within ${limits.connect / 1000} s`), limits.connect);
    let connected = false;
    let answered = false;
    const connect = () => {
      connected = true;
      clearTimeout(late);
    };
    up.once('socket', socket => {
      const made = base.protocol === 'https:' ? up.reusedSocket : !socket.connecting;
      if (made) connect();
      else socket.once(base.protocol === 'https:' ? 'secureConnect' : 'connect', connect);
    });
    up.once('finish', () => {
      if (!answered) late = setTimeout(() => end(`no answer within ${limits.head / 1000} s`), limits.head);
    });
    up.once('error', error => {
      clearTimeout(late);
      if (res.headersSent || res.destroyed) {
        res.destroy(); // half an answer must not look like a whole one
        return resolve();
      }
      const why = (error as NodeJS.ErrnoException).code ?? error.message;
      reject(
        connected
          ? new AnswerLostError(`Understudy's answer was lost, and the request may have been carried out: ${why}`)
          : new ServiceUnavailableError(`Understudy cannot be reached: ${why}`),
      );
    });
    up.once('response', answer => {
      answered = true;
      clearTimeout(late);
      // Whether to compress has been decided there; doing it here would hold back what streams.
      delete req.headers['accept-encoding'];
      res.statusCode = answer.statusCode!;
      if (answer.statusMessage) res.statusMessage = answer.statusMessage;
      copyHeaders(answer, res);
      res.flushHeaders();
      answer.once('error', () => res.destroy());
      answer.pipe(res);
    });
    res.once('close', () => {
      answered = true; // or nobody waits for it any more
      clearTimeout(late);
      up.destroy();
      resolve();
    });
    req.pipe(up);
  });
}

/** The caller's headers, credentials among them, and who it is behind this backend. */
function forwarded(req: http.IncomingMessage, changes: Passage['headers']): http.OutgoingHttpHeaders {
  const headers: http.OutgoingHttpHeaders = { ...req.headers, ...changes };
  for (const name of [...dropped(req), 'host']) delete headers[name];
  // A body goes on as it came, chunked or of its length: without either, Node writes that of a GET, DELETE or OPTIONS as it
  // is, and the other side takes it for the next request.
  if (req.headers['transfer-encoding'] !== undefined) {
    delete headers['content-length'];
    headers['transfer-encoding'] = 'chunked';
  }
  const from = [req.headers['x-forwarded-for'], req.socket.remoteAddress].flat().filter(Boolean).join(', ');
  if (from) headers['x-forwarded-for'] = from;
  headers['x-forwarded-host'] ??= req.headers.host;
  headers['x-forwarded-proto'] ??= 'encrypted' in req.socket ? 'https' : 'http';
  for (const [name, value] of Object.entries(headers)) if (value === undefined) delete headers[name];
  return headers;
}

/** What is of this connection: by its name, or because the other side says so, which it may not of the body's length. */
function dropped(message: http.IncomingMessage): string[] {
  const named = (message.headers.connection ?? '').toLowerCase().split(',').map(name => name.trim());
  return [...HOP, ...named.filter(name => name && name !== 'content-length')];
}

/** The backend's own headers (security, CORS) stand; lists of both are joined. */
function copyHeaders(answer: http.IncomingMessage, res: http.ServerResponse) {
  const drop = dropped(answer);
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || drop.includes(name)) continue;
    if (name === 'vary' || name === 'set-cookie') res.appendHeader(name, value);
    else if (!res.hasHeader(name)) res.setHeader(name, value);
  }
}

/** Whether a path would lead out of what it is below. */
function climbs(path: string): boolean {
  const [raw = ''] = path.split('?');
  try {
    return /(^|[/\\])\.\.([/\\]|$)/.test(decodeURIComponent(raw));
  } catch {
    return true;
  }
}
