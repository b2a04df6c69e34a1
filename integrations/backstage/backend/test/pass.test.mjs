// What goes through, in front of an Understudy that the tests play.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import { createRequire } from 'node:module';
import * as net from 'node:net';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const { LIMITS, Passages } = require('../dist/pass.js');

const listen = async (t, server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return server.address().port;
};

/** Mounts the way through as a backend does, and tells errors by their kind. */
async function mount(t, where, limits) {
  const passages = new Passages(limits);
  t.after(() => passages.close());
  const port = await listen(t, http.createServer((req, res) => {
    passages.pass({ req, res, path: req.url }, async () => new URL(where)).catch(error => {
      res.statusCode = error.statusCode ?? { ServiceUnavailableError: 503, InputError: 400 }[error.name] ?? 500;
      res.end(`${error.name}: ${error.message}`);
    });
  }));
  return { url: `http://127.0.0.1:${port}`, port, passages };
}

/** Writes a request as it stands, and reads until the other side has ended, or has answered in full. */
async function wire(port, text) {
  const socket = net.connect(port, '127.0.0.1');
  socket.setEncoding('latin1').write(text);
  let got = '';
  for await (const part of socket) if ((got += part).includes('\r\n0\r\n\r\n')) break;
  return got;
}

test('a body is no request', async t => {
  const seen = [];
  const port = await listen(t, http.createServer(async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    seen.push(`${req.method} ${req.url} ${body}`);
    res.write('taken');
    res.end();
  }));
  const bridge = await mount(t, `http://127.0.0.1:${port}`);
  const inner = 'GET /api/catalog/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  const chunked = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
  for (const method of ['GET', 'DELETE', 'OPTIONS', 'POST']) {
    for (const [frame, body] of [
      ['Transfer-Encoding: chunked', chunked],
      ['Connection: transfer-encoding\r\nTransfer-Encoding: Chunked', chunked],
      [`Content-Length: ${inner.length}`, inner],
      [`Connection: Content-Length\r\nContent-Length: ${inner.length}`, inner],
    ]) {
      const answer = await wire(bridge.port, `${method} /outer HTTP/1.1\r\nHost: h\r\n${frame}\r\n\r\n${body}`);
      assert.match(answer, /^HTTP\/1.1 200 [^]*taken/, `${method} ${frame}`);
      assert.deepEqual(seen.splice(0), [`${method} /outer ${inner}`], `${method} ${frame}`);
    }
  }
  const other = await wire(bridge.port, `GET /outer HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunked}`);
  assert.match(other, /^HTTP\/1.1 400 /);
  assert.deepEqual(seen, []);
});

test('an answer that is lost is no refusal', async t => {
  let taken = 0;
  const port = await listen(t, http.createServer((req, res) => {
    req.resume().once('end', () => {
      taken++;
      req.socket.destroy();
    });
  }));
  const bridge = await mount(t, `http://127.0.0.1:${port}`);
  for (const method of ['POST', 'GET']) {
    const answer = await fetch(bridge.url, { method, body: method === 'POST' ? '{}' : undefined });
    assert.equal(answer.status, 504);
    assert.equal(answer.headers.get('retry-after'), null);
    assert.match(await answer.text(), /^GatewayTimeoutError: Understudy's answer was lost, and the request may have been carried out: ECONNRESET/);
  }
  assert.equal(taken, 2);
});

test('what was not delivered may be asked again', async t => {
  const server = net.createServer();
  const port = await listen(t, server);
  await new Promise(resolve => server.close(resolve));
  const bridge = await mount(t, `http://127.0.0.1:${port}`);
  const answer = await fetch(bridge.url, { method: 'POST', body: '{}' });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
  assert.equal(await answer.text(), 'ServiceUnavailableError: Understudy cannot be reached: ECONNREFUSED');
});

// A server that takes connections and says nothing.
async function mute(t) {
  const sockets = [];
  const port = await listen(t, net.createServer(socket => sockets.push(socket.on('error', () => {}))));
  t.after(() => sockets.forEach(socket => socket.destroy()));
  return port;
}

test('a handshake has a deadline', { timeout: 20_000 }, async t => {
  const bridge = await mount(t, `https://127.0.0.1:${await mute(t)}`, { connect: 200, head: 60_000 });
  const answer = await fetch(bridge.url, { method: 'POST', body: '{}' });
  assert.equal(answer.status, 503);
  assert.equal(await answer.text(), 'ServiceUnavailableError: Understudy cannot be reached: no connection within 0.2 s');
});

test('the head of an answer has a deadline, which a slow body does not use up', { timeout: 20_000 }, async t => {
  const silent = await mount(t, `http://127.0.0.1:${await mute(t)}`, { connect: 5_000, head: 200 });
  const answer = await fetch(silent.url);
  assert.equal(answer.status, 504);
  assert.match(await answer.text(), /no answer within 0.2 s$/);

  const port = await listen(t, http.createServer((req, res) => req.resume().once('end', () => res.end('taken'))));
  const bridge = await mount(t, `http://127.0.0.1:${port}`, { connect: 5_000, head: 200 });
  const slow = http.request(bridge.url, { method: 'POST' });
  slow.write('a');
  setTimeout(() => slow.end('b'), 500); // the body's own time, not a wait for something else
  const [response] = await once(slow, 'response');
  assert.equal(response.statusCode, 200);
  response.resume();
});

test('the longest wait that a caller may ask for comes through', () => {
  const [, minutes] = /longestWait = (\d+) \* time\.Minute/.exec(readFileSync(new URL('../../../../export/query.go', import.meta.url), 'utf8'));
  assert.ok(LIMITS.head > minutes * 60_000);
});

test('many requests at once are no leak', async t => {
  const warnings = [];
  const warn = warning => warnings.push(warning.name);
  process.on('warning', warn);
  t.after(() => process.off('warning', warn));
  const held = [];
  let full;
  const all = new Promise(resolve => (full = resolve));
  const port = await listen(t, http.createServer((_req, res) => held.push(res) === 20 && full()));
  const bridge = await mount(t, `http://127.0.0.1:${port}`);
  const answers = Array.from({ length: 20 }, () => fetch(bridge.url));
  await all;
  held.forEach(res => res.end());
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200);
  assert.deepEqual(warnings, []);
});
