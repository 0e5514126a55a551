// Pacing on Workers: whoever waits does so in its own request, and outlives those that have ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceOf, stripTypes } from '../lib/emit.mjs';
import { startWorker } from '../lib/workers.mjs';
import { tool } from './lib/support.mjs';

const worker = `
import { TokenBucketLimiter } from './rate-limiter.mjs';
const limiter = new TokenBucketLimiter(1, 10);
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const key = searchParams.get('key');
    try {
      if (pathname === '/leaves') {
        await limiter.acquire(key);
        // These still wait when the request has been answered.
        for (let i = 0; i < 2; i += 1) void limiter.acquire(key).catch(() => undefined);
        return new Response('left');
      }
      const signal = pathname === '/signal' ? request.signal : undefined;
      const { allowed } = await limiter.acquire(key, { signal });
      return new Response(String(allowed));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};`;
const limiter = stripTypes(sourceOf(tool, { runtime: 'workers', store: 'memory', withOperations: true }));
const { get } = startWorker({ '/worker.mjs': worker, '/rate-limiter.mjs': limiter });

for (const path of ['/plain', '/signal']) {
  test(`requests that wait for one another's turns: ${path}`, async () => {
    const order = [];
    const ask = async (name) => {
      assert.equal(await get(`${path}?key=${path}`), 'true');
      order.push(name);
    };
    await Promise.all([1, 2, 3, 4].map(ask));
    assert.equal(order.length, 4);
    await ask('later');
  });
}

test('those whose requests have ended take turns, and hold nobody up for good', async () => {
  assert.equal(await get('/leaves?key=left'), 'left');
  assert.deepEqual(await Promise.all(['/plain', '/plain', '/signal'].map((path) => get(`${path}?key=left`))), Array(3).fill('true'));
  assert.equal(await get('/plain?key=left'), 'true');
});
