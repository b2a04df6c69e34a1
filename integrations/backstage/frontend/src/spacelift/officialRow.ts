import type { OfficialStack } from '../api/SpaceliftApi';
import { isStartable } from './states';
import type { Row } from './StacksTable';

/** A stack of the official plugin, which sends no links: they are made of the host that the app's configuration names. */
export function officialRow({ id, name, labels, state, branch, spaceDetails }: OfficialStack, host: string | undefined): Row {
  const base = host && `https://${host.replace(/^https?:\/\//, '').replace(/\/+$/, '')}`;
  return {
    id, name, labels, state, branch,
    space: { name: spaceDetails.name, url: base && `${base}/spaces/${encodeURIComponent(spaceDetails.id)}` },
    url: base && `${base}/stack/${encodeURIComponent(id)}`,
    startable: isStartable(state),
  };
}
