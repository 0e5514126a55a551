// Many calls of each guard (100,000 with --full) leave no timer, no listener and no memory behind, and the process ends by itself.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../lib/compile.mjs';
import { mode } from '../lib/corpus.mjs';
import { emit } from '../lib/emit.mjs';
import { record } from '../lib/results.mjs';
import { disconnect, workspace } from '../lib/server.mjs';
import { emitStack } from '../lib/stack.mjs';

const calls = { quick: 20_000, default: 20_000, full: 100_000 }[mode];
const breaker = ['generate_circuit_breaker', {}];
const retry = ['generate_retry_policy', {}];
const timeout = ['generate_timeout_config', { operations: { read: 5000 } }];
const bulkhead = ['generate_bulkhead', { partitions: { payments: 10 } }];
const memory = (algorithm) => ['generate_rate_limiting', { store: 'memory', algorithm }];
const redis = ['generate_rate_limiting', {}];
const guards = {
  'breaker, closed': breaker,
  'breaker, open': breaker,
  'breaker, failure and probe': breaker,
  'breaker, probe that times out': breaker,
  'breaker, call that is aborted': breaker,
  'retry, first try': retry,
  'retry, gives up': retry,
  'retry, attempt that is aborted': retry,
  'retry, wait that is aborted': retry,
  'retry, total time over': retry,
  'timeout, done in time': timeout,
  'timeout, over': timeout,
  'timeout, call that is aborted': timeout,
  'bulkhead, free slot': bulkhead,
  'bulkhead, queue': bulkhead,
  'bulkhead, full': bulkhead,
  'bulkhead, wait that times out': bulkhead,
  'bulkhead, wait that is aborted': bulkhead,
  'bulkhead, call that is aborted': bulkhead,
  'token bucket': memory('token-bucket'),
  'leaky bucket': memory('leaky-bucket'),
  'fixed window': memory('fixed-window'),
  'sliding window': memory('sliding-window'),
  'limiter on Redis, answered': redis,
  'limiter on Redis, silent': redis,
  'stack, first try': undefined,
  'stack, gives up': undefined,
  'stack, times out': undefined,
  'stack, call that is aborted': undefined,
};
const manifest = {
  circuitBreaker: {},
  retryPolicy: { maxRetries: 2 },
  timeoutConfig: { operations: { read: 5000, brief: 1 } },
  bulkhead: { partitions: { orders: 100 } },
  stack: {},
};
const folder = join(workspace, '.emitted', 'residue');
mkdirSync(folder, { recursive: true });
await emitStack(join(folder, 'stack'), manifest);
const runs = [];

async function moduleOf(guard, call) {
  if (call === undefined) return join(folder, 'stack');
  const { files } = await emit(...call);
  const module = join(folder, `${guard.replace(/\W+/gu, '-')}.mjs`);
  writeFileSync(module, files.find((each) => each.role === 'source').javascript);
  return module;
}

// Where time is short, every fourth: one or two of each tool, and the stack.
const chosen = Object.entries(guards).filter((_, index) => mode !== 'quick' || index % 4 === 0);
for (const [guard, call] of chosen) {
  test(`${guard}: ${String(calls)} calls leave nothing behind`, async () => {
    const module = await moduleOf(guard, call);
    const { output, errors, code } = await run(
      process.execPath,
      ['--expose-gc', join(workspace, 'lib/residue.child.mjs'), guard, module, String(calls)],
      workspace,
    );
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
