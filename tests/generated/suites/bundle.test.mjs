// Who only catches what a guard throws pays for its errors alone: a bundler leaves the rest of the file out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { units } from '../lib/corpus.mjs';
import { disconnect } from '../lib/server.mjs';

const LIMIT_BYTES = 400;

const corpus = await units();
await disconnect();
const sources = corpus.filter((each) => each.sourceIsNew);

async function sizeOf(file, name) {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from ${JSON.stringify(file)};`, resolveDir: dirname(file) },
    bundle: true,
    minify: true,
    format: 'esm',
    packages: 'external',
    platform: 'node',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0].contents.length;
}

for (const tool of new Set(sources.map((each) => each.tool))) {
  test(`${tool}: each class of errors bundles to less than ${String(LIMIT_BYTES)} bytes`, async () => {
    const sizes = [];
    for (const { source } of sources.filter((each) => each.tool === tool)) {
      const names = [...readFileSync(source, 'utf8').matchAll(/^export class (\w+) extends Error/gmu)].map((match) => match[1]);
      for (const name of names) sizes.push({ source, name, bytes: await sizeOf(source, name) });
    }
    assert.notEqual(sizes.length, 0);
    assert.deepEqual(
      sizes.filter(({ bytes }) => bytes >= LIMIT_BYTES),
      [],
    );
  });
}
