// Writes the types of the API from the OpenAPI documents that the server serves; with --check, tells whether they are current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const documents = {
  spacelift: 'plugins/spacelift/openapi.yaml',
  export: 'export/openapi.yaml',
};

const check = process.argv.includes('--check');
let stale = 0;
for (const [name, path] of Object.entries(documents)) {
  const ast = await openapiTS(new URL(`../../../../${path}`, import.meta.url), { alphabetize: false });
  const text = `// Generated from ${path} by npm run types. Do not edit.\n\n${astToString(ast)}`;
  const file = fileURLToPath(new URL(`../src/api/${name}.gen.ts`, import.meta.url));
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is older than ${path}: run npm run types`);
    stale++;
  }
}
process.exitCode = stale > 0 ? 1 : 0;
