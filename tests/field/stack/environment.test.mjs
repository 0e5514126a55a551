// Upstreams where their users test them: fake timers, mocks of fetch, a DOM without `Headers`.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { emitted } from './emit.mjs';

const { load } = emitted({
  language: 'javascript',
  circuitBreaker: {},
  retryPolicy: { maxRetries: 2, baseDelayMs: 50, maxDelayCapMs: 50, withJitter: false },
  timeoutConfig: { operations: { 'orders.get': 1000 } },
  bulkhead: { partitions: { orders: 5 } },
  upstreams: {},
});
const { upstreams } = await load('upstreams');
const [{ Bulkhead }, { CircuitBreaker }, { withRetry }, { withTimeout }] = await Promise.all(
  ['bulkhead', 'circuit-breaker', 'retry', 'timeouts'].map((name) => load(name)),
);
const turns = async () => {
  for (let turn = 0; turn < 200; turn += 1) await null;
};

for (const apis of [['setTimeout'], ['setTimeout', 'Date']]) {
  test(`a wait between two attempts ends on its millisecond: ${apis.join(' and ')}`, async () => {
    mock.timers.enable({ apis });
    try {
      let attempts = 0;
      const call = upstreams.orders.call('orders.get', () => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok'));
      await turns();
      mock.timers.tick(49);
      await turns();
      assert.equal(attempts, 1);
      mock.timers.tick(1);
      assert.equal(await call, 'ok');
    } finally {
      mock.timers.reset();
    }
  });
}

test('a mock of fetch with no more than a status is judged as an answer, and needs no Headers', async () => {
  const { Headers: kept } = globalThis;
  try {
    for (const Headers of [kept, undefined]) {
      globalThis.Headers = Headers;
      const answers = [
        { ok: false, status: 503 },
        { ok: true, status: 200 },
      ];
      const fetch = () => Promise.resolve(answers.shift());
      const answer = await upstreams.orders.fetch('orders.get', 'https://orders.example/1', { headers: { accept: '*/*' } }, { fetch });
      assert.equal(answer.status, 200);
    }
  } finally {
    globalThis.Headers = kept;
  }
});

for (const [name, signal] of Object.entries({
  'a controller': new AbortController(),
  'an empty object': {},
  'a number': 5,
  'a text': 'abort',
})) {
  test(`${name} in place of a signal is refused before anything begins, and nothing is left of the call`, async () => {
    const unhandled = [];
    const note = (error) => unhandled.push(error);
    process.on('unhandledRejection', note);
    let begun = 0;
    const timers = { set: () => (begun += 1), clear: () => undefined };
    const work = () => (begun += 1);
    const bulkhead = new Bulkhead('orders', 1, { timers });
    const calls = {
      breaker: () => new CircuitBreaker().call(work, { signal }),
      bulkhead: () => bulkhead.run(work, { signal }),
      retry: () => withRetry(work, { signal }),
      timeout: () => withTimeout('orders.get', work, { signal, timers }),
      upstream: () => upstreams.orders.call('orders.get', work, { signal }),
    };
    const wrong = { name: 'TypeError', message: 'signal: no AbortSignal; use controller.signal.' };
    for (const [guard, call] of Object.entries(calls)) await assert.rejects(call, wrong, guard);
    let free;
    const holds = bulkhead.run(() => new Promise((resolve) => (free = resolve)));
    await assert.rejects(bulkhead.run(work, { signal }), wrong);
    await assert.rejects(bulkhead.drain({ signal }), { name: 'TypeError' });
    await assert.rejects(upstreams.orders.fetch('orders.get', 'data:,x', { signal }, { fetch: work }), { name: 'TypeError' });
    free();
    await holds;
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', note);
    const { active, queued } = bulkhead.stats();
    assert.deepEqual([begun, active, queued, unhandled], [0, 0, 0, []]);
    assert.equal(await upstreams.orders.call('orders.get', () => 'ok'), 'ok');
  });
}

test('a deadline, a fallback or a retry of null is none', async () => {
  let attempts = 0;
  const fails = () => Promise.reject(Object.assign(new Error('gone'), { status: 503, attempts: (attempts += 1) }));
  const options = { signal: null, deadline: null, fallback: null, retry: null };
  await assert.rejects(upstreams.orders.call('orders.get', fails, options), { status: 503, attempts: 3 });
  assert.equal(attempts, 3);
  const fetch = () => Promise.resolve({ ok: true, status: 200 });
  assert.equal((await upstreams.orders.fetch('orders.get', 'https://orders.example/1', {}, { ...options, fetch })).status, 200);
});

test('what stands where options belong is refused, and nothing has been called or drained', async () => {
  const { resilienceStack } = await load('resilience-stack');
  const { drainUpstreams, upstreamFor } = await load('upstreams');
  const call = resilienceStack({ retry: withRetry });
  const begun = () => assert.fail('it was called');
  const wrong = { name: 'TypeError', message: /^options: \w+ given; use an object, as \{ signal \}\.$/u };
  for (const given of [500, '500', [500], () => 500, new AbortController().signal]) {
    await assert.rejects(call('orders.get', 'orders', begun, given), wrong);
    await assert.rejects(upstreams.orders.fetch('orders.get', 'https://orders.example/1', {}, given), wrong);
    await assert.rejects(async () => upstreams.orders.call('orders.get', begun, given), wrong);
    await assert.rejects(upstreams.orders.drain(given), wrong);
    await assert.rejects(drainUpstreams(given), wrong);
    assert.throws(() => resilienceStack({}, given), {
      ...wrong,
      message: /^options: \w+ given; use an object, as \{ failureUnit: 'call' \}\.$/u,
    });
  }
  assert.equal(await upstreams.orders.call('orders.get', () => 'ok'), 'ok');
  assert.equal(await upstreamFor('tenant').call('orders.get', () => 'ok'), 'ok');
});
