// A Node backend of the legacy system, wired by hand as packages/backend/src/index.ts was: catalog, auth, and Understudy's
// routers. It reads the configuration and the entities of test/joined. Started in the folder of an app.
const { createRequire } = require('node:module');
const { readFile } = require('node:fs/promises');
const { join } = require('node:path');

const load = createRequire(join(process.cwd(), 'package.json'));
const common = load('@backstage/backend-common');
const { UrlReaders } = load('@backstage/backend-defaults/urlReader');
const { CatalogBuilder } = load('@backstage/plugin-catalog-backend');
const auth = load('@backstage/plugin-auth-backend');
const { createProxyAuthenticator, createProxyAuthProviderFactory, DefaultIdentityClient } = load('@backstage/plugin-auth-node');
const { ServerPermissionClient } = load('@backstage/plugin-permission-node');
const Router = load('express-promise-router').default;
const { createRouter, parseConfigs } = load('@understudy/backstage-plugin-backend');

// Signs in whoever a header names.
const authenticator = createProxyAuthenticator({
  defaultProfileTransform: async () => ({ profile: {} }),
  initialize() {},
  async authenticate({ req }) {
    const list = name => String(req.headers[name] ?? '').split(',').filter(Boolean);
    return { result: { user: list('x-joined-user')[0], groups: list('x-joined-groups') } };
  },
});
const signIn = createProxyAuthProviderFactory({
  authenticator,
  signInResolver: async ({ result: { user, groups } }, context) => context.issueToken({ claims: { sub: user, ent: [user, ...groups] } }),
});

const provider = {
  getProviderName: () => 'joined',
  async connect(connection) {
    const at = 'url:https://joined.example.com/catalog-info.yaml';
    const entities = JSON.parse(await readFile(process.env.JOINED_ENTITIES, 'utf8'));
    for (const { metadata } of entities) {
      metadata.annotations = { ...metadata.annotations, 'backstage.io/managed-by-location': at, 'backstage.io/managed-by-origin-location': at };
    }
    await connection.applyMutation({ type: 'full', entities: entities.map(entity => ({ entity, locationKey: 'joined' })) });
  },
};

async function main() {
  const logger = common.getRootLogger();
  const config = await common.loadBackendConfig({ argv: process.argv, logger });
  const discovery = common.HostDiscovery.fromConfig(config);
  const tokenManager = common.ServerTokenManager.fromConfig(config, { logger });
  const identity = DefaultIdentityClient.create({ discovery });
  const adapters = common.createLegacyAuthAdapters({ auth: undefined, httpAuth: undefined, discovery, identity, tokenManager });
  const permissions = ServerPermissionClient.fromConfig(config, { discovery, tokenManager, auth: adapters.auth });
  const databases = common.DatabaseManager.fromConfig(config);
  const createEnv = plugin => ({
    logger: logger.child({ type: 'plugin', plugin }),
    database: databases.forPlugin(plugin, { lifecycle: { addShutdownHook() {}, addStartupHook() {} } }),
    config,
    discovery,
    tokenManager,
    permissions,
    identity,
    reader: UrlReaders.default({ logger, config }),
  });

  const api = Router();
  const builder = CatalogBuilder.create(createEnv('catalog'));
  builder.addEntityProvider(provider);
  const catalog = await builder.build();
  await catalog.processingEngine.start();
  api.use('/catalog', catalog.router);
  api.use('/auth', await auth.createRouter({ ...createEnv('auth'), disableDefaultProviderFactories: true, providerFactories: { joined: signIn } }));
  const understudy = await parseConfigs(createEnv('understudy'));
  api.use('/spacelift-io', await createRouter(understudy));
  api.use('/rely', await createRouter(understudy));
  api.use('/rely-migration-plugin', await createRouter(createEnv('rely-migration-plugin')));
  api.use(common.notFoundHandler());

  const root = Router(); // what the test's stage waits for
  root.get('/.backstage/health/v1/readiness', (_request, response) => response.json({ status: 'ok' }));
  await common.createServiceBuilder(module).loadConfig(config).addRouter('', root).addRouter('/api', api).start();
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
