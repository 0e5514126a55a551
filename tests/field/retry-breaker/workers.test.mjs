// One breaker and one budget for all requests of an isolate: nothing of one request is touched by another.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Miniflare } from 'miniflare';
import { BREAKER, breakers, fileOf, RETRY, served, sleep } from './cases.mjs';

/** Runs a worker whose module begins with the emitted code. */
async function worked(tool, args, handler, use) {
  const emitted = readFileSync(fileOf(tool, args), 'utf8').replaceAll(/^export /gm, '');
  const worker = new Miniflare({ modules: true, compatibilityDate: '2025-06-01', script: `${emitted}\n${handler}` });
  try {
    const url = await worker.ready;
    await use(async (path, signal) => {
      try {
        return await (await fetch(new URL(path, url), { signal })).text();
      } catch (error) {
        return error.name;
      }
    });
  } finally {
    await worker.dispose();
  }
}

const origin = (use) => served((request, response) => void (request.url === '/hang' || response.end('ok')), use);

const breakerWorker = (target) => `
const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeMs: 100, probeTimeoutMs: 300 });
const call = (path) => breaker.call(async (signal) => (await fetch('${target}' + path, { signal })).text());
export default {
  async fetch(request) {
    const path = new URL(request.url).pathname.slice(1);
    if (path === 'trip') { breaker.trip(); return new Response(breaker.state); }
    if (path === 'leave') { call('hang').catch(() => undefined); return new Response('left'); }
    try {
      return new Response(await call(path) + ' ' + breaker.state);
    } catch (error) {
      return new Response(error.name);
    }
  },
};`;

for (const [name, args] of Object.entries(breakers)) {
  test(`a probe whose request is gone lets a later one close the circuit, ${name}`, () =>
    origin((target) =>
      worked(BREAKER, args, breakerWorker(target), async (get) => {
        for (const leave of [() => get('/hang', AbortSignal.timeout(100)), () => get('/leave')]) {
          await get('/trip');
          await sleep(150);
          await leave();
          await sleep(400);
          const answers = [];
          for (let requests = 0; requests < 8 && answers.at(-1) !== 'ok CLOSED'; requests += 1) {
            answers.push(await get('/ok'));
            await sleep(100);
          }
          assert.equal(answers.at(-1), 'ok CLOSED', answers.join(', '));
          assert.ok(
            answers.slice(0, -1).every((each) => each === 'CircuitOpenError'),
            answers.join(', '),
          );
        }
      }),
    ));
}

test('requests side by side share a closed breaker, each with a signal of its own', () =>
  origin((target) =>
    worked(BREAKER, {}, breakerWorker(target), async (get) => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => get('/ok')));
      assert.deepEqual([...new Set(answers)], ['ok CLOSED']);
    }),
  ));

test('requests side by side share the retries, each with a signal of its own', () =>
  origin((target) =>
    worked(
      RETRY,
      { withFetch: true, totalTimeoutMs: 5_000 },
      `export default { async fetch() {
        let attempts = 0;
        const answer = await withRetry(async (signal) => {
          if (++attempts < 2) throw new Error('reset');
          return (await fetch('${target}ok', { signal })).text();
        }, { baseDelayMs: 1, maxDelayCapMs: 1, totalTimeoutMs: 0 });
        return new Response(answer + (await (await retryFetch('${target}ok')).text()));
      } };`,
      async (get) => {
        for (let rounds = 0; rounds < 2; rounds += 1) {
          const answers = await Promise.all(Array.from({ length: 5 }, () => get('/')));
          assert.deepEqual([...new Set(answers)], ['okok']);
        }
      },
    ),
  ));

test('a module that its bundle runs only in the first request serves the later ones', () =>
  origin(async (target) => {
    const source = (tool) => readFileSync(fileOf(tool), 'utf8').replaceAll(/^export /gm, '');
    const script = `
      let modules;
      const load = () => (modules ??= [(() => { ${source(BREAKER)} return new CircuitBreaker(); })(), (() => { ${source(RETRY)} return withRetry; })()]);
      export default { async fetch() {
        const [breaker, withRetry] = load();
        const get = async (signal) => (await fetch('${target}ok', { signal })).text();
        return new Response(await breaker.call(get) + await withRetry(get, { maxRetries: 0 }));
      } };`;
    const worker = new Miniflare({ modules: true, compatibilityDate: '2025-06-01', script });
    try {
      const url = await worker.ready;
      for (let requests = 0; requests < 3; requests += 1) {
        assert.equal(await (await fetch(url)).text(), 'okok');
      }
    } finally {
      await worker.dispose();
    }
  }));
