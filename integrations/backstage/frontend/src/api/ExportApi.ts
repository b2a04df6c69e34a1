// What the page asks of the export to Rely. The plugin is at rely and, once more, at rely-migration-plugin (export.md 1.2).
import { createApiRef, type DiscoveryApi, type FetchApi } from '@backstage/core-plugin-api';
import { Backend, path } from './backend';
import type { components } from './export.gen';

type Schemas = components['schemas'];
export type ExportRun = Schemas['Run'];
export type ExportRunPage = Schemas['RunPage'];
export type ExportStatus = Schemas['Status'];
export type RunStatus = Schemas['RunStatus'];
export type Counts = Schemas['Counts'];
export type Item = Schemas['Item'];
export type ItemPage = Schemas['ItemPage'];
export type ItemStatus = Schemas['ItemStatus'];
export type Started = Schemas['Started'];

export interface StartOptions {
  dryRun?: boolean;
  full?: boolean;
}

export interface ExportApi {
  status(signal?: AbortSignal): Promise<ExportStatus>;
  runs(page?: { limit?: number; cursor?: string }, signal?: AbortSignal): Promise<ExportRunPage>;
  run(id: string, signal?: AbortSignal): Promise<ExportRun>;
  items(run: string, status: ItemStatus | undefined, page?: { limit?: number; cursor?: string }, signal?: AbortSignal): Promise<ItemPage>;
  start(options: StartOptions): Promise<Started>;
  cancel(run: string): Promise<ExportRun>;
  resume(run: string): Promise<ExportRun>;
  retryFailed(run: string): Promise<Started>;
}

export const exportApiRef = createApiRef<ExportApi>({ id: 'plugin.understudy.export' });

export class ExportClient implements ExportApi {
  private readonly backend: Backend;

  constructor({ discovery, fetchApi }: { discovery: DiscoveryApi; fetchApi: FetchApi }) {
    this.backend = new Backend(discovery, fetchApi, ['rely', 'rely-migration-plugin']);
  }

  status(signal?: AbortSignal) {
    return this.backend.json<ExportStatus>('/status', { signal });
  }

  runs({ limit = 20, cursor }: { limit?: number; cursor?: string } = {}, signal?: AbortSignal) {
    return this.backend.json<ExportRunPage>('/runs', { query: { limit, cursor }, signal });
  }

  run(id: string, signal?: AbortSignal) {
    return this.backend.json<ExportRun>(path`/runs/${id}`, { signal });
  }

  items(run: string, status: ItemStatus | undefined, { limit = 20, cursor }: { limit?: number; cursor?: string } = {}, signal?: AbortSignal) {
    return this.backend.json<ItemPage>(path`/runs/${run}/items`, { query: { status, limit, cursor }, signal });
  }

  start(options: StartOptions) {
    return this.backend.json<Started>('/migrate', { method: 'POST', query: { ...options } });
  }

  cancel(run: string) {
    return this.backend.json<ExportRun>(path`/runs/${run}/cancel`, { method: 'POST' });
  }

  resume(run: string) {
    return this.backend.json<ExportRun>(path`/runs/${run}/resume`, { method: 'POST' });
  }

  retryFailed(run: string) {
    return this.backend.json<Started>(path`/runs/${run}/retry-failed`, { method: 'POST', body: {} });
  }
}
