// Names what dist/ is built from, so that a test can tell whether it is current without building it again.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every file that has a say in the result; tests have none. embed_test.go walks the same list. */
const files = ['.npmrc', 'index.html', 'openapi.yaml', 'package-lock.json', 'package.json', 'tsconfig.json', 'vite.config.ts'];
const folders = ['public', 'scripts', 'src', 'types'];

function walk(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(path);
    return /\.test\.tsx?$/.test(entry.name) ? [] : [path];
  });
}

const sources = {};
for (const path of [...files, ...folders.flatMap(walk)].sort()) {
  sources[path] = createHash('sha256').update(readFileSync(join(root, path))).digest('hex');
}
writeFileSync(join(root, process.argv[2] ?? 'dist/sources.json'), JSON.stringify(sources, null, 1) + '\n');
