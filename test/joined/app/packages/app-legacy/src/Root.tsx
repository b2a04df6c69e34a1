import { Sidebar, SidebarDivider, SidebarItem, SidebarPage, SidebarSpace } from '@backstage/core-components';
import { Settings } from '@backstage/plugin-user-settings';
import CloudIcon from '@material-ui/icons/Cloud';
import HomeIcon from '@material-ui/icons/Home';
import type { PropsWithChildren } from 'react';

export const Root = ({ children }: PropsWithChildren) => (
  <SidebarPage>
    <Sidebar>
      <SidebarItem icon={HomeIcon} to="catalog" text="Catalog" />
      <SidebarItem icon={CloudIcon} to="spacelift" text="Spacelift" />
      <SidebarSpace />
      <SidebarDivider />
      <Settings />
    </Sidebar>
    {children}
  </SidebarPage>
);
