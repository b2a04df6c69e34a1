// Installs the package, as npm would publish it, into a fresh app in test/apps: `node test/install.mjs newest|oldest|legacy …`.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const joined = join(here, '..', '..', '..', '..', 'test', 'joined');
const sources = { newest: join(joined, 'newest'), oldest: join(joined, 'oldest'), legacy: join(here, 'legacy') };

const npm = (cwd, ...args) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const apps = join(here, 'apps');
mkdirSync(apps, { recursive: true });
const [{ filename, shasum }] = JSON.parse(npm(join(here, '..'), 'pack', '--json', '--pack-destination', apps));
// npm takes a file of a name that it has seen for the one that it has seen.
const archive = join(apps, `${shasum}.tgz`);
renameSync(join(apps, filename), archive);
for (const set of process.argv.slice(2)) {
  const app = join(apps, set);
  mkdirSync(app, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(sources[set], file), join(app, file));
  cpSync(join(joined, 'newest', '.npmrc'), join(app, '.npmrc'));
  if (!existsSync(join(app, 'node_modules'))) npm(app, 'ci');
  rmSync(join(app, 'node_modules', '@understudy'), { recursive: true, force: true });
  npm(app, 'install', '--no-save', '--prefer-offline', archive);
  console.log(npm(app, 'ls', '@understudy/backstage-plugin-backend', '@backstage/backend-plugin-api', '--depth=0').trim());
}
