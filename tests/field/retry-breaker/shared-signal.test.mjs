// One signal for many calls, as of a request that asks for twenty things at once: Node 20 warns of a leak from the eleventh listener on.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { BREAKER, fileOf, RETRY } from './cases.mjs';

const modules = {
  breaker: fileOf(BREAKER),
  retry: fileOf(RETRY, { withFetch: true }),
  timeouts: fileOf('generate_timeout_config', { operations: { read: 60_000 }, withFetch: true }),
  bulkhead: fileOf('generate_bulkhead', { partitions: { orders: 5 }, maxWaitMs: 60_000 }),
};
const urls = Object.fromEntries(Object.entries(modules).map(([name, file]) => [name, pathToFileURL(file).href]));

/** Prints what was warned of, by guard, and whether undici's fetch would take the signal, which asks for its limit. */
const script = `
  import { getMaxListeners } from 'node:events';
  const urls = ${JSON.stringify(urls)};
  const [{ CircuitBreaker }, { retryFetch, withRetry }, { Deadline, timeoutFetch, withTimeout }, { withBulkhead }] =
    await Promise.all(Object.values(urls).map((url) => import(url)));
  const turn = (own) => {
    if (own instanceof AbortSignal) getMaxListeners(own);
    return new Promise((resolve) => setTimeout(resolve, 2));
  };
  const transport = async (_, { signal }) => new Response(await turn(signal));
  const breaker = new CircuitBreaker();
  const text = async (answer) => (await answer).text();
  const ways = {
    breaker: (signal) => breaker.call(turn, { signal }),
    probes: (signal) => {
      const probing = new CircuitBreaker({ recoveryTimeMs: 1, now: () => Date.now() * 1e3 });
      probing.trip();
      return turn().then(() => probing.call(turn, { signal }));
    },
    retry: (signal) => withRetry(turn, { signal }),
    waits: (signal) => withRetry((_, attempt) => attempt || Promise.reject(new Error('reset')), { signal }),
    total: (signal) => withRetry(turn, { signal, totalTimeoutMs: 60_000 }),
    retryFetch: (signal) => text(retryFetch('https://orders.example/', { signal }, { signal, fetch: transport })),
    timeout: (signal) => withTimeout('read', turn, { signal }),
    timeoutFetch: (signal) => text(timeoutFetch('read', 'https://orders.example/', { signal }, { fetch: transport })),
    deadline: (signal) => new Deadline(60_000).run(turn, { signal }),
    'a part of a deadline': (signal) => withTimeout('read', turn, { signal }),
    bulkhead: (signal) => withBulkhead('orders', turn, { signal }),
    'a body that is held': (signal) => text(withBulkhead('orders', (slot) => transport('', { signal: slot }), { signal, holdBody: true })),
  };
  const warned = {};
  let way;
  process.on('warning', ({ message }) => (warned[way] = message));
  for (way of Object.keys(ways)) {
    const signal = way === 'a part of a deadline' ? new Deadline(60_000).signal : new AbortController().signal;
    await Promise.all(Array.from({ length: 20 }, () => ways[way](signal)));
    getMaxListeners(signal);
    await ways[way](signal);
    await turn();
  }
  await ways['a body that is held']();
  await withBulkhead('orders', turn);
  console.log(JSON.stringify(warned));
  process.exit();
`;

const local = (name) => fileURLToPath(new URL(`node_modules/${name}/bin/node`, import.meta.url));

for (const [name, program] of Object.entries({
  'Node 20.0': local('node-20.0'),
  'Node 20.9': local('node-20.9'),
  'this Node': process.execPath,
})) {
  test(`${name}: twenty calls share a signal without a warning`, async () => {
    const run = promisify(execFile)(program, ['--no-warnings', '--input-type=module', '--eval', script], { timeout: 60_000 });
    assert.deepEqual(JSON.parse((await run).stdout), {});
  });
}
