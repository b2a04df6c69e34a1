import { EntityAboutCard, EntityLayout } from '@backstage/plugin-catalog';
import { EntitySpaceliftCard, EntitySpaceliftContent, isSpaceliftAvailable } from '@understudy/backstage-plugin';

// A plugin's tab is added here, beside the overview; its cards go into the overview.
export const entityPage = (
  <EntityLayout>
    <EntityLayout.Route path="/" title="Overview">
      <EntityAboutCard />
      <EntitySpaceliftCard />
    </EntityLayout.Route>
    <EntityLayout.Route path="/stacks" title="Stacks" if={isSpaceliftAvailable}>
      <EntitySpaceliftContent />
    </EntityLayout.Route>
  </EntityLayout>
);
