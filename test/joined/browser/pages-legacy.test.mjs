import { describePages } from './pages.mjs';

describePages({ app: 'app-legacy', spacelift: '/stacks', tab: '[data-testid="header-tab-1"], [role="tab"]:has-text("Stacks")' });
