import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { load } from '../lib/emit.mjs';

const tool = 'generate_retry_policy';
const rejection = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;

test('leaves no listener on a caller signal and no timer', async () => {
  const { withRetry } = await load(tool, { withRetryBudget: false });
  const { signal } = new AbortController();
  const before = timers();
  for (let i = 0; i < 1_000; i++) {
    await withRetry(async () => 'ok', { signal, totalTimeoutMs: 60_000 });
    await rejection(withRetry(() => Promise.reject(new Error('down')), { signal, sleep: async () => {} }));
    const own = new AbortController();
    const waiting = rejection(
      withRetry(() => Promise.reject(new Error('down')), { signal: own.signal, baseDelayMs: 60_000, maxDelayCapMs: 60_000 }),
    );
    await null;
    setImmediate(() => own.abort('enough'));
    await waiting;
    assert.equal(getEventListeners(own.signal, 'abort').length, 0);
  }
  await rejection(withRetry(() => Promise.reject(new Error('down')), { signal, baseDelayMs: 1 }));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(timers(), before);
});

test('never asks again before Retry-After has passed, by the clock', async () => {
  const { retryFetch } = await load(tool, { withFetch: true, withRetryBudget: false });
  const arrivals = [];
  const server = createServer((_request, response) => {
    arrivals.push(performance.now());
    if (arrivals.length > 2) response.end('ok');
    else response.writeHead(503, { 'retry-after': '1' }).end('busy');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const sent = [];
    const url = `http://127.0.0.1:${String(server.address().port)}/`;
    const response = await retryFetch(url, undefined, { onRetry: () => sent.push(performance.now()) });
    assert.equal(await response.text(), 'ok');
    for (let i = 0; i < 2; i++) {
      assert.ok(arrivals[i + 1] - sent[i] >= 1_000, `asked again after ${String(arrivals[i + 1] - sent[i])} ms`);
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('never sleeps less than it was told, over 300 short waits', async () => {
  const { withRetry } = await load(tool, { withRetryBudget: false, withJitter: false });
  let last;
  await rejection(
    withRetry(
      () => {
        if (last !== undefined) assert.ok(performance.now() - last >= 3, `${String(performance.now() - last)} ms`);
        throw new Error('down');
      },
      { maxRetries: 300, baseDelayMs: 3, maxDelayCapMs: 3, onRetry: () => (last = performance.now()) },
    ),
  ).then((error) => assert.equal(error.message, 'down'));
});

test('bodies of refused responses do not hold connections', async () => {
  const { retryFetch } = await load(tool, { withFetch: true, withRetryBudget: false });
  let open = 0;
  const server = createServer((_request, response) => {
    response.writeHead(503);
    response.write('x'.repeat(100_000));
    open++;
    response.on('close', () => open--);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${String(server.address().port)}/`;
    const last = await retryFetch(url, undefined, { sleep: () => new Promise((resolve) => setTimeout(resolve, 20)) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(open, 1);
    await last.body.cancel();
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
