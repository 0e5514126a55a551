// What each guard tells `onEvent`, what it counts, and that a listener changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../lib/emit.mjs';

const settled = (promise) =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
const fail = (status) => () => Promise.reject(Object.assign(new Error('down'), { status }));
const turns = async (amount = 20) => {
  for (let i = 0; i < amount; i += 1) await null;
};

/** Events without their measured times; the listener throws and rejects by turns. */
function listener() {
  const events = [];
  const onEvent = (event) => {
    events.push(event);
    if (events.length % 2 === 0) throw new Error('a listener that throws');
    return Promise.reject(new Error('a listener that rejects'));
  };
  return { events, onEvent, types: () => events.map(({ type }) => type) };
}

const members = (event, ...names) => names.map((name) => event[name]);

test('breaker: a call is one event, with its outcome and duration; states and rejections are told', async () => {
  const { CircuitBreaker } = await load('generate_circuit_breaker', { withMetrics: true, failureThreshold: 2 });
  const { events, onEvent, types } = listener();
  let now = 1_000;
  const breaker = new CircuitBreaker({ name: 'orders', now: () => now, onEvent });
  const result = await breaker.call(() => {
    now += 7;
    return 'answer';
  });
  assert.equal(result, 'answer');
  assert.deepEqual(events, [{ guard: 'circuit-breaker', type: 'call', name: 'orders', outcome: 'success', durationMs: 7, isProbe: false }]);
  await settled(breaker.call(fail(503)));
  await settled(breaker.call(fail(404)));
  await settled(breaker.call(fail(500)));
  await settled(breaker.call(fail(500)));
  assert.equal(breaker.state, 'OPEN');
  assert.equal((await settled(breaker.call(() => 1))).error.code, 'CIRCUIT_OPEN');
  now += 30_000;
  assert.equal(await breaker.call(() => 'back'), 'back');
  assert.deepEqual(types(), ['call', 'call', 'call', 'call', 'call', 'opened', 'rejected', 'half-opened', 'call', 'closed']);
  assert.deepEqual(
    events.slice(1, 5).map(({ outcome }) => outcome),
    ['failure', 'success', 'failure', 'failure'],
  );
  assert.deepEqual(members(events[5], 'guard', 'name', 'openMs'), ['circuit-breaker', 'orders', 30_000]);
  assert.equal(events[6].retryAfterMs, 30_000);
  assert.equal(events[8].isProbe, true);
  const { totalCalls, successCount, failureCount, rejectedCount } = breaker.getMetrics();
  assert.deepEqual([totalCalls, successCount, failureCount, rejectedCount], [6, 3, 3, 1]);
  assert.throws(() => new CircuitBreaker({ onEvent: {} }), TypeError);
});

test('breaker: a probe that is overdue is told once, as failed', async () => {
  const { CircuitBreaker } = await load('generate_circuit_breaker', { withMetrics: true, failureThreshold: 1, probeTimeoutMs: 100 });
  const events = [];
  let now = 0;
  const timers = { set: () => 0, clear: () => undefined };
  const breaker = new CircuitBreaker({ now: () => now, timers, onEvent: (event) => events.push(event) });
  breaker.trip();
  now = 30_000;
  let finish;
  const probe = breaker.call(() => new Promise((resolve) => (finish = resolve)));
  await turns();
  now += 150;
  assert.equal((await settled(breaker.call(() => 1))).error.code, 'CIRCUIT_OPEN');
  finish('late');
  assert.equal(await probe, 'late');
  const calls = events.filter(({ type }) => type === 'call');
  assert.deepEqual(
    calls.map((each) => members(each, 'outcome', 'durationMs', 'isProbe', 'name')),
    [['failure', 150, true, undefined]],
  );
});

