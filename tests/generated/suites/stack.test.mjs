// The folder that `stack` emits: linted and compiled together, its own tests run, and the layers put together for real.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { workspace } from '../lib/server.mjs';
import { emitStack } from '../lib/stack.mjs';

const run = promisify(execFile);
const folder = join(workspace, '.emitted', 'stack');
const MANIFEST = {
  withTests: true,
  circuitBreaker: { failureThreshold: 5, recoveryTimeMs: 60000 },
  retryPolicy: { maxRetries: 4, baseDelayMs: 1, maxDelayCapMs: 1 },
  timeoutConfig: { operations: { read: 1000 } },
  bulkhead: { partitions: { orders: 2, users: 2 }, maxQueue: 0 },
  stack: {},
};

before(() => emitStack(folder, MANIFEST));

const module = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);

async function stack(failureUnit) {
  const { CircuitBreaker } = await module('circuit-breaker');
  const { isBackendFailure, resilienceStack } = await module('resilience-stack');
  const { RetryBudget, withRetry } = await module('retry');
  const { withTimeout } = await module('timeouts');
  const { withBulkhead } = await module('bulkhead');
  const breakers = {};
  const budget = new RetryBudget();
  const call = resilienceStack(
    {
      breaker: (partition) => (breakers[partition] = new CircuitBreaker(undefined, undefined, { isFailure: isBackendFailure })),
      retry: (fn, options) => withRetry(fn, { ...options, budget }),
      timeout: withTimeout,
      bulkhead: withBulkhead,
    },
    { failureUnit },
  );
  return { call, breakers };
}

const rejection = (promise) =>
  promise.then(
    () => assert.fail('resolved'),
    (error) => error,
  );

test('stack: all files pass compilers and linters together', async () => {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
  assert.equal(files.length, 10);
  const { stdout } = await run(process.execPath, [join(workspace, 'gate.mjs'), '--quick', ...files]).catch((error) => error);
  assert.match(stdout, /^0 findings$/mu, stdout);
});

test('stack: the emitted tests pass', async () => {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(folder, name));
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', ...tests], { env }).catch((error) => error);
  assert.match(stdout, /^# fail 0$/mu, stdout);
});

test('stack: five failed attempts are five failures, or one failed call', async () => {
  for (const [unit, state] of [
    ['attempt', 'OPEN'],
    ['call', 'CLOSED'],
  ]) {
    const { call, breakers } = await stack(unit);
    let attempts = 0;
    const down = () => Promise.reject(Object.assign(new Error('down'), { status: 503, attempt: ++attempts }));
    assert.equal((await rejection(call('read', 'orders', down))).status, 503);
    assert.equal(attempts, 5, unit);
    assert.equal(breakers.orders.state, state);
    if (unit === 'attempt') {
      assert.equal((await rejection(call('read', 'orders', down))).code, 'CIRCUIT_OPEN');
      assert.equal(attempts, 5);
    }
    assert.equal(await call('read', 'users', async () => 'up'), 'up');
  }
});

test('stack: an abort ends the call whichever layer it is in, and leaves nothing', async () => {
  const { call, breakers } = await stack('attempt');
  const { bulkheadOf } = await module('bulkhead');
  const reason = new Error('left');
  for (const fn of [() => new Promise(() => undefined), () => Promise.reject(Object.assign(new Error('down'), { status: 503 }))]) {
    const caller = new AbortController();
    let signal;
    const aborted = rejection(call('read', 'users', (given) => ((signal = given), fn()), { signal: caller.signal }));
    caller.abort(reason);
    assert.equal(await aborted, reason);
    assert.equal(signal?.aborted ?? true, true);
  }
  assert.equal(breakers.users.state, 'CLOSED');
  // Work that ignores its signal keeps its slot; the other has given it back.
  assert.equal(bulkheadOf('users').stats().active, 1);
});

test('stack: a full bulkhead is neither retried nor held against the service', async () => {
  const { call, breakers } = await stack('attempt');
  let finish;
  const held = new Promise((resolve) => (finish = resolve));
  const running = [call('read', 'orders', () => held), call('read', 'orders', () => held)];
  for (let i = 0; i < 10; i += 1) {
    assert.equal((await rejection(call('read', 'orders', async () => 1))).code, 'BULKHEAD_FULL');
  }
  assert.equal(breakers.orders.state, 'CLOSED');
  finish('done');
  assert.deepEqual(await Promise.all(running), ['done', 'done']);
});
