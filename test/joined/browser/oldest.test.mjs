// The newest app beside the oldest backend, which does not know how to configure it: its browser is told instead.
import { describeApp } from './suite.mjs';

const configOf = (stage) => ({
  app: { title: 'Joined', baseUrl: stage.url },
  organization: { name: 'Example' },
  backend: { baseUrl: stage.url },
  discovery: {
    endpoints: [{ target: { external: `${stage.url}/api/proxy/understudy/{{pluginId}}` }, plugins: ['spacelift-io', 'rely', 'rely-migration-plugin'] }],
  },
  spacelift: { hostUrl: 'acme.app.spacelift.io', readOnly: false },
});

describeApp({ app: 'app', set: 'oldest', sameRelease: false, configOf });
