import { discoveryApiRef, fetchApiRef, useApi } from '@backstage/core-plugin-api';
import { useEffect } from 'react';

type Answer = { url: string; status: number; headers: Record<string, string>; text: string };

declare global {
  interface Window {
    /** Asks a plugin's backend as any page of this app does. */
    ask?: (pluginId: string, path: string, init?: RequestInit) => Promise<Answer>;
  }
}

export const ProbePage = () => {
  const discovery = useApi(discoveryApiRef);
  const fetchApi = useApi(fetchApiRef);
  useEffect(() => {
    window.ask = async (pluginId, path, init) => {
      const response = await fetchApi.fetch((await discovery.getBaseUrl(pluginId)) + path, init);
      const headers = Object.fromEntries(response.headers);
      return { url: response.url, status: response.status, headers, text: await response.text() };
    };
  }, [discovery, fetchApi]);
  return <p>The tests ask through this page.</p>;
};
