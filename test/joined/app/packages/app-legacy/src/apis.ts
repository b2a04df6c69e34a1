import { configApiRef, createApiFactory } from '@backstage/core-plugin-api';
import { ScmIntegrationsApi, scmIntegrationsApiRef } from '@backstage/integration-react';

// What the catalog's pages need besides the defaults.
export const apis = [
  createApiFactory({ api: scmIntegrationsApiRef, deps: { config: configApiRef }, factory: ({ config }) => ScmIntegrationsApi.fromConfig(config) }),
];
