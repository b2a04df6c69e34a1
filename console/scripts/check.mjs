// Fails when a generated file is not current: the types, or the built console. It builds again and compares.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const problems = [];

const documents = {
  understudy: 'openapi.yaml',
  catalog: '../catalog/internal/httpapi/openapi.yaml',
  spacelift: '../plugins/spacelift/openapi.yaml',
  export: '../export/openapi.yaml',
};
for (const [name, path] of Object.entries(documents)) {
  const hash = createHash('sha256').update(readFileSync(join(root, path))).digest('hex');
  const types = readFileSync(join(root, `src/api/${name}.gen.ts`), 'utf8');
  if (!types.includes(hash)) problems.push(`src/api/${name}.gen.ts was not made from ${path} as it is`);
}

const fresh = mkdtempSync(join(tmpdir(), 'console-'));
try {
  execFileSync('npx', ['vite', 'build', '--logLevel', 'warn'], { cwd: root, stdio: 'inherit', env: { ...process.env, CONSOLE_OUT: fresh } });
  const names = (dir) => (existsSync(dir) ? readdirSync(dir, { recursive: true, withFileTypes: true }) : [])
    .filter((e) => e.isFile()).map((e) => join(e.parentPath ?? e.path, e.name).slice(dir.length + 1)).filter((n) => n !== 'sources.json');
  const dist = join(root, 'dist');
  const all = new Set([...names(dist), ...names(fresh)]);
  for (const name of all) {
    const [a, b] = [join(dist, name), join(fresh, name)];
    if (!existsSync(a)) problems.push(`dist/${name} is missing`);
    else if (!existsSync(b)) problems.push(`dist/${name} is left over`);
    else if (!readFileSync(a).equals(readFileSync(b))) problems.push(`dist/${name} differs`);
  }
} finally {
  rmSync(fresh, { recursive: true });
}

if (problems.length > 0) {
  console.error(`console: the generated files are not current; run make console and commit the result\n  ${problems.join('\n  ')}`);
  process.exit(1);
}
