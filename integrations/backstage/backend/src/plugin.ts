import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import { readConfig } from './config';
import { surroundings } from './launch';
import { open } from './open';

/**
 * Mounts Understudy's plugins. It uses the backend's root router, and not a router for each plugin: what is below
 * `/api/<plugin>` is then Understudy's altogether, its public keys too, with which the backend's other plugins verify its
 * calls. The backend asks for no credentials there; Understudy does, for every route that it has not opened itself.
 */
export const bridgePlugin = createBackendPlugin({
  pluginId: 'understudy-bridge',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        discovery: coreServices.discovery,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        router: coreServices.rootHttpRouter,
      },
      async init({ config, discovery, lifecycle, logger, router }) {
        const own = await discovery.getBaseUrl('understudy-bridge');
        const target = own.replace(/understudy-bridge$/, '{{pluginId}}');
        const settings = readConfig(config);
        const { passages, upstream, stop } = open(settings.at, surroundings(config, target), logger);
        for (const id of settings.plugins) {
          router.use(`/api/${id}`, (req, res, next) => {
            passages.pass({ req, res, path: `/api/${id}${req.url}` }, () => upstream.address()).catch(next);
          });
        }
        lifecycle.addShutdownHook(stop);
      },
    });
  },
});
