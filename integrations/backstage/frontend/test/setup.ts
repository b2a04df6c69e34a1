import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

configure({ asyncUtilTimeout: 15_000 }); // on a busy machine, Backstage's own pages take their time
afterEach(cleanup);
