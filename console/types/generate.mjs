// Writes the console's API types from the OpenAPI documents that the server serves.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const documents = {
  understudy: '../openapi.yaml',
  catalog: '../../catalog/internal/httpapi/openapi.yaml',
  spacelift: '../../plugins/spacelift/openapi.yaml',
  export: '../../export/openapi.yaml',
};

for (const [name, path] of Object.entries(documents)) {
  const source = new URL(path, import.meta.url);
  if (!existsSync(source)) {
    console.error(`types: ${fileURLToPath(source)} is missing; ${name}.gen.ts is left as it is`);
    continue;
  }
  const text = readFileSync(source);
  const hash = createHash('sha256').update(text).digest('hex');
  const ast = await openapiTS(source, { alphabetize: false });
  // The hash lets `npm run check` see without the generator that the types are current.
  const header = `// Generated from ${path.replace(/^(\.\.\/)+/, '')} by npm run types. Do not edit.\n// sha256:${hash}\n\n`;
  writeFileSync(new URL(`../src/api/${name}.gen.ts`, import.meta.url), header + astToString(ast));
}
