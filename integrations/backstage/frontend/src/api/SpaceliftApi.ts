// What the pages ask of the plugin spacelift-io: v1 of Understudy and, where that is absent, the two routes of the official
// backend plugin (spacelift.md 1), which have a list and a trigger and nothing else.
import { type ConfigApi, createApiRef, type DiscoveryApi, type FetchApi } from '@backstage/core-plugin-api';
import { Backend, path } from './backend';
import { ApiError, isRouteMissing, StrangeError } from './errors';
import type { components } from './spacelift.gen';

type Schemas = components['schemas'];
export type Stack = Schemas['Stack'];
export type StackDetail = Schemas['StackDetail'];
export type StackPage = Schemas['StackPage'];
export type StateGroup = Schemas['StateGroup'];
export type Run = Schemas['Run'];
export type RunDetail = Schemas['RunDetail'];
export type RunPage = Schemas['RunPage'];
export type RunAction = Schemas['RunAction'];
export type RunLogPage = Schemas['RunLogPage'];
export type RunLogEvent = Schemas['RunLogEvent'];
export type Trigger = Schemas['Trigger'];
export type Status = Schemas['Status'];
export type SpaceliftEvent = Schemas['Event'];
export type RunKind = 'tracked' | 'proposed' | 'task';

/** What to list. Every list is a choice of any of its values, labels excepted: a stack has all of them. */
export interface StackFilters {
  q?: string;
  group?: readonly string[];
  space?: readonly string[];
  label?: readonly string[];
  entityRef?: string;
}

/** A stack as the official plugin has it. */
export interface OfficialStack {
  id: string;
  name: string;
  description?: string | null;
  branch: string;
  labels: string[];
  state: string;
  spaceDetails: { id: string; name: string };
}

/** What the configuration of the app says, for where the backend does not. */
export interface AppSettings {
  hostUrl?: string;
  readOnly: boolean;
}

export interface SpaceliftApi {
  stacks(filters: StackFilters, page?: { limit?: number; cursor?: string }, signal?: AbortSignal): Promise<StackPage>;
  stack(id: string, signal?: AbortSignal): Promise<StackDetail>;
  runs(stack: string, kind: RunKind, cursor?: string, signal?: AbortSignal): Promise<RunPage>;
  run(stack: string, run: string, signal?: AbortSignal): Promise<RunDetail>;
  logPage(stack: string, run: string, phase: { state: string; version?: number; token?: string }, signal?: AbortSignal): Promise<RunLogPage>;
  openLog(stack: string, run: string, token: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  openEvents(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  trigger(stack: string, reason: string): Promise<Trigger>;
  act(stack: string, run: string, action: RunAction, note: string): Promise<RunDetail>;
  status(signal?: AbortSignal): Promise<Status>;
  /** The official plugin's routes. */
  officialStacks(signal?: AbortSignal): Promise<OfficialStack[]>;
  officialTrigger(stack: string): Promise<{ id: string; state?: string }>;
  settings(): AppSettings;
}

export const spaceliftApiRef = createApiRef<SpaceliftApi>({ id: 'plugin.understudy.spacelift' });

interface Deps {
  discovery: DiscoveryApi;
  fetchApi: FetchApi;
  config: ConfigApi;
}

export class SpaceliftClient implements SpaceliftApi {
  private readonly backend: Backend;
  private readonly config: ConfigApi;

  constructor({ discovery, fetchApi, config }: Deps) {
    this.backend = new Backend(discovery, fetchApi, ['spacelift-io']);
    this.config = config;
  }

  stacks(filters: StackFilters, { limit = 20, cursor }: { limit?: number; cursor?: string } = {}, signal?: AbortSignal) {
    return this.backend.json<StackPage>('/v1/stacks', { query: { ...filters, limit, cursor }, signal });
  }

  stack(id: string, signal?: AbortSignal) {
    return this.backend.json<StackDetail>(path`/v1/stacks/${id}`, { signal });
  }

  runs(stack: string, kind: RunKind, cursor?: string, signal?: AbortSignal) {
    return this.backend.json<RunPage>(path`/v1/stacks/${stack}/runs`, { query: { kind, cursor }, signal });
  }

  run(stack: string, run: string, signal?: AbortSignal) {
    return this.backend.json<RunDetail>(path`/v1/stacks/${stack}/runs/${run}`, { signal });
  }

  logPage(stack: string, run: string, phase: { state: string; version?: number; token?: string }, signal?: AbortSignal) {
    return this.backend.json<RunLogPage>(path`/v1/stacks/${stack}/runs/${run}/logs`, { query: { ...phase }, signal });
  }

  openLog(stack: string, run: string, token: string | undefined, signal: AbortSignal) {
    const from = token === undefined ? '' : `&token=${encodeURIComponent(token)}`;
    return this.backend.stream(`${path`/v1/stacks/${stack}/runs/${run}/logs`}?follow=true${from}`, signal);
  }

  openEvents(signal: AbortSignal) {
    return this.backend.stream('/v1/events', signal);
  }

  trigger(stack: string, reason: string) {
    const body = reason === '' ? {} : { reason };
    return this.backend.json<Trigger>(path`/v1/stacks/${stack}/runs`, { method: 'POST', body });
  }

  act(stack: string, run: string, action: RunAction, note: string) {
    const where = path`/v1/stacks/${stack}/runs/${run}/${action}`;
    return this.backend.json<RunDetail>(where, { method: 'POST', body: note === '' ? {} : { note } });
  }

  status(signal?: AbortSignal) {
    return this.backend.json<Status>('/v1/status', { signal });
  }

  async officialStacks(signal?: AbortSignal) {
    const answer = await this.backend.json<unknown>('/stacks', { signal });
    if (Array.isArray(answer)) return answer as OfficialStack[];
    throw refused(answer) ?? new StrangeError('The list of stacks is no list');
  }

  async officialTrigger(stack: string) {
    const answer = await this.backend.json<{ id?: unknown; state?: unknown }>(path`/stacks/${stack}/trigger`, { method: 'POST' });
    if (typeof answer.id === 'string') return { id: answer.id, state: typeof answer.state === 'string' ? answer.state : undefined };
    throw refused(answer) ?? new StrangeError('The answer names no run');
  }

  settings(): AppSettings {
    const config = this.config.getOptionalConfig('spacelift');
    return { hostUrl: config?.getOptionalString('hostUrl'), readOnly: readOnlyOf(config?.getOptional('readOnly')) };
  }
}

/** The official plugin answers 200 with an error where GraphQL fails (spacelift.md 1). */
function refused(answer: unknown): ApiError | undefined {
  const said = (answer as { error?: unknown } | null)?.error;
  return typeof said === 'string' ? new ApiError(502, `Spacelift says: ${said}`) : undefined;
}

/** As the backend takes it (spacelift.md 1), so that a page never fails for it. */
function readOnlyOf(value: unknown): boolean {
  return ['true', 'yes', 'y', 'on', '1'].includes(String(value ?? '').toLowerCase());
}

/** Whether an error means that the backend is not Understudy's, or that there is none. */
export const isV1Missing = isRouteMissing;
