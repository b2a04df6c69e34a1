// What can go wrong when asking the server, in words that say what to do.
import { addresses, hostOf } from './addresses';

/** An answer that is no success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** The kind of error as Backstage names it, such as NotFoundError; empty when the body was no error body. */
    readonly kind: string,
    message: string,
    readonly requestId?: string,
    /** The code by which a plugin tells its errors apart, such as SPACELIFT_AUTH. */
    readonly code?: string,
    /** What a plugin adds, by its code. */
    readonly details?: unknown,
    /** The base URL of the plugin that said so, when another backend serves it. */
    readonly where?: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** No answer at all: the server is down, or the network is. */
export class UnreachableError extends Error {
  constructor(
    cause: unknown,
    /** The base URL of the plugin that does not answer, when another backend serves it. */
    readonly where?: string,
  ) {
    super('The server cannot be reached', { cause });
    this.name = 'UnreachableError';
  }
}

/** What another backend does not allow this page: to read its answers at all, with cookies, or with the headers it needs. */
export type Obstacle = 'origin' | 'credentials' | 'headers';

/** Another backend answers, but its backend.cors keeps the browser from handing the answer to this page. */
export class BlockedError extends Error {
  constructor(
    readonly where: string,
    readonly obstacle: Obstacle,
    readonly origin: string,
  ) {
    super(`${hostOf(where)} does not allow ${origin}`);
    this.name = 'BlockedError';
  }
}

/** A way to sign in that came to nothing, in the words of who refused. */
export class SignInError extends Error {
  constructor(
    readonly title: string,
    message: string,
    /** What to add to a configuration, to be copied. */
    readonly yaml?: string,
  ) {
    super(message);
    this.name = 'SignInError';
  }
}

interface ErrorBody {
  error: { name: string; message: string };
}

function isErrorBody(body: unknown): body is ErrorBody {
  const e = (body as { error?: { name?: unknown; message?: unknown } } | null)?.error;
  return typeof e?.name === 'string' && typeof e.message === 'string';
}

/** The body of some plugins' errors: a text, where the framework has an object. */
interface PluginErrorBody {
  error: string;
  code?: unknown;
  requestId?: unknown;
  details?: unknown;
}

function isPluginErrorBody(body: unknown): body is PluginErrorBody {
  return text((body as { error?: unknown } | null)?.error) !== undefined;
}

