// A plugin that does what any plugin may, as it is told: it calls others through discovery with its own tokens, and tells
// what credentials a call came with.
const { load } = require('./load');
const { decide, asked } = require('./policy');
const { change } = require('./provider');

const { createBackendPlugin, coreServices } = load('@backstage/backend-plugin-api');

const json = async request => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
};

module.exports = createBackendPlugin({
  pluginId: 'probe',
  register(env) {
    env.registerInit({
      deps: {
        auth: coreServices.auth,
        discovery: coreServices.discovery,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        userInfo: coreServices.userInfo,
      },
      async init({ auth, discovery, httpAuth, httpRouter, userInfo }) {
        // token is one of this plugin's for another: as itself, or on behalf of whoever calls.
        const token = async (request, { plugin, as }) => {
          const onBehalfOf = as === 'caller' ? await httpAuth.credentials(request) : await auth.getOwnServiceCredentials();
          return (await auth.getPluginRequestToken({ onBehalfOf, targetPluginId: plugin })).token;
        };
        const routes = {
          'GET /whoami': async request => {
            const { principal } = await httpAuth.credentials(request, { allow: ['user', 'service', 'none'], allowLimitedAccess: true });
            return principal;
          },
          'GET /by-cookie': async request => (await httpAuth.credentials(request, { allow: ['user'], allowLimitedAccess: true })).principal,
          'GET /user-only': async request => (await httpAuth.credentials(request, { allow: ['user'] })).principal,
          'GET /service-only': async request => (await httpAuth.credentials(request, { allow: ['service'] })).principal,
          'GET /userinfo': async request => userInfo.getUserInfo(await httpAuth.credentials(request, { allow: ['user'] })),
          'POST /token': async request => ({ token: await token(request, await json(request)) }),
          'POST /call': async request => {
            const told = await json(request);
            const url = `${await discovery.getBaseUrl(told.plugin)}${told.path}`;
            const answer = await fetch(url, {
              method: told.method ?? 'GET',
              headers: { ...told.headers, authorization: `Bearer ${await token(request, told)}` },
              body: told.body,
            });
            return { url, status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
          },
          'PUT /policy': async request => decide(await json(request)),
          'GET /policy/asked': async () => asked(),
          'POST /entities': async request => change(await json(request)),
        };
        httpRouter.use((request, response, next) => {
          const route = routes[`${request.method} ${request.path}`];
          if (!route) {
            next();
            return;
          }
          route(request).then(answer => (answer === undefined ? response.status(204).end() : response.json(answer)), next);
        });
        httpRouter.addAuthPolicy({ path: '/by-cookie', allow: 'user-cookie' });
      },
    });
  },
});
