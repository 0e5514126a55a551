// Bytes that a limiter in memory keeps for each of 100,000 keys: node bytes.mjs
// Every library fills up in a process of its own; the keys themselves are not counted, they exist before.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const { columnsFor } = await import('./scenarios/rate-limiter.shared.mjs');
const amount = 100_000;
const [own, path] = process.argv.slice(2);

if (own) {
  const keys = Array.from({ length: amount }, (_, index) => `key:${String(index)}`);
  let next = 0;
  const used = () => {
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const column = columnsFor(() => () => keys[next++])[own];
  const module = path ? await import(path) : undefined;
  const before = used();
  const consume = await column.setup(module);
  for (let i = 0; i < amount; i++) await consume();
  console.log(String(Math.round((used() - before) / amount)));
  process.exit(0);
}

const { emit } = await import('../generated/lib/emit.mjs');
const packaged = join(here, 'node_modules/node24/bin/node');
const node = process.env.CROWVAULT_BENCH_NODE ?? (existsSync(packaged) ? packaged : process.execPath);
mkdirSync(join(here, '.emitted'), { recursive: true });
const bytes = {};
for (const [name, { emit: call }] of Object.entries(columnsFor(() => () => ''))) {
  let module = '';
  if (call) {
    module = join(here, '.emitted', `bytes-${name.replace(/\W+/gu, '-')}.mjs`);
    writeFileSync(module, (await emit(...call)).files[0].javascript);
  }
  const { stdout, stderr } = spawnSync(node, ['--expose-gc', fileURLToPath(import.meta.url), name, module], { encoding: 'utf8' });
  if (!stdout) throw new Error(stderr);
  bytes[name] = Number(stdout);
  console.log(`${name}: ${stdout.trim()} bytes a key`);
}
const best = Math.min(
  ...Object.entries(bytes)
    .filter(([name]) => !name.startsWith('emitted'))
    .map(([, each]) => each),
);
const held = bytes['emitted, token bucket'] < best;
console.log(`emitted, token bucket against the best peer: ${bytes['emitted, token bucket']} and ${best}, ${held ? 'held' : 'missed'}`);
process.exit(held ? 0 : 1);
