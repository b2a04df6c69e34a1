import { EntityAboutCard, EntityLayout } from '@backstage/plugin-catalog';

// A plugin's tab is added here, beside the overview; its cards go into the overview.
export const entityPage = (
  <EntityLayout>
    <EntityLayout.Route path="/" title="Overview">
      <EntityAboutCard />
    </EntityLayout.Route>
  </EntityLayout>
);
