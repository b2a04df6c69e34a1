// @vitest-environment node
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('../', import.meta.url));
const read = (name: string) => readFileSync(`${here}${name}`, 'utf8');

// The build has been made by npm test; packing would make it again.
const packed = (): string[] => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], { cwd: here, encoding: 'utf8' }));
  return files.map(({ path }: { path: string }) => path);
};

test('the package has what it should, and nothing else', () => {
  const files = packed();
  const rest = files.filter((file) => !/^dist\/types\/([\w-]+\/)?[\w.-]+\.d\.ts$/.test(file) && !/^dist\/parts\/[\w-]+\.esm\.js$/.test(file));
  expect(rest.sort()).toEqual(['LICENSE', 'README.md', 'config.schema.json', 'dist/alpha.esm.js', 'dist/index.esm.js', 'package.json']);
  expect(files).toContain('dist/types/index.d.ts');
  expect(files).toContain('dist/types/alpha.d.ts');
  expect(files.some((file) => /SpaceliftPage/.test(file))).toBe(true);
});

test('all that is packed is of this package: no paths of a machine, no other host', () => {
  for (const file of packed().filter((f) => f.startsWith('dist/') || f === 'package.json')) {
    expect(read(file), file).not.toMatch(/\/(work|home|root|tmp)\//);
  }
  expect(read('package-lock.json')).not.toMatch(/"resolved"/);
});

test('whatever is imported is declared', () => {
  const { dependencies, peerDependencies } = JSON.parse(read('package.json'));
  const declared = Object.keys({ ...dependencies, ...peerDependencies });
  const imported = new Set<string>();
  for (const file of packed().filter((f) => f.endsWith('.esm.js') || f.endsWith('.d.ts'))) {
    for (const [, from] of read(file).matchAll(/(?:from|import\()\s*["']([^."'][^"']*)["']/g)) {
      imported.add(from.split('/').slice(0, from.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  expect([...imported].filter((name) => !declared.includes(name))).toEqual([]);
});

test('the old system needs nothing of the new one', () => {
  const parts = [...read('dist/index.esm.js').matchAll(/["'](\.\/[^"']+\.esm\.js)["']/g)].map(([, path]) => `dist/${path.slice(2)}`);
  for (const file of ['dist/index.esm.js', ...parts]) {
    expect(read(file), file).not.toMatch(/frontend-plugin-api|catalog-react\/alpha/);
  }
});
