import type { LoggerService } from '@backstage/backend-plugin-api';
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binary } from './config';
import { makeFolder, sweepFolders } from './folder';
import { type Launch, launch } from './launch';
import type { Upstream } from './upstream';
import { askVersion, judge } from './version';

const START = 60_000; // how long a start may take
const STOP = 30_000; // how long a stop may take before it is forced
const BACK_OFF = [1_000, 2_000, 5_000, 10_000, 30_000];
const STEADY = 60_000; // having lived so long, it is started again as if for the first time

/** What became of a start. */
type End = { error?: Error; code: number | null; signal: NodeJS.Signals | null };

/**
 * Keeps a program running, started again whenever it ends, until `stop`.
 *
 * The program ends with its standard input (`serve --supervised`), so that it cannot outlive this process, however that ends.
 */
export class Supervisor {
  #child: ChildProcess | undefined;
  #ended: Promise<End> | undefined;
  readonly #folder: string | undefined; // lives as long as the backend's own databases in memory

  constructor(
    private readonly binary: Binary,
    private readonly node: Launch,
    private readonly upstream: Upstream,
    private readonly logger: LoggerService,
  ) {
    if (!node.memory || binary.config) return;
    sweepFolders();
    this.#folder = makeFolder();
    logger.warn("the backend's database is in memory; what Understudy stores is forgotten with it");
  }

  async run(): Promise<void> {
    for (let failures = 0; !this.upstream.stopping.aborted; failures++) {
      const began = Date.now();
      const why = await this.#once();
      if (this.upstream.stopping.aborted) return;
      if (Date.now() - began > STEADY) failures = 0;
      const pause = BACK_OFF[Math.min(failures, BACK_OFF.length - 1)]!;
      this.upstream.down(why);
      this.logger.error(`${why}; it is started again in ${pause / 1000} s`);
      await sleep(pause, undefined, { signal: this.upstream.stopping }).catch(() => {});
    }
  }

  /** Asks the program to end, and makes it. */
  async stop(): Promise<void> {
    if (!this.#child || !this.#ended) return;
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child?.kill('SIGKILL'), STOP);
    const { code, signal } = await this.#ended;
    clearTimeout(force);
    this.logger.info('Understudy has stopped', { code, signal });
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts the program, and returns why it has ended. */
  async #once(): Promise<string> {
    const { args, cwd, env, path } = launch(this.binary, this.node, this.#folder);
    this.upstream.starting();
    this.logger.info(`starting ${path} ${args.join(' ')}`);
    const child = spawn(path, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    const ended = new Promise<End>(resolve => {
      child.once('error', error => resolve({ error, code: null, signal: null }));
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.#child = child;
    this.#ended = ended;
    child.stdin.on('error', () => {}); // it has ended, which is told anyway
    createInterface({ input: child.stderr }).on('line', line => relay(line, this.logger));
    const slow = setTimeout(() => {
      this.logger.error(`Understudy did not serve within ${START / 1000} s`);
      child.kill('SIGKILL');
    }, START);
    let refused: string | undefined;
    createInterface({ input: child.stdout }).once('line', async line => {
      clearTimeout(slow);
      refused = await this.#serves(line);
      if (refused) child.kill('SIGTERM');
    });
    const end = await ended;
    clearTimeout(slow);
    if (refused) return refused;
    return describe(path, end);
  }

  /** The program says on which port it serves. Returned is why it may not. */
  async #serves(line: string): Promise<string | undefined> {
    try {
      const { port } = JSON.parse(line);
      const base = new URL(`http://127.0.0.1:${Number(port)}`);
      const why = judge(await askVersion(base, this.upstream.stopping), this.logger);
      if (!why) this.upstream.up(base);
      return why;
    } catch (error) {
      return `${this.binary.path} does not answer as Understudy does: ${error}`;
    }
  }
}

function describe(path: string, { error, code, signal }: End): string {
  const missing = (error as NodeJS.ErrnoException | undefined)?.code;
  if (missing === 'ENOENT') return `understudyBridge.binary.path: there is no '${path}'`;
  if (missing === 'EACCES') return `understudyBridge.binary.path: '${path}' may not be executed`;
  if (error) return `Understudy could not be started: ${error.message}`;
  return `Understudy has ended (${signal ?? `exit code ${code}`})`;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Passes a line of the program's log on. What is no line of JSON is why it has no log: mistakes in its configuration. */
function relay(line: string, logger: LoggerService) {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line);
  } catch {
    logger.error(line);
    return;
  }
  const { level, message, timestamp: _at, service: _service, ...rest } = fields;
  // The backend logs each request itself.
  const as = fields.type === 'incomingRequest' ? 'debug' : LEVELS.find(known => known === level) ?? 'info';
  logger[as](String(message), JSON.parse(JSON.stringify(rest)));
}