test('retry: nothing is told of a call that needs no retry; retries and their end are', async () => {
  const { getRetryMetrics, withRetry } = await load('generate_retry_policy', { withMetrics: true });
  const { events, onEvent, types } = listener();
  const options = { destination: 'orders', onEvent, sleep: () => Promise.resolve(), random: () => 0.5 };
  assert.equal(await withRetry(() => 'at once', options), 'at once');
  assert.deepEqual(events, []);
  let attempts = 0;
  assert.equal(await withRetry(() => (++attempts < 3 ? fail(503)() : 'third'), options), 'third');
  assert.deepEqual(types(), ['retried', 'retried', 'recovered']);
  assert.deepEqual(events[1], { guard: 'retry', type: 'retried', name: 'orders', attempt: 1, delayMs: 200 });
  assert.deepEqual(members(events[2], 'guard', 'name', 'attempts'), ['retry', 'orders', 3]);
  assert.ok(events[2].elapsedMs >= 0);
  let answers = 0;
  const answer = await withRetry(() => new Response(null, { status: ++answers < 2 ? 503 : 200 }), options);
  assert.equal(answer.status, 200);
  assert.deepEqual(types().slice(3), ['retried', 'recovered']);
  await settled(withRetry(fail(503), { ...options, maxRetries: 1 }));
  await settled(withRetry(fail(404), options));
  await settled(withRetry(fail(503), { ...options, budget: { onRequest: () => undefined, trySpend: () => false } }));
  assert.deepEqual(
    events.slice(5).map((each) => members(each, 'type', 'why')),
    [
      ['retried', undefined],
      ['gave-up', 'attempts'],
      ['gave-up', 'verdict'],
      ['gave-up', 'budget'],
    ],
  );
  assert.deepEqual(getRetryMetrics(), {
    calls: 6,
    attempts: 10,
    retries: 4,
    recovered: 2,
    gaveUp: { attempts: 1, deadline: 0, verdict: 1, budget: 1, 'retry-after': 0 },
  });
});

test('retry: the end of the total time is told once', async () => {
  const { getRetryMetrics, withRetry } = await load('generate_retry_policy', { withMetrics: true });
  const events = [];
  const pending = [];
  const timers = { set: (callback) => pending.push(callback), clear: () => undefined };
  const call = settled(
    withRetry(() => new Promise(() => undefined), { totalTimeoutMs: 50, timers, onEvent: (event) => events.push(event) }),
  );
  await turns();
  pending.shift()();
  pending.shift()();
  assert.equal((await call).error.code, 'RETRY_TIMEOUT');
  assert.deepEqual(
    events.map((each) => members(each, 'type', 'why', 'attempts', 'name')),
    [['gave-up', 'deadline', 1, undefined]],
  );
  assert.equal(getRetryMetrics().gaveUp.deadline, 1);
});

test('timeouts: only what its limit has ended is told, by operation', async () => {
  const args = { operations: { 'orders.get': 40 }, totalTimeoutMs: 90, withFetch: true, withMetrics: true };
  const { Deadline, getTimeoutMetrics, timeoutFetch, withTimeout } = await load('generate_timeout_config', args);
  const { events, onEvent } = listener();
  let pending = [];
  const timers = { set: (callback) => pending.push(callback), clear: () => undefined };
  const options = { onEvent, timers };
  const ring = async (promise) => {
    await turns();
    for (const callback of pending) callback();
    pending = [];
    return settled(promise);
  };
  assert.equal(await withTimeout('orders.get', () => 'in time', options), 'in time');
  pending = [];
  const hang = () => new Promise(() => undefined);
  assert.equal((await ring(withTimeout('orders.get', hang, options))).error.code, 'TIMEOUT');
  assert.equal((await settled(withTimeout('orders.get', hang, { ...options, timeoutMs: 0 }))).error.code, 'TIMEOUT');
  assert.equal((await ring(timeoutFetch('other', 'http://service.example', {}, { ...options, fetch: hang }))).error.code, 'TIMEOUT');
  const deadline = new Deadline(undefined, { ...options, now: () => 0 });
  assert.equal((await ring(deadline.run(hang))).error.code, 'TIMEOUT');
  assert.equal((await ring(deadline.within(10).run('orders.get', hang))).error.code, 'TIMEOUT');
  const aborted = new AbortController();
  aborted.abort(new Error('left'));
  assert.equal((await settled(withTimeout('orders.get', hang, { ...options, signal: aborted.signal }))).error.message, 'left');
  assert.deepEqual(
    events.map((each) => members(each, 'guard', 'type', 'name', 'timeoutMs')),
    [
      ['timeout', 'timed-out', 'orders.get', 40],
      ['timeout', 'timed-out', 'orders.get', 0],
      ['timeout', 'timed-out', 'other', 5000],
      ['timeout', 'timed-out', 'deadline', 90],
      ['timeout', 'timed-out', 'orders.get', 10],
    ],
  );
  assert.deepEqual(getTimeoutMetrics(), { timedOut: { 'orders.get': 3, other: 1, deadline: 1 } });
});

