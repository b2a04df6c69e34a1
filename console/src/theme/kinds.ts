// Every kind of entity has a colour and an icon, the same on all pages.
import type { Icon } from '@tabler/icons-react';
import IconApi from '@tabler/icons-react/dist/esm/icons/IconPlugConnected.mjs';
import IconBox from '@tabler/icons-react/dist/esm/icons/IconBox.mjs';
import IconDatabase from '@tabler/icons-react/dist/esm/icons/IconDatabase.mjs';
import IconHexagons from '@tabler/icons-react/dist/esm/icons/IconHexagons.mjs';
import IconMapPin from '@tabler/icons-react/dist/esm/icons/IconMapPin.mjs';
import IconPuzzle from '@tabler/icons-react/dist/esm/icons/IconPuzzle.mjs';
import IconSparkles from '@tabler/icons-react/dist/esm/icons/IconSparkles.mjs';
import IconTemplate from '@tabler/icons-react/dist/esm/icons/IconTemplate.mjs';
import IconUser from '@tabler/icons-react/dist/esm/icons/IconUser.mjs';
import IconUsers from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs';
import IconWorld from '@tabler/icons-react/dist/esm/icons/IconWorld.mjs';

export interface KindLook {
  /** The kind as people write it. */
  label: string;
  plural: string;
  icon: Icon;
  /** The colour on a light and on a dark surface, both readable as text. */
  light: string;
  dark: string;
}

const looks: Record<string, KindLook> = {
  component: { label: 'Component', plural: 'Components', icon: IconBox, light: '#2f62a8', dark: '#8db8f2' },
  api: { label: 'API', plural: 'APIs', icon: IconApi, light: '#6c4bbd', dark: '#bba4f4' },
  resource: { label: 'Resource', plural: 'Resources', icon: IconDatabase, light: '#8a5a12', dark: '#e8b866' },
  system: { label: 'System', plural: 'Systems', icon: IconHexagons, light: '#156f66', dark: '#6fd0c4' },
  domain: { label: 'Domain', plural: 'Domains', icon: IconWorld, light: '#47711f', dark: '#a9d67c' },
  group: { label: 'Group', plural: 'Groups', icon: IconUsers, light: '#a8481d', dark: '#f3a37c' },
  user: { label: 'User', plural: 'Users', icon: IconUser, light: '#4d5f80', dark: '#a9bbdd' },
  location: { label: 'Location', plural: 'Locations', icon: IconMapPin, light: '#6b635c', dark: '#b9afc4' },
  template: { label: 'Template', plural: 'Templates', icon: IconTemplate, light: '#92307f', dark: '#eb9cdc' },
  airesource: { label: 'AiResource', plural: 'AiResources', icon: IconSparkles, light: '#1f6f93', dark: '#7cc9ec' },
};

/** The order in which kinds are shown; others follow by name. */
const order = Object.keys(looks);

/** The look of a kind in any casing; an unknown kind has a look too. */
export function kindLook(kind: string): KindLook {
  const known = looks[kind.toLowerCase()];
  if (known) return known;
  return { label: kind, plural: kind, icon: IconPuzzle, light: '#6b635c', dark: '#b9afc4' };
}

export function compareKinds(a: string, b: string): number {
  const place = (k: string) => {
    const i = order.indexOf(k.toLowerCase());
    return i < 0 ? order.length : i;
  };
  return place(a) - place(b) || a.localeCompare(b);
}
