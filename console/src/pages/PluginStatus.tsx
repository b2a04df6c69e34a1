import type { Plugin } from '../api/system';
import { Status } from '../ui/Status';

export function PluginStatus({ plugin }: { plugin: Plugin }) {
  switch (plugin.status) {
    case 'ok':
      return <Status tone="ok">Serving</Status>;
    case 'failing':
      return <Status tone="bad">Failing</Status>;
    case 'remote':
      return <Status tone="elsewhere">Elsewhere</Status>;
  }
}