test('bulkhead: waits and refusals are told, a call that finds a slot is not', async () => {
  const { Bulkhead, bulkheadOf, withBulkhead } = await load('generate_bulkhead', { partitions: { a: 1 }, withMetrics: true });
  const { events, onEvent } = listener();
  let now = 0;
  const pending = [];
  const timers = { set: (callback) => pending.push(callback), clear: () => undefined };
  const bulkhead = new Bulkhead('a', 1, { maxQueue: 1, maxWaitMs: 50, now: () => now, timers, onEvent });
  let finish;
  const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  await turns();
  assert.deepEqual(events, []);
  const second = bulkhead.run(() => 'second');
  assert.equal((await settled(bulkhead.run(() => 'third'))).error.code, 'BULKHEAD_FULL');
  now = 5;
  finish('first');
  assert.deepEqual([await first, await second], ['first', 'second']);
  const held = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  await turns();
  pending.length = 0;
  const late = settled(bulkhead.run(() => 'late'));
  await turns();
  pending.shift()();
  assert.equal((await late).error.code, 'BULKHEAD_TIMEOUT');
  finish();
  await held;
  await bulkhead.drain();
  assert.equal((await settled(bulkhead.run(() => 'after'))).error.code, 'BULKHEAD_FULL');
  assert.deepEqual(events, [
    { guard: 'bulkhead', type: 'refused', name: 'a', reason: 'full' },
    { guard: 'bulkhead', type: 'waited', name: 'a', waitMs: 5 },
    { guard: 'bulkhead', type: 'timed-out', name: 'a', maxWaitMs: 50 },
    { guard: 'bulkhead', type: 'refused', name: 'a', reason: 'draining' },
  ]);

  // A partition's listener, and that of one call in its place.
  const [shared, own] = [[], []];
  bulkheadOf('a').onEvent = (event) => shared.push(event.reason);
  // Without an async context, as in a browser, a nested call is known as one only before the first await.
  const nested = (options) => withBulkhead('a', () => settled(withBulkhead('a', () => 1, options)));
  assert.equal((await nested()).error.code, 'BULKHEAD_FULL');
  await nested({ onEvent: (event) => own.push(event.reason) });
  assert.deepEqual([shared, own], [['nested'], ['nested']]);
});

test('rate limiter: each decision is told and counted, a look is not', async () => {
  for (const algorithm of ['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-window']) {
    const bucket = algorithm.endsWith('bucket') ? { burstCapacity: 2 } : {};
    const module = await load('generate_rate_limiting', {
      algorithm,
      store: 'memory',
      keyStrategy: 'global',
      framework: 'fetch',
      requestsPerWindow: 2,
      ...bucket,
      withOperations: true,
      withMetrics: true,
    });
    const Limiter = module[Object.keys(module).find((name) => name.endsWith('Limiter'))];
    const { events, onEvent, types } = listener();
    const limiter = new Limiter(2, algorithm.endsWith('bucket') ? 1 : 60, { name: 'api', now: () => 1_000, onEvent });
    await limiter.consume('k');
    await limiter.peek('k');
    await limiter.consume('k');
    await limiter.consume('k');
    await limiter.block('blocked', 500);
    await limiter.consume('blocked');
    assert.deepEqual(types(), ['allowed', 'allowed', 'refused', 'refused'], algorithm);
    assert.deepEqual(members(events[0], 'guard', 'name', 'decidedBy', 'remaining'), ['rate-limiter', 'api', 'count', 1]);
    assert.deepEqual(members(events[3], 'decidedBy', 'retryAfterMs'), ['block', 500]);
    assert.deepEqual(module.getRateLimitMetrics(), { allowed: 2, refused: 2 });
  }
});

test('rate limiter with further limits: one event a decision, of the window that binds', async () => {
  for (const algorithm of ['fixed-window', 'sliding-window']) {
    for (const store of ['memory', 'redis']) {
      const limits = [{ name: 'day', requests: 3, seconds: 86_400 }];
      const emitted = { algorithm, store, limits, keyStrategy: 'global', framework: 'fetch', withMetrics: true, withOperations: true };
      const module = await load('generate_rate_limiting', emitted);
      const Limiter = module[Object.keys(module).find((name) => name.endsWith('Limiter'))];
      const { events, onEvent } = listener();
      let now = 1_000;
      // As Redis answers: allowed, left, wait, reset, and which window binds.
      const day = 86_400_000;
      const replies = [
        [1, 1, 0, 60_000, 0],
        [1, 0, 0, 60_000, 0],
        [0, 0, 60_000, 60_000, 0],
        [1, 0, 0, day, 1],
        [0, 0, day - 61_000, day, 1],
      ];
      const redis = { evalsha: (...input) => Promise.resolve(input[4] === 0 ? [1, 0, 0, 0, 0] : replies.shift()) };
      const options = { name: 'minute', now: () => now, onEvent };
      const limiter = store === 'redis' ? new Limiter(redis, 2, 60, options) : new Limiter(2, 60, options);
      for (const wait of [0, 0, 0, 61_000, 0]) {
        now += wait;
        await limiter.peek('k');
        await limiter.consume('k');
      }
      const told = events.map(({ type, name, remaining, retryAfterMs }) => [type, name, remaining, Math.ceil(retryAfterMs / 61_000)]);
      const waits = Math.ceil((day - 61_000) / 61_000);
      const expected = [
        ['allowed', 'minute', 1, 0],
        ['allowed', 'minute', 0, 0],
        ['refused', 'minute', 0, 1],
        ['allowed', 'day', 0, 0],
        ['refused', 'day', 0, waits],
      ];
      assert.deepEqual(told, expected, `${algorithm}, ${store}`);
      const { allowed, refused } = module.getRateLimitMetrics();
      assert.deepEqual([allowed, refused], [3, 2]);
    }
  }
});

