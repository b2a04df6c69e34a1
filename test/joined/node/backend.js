// A Node backend as an adopter's is: the packages of the set in whose folder it is started, and a plugin of the tests' own.
// Started as `node ../node/backend.js --config …` with the set's folder as working directory.
const { load } = require('./load');

const { createBackend } = load('@backstage/backend-defaults');

const backend = createBackend();
backend.add(load('@backstage/plugin-auth-backend').default);
backend.add(load('@backstage/plugin-auth-backend-module-guest-provider').default);
backend.add(require('./signin'));
backend.add(load('@backstage/plugin-catalog-backend').default);
backend.add(require('./provider').module);
backend.add(load('@backstage/plugin-events-backend').default);
backend.add(load('@backstage/plugin-permission-backend').default);
backend.add(require('./policy').module);
backend.add(load('@backstage/plugin-proxy-backend').default);
backend.add(load('@backstage/plugin-signals-backend').default);
if (process.env.JOINED_FRONTEND) {
  backend.add(load('@backstage/plugin-app-backend').default);
}
backend.add(require('./probe'));
backend.add(require('./mallory'));
backend.start();
