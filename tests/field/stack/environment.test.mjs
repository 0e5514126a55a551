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
