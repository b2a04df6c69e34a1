// Compiles an app of the oldest supported release with the packed package: the old frontend system of Backstage 1.30, whose types
// the entry point has to fit. Takes minutes and a registry, and so is no part of npm test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('../', import.meta.url));
const ui = { '@material-ui/core': '4.12.4', '@material-ui/icons': '4.11.3', '@material-ui/lab': '4.0.0-alpha.61' };
const react = { react: '18.3.1', 'react-dom': '18.3.1' };
const releases = {
  oldest: { '@backstage/core-components': '0.14.10', '@backstage/core-plugin-api': '1.9.3', '@backstage/plugin-catalog-react': '1.12.3' },
  newest: {
    '@backstage/core-components': '0.18.14', '@backstage/core-plugin-api': '1.12.10', '@backstage/plugin-catalog-react': '3.2.3',
    '@backstage/frontend-plugin-api': '0.18.1',
  },
};

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

const app = `import { EntitySpaceliftCard, EntitySpaceliftContent, ExportPage, isSpaceliftAvailable, SpaceliftPage, understudyPlugin } from '@understudy/backstage-plugin';
import { Route } from 'react-router-dom';
export const id: string = understudyPlugin.getId();
export const pages = [<Route path="/spacelift" element={<SpaceliftPage />} />, <Route path="/export" element={<ExportPage />} />];
export const parts = [<EntitySpaceliftContent />, <EntitySpaceliftCard />];
export const condition: (entity: { metadata: {} }) => boolean = isSpaceliftAvailable;
`;
const alpha = `import understudyPlugin from '@understudy/backstage-plugin/alpha';
import type { FrontendPlugin } from '@backstage/frontend-plugin-api';
export const plugin: FrontendPlugin<any> = understudyPlugin;
`;

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(releases);
for (const name of names) {
  const folder = mkdtempSync(join(tmpdir(), `understudy-${name}-`));
  try {
    run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], here);
    const [tarball] = readdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({
      private: true,
      dependencies: { ...releases[name], '@understudy/backstage-plugin': `file:${tarball}`, ...ui, ...react, 'react-router-dom': '6.30.6' },
      devDependencies: { typescript: '5.9.3', '@types/react': '18.3.24', '@types/react-dom': '18.3.7' },
      // MUI 4 asks for React 17; apps with npm say that theirs will do.
      overrides: { ...react, '@types/react': '18.3.24' },
    }));
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
    writeFileSync(join(folder, 'app.tsx'), app);
    if (releases[name]['@backstage/frontend-plugin-api']) writeFileSync(join(folder, 'alpha.ts'), alpha);
    // The sources as well: what they use has to be there in this release.
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
      compilerOptions: {
        target: 'ES2021', module: 'ESNext', moduleResolution: 'bundler', jsx: 'react-jsx', strict: true, noEmit: true, skipLibCheck: true, types: [],
      },
      files: ['app.tsx', ...(releases[name]['@backstage/frontend-plugin-api'] ? ['alpha.ts'] : [])],
    }));
    run('cp', ['-r', join(here, 'src'), folder]);
    run('node_modules/.bin/tsc', [], folder);
    run('node_modules/.bin/tsc', [
      '--noEmit', '--strict', '--skipLibCheck', '--target', 'ES2021', '--module', 'ESNext', '--moduleResolution', 'bundler', '--jsx', 'react-jsx', '--lib', 'ES2022,DOM,DOM.Iterable',
      '--esModuleInterop', 'src/index.ts',
    ], folder);
    console.log(`${name}: it installs, and both its declarations and its sources compile`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
