// What only Node can show: garbage collection, timers, listeners, unhandled rejections, real connections.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { load } from '../lib/emit.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const ARGS = { operations: { quick: 40, slow: 60000 }, withFetch: true };
const rejection = (promise) =>
  promise.then(
    () => assert.fail('resolved'),
    (error) => error,
  );
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('200 of 200 fire under forced garbage collection while following a signal', async () => {
  const { withTimeout, TimeoutError } = await load('generate_timeout_config', ARGS);
  const caller = new AbortController();
  const collecting = setInterval(gc, 1);
  const errors = await Promise.all(
    Array.from({ length: 200 }, () => rejection(withTimeout('quick', () => new Promise(() => undefined), { signal: caller.signal }))),
  );
  clearInterval(collecting);
  assert.equal(errors.filter((error) => error instanceof TimeoutError).length, 200);
  assert.equal(getEventListeners(caller.signal, 'abort').length, 0);
});

test('100,000 calls leave no timer, no listener and less than a byte each', async () => {
  const { withTimeout } = await load('generate_timeout_config', ARGS);
  const { signal } = new AbortController();
  const work = async () => 1;
  const failing = async () => {
    throw new TypeError('down');
  };
  const calls = async (count) => {
    for (let i = 0; i < count; i += 1) {
      await withTimeout('slow', i % 50 === 0 ? failing : work, { signal }).catch(() => undefined);
    }
  };
  await calls(20_000);
  const before = timers();
  const heap = () => {
    gc();
    gc();
    return process.memoryUsage().heapUsed;
  };
  // The least of three, because the compiler and the test runner allocate meanwhile.
  const growth = [];
  for (let round = 0; round < 3; round += 1) {
    const start = heap();
    await calls(100_000);
    growth.push((heap() - start) / 100_000);
  }
  assert.ok(Math.min(...growth) < 1, `${growth.map((each) => each.toFixed(2)).join(', ')} bytes per call`);
  assert.equal(timers(), before);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('work that fails after its timeout is never an unhandled rejection', async () => {
  const { withTimeout } = await load('generate_timeout_config', ARGS);
  const unhandled = [];
  const listen = (error) => unhandled.push(error);
  process.on('unhandledRejection', listen);
  const late = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => setTimeout(() => reject(new Error('late')), 5));
    });
  await rejection(withTimeout('quick', late, { timeoutMs: 5 }));
  const caller = new AbortController();
  const aborted = rejection(withTimeout('quick', late, { signal: caller.signal }));
  caller.abort();
  await aborted;
  await new Promise((resolve) => setTimeout(resolve, 30));
  process.off('unhandledRejection', listen);
  assert.deepEqual(unhandled, []);
});

test('a server that stalls in the middle of a body is cut off', async () => {
  const { timeoutFetch, TimeoutError } = await load('generate_timeout_config', ARGS);
  let closed;
  const server = createServer((request, response) => {
    if (request.url === '/whole') {
      response.end('whole');
      return;
    }
    closed = new Promise((resolve) => response.on('close', resolve));
    response.write('half');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${String(server.address().port)}`;
  try {
    const whole = await timeoutFetch('slow', `${base}/whole`);
    assert.equal(whole.url, `${base}/whole`);
    assert.equal(await whole.text(), 'whole');
    // Long enough for the headers, however busy the machine is.
    const half = await timeoutFetch('quick', `${base}/half`, undefined, { timeoutMs: 2_000 });
    assert.equal(half.status, 200);
    assert.ok((await rejection(half.text())) instanceof TimeoutError);
    await closed;
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
