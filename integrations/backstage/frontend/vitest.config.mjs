import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Backstage's packages are ES modules without saying so, which Node cannot read; MUI's are CommonJS.
  test: {
    environment: 'jsdom',
    include: ['test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 90_000,
    server: { deps: { inline: [/@backstage/, /@material-ui/, /@material-table/, /material-ui-popup-state/, /@mui/, /@remixicon/] } },
  },
});
