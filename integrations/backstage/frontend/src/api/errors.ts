// What can go wrong when asking a backend, in words that say what to do. Errors come in two shapes: the framework has an object,
// {error: {name, message}}; the Spacelift plugins have a text, {error, code, requestId}.

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;
  /** The kind as the framework names it, such as NotFoundError; empty where the body has no such error. */
  readonly kind: string;
  /** The code by which Understudy's plugins tell their errors apart, such as SPACELIFT_AUTH. */
  readonly code?: string;
  readonly requestId?: string;
  /** What a plugin adds, by its code. */
  readonly details: Record<string, unknown>;

  constructor(status: number, message: string, more: { kind?: string; code?: string; requestId?: string; details?: unknown } = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.kind = more.kind ?? '';
    this.code = more.code;
    this.requestId = more.requestId;
    this.details = isObject(more.details) ? more.details : {};
  }
}

/** No answer at all: the server is down, the network is, or nothing came in time. */
export class UnreachableError extends Error {
  constructor(message = 'The backend does not answer', readonly cause?: unknown) {
    super(message);
    this.name = 'UnreachableError';
  }
}

/** An answer of 200 that is not what the route answers: a sign-in page of a proxy, for example. */
export class StrangeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StrangeError';
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** The error that an answer stands for. `body` is its text, which need not be JSON. */
export function errorOf(status: number, statusText: string, body: string, header?: string | null): ApiError {
  const said = parsed(body);
  const requestId = textOf(said?.requestId) ?? textOf(header);
  const inner = said?.error;
  if (isObject(inner)) {
    return new ApiError(status, textOf(inner.message) ?? textOf(inner.name) ?? plain(status, statusText), { kind: textOf(inner.name), requestId });
  }
  const message = textOf(inner) ?? textOf(said?.message);
  if (message) return new ApiError(status, message, { code: textOf(said?.code), requestId, details: said?.details });
  return new ApiError(status, plain(status, statusText), { requestId });
}

function parsed(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const plain = (status: number, statusText: string) => `The backend answered ${`${status} ${statusText}`.trim()}`;

/** A route that the backend does not have, as against a thing that it does not know. */
export function isRouteMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && error.code === undefined;
}

export interface Words {
  title: string;
  text: string;
}

const byCode: Record<string, { title: string; mend?: string }> = {
  SPACELIFT_FORBIDDEN: { title: 'Spacelift does not allow this' },
  SPACELIFT_AUTH: { title: 'Spacelift does not accept the API key', mend: 'Whoever runs the backend can compare spacelift.apiKey and spacelift.apiSecret with the key at Spacelift.' },
  SPACELIFT_SCHEMA: { title: 'This Spacelift is of a version that is not understood' },
  SPACELIFT_REJECTED: { title: 'Spacelift refused' },
  SPACELIFT_RATE_LIMITED: { title: 'Spacelift asks to wait' },
  SPACELIFT_UNAVAILABLE: { title: 'Spacelift does not answer' },
  CONFLICT: { title: 'A run is already pending' },
  READ_ONLY: { title: 'This portal may only read' },
  NOT_ALLOWED: { title: 'You may not do this' },
  PERMISSION_UNAVAILABLE: { title: 'It cannot be told whether you may do this' },
  NOT_FOUND: { title: 'There is nothing here' },
};

/** What to tell a person about an error: always text, whatever was thrown. */
export function wordsOf(error: unknown): Words {
  if (error instanceof ApiError) {
    const { title, mend } = (error.code ? byCode[error.code] : undefined) ?? { title: titleOf(error.status) };
    const id = error.requestId ? `Request ${error.requestId}.` : undefined;
    return { title, text: [ended(error.message), mend, id].filter(Boolean).join(' ') };
  }
  if (error instanceof UnreachableError) {
    return { title: 'The backend does not answer', text: `${ended(error.message)} Check that it is running and that this browser reaches it; this page tries again by itself.` };
  }
  if (error instanceof StrangeError) return { title: 'The backend answered something else', text: ended(error.message) };
  const text = error instanceof Error ? error.message : textOf(error);
  return { title: 'Something went wrong in this page', text: ended(text ?? 'Nothing more is known. The console of the browser may tell') };
}

function titleOf(status: number): string {
  if (status === 401) return 'You are signed out';
  if (status === 403) return 'You may not do this';
  if (status === 404) return 'There is nothing here';
  if (status === 409) return 'Not now';
  if (status === 503) return 'The backend is not ready';
  return status >= 500 ? 'The backend failed' : 'The backend refused the request';
}

const ended = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
