import { createFrontendPlugin, createRouteRef, PageBlueprint } from '@backstage/frontend-plugin-api';

const probePage = PageBlueprint.make({
  params: { path: '/probe', routeRef: createRouteRef(), title: 'Probe', noHeader: true, loader: () => import('./ProbePage').then(m => <m.ProbePage />) },
});

export default createFrontendPlugin({ pluginId: 'probe', extensions: [probePage] });
