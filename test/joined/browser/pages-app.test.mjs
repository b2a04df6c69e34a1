import { describePages } from './pages.mjs';

describePages({ app: 'app', spacelift: '/stacks', tab: 'a[href$="/component/edge/spacelift"]' });

// In place of the test's own page, ours is where it is by default.
const alone = { APP_CONFIG_app_extensions: JSON.stringify([{ 'page:spacelift': false }]), APP_CONFIG_spacelift_readOnly: 'true' };
describePages({ app: 'app', spacelift: '/spacelift', env: alone, short: true, readOnly: true });
