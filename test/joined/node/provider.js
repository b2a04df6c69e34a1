// Fills the catalog from a file of entities, and changes it when a test says so.
const { readFile } = require('node:fs/promises');
const { load } = require('./load');

const { createBackendModule, coreServices } = load('@backstage/backend-plugin-api');
const node = load('@backstage/plugin-catalog-node');
// Older releases keep it among what is not settled yet.
const catalogProcessingExtensionPoint =
  node.catalogProcessingExtensionPoint ?? load('@backstage/plugin-catalog-node/alpha').catalogProcessingExtensionPoint;

const location = 'url:https://joined.example.com/catalog-info.yaml';

const deferred = entity => ({
  locationKey: 'joined',
  entity: {
    ...entity,
    metadata: {
      ...entity.metadata,
      annotations: {
        ...entity.metadata.annotations,
        'backstage.io/managed-by-location': location,
        'backstage.io/managed-by-origin-location': location,
      },
    },
  },
});

let connection;

// change takes entities to add or to replace, and references of those to remove.
exports.change = async ({ add = [], remove = [] }) => {
  await connection.applyMutation({
    type: 'delta',
    added: add.map(deferred),
    removed: remove.map(entityRef => ({ entityRef, locationKey: 'joined' })),
  });
};

exports.module = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'joined',
  register(reg) {
    reg.registerInit({
      deps: { catalog: catalogProcessingExtensionPoint, logger: coreServices.logger },
      async init({ catalog, logger }) {
        catalog.addEntityProvider({
          getProviderName: () => 'joined',
          async connect(to) {
            connection = to;
            if (!process.env.JOINED_ENTITIES) return;
            const entities = JSON.parse(await readFile(process.env.JOINED_ENTITIES, 'utf8'));
            await connection.applyMutation({ type: 'full', entities: entities.map(deferred) });
            logger.info(`joined: ${entities.length} entities`);
          },
        });
      },
    });
  },
});
