// On Workers nothing of one request is touched from another: no timer, signal or promise of one that has ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceOf, stripTypes } from '../lib/emit.mjs';
import { startWorker } from '../lib/workers.mjs';

const worker = `
import { bulkheadOf, withBulkhead } from './bulkhead.mjs';
import { Deadline, timeoutFetch, withTimeout } from './timeouts.mjs';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const hang = () => new Promise(() => undefined);
const kept = {};
const calls = {
  '/slot': async () => String(await withBulkhead('own', async (signal) => (await sleep(50), signal.aborted))),
  '/quick': async () => withBulkhead('own', () => 'quick'),
  '/signal': async (request) => withBulkhead('own', () => 'with a signal', { signal: request.signal }),
  '/leaves': async () => {
    // Its wait for a slot is still going on when this request has been answered.
    void withBulkhead('own', async () => sleep(50));
    void withBulkhead('own', () => 1).catch(() => undefined);
    return 'left';
  },
  '/wait': async (request, context) => {
    context.waitUntil(withBulkhead('own', () => sleep(50)));
    return await withBulkhead('own', () => 'waited');
  },
  '/stats': async () => JSON.stringify(bulkheadOf('own').stats()),
  '/late': async () => withTimeout('read', hang, { timeoutMs: 20 }).catch((error) => error.code),
  '/deadline': async () => {
    kept.deadline = new Deadline(60_000);
    kept.deadline.signal.addEventListener('abort', () => undefined);
    return await kept.deadline.run(() => 'in time');
  },
  '/fetch': async () => {
    const response = await timeoutFetch('read', 'https://example.com/', {}, { fetch: async () => new Response('body') });
    return await response.text();
  },
};
export default {
  async fetch(request, env, context) {
    try {
      return new Response(await calls[new URL(request.url).pathname](request, context));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};`;
const module = (tool, args) => stripTypes(sourceOf(tool, args));
const bulkhead = module('generate_bulkhead', { runtime: 'workers', partitions: { own: 1 }, maxWaitMs: 1_000 });
const timeouts = module('generate_timeout_config', { runtime: 'workers', operations: { read: 5_000 }, withFetch: true });
const { ask, get } = startWorker({ '/worker.mjs': worker, '/bulkhead.mjs': bulkhead, '/timeouts.mjs': timeouts });

test('a slot goes from one request to the next, in their order', async () => {
  assert.deepEqual(await Promise.all([get('/slot'), get('/slot'), get('/quick'), get('/signal')]), [
    'false',
    'false',
    'quick',
    'with a signal',
  ]);
  const { active, queued, admitted } = JSON.parse(await get('/stats'));
  assert.deepEqual({ active, queued, admitted }, { active: 0, queued: 0, admitted: 4 });
});

test('work that a request hands to waitUntil gives its slot back', async () => {
  assert.equal(await get('/wait'), 'waited');
  assert.equal(await get('/quick'), 'quick');
});

test('timeouts, deadlines and bodies of each request are its own', async () => {
  assert.equal(await get('/deadline'), 'in time');
  assert.deepEqual(await Promise.all(['/late', '/fetch', '/late', '/deadline'].map(get)), ['TIMEOUT', 'body', 'TIMEOUT', 'in time']);
});

test('what a request leaves behind makes no later call throw', async () => {
  assert.equal(await get('/leaves'), 'left');
  // The slot of a request that has ended may be lost, as the notes say: the next caller waits or is refused, in its own time.
  for (let i = 0; i < 2; i += 1) {
    const response = await ask('/quick');
    const text = await response.text();
    assert.ok(response.status === 200 ? text === 'quick' : /BulkheadTimeoutError/u.test(text), text);
  }
  JSON.parse(await get('/stats'));
});
