import { describeApp } from './suite.mjs';

describeApp({ app: 'app' });
