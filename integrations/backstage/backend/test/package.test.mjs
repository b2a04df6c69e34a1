// What npm would publish, and what the configuration may say.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

test('the package holds what it should and nothing else', () => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--loglevel=silent'], { cwd: root, encoding: 'utf8' }));
  const built = readdirSync(join(root, 'src')).flatMap(file => ['js', 'd.ts'].map(end => `dist/${file.replace(/\.ts$/, '')}.${end}`));
  assert.deepEqual(files.map(file => file.path).sort(), ['LICENSE', 'README.md', 'config.schema.json', 'package.json', ...built].sort());
});

test('its dependencies are those that a backend has', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(dependencies), ['@backstage/backend-plugin-api', '@backstage/errors', 'jose']);
});

// Of Backstage's reader, which only tests of whole backends have, what the section uses.
const reader = values => ({
  getConfig: key => reader(values[key]),
  getOptionalConfig: key => values[key] && reader(values[key]),
  getString: key => values[key],
  getOptionalString: key => values[key],
  getOptionalStringArray: key => values[key],
});
const read = section => require('../dist/config.js').readConfig(reader({ understudyBridge: section }));

test('the section is read', () => {
  assert.equal(read({ url: 'https://understudy.example.com/base' }).at.url.href, 'https://understudy.example.com/base');
  assert.deepEqual(read({ binary: { path: 'x' }, plugins: ['rely'] }), { plugins: ['rely'], at: { binary: { path: 'x', args: [], config: undefined } } });
});

for (const [section, message] of [
  [{}, /give either 'url' or 'binary'/],
  [{ url: 'http://a', binary: { path: 'x' } }, /give either 'url' or 'binary'/],
  [{ url: 'understudy:7007' }, /give an address such as/],
  [{ url: 'http://user:pw@understudy' }, /give an address such as/],
  [{ url: 'http://understudy:7007/api/' }, /leave out '\/api'/],
  [{ url: 'http://understudy:7007', plugins: ['catalog'] }, /there is no plugin 'catalog'/],
]) {
  test(`${JSON.stringify(section)} is refused`, () => assert.throws(() => read(section), message));
}

test('a program is told where the backend is, and nothing that contradicts it', () => {
  const { launch } = require('../dist/launch.js');
  const node = { target: 'http://localhost:7007/api/{{pluginId}}', endpoints: [{ target: 'http://search/api/search', plugins: ['search'] }] };
  process.env.APP_CONFIG_backend_listen_port = '7007';
  try {
    const shared = launch({ path: 'x', args: ['--only', 'rely'] }, node);
    assert.equal(shared.env.APP_CONFIG_backend_database_connection, undefined);
    const memory = launch({ path: 'x', args: [] }, node, '/folder');
    assert.equal(memory.env.APP_CONFIG_backend_database_connection, '{"directory":"/folder"}');
    assert.equal(shared.env.APP_CONFIG_backend_listen, '127.0.0.1:0');
    assert.equal(shared.env.APP_CONFIG_backend_listen_port, undefined);
    assert.deepEqual(JSON.parse(shared.env.APP_CONFIG_discovery_endpoints)[1], node.endpoints[0]);
    assert.deepEqual(shared.args, ['--log-format', 'json', 'serve', '--supervised', '--only', 'rely']);
    const own = launch({ path: 'x', args: [], config: ['own.yaml'] }, node);
    assert.equal(own.env.APP_CONFIG_discovery_endpoints, undefined);
    assert.deepEqual(own.args.slice(-2), ['--config', 'own.yaml']);
  } finally {
    delete process.env.APP_CONFIG_backend_listen_port;
  }
});
