import { createApp } from '@backstage/frontend-defaults';
import catalogPlugin from '@backstage/plugin-catalog/alpha';
import userSettingsPlugin from '@backstage/plugin-user-settings/alpha';
import understudyPlugin from '@understudy/backstage-plugin/alpha';
import probePlugin from 'plugin-probe/alpha';
import spaceliftPlugin from 'plugin-spacelift/alpha';

// The sign-in page is the one of createApp, which offers a guest. A plugin is added by its import and a word in the list.
export default createApp({ features: [catalogPlugin, userSettingsPlugin, probePlugin, spaceliftPlugin, understudyPlugin] });
