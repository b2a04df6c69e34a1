import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// In development the API is that of a server started by hand, such as `understudy demo`.
const server = process.env.UNDERSTUDY_URL ?? 'http://localhost:7007';

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: process.env.CONSOLE_OUT ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The first browsers that know light-dark(): lowering it would need colour schemes that are set in the sheets.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
  },
  server: { port: 7180, proxy: { '/api': server } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    css: true, // a test reads the colours
    restoreMocks: true,
  },
});
