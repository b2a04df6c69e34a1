// Builds dist: two entry points and the parts that they load when needed, with declarations. The names end in .esm.js as those
// of Backstage's own packages do: an app's tests go by it.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('../', import.meta.url));
rmSync(`${here}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: ['src/index.ts', 'src/alpha.tsx'],
  outdir: 'dist',
  outExtension: { '.js': '.esm.js' },
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2021',
  jsx: 'automatic',
  packages: 'external',
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
});
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { cwd: here, stdio: 'inherit' });
process.exitCode = status ?? 1;
