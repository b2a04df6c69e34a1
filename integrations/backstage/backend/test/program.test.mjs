// The program that is started: which one, and what it leaves behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const { Supervisor } = require('../dist/supervisor.js');
const { Upstream } = require('../dist/upstream.js');

const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Goes to a new folder for the time of a test. */
function enter(t, ...below) {
  const before = process.cwd();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bridge-test-')));
  mkdirSync(join(folder, ...below), { recursive: true });
  process.chdir(join(folder, ...below));
  t.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test("a relative path counts from the backend's working directory, though the program runs where its files are", { timeout: 20_000 }, async t => {
  const root = enter(t, 'packages', 'backend');
  writeFileSync(join(root, 'package.json'), '{"workspaces":["packages/*"]}');
  mkdirSync('bin');
  writeFileSync('bin/program', '#!/bin/sh\npwd >&2\n', { mode: 0o755 });
  const upstream = new Upstream();
  const told = await new Promise(resolve => {
    const supervisor = new Supervisor({ path: './bin/program', args: [] }, { target: 'http://x/{{pluginId}}', endpoints: [], memory: false }, upstream, { ...logger, error: resolve });
    supervisor.run();
  });
  upstream.stop();
  assert.equal(told, root);
});

test('a bare name is looked up in PATH', () => {
  const { launch } = require('../dist/launch.js');
  assert.equal(launch({ path: 'understudy', args: [] }, { target: '', endpoints: [] }).path, 'understudy');
});

test('folders whose owner is gone are removed, and no others', t => {
  const temporary = enter(t);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = temporary;
  t.after(() => (before === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before)));
  const { pid: gone } = spawnSync(process.execPath, ['-e', '']);
  const folder = (name, at) => {
    mkdirSync(join(temporary, name, 'store'), { recursive: true });
    if (at) utimesSync(join(temporary, name), at, at);
    return name;
  };
  const ours = `understudy-memory-${hostname()}-`;
  const left = [
    folder(`${ours}${gone}-abcdef`),
    folder(`${ours}${process.pid}-before`, 1_000_000), // of a process before this one that had its number
  ];
  const kept = [
    folder(`${ours}${process.ppid}-abcdef`),
    folder(`${ours}${process.pid}-abcdef`),
    folder(`${ours}something`),
    folder(`understudy-memory-elsewhere-${gone}-abcdef`),
    folder(`understudy-${gone}`),
  ];
  new Supervisor({ path: 'x', args: [] }, { target: '', endpoints: [], memory: true }, new Upstream(), logger);
  for (const name of left) assert.ok(!existsSync(join(temporary, name)), `${name} is left behind`);
  for (const name of kept) assert.ok(existsSync(join(temporary, name)), `${name} is gone`);
  assert.equal(readdirSync(temporary).filter(name => name.startsWith(`${ours}${process.pid}-`)).length, 2, 'one is new');
});
