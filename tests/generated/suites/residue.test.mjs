// 100,000 calls of each guard leave no timer, no listener and no memory behind, and the process ends by itself.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../lib/compile.mjs';
import { mode } from '../lib/corpus.mjs';
import { emit } from '../lib/emit.mjs';
import { record } from '../lib/results.mjs';
import { disconnect, tools, workspace } from '../lib/server.mjs';

const calls = mode === 'quick' ? 20_000 : 100_000;
const guards = {
  'closed breaker': ['generate_circuit_breaker', {}],
  'open breaker': ['generate_circuit_breaker', {}],
  'probing breaker': ['generate_circuit_breaker', {}],
  retry: ['generate_retry_policy', {}],
  'retry that gives up': ['generate_retry_policy', {}],
  timeout: ['generate_timeout_config', { operations: { read: 5000 } }],
  bulkhead: ['generate_bulkhead', { partitions: { payments: 10 } }],
  'bulkhead with a queue': ['generate_bulkhead', { partitions: { payments: 10 } }],
  'rate limiter': ['generate_rate_limiting', { store: 'memory' }],
};
const known = new Set((await tools()).map((each) => each.name));
const folder = join(workspace, '.emitted', 'residue');
mkdirSync(folder, { recursive: true });
const runs = [];

for (const [guard, [tool, args]] of Object.entries(guards).filter(([, [tool]]) => known.has(tool))) {
  test(`${guard}: ${String(calls)} calls leave nothing behind`, async () => {
    const { files } = await emit(tool, args);
    const module = join(folder, `${guard.replaceAll(' ', '-')}.mjs`);
    writeFileSync(module, files.find((each) => each.role === 'source').javascript);
    const { output, errors, code } = await run(process.execPath, ['--expose-gc', join(workspace, 'lib/residue.child.mjs'), guard, module, String(calls)], workspace);
    assert.equal(code, 0, errors);
    const { bytesPerCall, timers, listeners } = JSON.parse(output);
    runs.push({ guard, calls, bytesPerCall: Number(bytesPerCall.toFixed(3)), timers, listeners });
    assert.equal(timers, 0, 'timers');
    assert.equal(listeners, 0, 'listeners');
    assert.ok(bytesPerCall < 1, `${String(bytesPerCall)} bytes per call`);
  });
}

after(async () => {
  record('residue', { runs });
  await disconnect();
});
