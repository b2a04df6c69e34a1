// The stage of test/joined, held by a process of its own for as long as a suite needs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const patience = 240_000;

/** The rely and Spacelift plugins beside a Node backend that serves an app: `app` or `app-legacy`. `env` is for both sides. */
export async function startStage({ app = 'app', set = 'newest', env = {} } = {}) {
  if (!process.env.UNDERSTUDY_TEST_POSTGRES) throw new Error('no PostgreSQL: run make test-joined, or go run ./test/withpostgres -- npm test');
  const [command, ...first] = process.env.JOINED_UP ? [process.env.JOINED_UP] : ['go', 'run', './test/joined/up'];
  const frontend = fileURLToPath(new URL(`../app/packages/${app}`, import.meta.url));
  const child = spawn(command, [...first, '-set', set, '-frontend', frontend], {
    cwd: root, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'],
  });
  const line = await firstLine(child);
  return new Stage(child, JSON.parse(line));
}

function firstLine(child) {
  let out = '';
  let told = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing stands after ${patience / 1000} s\n${told}`)), patience);
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (!out.includes('\n')) return;
      clearTimeout(timer);
      resolve(out.slice(0, out.indexOf('\n')));
    });
    child.stderr.on('data', (chunk) => (told += chunk));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the stage ended with ${code}\n${told}`)));
  });
}

class Stage {
  #child;

  constructor(child, line) {
    this.#child = child;
    this.url = line.public;
    this.understudy = line.understudy[0];
    this.token = line.token;
    this.control = line.control;
  }

  async close() {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`the stage ended with ${code}`);
  }

  /** `act('node', 'kill')`: stop, kill or start a process, and wait until that is done. */
  act(name, verb) {
    return this.#order(`/${name}/${verb}`);
  }

  /** Lets time pass for the account's runs. */
  advance(by) {
    return this.#order('/spacelift/clock', { advance: by });
  }

  fail(fault) {
    return this.#order('/spacelift/faults', fault);
  }

  heal() {
    return this.#order('/spacelift/faults', undefined, 'DELETE');
  }

  patchStack(id, patch) {
    return this.#order(`/spacelift/stacks/${id}`, patch);
  }

  runs(id) {
    return this.#order(`/spacelift/stacks/${id}/runs`, undefined, 'GET');
  }

  /** Has all stacks read again: what appears in the account is otherwise seen after minutes. */
  async sync() {
    const tasks = `${this.understudy}/api/spacelift-io/.backstage/scheduler/v1/tasks`;
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await fetch(`${tasks}/sync/trigger`, { method: 'POST', headers });
    if (!response.ok) throw new Error(`sync: ${response.status} ${await response.text()}`);
  }

  async #order(path, body, method = 'POST') {
    const response = await fetch(this.control + path, { method, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
