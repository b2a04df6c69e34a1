// src/api/errors.ts
var ApiError = class extends Error {
  constructor(status, message, more = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.kind = more.kind ?? "";
    this.code = more.code;
    this.requestId = more.requestId;
    this.details = isObject(more.details) ? more.details : {};
  }
};
var UnreachableError = class extends Error {
  constructor(message = "The backend does not answer", cause) {
    super(message);
    this.cause = cause;
    this.name = "UnreachableError";
  }
};
var StrangeError = class extends Error {
  constructor(message) {
    super(message);
    this.name = "StrangeError";
  }
};
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function textOf(value) {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : void 0;
}
function errorOf(status, statusText, body, header) {
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
function parsed(body) {
  try {
    const value = JSON.parse(body);
    return isObject(value) ? value : void 0;
  } catch {
    return void 0;
  }
}
var plain = (status, statusText) => `The backend answered ${`${status} ${statusText}`.trim()}`;
function isRouteMissing(error) {
  return error instanceof ApiError && error.status === 404 && error.code === void 0;
}
var byCode = {
  SPACELIFT_FORBIDDEN: { title: "Spacelift does not allow this" },
  SPACELIFT_AUTH: { title: "Spacelift does not accept the API key", mend: "Whoever runs the backend can compare spacelift.apiKey and spacelift.apiSecret with the key at Spacelift." },
  SPACELIFT_SCHEMA: { title: "This Spacelift is of a version that is not understood" },
  SPACELIFT_REJECTED: { title: "Spacelift refused" },
  SPACELIFT_RATE_LIMITED: { title: "Spacelift asks to wait" },
  SPACELIFT_UNAVAILABLE: { title: "Spacelift does not answer" },
  CONFLICT: { title: "A run is already pending" },
  READ_ONLY: { title: "This portal may only read" },
  NOT_ALLOWED: { title: "You may not do this" },
  PERMISSION_UNAVAILABLE: { title: "It cannot be told whether you may do this" },
  NOT_FOUND: { title: "There is nothing here" }
};
function wordsOf(error) {
  if (error instanceof ApiError) {
    const { title, mend } = (error.code ? byCode[error.code] : void 0) ?? { title: titleOf(error.status) };
    const id = error.requestId ? `Request ${error.requestId}.` : void 0;
    return { title, text: [ended(error.message), mend, id].filter(Boolean).join(" ") };
  }
  if (error instanceof UnreachableError) {
    return { title: "The backend does not answer", text: `${ended(error.message)} Check that it is running and that this browser reaches it; this page tries again by itself.` };
  }
  if (error instanceof StrangeError) return { title: "The backend answered something else", text: ended(error.message) };
  const text = error instanceof Error ? error.message : textOf(error);
  return { title: "Something went wrong in this page", text: ended(text ?? "Nothing more is known. The console of the browser may tell") };
}
function titleOf(status) {
  if (status === 401) return "You are signed out";
  if (status === 403) return "You may not do this";
  if (status === 404) return "There is nothing here";
  if (status === 409) return "Not now";
  if (status === 503) return "The backend is not ready";
  return status >= 500 ? "The backend failed" : "The backend refused the request";
}
var ended = (text) => /[.!?]$/.test(text) ? text : `${text}.`;

// src/api/backend.ts
var readDeadline = 2e4;
var writeDeadline = 45e3;
var path = (strings, ...ids) => strings.reduce((all, s, i) => all + s + (i < ids.length ? encodeURIComponent(ids[i]) : ""), "");
function queryOf(query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === void 0 || value === "" || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString();
  return text && `?${text}`;
}
var Backend = class {
  /** `ids` are the plugin's names, the first of which is asked first; where no route answers, the next. */
  constructor(discovery, fetchApi, ids) {
    this.discovery = discovery;
    this.fetchApi = fetchApi;
    this.ids = ids;
    this.id = ids[0];
  }
  /** Where the plugin is, for messages. */
  base() {
    return this.discovery.getBaseUrl(this.id);
  }
  /** Asks and reads JSON. */
  async json(where, ask = {}) {
    for (const [i, id] of this.candidates().entries()) {
      try {
        const value = await this.once(id, where, ask);
        this.id = id;
        return value;
      } catch (error) {
        if (!isRouteMissing(error) || i === this.candidates().length - 1) throw error;
      }
    }
    throw new Error("a backend has at least one name");
  }
  // The name that answered last comes first.
  candidates() {
    return [this.id, ...this.ids.filter((id) => id !== this.id)];
  }
  async once(id, where, { method = "GET", query, body, headers, signal }) {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), method === "GET" ? readDeadline : writeDeadline);
    const leave = () => deadline.abort();
    signal?.addEventListener("abort", leave);
    try {
      const url = `${await this.discovery.getBaseUrl(id)}${where}${queryOf(query)}`;
      const response = await this.fetchApi.fetch(url, {
        method,
        headers: { Accept: "application/json", ...body !== void 0 && { "Content-Type": "application/json" }, ...headers },
        body: body === void 0 ? void 0 : JSON.stringify(body),
        signal: deadline.signal
      });
      const text = await response.text();
      if (!response.ok) throw errorOf(response.status, response.statusText, text, response.headers.get("x-request-id"));
      return parse(text, url);
    } catch (error) {
      if (signal?.aborted || isOurs(error)) throw error;
      throw new UnreachableError(deadline.signal.aborted ? "No answer came in time" : void 0, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    }
  }
  /** Opens a stream; whoever opens it ends it by the signal. */
  async stream(where, signal) {
    const response = await this.fetchApi.fetch(`${await this.base()}${where}`, { headers: { Accept: "application/x-ndjson" }, signal });
    if (!response.ok) throw errorOf(response.status, response.statusText, await response.text(), response.headers.get("x-request-id"));
    if (!response.body) throw new StrangeError("The stream of events has no body");
    return response.body;
  }
};
var isOurs = (error) => error instanceof Error && ["ApiError", "StrangeError"].includes(error.name);
function parse(text, url) {
  try {
    return JSON.parse(text);
  } catch {
    const { pathname } = new URL(url, "http://none");
    throw new StrangeError(`${pathname} answered no JSON. Something between this browser and the backend may have answered in its place, such as a sign-in page`);
  }
}

export {
  ApiError,
  UnreachableError,
  StrangeError,
  isRouteMissing,
  wordsOf,
  path,
  Backend
};
