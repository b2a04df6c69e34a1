import { describePages } from './pages.mjs';

describePages({ app: 'app', spacelift: '/stacks', tab: 'a[href$="/component/edge/spacelift"]' });
