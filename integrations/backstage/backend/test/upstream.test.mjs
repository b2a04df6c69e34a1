// Which Understudy requests are let through to.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { follow, Upstream } = createRequire(import.meta.url)('../dist/upstream.js');

test('nothing goes to an Understudy whose version is not known', { timeout: 20_000 }, async t => {
  const quiet = () => {};
  let refuse;
  const refused = new Promise(resolve => (refuse = resolve));
  const logger = { debug: quiet, info: quiet, warn: quiet, error: refuse };
  const asked = []; // those who wait for the version
  let version;
  let noticed;
  const server = http.createServer((_req, res) => {
    const answer = () => res.setHeader('Understudy-Version', version).end();
    if (version) answer();
    else asked.push(answer) && noticed?.();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = new URL(`http://127.0.0.1:${server.address().port}`);
  const upstream = new Upstream();
  const following = follow(upstream, base, logger);
  t.after(async () => {
    upstream.stop();
    await following;
    server.closeAllConnections();
    server.close();
  });

  let entered = false;
  const address = upstream.address().then(url => (entered = true) && url);
  if (asked.length === 0) await new Promise(resolve => (noticed = resolve));
  assert.equal(entered, false, 'a request was let in before the version was known');
  version = '0.1.0';
  asked.forEach(answer => answer());
  assert.equal((await address).href, base.href);

  // Another one takes its place at the address, without an error in between.
  version = '7.0.0';
  await refused;
  await assert.rejects(upstream.address(), /^ServiceUnavailableError: Understudy is of version 7.0.0/);
});

test('an address where nothing answers is told at once, and looked at again', { timeout: 20_000 }, async t => {
  const server = http.createServer((_req, res) => res.setHeader('Understudy-Version', '0.1.0').end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  const warned = [];
  const quiet = () => {};
  const upstream = new Upstream();
  const following = follow(upstream, new URL(`http://127.0.0.1:${port}`), { debug: quiet, info: quiet, error: quiet, warn: text => warned.push(text) });
  t.after(async () => {
    upstream.stop();
    await following;
    server.closeAllConnections();
    server.close();
  });
  await assert.rejects(upstream.address(), /^ServiceUnavailableError: Understudy cannot be reached: ECONNREFUSED$/);
  assert.equal(warned.filter(text => text.startsWith('nothing answers at')).length, 1);
  server.listen(port, '127.0.0.1');
  await once(server, 'request');
  for (let there = false; !there; ) there = await upstream.address().then(() => true, () => new Promise(resolve => setImmediate(resolve)));
});
