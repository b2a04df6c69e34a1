// Signs in whoever a header names: the guest provider has one user only, and tests want several.
const { load } = require('./load');

const { createBackendModule } = load('@backstage/backend-plugin-api');
const { authProvidersExtensionPoint, createProxyAuthenticator, createProxyAuthProviderFactory } = load('@backstage/plugin-auth-node');

const authenticator = createProxyAuthenticator({
  defaultProfileTransform: async () => ({ profile: {} }),
  initialize() {},
  async authenticate({ req }) {
    const list = name => String(req.headers[name] ?? '').split(',').filter(Boolean);
    const [user] = list('x-joined-user');
    return { result: { user, groups: list('x-joined-groups') } };
  },
});

module.exports = createBackendModule({
  pluginId: 'auth',
  moduleId: 'joined-sign-in',
  register(reg) {
    reg.registerInit({
      deps: { providers: authProvidersExtensionPoint },
      async init({ providers }) {
        providers.registerProvider({
          providerId: 'joined',
          factory: createProxyAuthProviderFactory({
            authenticator,
            signInResolver: async ({ result: { user, groups } }, context) =>
              context.issueToken({ claims: { sub: user, ent: [user, ...groups] } }),
          }),
        });
      },
    });
  },
});
