// Pacing on Workers: whoever waits does so in its own request, and outlives those that have ended.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { repository } from '../../shared/program.mjs';
import { sourceOf, stripTypes } from '../lib/emit.mjs';
import { tool } from './lib/support.mjs';

const require = createRequire(join(repository, 'tests/generated/package.json'));
const { convertV4MiniflareOptions, Miniflare } = require('miniflare');
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
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: '127.0.0.1',
    compatibilityDate: '2026-01-01',
    modulesRoot: '/',
    modules: [
      { type: 'ESModule', path: '/worker.mjs', contents: worker },
      { type: 'ESModule', path: '/rate-limiter.mjs', contents: limiter },
    ],
  }),
);
after(() => miniflare.dispose());
const get = async (path) => {
  const response = await miniflare.dispatchFetch(`https://example.com${path}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
};

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