/** The error that a response stands for. */
export function errorOf(response: Response, body: unknown): ApiError {
  const id = response.headers.get('x-request-id') ?? undefined;
  const where = addresses.peerOf(response.url);
  if (isErrorBody(body)) return new ApiError(response.status, body.error.name, body.error.message, id, undefined, undefined, where);
  if (isPluginErrorBody(body)) {
    return new ApiError(response.status, '', body.error, text(body.requestId) ?? id, text(body.code), body.details, where);
  }
  return new ApiError(response.status, '', `${response.status} ${response.statusText}`.trim(), id, undefined, undefined, where);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export interface Advice {
  title: string;
  text: string;
  /** Whether trying again can help. */
  retry: boolean;
  /** What to add to a configuration. */
  yaml?: string;
}

/** What Backstage's configuration needs so that this page may call it. */
export function corsLine(origin: string): string {
  return `backend:\n  cors: {origin: ['${origin}'], credentials: true}`;
}

const merged = 'If backend.cors is there already, add the origin to its list.';

function adviseBlocked({ where, obstacle, origin }: BlockedError): Advice {
  const host = hostOf(where);
  const title = 'Backstage does not let this page in';
  if (obstacle === 'credentials') {
    return {
      title, retry: true, yaml: corsLine(origin),
      text: `${host} allows calls from ${origin}, but not with cookies, which sign-in needs: backend.cors has no credentials: true.`,
    };
  }
  if (obstacle === 'headers') {
    return {
      title, retry: true,
      yaml: `backend:\n  cors:\n    origin: ['${origin}']\n    methods: [GET, HEAD, POST]\n    allowedHeaders: [authorization, content-type, x-requested-with]\n    credentials: true`,
      text: `${host} allows calls from ${origin}, but not with their method or headers. Take methods and allowedHeaders out of its backend.cors, or have these in them:`,
    };
  }
  return {
    title, retry: true, yaml: corsLine(origin),
    text: `${host} does not allow calls from ${origin}. Add this to the configuration of Backstage and restart it. ${merged}`,
  };
}

/** What to tell of an error that another backend answers. */
function adviseElsewhere(error: ApiError, host: string): Advice {
  const text = error.message;
  if (error.status === 401) {
    return { title: 'Backstage does not accept this token', text: `${host} says: ${text}`, retry: false };
  }
  if (error.status === 403) return { title: 'Backstage does not allow this', text: `${host} says: ${text}`, retry: false };
  if (error.status === 404) return { title: 'There is nothing here', text: `${host} says: ${text}`, retry: false };
  if (error.status >= 500) return { title: 'Backstage failed', text: `${host} says: ${text}. Its log has the details.`, retry: true };
  return { title: 'Backstage refused the request', text: `${host} says: ${text}`, retry: false };
}

/** What the codes of plugins mean, where the status alone would mislead: it is not this server that is in trouble. */
const byCode: Record<string, { title: string; retry: boolean; mend?: string }> = {
  SPACELIFT_FORBIDDEN: { title: 'Spacelift does not allow this', retry: false },
  SPACELIFT_AUTH: {
    title: 'Spacelift does not accept the API key',
    retry: true,
    mend: 'Compare spacelift.apiKey and spacelift.apiSecret in the configuration with the key at Spacelift: the first is its id, the second its secret.',
  },
  SPACELIFT_SCHEMA: { title: 'This Spacelift is of a version that is not understood', retry: false },
  SPACELIFT_REJECTED: { title: 'Spacelift refused', retry: false },
  SPACELIFT_RATE_LIMITED: { title: 'Spacelift asks to wait', retry: true },
  SPACELIFT_UNAVAILABLE: { title: 'Spacelift does not answer', retry: true },
  READ_ONLY: { title: 'This portal may only read', retry: false },
};

/** What to do about an error of this code, where something can be done here. */
export function mendOf(code: string | undefined): string | undefined {
  return code === undefined ? undefined : byCode[code]?.mend;
}

/** What to tell a person about an error. */
export function advise(error: unknown): Advice {
  if (error instanceof SignInError) return { title: error.title, text: error.message, retry: false, ...(error.yaml && { yaml: error.yaml }) };
  if (error instanceof BlockedError) return adviseBlocked(error);
  if (error instanceof UnreachableError && error.where) {
    return {
      title: 'Backstage does not answer',
      text: `${hostOf(error.where)} cannot be reached from this browser. Check that it is running, and that a page of ${window.location.origin} may open it.`,
      retry: true,
    };
  }
  if (error instanceof UnreachableError) {
    return {
      title: 'The server does not answer',
      text: 'Check that understudy is running and that this machine can reach it. This page tries again by itself once it is back.',
      retry: true,
    };
  }
  if (error instanceof ApiError && error.where) return adviseElsewhere(error, hostOf(error.where));
  if (error instanceof ApiError) {
    const known = error.code ? byCode[error.code] : undefined;
    if (known) return { title: known.title, retry: known.retry, text: known.mend ? `${error.message.replace(/\.?$/, '.')} ${known.mend}` : error.message };
    if (error.status === 401) return { title: 'You are signed out', text: 'Sign in again to go on.', retry: false };
    if (error.status === 403) return { title: 'You may not see this', text: error.message, retry: false };
    if (error.status === 404) return { title: 'There is nothing here', text: error.message, retry: false };
    if (error.status === 503) return { title: 'The server is not ready', text: `${error.message}. It may still be starting, or about to stop.`, retry: true };
    if (error.status >= 500) {
      return { title: 'The server failed', text: `${error.message}. Its log has the details under this text.`, retry: true };
    }
    return { title: 'The server refused the request', text: error.message, retry: false };
  }
  return { title: 'Something went wrong in this page', text: error instanceof Error ? error.message : String(error), retry: true };
}

/** Whether asking again by itself may help. */
export function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ApiError && error.status >= 500);
}
