import type { RootConfigService } from '@backstage/backend-plugin-api';
import { InputError } from '@backstage/errors';

/** The plugins that Understudy serves in place of the ones from npm. */
export const PLUGINS = ['spacelift-io', 'rely', 'rely-migration-plugin'];

/** A program to start. */
export interface Binary {
  path: string;
  args: string[];
  /** Its own configuration files; undefined where it shares the backend's. */
  config?: string[] | undefined;
}

export interface BridgeConfig {
  /** Where Understudy is: an address, or a program. */
  at: { url: URL } | { binary: Binary };
  plugins: string[];
}

/** Reads the section `understudyBridge`. */
export function readConfig(root: Pick<RootConfigService, 'getConfig'>): BridgeConfig {
  const section = root.getConfig('understudyBridge');
  const plugins = section.getOptionalStringArray('plugins') ?? PLUGINS;
  for (const id of plugins) {
    if (!PLUGINS.includes(id)) {
      throw new InputError(`understudyBridge.plugins: there is no plugin '${id}'; there are ${PLUGINS.join(', ')}`);
    }
  }
  const url = section.getOptionalString('url');
  const binary = section.getOptionalConfig('binary');
  if ((url === undefined) === (binary === undefined)) {
    throw new InputError("understudyBridge: give either 'url' or 'binary'");
  }
  if (binary) {
    return {
      plugins,
      at: {
        binary: {
          path: binary.getString('path'),
          args: binary.getOptionalStringArray('args') ?? [],
          config: binary.getOptionalStringArray('config'),
        },
      },
    };
  }
  return { plugins, at: { url: readUrl(url!) } };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new InputError(`understudyBridge.url: give an address such as http://understudy:7007, not '${text}'`);
  }
  if (/\/api\/?$/.test(url.pathname)) {
    throw new InputError("understudyBridge.url: leave out '/api' at the end; it is added");
  }
  return url;
}
