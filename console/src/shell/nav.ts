// What the navigation shows. A page of a plugin adds its entry here, and is shown where the plugin is hosted.
import type { Icon } from '@tabler/icons-react';
import IconActivity from '@tabler/icons-react/dist/esm/icons/IconActivityHeartbeat.mjs';
import IconBooks from '@tabler/icons-react/dist/esm/icons/IconBooks.mjs';
import IconExport from '@tabler/icons-react/dist/esm/icons/IconCloudUpload.mjs';
import IconHome from '@tabler/icons-react/dist/esm/icons/IconLayoutDashboard.mjs';
import IconStack from '@tabler/icons-react/dist/esm/icons/IconStack2.mjs';

export interface NavEntry {
  label: string;
  to: '/' | '/catalog' | '/spacelift' | '/exports' | '/system/$tab';
  params?: Record<string, string>;
  /** The start of all addresses of the page. */
  match: string;
  /** Addresses that belong to it as well. */
  also?: string;
  icon: Icon;
  /** Shown only where this plugin is known to the server. */
  plugin?: string;
}

export const navigation: NavEntry[] = [
  { label: 'Overview', to: '/', match: '/', icon: IconHome },
  { label: 'Catalog', to: '/catalog', match: '/catalog', also: '/unprocessed', icon: IconBooks },
  { label: 'Stacks', to: '/spacelift', match: '/spacelift', icon: IconStack, plugin: 'spacelift-io' },
  { label: 'Exports', to: '/exports', match: '/exports', icon: IconExport, plugin: 'rely' },
  { label: 'System', to: '/system/$tab', params: { tab: 'plugins' }, match: '/system', icon: IconActivity },
];

/** Whether an address below /console belongs to the entry. */
export function isActive(entry: NavEntry, path: string): boolean {
  return entry.match === '/' ? path === '/' : path === entry.also || path === entry.match || path.startsWith(`${entry.match}/`);
}
