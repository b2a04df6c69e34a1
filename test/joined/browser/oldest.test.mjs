import { describeApp } from './suite.mjs';

describeApp({ app: 'app', set: 'oldest', failures: false });
describeApp({ app: 'app-legacy', set: 'oldest', failures: false });
