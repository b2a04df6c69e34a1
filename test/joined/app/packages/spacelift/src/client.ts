import { createApiRef, type DiscoveryApi, type FetchApi } from '@backstage/core-plugin-api';

export type Stack = {
  id: string;
  name: string;
  description?: string | null;
  branch: string;
  labels: string[];
  state: string;
  spaceDetails: { id: string; name: string };
};

export type Run = { id?: string; state?: string };

/** What the official page asks of its backend (spacelift.md 2), its weaknesses included: they are what it is tested for. */
export class SpaceliftClient {
  constructor(private readonly discovery: DiscoveryApi, private readonly fetchApi: FetchApi) {}

  stacks(): Promise<Stack[]> {
    return this.ask('stacks');
  }

  trigger(id: string): Promise<Run> {
    return this.ask(`stacks/${id}/trigger`, { method: 'POST' }); // the id as it is, without encoding
  }

  private async ask(path: string, init?: RequestInit) {
    const response = await this.fetchApi.fetch(`${await this.discovery.getBaseUrl('spacelift-io')}/${path}`, init);
    const body = await response.json();
    if (!response.ok) throw new Error(body.error); // taken for a string: an object becomes [object Object]
    return body;
  }
}

export const spaceliftApiRef = createApiRef<SpaceliftClient>({ id: 'plugin.spacelift.io.service' });
