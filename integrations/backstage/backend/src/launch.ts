import type { RootConfigService } from '@backstage/backend-plugin-api';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Binary } from './config';

/** What a program has to know of the backend that starts it. */
export interface Launch {
  /** Where it finds the backend's plugins, with `{{pluginId}}`. */
  target: string;
  /** The backend's own `discovery.endpoints`. */
  endpoints: unknown[];
  /** Whether the backend keeps its databases in memory, which Understudy, a process of its own, cannot. */
  memory: boolean;
}

/** Reads what a program has to know. */
export function surroundings(config: Pick<RootConfigService, 'getOptional'>, target: string): Launch {
  return {
    target,
    endpoints: config.getOptional<unknown[]>('discovery.endpoints') ?? [],
    memory: config.getOptional('backend.database.connection') === ':memory:',
  };
}

/**
 * The program, its command line and the environment of a program. It listens on the loopback interface only. With the backend's own files
 * it is told where it finds everything that it does not host, and a folder that stands for a database in memory; files of its
 * own say so themselves.
 */
export function launch(binary: Binary, node: Launch, folder?: string) {
  const env: NodeJS.ProcessEnv = { ...process.env };
  const set = (key: string, value: string) => {
    const name = `APP_CONFIG_${key}`;
    for (const known of Object.keys(env)) {
      if (known === name || known.startsWith(`${name}_`)) delete env[known];
    }
    env[name] = value;
  };
  set('backend_listen', '127.0.0.1:0');
  set('backend_https', 'false');
  if (!binary.config) {
    const rest = { target: { internal: node.target }, plugins: ['*'] };
    set('discovery_endpoints', JSON.stringify([rest, ...node.endpoints])); // later ones win
    if (folder) set('backend_database_connection', JSON.stringify({ directory: folder }));
  }
  const files = binary.config ?? ownFiles();
  return {
    env,
    path: program(binary.path),
    cwd: files.length > 0 ? process.cwd() : repository(),
    args: ['--log-format', 'json', 'serve', '--supervised', ...files.flatMap(file => ['--config', file]), ...binary.args],
  };
}

/**
 * What to execute: a path counts from this process's working directory, wherever the program will have its own; a bare name is
 * looked up in PATH.
 */
function program(path: string): string {
  return basename(path) === path ? path : resolve(path);
}

/** The configuration files that this process was started with. */
function ownFiles(): string[] {
  const { values } = parseArgs({ strict: false, options: { config: { type: 'string', multiple: true } } });
  return (values.config ?? []).filter((file): file is string => typeof file === 'string').map(file => resolve(file));
}

/** Where app-config.yaml is, without `--config`: the nearest folder above that holds the workspaces. */
function repository(): string {
  for (let at = process.cwd(); ; at = dirname(at)) {
    try {
      if (JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')).workspaces) return at;
    } catch {
      // no package here
    }
    if (at === dirname(at)) return process.cwd();
  }
}
