// What goes through, in front of an Understudy that the tests play.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import { createRequire } from 'node:module';
import * as net from 'node:net';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const { Passages } = require('../dist/pass.js');

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
