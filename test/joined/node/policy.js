// A policy that decides as it was told last: what a permission's name maps to, else the default.
const { load } = require('./load');

const { createBackendModule } = load('@backstage/backend-plugin-api');
const { policyExtensionPoint } = load('@backstage/plugin-permission-node/alpha');

let decisions = { default: { result: 'ALLOW' } };
let asked = [];

// decide replaces all decisions: { "<permission>": <decision>, "default": <decision> }, and forgets who asked.
exports.decide = next => {
  decisions = { default: { result: 'ALLOW' }, ...next };
  asked = [];
};

// asked are the questions since then.
exports.asked = () => asked;

exports.module = createBackendModule({
  pluginId: 'permission',
  moduleId: 'joined-policy',
  register(reg) {
    reg.registerInit({
      deps: { policy: policyExtensionPoint },
      async init({ policy }) {
        policy.setPolicy({
          async handle({ permission }, user) {
            asked.push({ permission: permission.name, user: user?.info?.userEntityRef ?? null });
            return decisions[permission.name] ?? decisions.default;
          },
        });
      },
    });
  },
});
