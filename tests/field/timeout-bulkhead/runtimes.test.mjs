// Contexts, fetch's arguments, bodies, signatures and nested calls on every runtime where the emitted code may stand.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { binary } from '../../generated/lib/binaries.mjs';
import { javaScriptOf } from '../lib/emit.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = join(here, 'node_modules');
const timeouts = javaScriptOf('generate_timeout_config', { operations: { read: 60_000 }, withFetch: true }, 'timeouts.mjs');
const bulkhead = javaScriptOf('generate_bulkhead', { partitions: { own: 1 } }, 'bulkhead.mjs');
const runtimes = {
  'Node 20.0': [join(modules, 'node20-0/bin/node')],
  'Node 20.9': [join(modules, 'node20-9/bin/node')],
  [`Node ${process.versions.node}`]: [process.execPath],
  'Node 22': [binary('node22')],
  'Node 24': [binary('node24')],
  Deno: [binary('deno'), 'run', '--allow-all'],
  Bun: [binary('bun'), 'run'],
};

for (const [name, [program, ...first]] of Object.entries(runtimes)) {
  test(name, async (t) => {
    assert.ok(program !== undefined && existsSync(program), `${name} is not installed: npm ci in tests/generated and here`);
    const { stdout } = await promisify(execFile)(program, [...first, join(here, 'cases/runtime.mjs'), timeouts, bulkhead], {
      timeout: 120_000,
    });
    const results = JSON.parse(stdout.trim().split('\n').at(-1));
    assert.ok(results.length > 15);
    for (const [each, fault] of results) await t.test(each, () => assert.equal(fault, ''));
  });
}
