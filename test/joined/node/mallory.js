// A plugin that serves its keys and nothing else. Tests add a key of theirs to its table, and can then sign as it does:
// what is refused of such a token is refused for what it says, not for its signature.
const { load } = require('./load');

const { createBackendPlugin, coreServices } = load('@backstage/backend-plugin-api');

module.exports = createBackendPlugin({
  pluginId: 'mallory',
  register(env) {
    env.registerInit({
      deps: { auth: coreServices.auth, httpRouter: coreServices.httpRouter },
      async init({ auth, httpRouter }) {
        httpRouter.use((_request, _response, next) => next());
        // Signing once makes the table.
        await auth.getPluginRequestToken({ onBehalfOf: await auth.getOwnServiceCredentials(), targetPluginId: 'mallory' });
      },
    });
  },
});