test('rate limiter: failures of Redis are told, and when it is gone and back', async () => {
  for (const mode of ['open', 'closed', 'local']) {
    const module = await load('generate_rate_limiting', {
      keyStrategy: 'global',
      framework: 'fetch',
      onStoreError: mode,
      withMetrics: true,
    });
    const { events, onEvent, types } = listener();
    let isDown = false;
    const redis = {
      evalsha: () => (isDown ? Promise.reject(new Error('ERR broken')) : Promise.resolve([1, 0])),
      eval: () => assert.fail('asked'),
    };
    const limiter = new module.TokenBucketLimiter(redis, 5, 1, { onEvent, onStoreFailure: () => undefined });
    const { error } = console;
    console.error = () => undefined;
    try {
      await limiter.consume('k');
      isDown = true;
      await limiter.consume('k');
      await limiter.consume('k');
      isDown = false;
      await limiter.consume('k');
    } finally {
      console.error = error;
    }
    const decided = mode === 'closed' ? 'refused' : 'allowed';
    assert.deepEqual(types(), ['allowed', 'store-failed', 'degraded', decided, 'store-failed', decided, 'recovered', 'allowed'], mode);
    assert.deepEqual(events[2], { guard: 'rate-limiter', type: 'degraded', name: 'default', mode });
    assert.equal(events[1].error.message, 'ERR broken');
    assert.equal(events[3].decidedBy, mode === 'local' ? 'count' : 'store-failure');
    const { storeFailures, allowed, refused } = module.getRateLimitMetrics();
    assert.deepEqual([storeFailures, allowed + refused], [2, 4]);
  }
});

test('rate limiter: while one master of a cluster fails it is gone, whatever the others answer', async () => {
  const { TokenBucketLimiter } = await load('generate_rate_limiting', { keyStrategy: 'global', framework: 'fetch', withMetrics: true });
  const { onEvent, types } = listener();
  // The slots of the two keys (CRC-16 of the key, modulo 16,384) are in the first and in the second half.
  const slots = Array.from({ length: 16_384 }, (_, slot) => [slot < 8_192 ? 'full:1' : 'well:1']);
  const failing = new Set();
  const redis = {
    isCluster: true,
    slots,
    evalsha: (sha1, count, key) => (failing.has(key) ? Promise.reject(new Error('OOM command not allowed')) : Promise.resolve([1, 0])),
    eval: () => assert.fail('asked'),
  };
  const limiter = new TokenBucketLimiter(redis, 5, 1, { name: 'c', onEvent, onStoreFailure: () => undefined });
  const [full, well] = ['{b}', '{a}'];
  const kinds = () => types().filter((type) => type === 'degraded' || type === 'recovered');
  const { error } = console;
  console.error = () => undefined;
  try {
    failing.add(`rate:token-bucket:c:${full}`);
    for (let i = 0; i < 3; i++) {
      await limiter.consume(full);
      await limiter.consume(well);
    }
    assert.deepEqual(kinds(), ['degraded']);
    failing.clear();
    await limiter.consume(full);
    assert.deepEqual(kinds(), ['degraded', 'recovered']);
    // A master that is gone for good: its slots are another's.
    failing.add(`rate:token-bucket:c:${full}`);
    await limiter.consume(full);
    slots.fill(['well:1']);
    await limiter.consume(well);
    assert.deepEqual(kinds(), ['degraded', 'recovered', 'degraded', 'recovered']);
  } finally {
    console.error = error;
  }
});
