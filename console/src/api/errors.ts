// What can go wrong when asking the server, in words that say what to do.

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
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** No answer at all: the server is down, or the network is. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('The server cannot be reached', { cause });
    this.name = 'UnreachableError';
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
  if (isErrorBody(body)) return new ApiError(response.status, body.error.name, body.error.message, id);
  if (isPluginErrorBody(body)) {
    return new ApiError(response.status, '', body.error, text(body.requestId) ?? id, text(body.code), body.details);
  }
  return new ApiError(response.status, '', `${response.status} ${response.statusText}`.trim(), id);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export interface Advice {
  title: string;
  text: string;
  /** Whether trying again can help. */
  retry: boolean;
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
  if (error instanceof UnreachableError) {
    return {
      title: 'The server does not answer',
      text: 'Check that understudy is running and that this machine can reach it. This page tries again by itself once it is back.',
      retry: true,
    };
  }
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
