// A Node backend as an adopter's is: the packages of the set in whose folder it is started, and a plugin of the tests' own.
// Started as `node ../node/backend.js --config …` with the set's folder as working directory.
const { load } = require('./load');

const { createBackend } = load('@backstage/backend-defaults');

// Some older packages keep theirs in /alpha.
const feature = name => load(name).default ?? load(`${name}/alpha`).default;

const backend = createBackend();
backend.add(feature('@backstage/plugin-auth-backend'));
backend.add(feature('@backstage/plugin-auth-backend-module-guest-provider'));
backend.add(require('./signin'));
backend.add(feature('@backstage/plugin-catalog-backend'));
backend.add(require('./provider').module);
backend.add(feature('@backstage/plugin-events-backend'));
backend.add(feature('@backstage/plugin-permission-backend'));
backend.add(require('./policy').module);
backend.add(feature('@backstage/plugin-proxy-backend'));
if (process.env.JOINED_FRONTEND) {
  backend.add(feature('@backstage/plugin-app-backend'));
}
if (process.env.JOINED_OFFICIAL) {
  backend.add(require(`${process.env.JOINED_OFFICIAL}/node_modules/@spacelift-io/backstage-integration-backend`).default);
}
backend.add(require('./probe'));
backend.add(require('./mallory'));
// Further packages of the set, by name.
for (const name of (process.env.JOINED_ADD ?? '').split(',').filter(Boolean)) {
  backend.add(feature(name));
}
backend.start();
