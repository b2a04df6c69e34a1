// Understudy beside a Backstage: the real binary twice. One plays the Backstage, with catalog and sign-in; the other is joined
// to it as examples/joined has it, with a simulated Spacelift account.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.UNDERSTUDY_BIN ?? fileURLToPath(new URL('../../bin/understudy', import.meta.url));
const acme = fileURLToPath(new URL('../../examples/acme/catalog-info.yaml', import.meta.url));
const patience = 30_000;

/** A token of the joined server's backend.auth.externalAccess. */
export const operatorToken = 'operator-token-of-the-browser-tests';

/**
 * Starts both, and waits until they are ready. `cors` is the backend.cors of the Backstage, made of the origin of the console;
 * without it there is none.
 */
export async function startJoined({ cors } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'understudy-joined-'));
  const stops = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const account = await start(['sim', 'spacelift', '--listen', 'localhost:0', '--instant'], stops, /Spacelift account\s+(http:\S+)/);
    const [backstagePort, port] = [await freePort(), await freePort()];
    const [backstage, url] = [`http://localhost:${backstagePort}`, `http://localhost:${port}`];
    await serve(join(data, 'backstage'), {
      app: { title: 'Backstage', baseUrl: backstage },
      backend: { baseUrl: backstage, listen: `localhost:${backstagePort}`, ...(cors && { cors: cors(url) }) },
      auth: { providers: { guest: { userEntityRef: 'user:default/ada.okafor', dangerouslyAllowOutsideDevelopment: true } } },
      catalog: { rules: [{ allow: ['Component', 'API', 'Resource', 'System', 'Domain', 'Group', 'User', 'Location', 'Template'] }], locations: [{ type: 'file', target: acme }] },
      discovery: { endpoints: [{ target: { internal: `${url}/api/{{pluginId}}` }, plugins: ['spacelift-io'] }] },
    }, backstage, stops);
    await serve(join(data, 'understudy'), {
      app: { title: 'Acme Parcel' },
      backend: { baseUrl: backstage, listen: `localhost:${port}`, auth: { externalAccess: [{ type: 'static', options: { token: operatorToken, subject: 'operator' } }] } },
      discovery: { endpoints: [{ target: { internal: `${backstage}/api/{{pluginId}}` }, plugins: ['*'] }] },
      spacelift: { hostUrl: 'acme-parcel', apiUrl: `${account}/graphql`, webUrl: account, apiKey: '01SIMULATORADMINKEY0000000', apiSecret: 'simulator-secret' },
    }, url, stops);
    return { url, backstage, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A user's token of the Backstage, as one would copy it from there. */
export async function userToken(backstage) {
  const response = await fetch(`${backstage}/api/auth/guest/refresh`);
  return (await response.json()).backstageIdentity.token;
}

async function serve(folder, config, url, stops) {
  const file = `${folder}.yaml`;
  writeFileSync(file, JSON.stringify({ ...config, understudy: { dataDir: folder, metrics: { listen: '127.0.0.1:0' } } }));
  await start(['serve', '--config', file], stops, /\bready\b/);
}

/** Starts the binary, and waits for words in its output. */
function start(args, stops, sign) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  stops.push(() => {
    child.kill('SIGINT');
    return exited;
  });
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why) => reject(new Error(`${binary} ${args.join(' ')} ${why}\n${output}`));
    const timer = setTimeout(() => fail(`is not ready after ${patience / 1000} s`), patience);
    const read = (chunk) => {
      output += chunk;
      const found = sign.exec(output);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => fail(`ended with ${code}`));
  });
}

/** Both sides must know the other's address before either listens. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
