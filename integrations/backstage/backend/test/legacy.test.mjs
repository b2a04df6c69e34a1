// The legacy backend system's way back: who may use it, and where it leads.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const require = createRequire(import.meta.url);
const { createRouter } = require('../dist/legacy.js');
const { exportJWK, generateKeyPair, SignJWT } = require('jose');

const NODE = '/.backstage/understudy';
const servers = [];
const listen = async handler => {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};

let backend; // the legacy backend, where only the router is
let passes = 0; // how often the router was used
let reached = []; // what has come to a plugin of the backend
let key;

before(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  key = privateKey;
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' };
  const understudy = await listen((req, res) => {
    res.setHeader('Understudy-Version', '0.1.0');
    res.end(req.url === '/api/rely/.backstage/auth/v1/jwks.json' ? JSON.stringify({ keys: [jwk] }) : 'understudy');
  });
  const plugins = await listen((req, res) => {
    reached.push(`${req.method} ${req.url} ${req.headers.authorization ?? '-'} ${req.headers.cookie ?? '-'}`);
    res.end('reached');
  });
  const own = ['spacelift-io', 'rely', 'rely-migration-plugin'];
  const quiet = () => {};
  const env = {
    config: {
      getConfig: () => ({ getOptionalStringArray: () => undefined, getOptionalString: () => understudy, getOptionalConfig: () => undefined }),
      getOptional: () => undefined,
      getOptionalBoolean: () => false,
    },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    discovery: { getBaseUrl: async id => (own.includes(id) ? `${backend}/api/${id}` : `${plugins}/${id}`) },
    tokenManager: { getToken: async () => ({ token: 'own' }) },
  };
  let route;
  backend = await listen((req, res) => {
    passes++;
    const [, id] = req.url.split('/').slice(1);
    route(Object.assign(req, { baseUrl: `/api/${id}`, url: req.url.slice(`/api/${id}`.length) || '/' }), res, error => {
      res.statusCode = error.statusCode ?? { AuthenticationError: 401, NotAllowedError: 403, NotFoundError: 404, InputError: 400 }[error.name] ?? 500;
      res.end(`${error.name}: ${error.message}`);
    });
  });
  route = await createRouter(env);
});

after(() => servers.forEach(server => server.closeAllConnections() ?? server.close()));

const token = (aud, sub = 'rely') =>
  new SignJWT({ sub, aud }).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'vnd.backstage.plugin' }).setIssuedAt().setExpirationTime('1m').sign(key);

async function call(path, { authorization, method = 'GET', mount = 'spacelift-io' } = {}) {
  reached = [];
  passes = 0;
  const answer = await fetch(`${backend}/api/${mount}${NODE}${path}`, {
    method,
    headers: { cookie: 'session=1', ...(authorization && { authorization }) },
  });
  return { status: answer.status, text: await answer.text() };
}

test('a plugin of Understudy calls the catalog and the permissions, with the backend\'s token and no cookies', async () => {
  for (const id of ['catalog', 'permission']) {
    const { status } = await call(`/${id}/entities?a=1`, { authorization: `Bearer ${await token(id)}` });
    assert.equal(status, 200);
    assert.deepEqual(reached, [`GET /${id}/entities?a=1 Bearer own -`]);
  }
});

test('without a token of one of Understudy\'s plugins nothing is passed on', async () => {
  for (const authorization of [undefined, 'Bearer nonsense', 'Basic YTpi', `Bearer ${await token('search')}`]) {
    const { status } = await call('/catalog/entities', { authorization });
    assert.equal(status, 401, authorization);
    assert.deepEqual(reached, [], authorization);
  }
});

test('other plugins are not to be had, whoever asks', async () => {
  for (const id of ['internal-only', 'scaffolder', 'rely', 'spacelift-io', 'Rely-Migration-Plugin', 'auth']) {
    for (const authorization of [undefined, `Bearer ${await token(id)}`]) {
      const { status } = await call(`/${id}/admin`, { authorization });
      assert.equal(status, 404, id);
      assert.deepEqual(reached, [], id);
    }
  }
});

test('the way does not lead into itself', async () => {
  const { status } = await call(`/spacelift-io${`${NODE}/spacelift-io`.repeat(50)}${NODE}/catalog/entities`, { authorization: `Bearer ${await token('catalog')}` });
  assert.equal(status, 404);
  assert.equal(passes, 1);
  assert.deepEqual(reached, []);
});

test('what Understudy reads before it knows anybody is open, and no more', async () => {
  for (const path of ['/auth/.well-known/jwks.json', '/auth/.backstage/auth/v1/jwks.json', '/catalog/.backstage/auth/v1/jwks.json']) {
    assert.equal((await call(path)).status, 200, path);
    assert.deepEqual(reached, [`GET ${path} - -`]);
    assert.notEqual((await call(path, { method: 'POST' })).status, 200, path);
    assert.deepEqual(reached, []);
  }
  const user = 'Bearer header.payload.signature'; // auth itself verifies it
  assert.equal((await call('/auth/v1/userinfo', { authorization: user })).status, 200);
  assert.deepEqual(reached, [`GET /auth/v1/userinfo ${user} -`]);
  assert.equal((await call('/auth/guest/refresh', { authorization: user })).status, 404);
});
