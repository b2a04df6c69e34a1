/** What 0.15 has brought into the main entry point; either will do, should one of them go again. */
const since015 = ['PluginWrapperBlueprint', 'toastApiRef'];

/**
 * Fails where the app's new frontend system is too old. The peer range cannot say it: it has to let in the releases that apps of
 * the old frontend system bring along.
 */
export function requireSystem(system: object): void {
  if (since015.some((name) => name in system)) return;
  throw new Error(
    '@understudy/backstage-plugin/alpha needs @backstage/frontend-plugin-api 0.15 or later, and this app has an older one: upgrade Backstage, or use the pages of @understudy/backstage-plugin with the old frontend system',
  );
}
