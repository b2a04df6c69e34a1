import type { LoggerService, RootConfigService } from '@backstage/backend-plugin-api';
import { NotFoundError } from '@backstage/errors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readConfig } from './config';
import { Exchange, type TokenManager } from './exchange';
import { surroundings } from './launch';
import { type Bridge, open } from './open';

/** What is used of the `PluginEnvironment` of a legacy backend. */
export interface LegacyEnvironment {
  config: Pick<RootConfigService, 'getConfig' | 'getOptional' | 'getOptionalBoolean'>;
  discovery: { getBaseUrl(pluginId: string): Promise<string> };
  logger: Pick<LoggerService, 'debug' | 'info' | 'warn' | 'error'>;
  tokenManager?: TokenManager;
}

/** What {@link createRouter} works with. */
export interface RouterOptions {
  plugins: string[];
  bridge: Bridge;
  exchange: Exchange;
  discovery: LegacyEnvironment['discovery'];
}

/** An Express router, for `apiRouter.use`. */
export type LegacyRouter = (req: any, res: any, next: (error?: unknown) => void) => void;

// A backend calls once for each plugin, and there is one way to Understudy for all of them.
const opened = new WeakMap<object, RouterOptions>();

// Below one of our mounts, where Understudy reaches the backend's plugins.
const NODE = '/.backstage/understudy';

// What Understudy's plugins call, with tokens of theirs.
const CALLED = ['catalog', 'permission'];

// What it reads without one: keys and health, which are public, and what a user's own token says to the plugin that made it.
const OPEN: Record<string, string[]> = {
  auth: ['/.backstage/auth/v1/jwks.json', '/.well-known/jwks.json', '/v1/userinfo'],
  catalog: ['/.backstage/auth/v1/jwks.json'],
  permission: ['/.backstage/auth/v1/jwks.json', '/health'],
};

function isOpen(method: string | undefined, plugin: string, path: string | undefined): boolean {
  return method === 'GET' && path !== undefined && (OPEN[plugin] ?? []).includes(path);
}

/** Reads the section `understudyBridge` of the legacy backend's configuration, and opens the way to Understudy. */
export async function parseConfigs(env: LegacyEnvironment): Promise<RouterOptions> {
  const known = opened.get(env.config);
  if (known) return known;
  const settings = readConfig(env.config);
  const target = `${await env.discovery.getBaseUrl(settings.plugins[0]!)}${NODE}/{{pluginId}}`;
  const bridge = open(settings.at, surroundings(env.config, target), env.logger as LoggerService);
  const permissions = env.config.getOptionalBoolean('permission.enabled') ?? false;
  const options = {
    plugins: settings.plugins,
    bridge,
    exchange: new Exchange(bridge.upstream, env.tokenManager, permissions),
    discovery: env.discovery,
  };
  opened.set(env.config, options);
  return options;
}

/**
 * Creates the router of a legacy backend, to be mounted under the id of each plugin:
 * `apiRouter.use('/rely', await createRouter(env))`.
 */
export async function createRouter(options: RouterOptions | LegacyEnvironment): Promise<LegacyRouter> {
  const opts = 'bridge' in options ? options : await parseConfigs(options);
  return (req, res, next) => {
    route(opts, req, res).catch(next);
  };
}

async function route(
  { plugins, bridge, exchange, discovery }: RouterOptions,
  req: IncomingMessage & { baseUrl: string; url: string },
  res: ServerResponse,
): Promise<void> {
  const id = req.baseUrl.split('/').pop()!.toLowerCase();
  if (!plugins.includes(id)) throw new NotFoundError(`Understudy's router is mounted at ${req.baseUrl}; mount it at /${plugins.join(', /')}`);
  const [, plugin, rest] = new RegExp(`^${NODE}/([a-z0-9_-]+)([/?].*)?$`, 'i').exec(req.url) ?? [];
  if (!plugin) {
    await bridge.passages.pass({ req, res, path: `/api/${id}${req.url}` }, () => bridge.upstream.address());
    return;
  }
  const to = plugin.toLowerCase();
  const open = isOpen(req.method, to, rest);
  if (!CALLED.includes(to) && !open) throw new NotFoundError(`Understudy calls no '${rest ?? '/'}' of '${plugin}'`);
  const authorization = open ? req.headers.authorization : await exchange.authorization(req, to);
  const base = new URL(await discovery.getBaseUrl(to));
  // Nobody is let in by a cookie: it is of the browser, and not of Understudy.
  await bridge.passages.pass({ req, res, path: rest ?? '', headers: { authorization, cookie: undefined } }, async () => base);
}
