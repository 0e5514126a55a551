import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { load } from '../lib/emit.mjs';

const tool = 'generate_circuit_breaker';
const rejection = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;

test('leaves no listener on a caller signal and no timer, after 10,000 calls of every kind', async () => {
  const { CircuitBreaker } = await load(tool);
  let ms = 0;
  const { signal } = new AbortController();
  const before = timers();
  for (let i = 0; i < 2_500; i++) {
    const breaker = new CircuitBreaker(1, 10, { now: () => ms });
    await breaker.call(async () => 'up', { signal });
    await rejection(breaker.call(() => Promise.reject(new Error('down')), { signal }));
    await rejection(breaker.call(async () => 'up', { signal }));
    ms += 10;
    await breaker.call(async () => 'up', { signal });
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(timers(), before);
});

test('a rejection captures no stack and leaves the limit as it was', async () => {
  const { CircuitBreaker } = await load(tool);
  const breaker = new CircuitBreaker(1);
  const limit = Error.stackTraceLimit;
  breaker.trip();
  const error = await rejection(breaker.call(async () => 'up'));
  assert.equal(error.stack.split('\n').length, 1);
  assert.equal(Error.stackTraceLimit, limit);
  assert.ok(new Error('other').stack.split('\n').length > 1);
});

test('works where the stack limit is missing or cannot be written', async () => {
  const descriptor = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  const { CircuitBreaker: LoadedBefore } = await load(tool);
  try {
    Object.defineProperty(Error, 'stackTraceLimit', { ...descriptor, writable: false });
    const before = new LoadedBefore(1);
    before.trip();
    assert.equal((await rejection(before.call(async () => 'up'))).code, 'CIRCUIT_OPEN');
    for (const other of [undefined, { value: 10, writable: false, configurable: true }]) {
      delete Error.stackTraceLimit;
      if (other) Object.defineProperty(Error, 'stackTraceLimit', other);
      const { CircuitBreaker } = await load(tool);
      const breaker = new CircuitBreaker(1);
      breaker.trip();
      assert.equal((await rejection(breaker.call(async () => 'up'))).code, 'CIRCUIT_OPEN');
      assert.equal(Object.hasOwn(Error, 'stackTraceLimit'), other !== undefined);
      delete Error.stackTraceLimit;
    }
  } finally {
    Object.defineProperty(Error, 'stackTraceLimit', descriptor);
  }
});

test('memory of the failure window does not grow with calls', async () => {
  const { CircuitBreaker } = await load(tool, { tripOn: 'failure-rate' });
  let ms = 0;
  const breaker = new CircuitBreaker(1_000_000, 1_000, { now: () => ms });
  const up = async () => 'up';
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const heap = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    return process.memoryUsage().heapUsed;
  };
  for (let i = 0; i < 1_000; i++) await breaker.call(up);
  const before = await heap();
  for (let i = 0; i < 50_000; i++) {
    ms += 0.2;
    await breaker.call(up);
  }
  assert.ok((await heap()) - before < 4_000_000);
});
