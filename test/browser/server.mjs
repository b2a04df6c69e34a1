// The server under test: the real binary, as `understudy demo` on a free port with data of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.UNDERSTUDY_BIN ?? fileURLToPath(new URL('../../bin/understudy', import.meta.url));
const patience = 30_000;

/**
 * Starts the demo and waits until it is ready. `data` is its folder, with the catalog's files below catalog/.
 * UNDERSTUDY_DATA keeps the data where it says, for a look after a failure.
 */
export async function startDemo() {
  const kept = process.env.UNDERSTUDY_DATA;
  const data = kept ?? mkdtempSync(join(tmpdir(), 'understudy-browser-'));
  const child = spawn(binary, ['demo', '--listen', 'localhost:0', '--data', data, '--fresh'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  let output = '';
  const url = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${binary} demo ${why}\n${output}`));
    const timer = setTimeout(() => fail(`is not ready after ${patience / 1000} s`), patience);
    const read = (chunk) => {
      output += chunk;
      const found = /(http:\/\/localhost:\d+)\/console/.exec(output);
      if (found) {
        clearTimeout(timer);
        resolve(found[1]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => fail(`ended with ${code}`));
  });
  return {
    url,
    data,
    output: () => output,
    async stop() {
      child.kill('SIGINT');
      const code = await exited;
      if (!kept) rmSync(data, { recursive: true, force: true });
      return code;
    },
  };
}
