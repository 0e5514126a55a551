// The folder that `stack` emits: linted and compiled together, its own tests run, and the layers put together for real.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { check, compilers } from '../lib/compile.mjs';
import { mode } from '../lib/corpus.mjs';
import { biome, eslint, prettier } from '../lib/lint.mjs';
import { workspace } from '../lib/server.mjs';
import { emitStack } from '../lib/stack.mjs';

const run = promisify(execFile);
const folder = join(workspace, '.emitted', 'stack');
const MANIFEST = {
  withTests: true,
  circuitBreaker: { failureThreshold: 5, recoveryTimeMs: 60000 },
  retryPolicy: { maxRetries: 4, baseDelayMs: 1, maxDelayCapMs: 1 },
  timeoutConfig: { operations: { read: 1000, 'orders.get': 1000, 'users.get': 1000, 'users.add': 1000 } },
  bulkhead: { partitions: { orders: 2, users: 2 }, maxQueue: 0 },
  upstreams: { users: { circuitBreaker: { failureThreshold: 2 }, operations: { 'users.add': { retry: false } } } },
  stack: {},
};

before(() => emitStack(folder, MANIFEST));

const module = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);

async function stack(failureUnit) {
  const { CircuitBreaker } = await module('circuit-breaker');
  const { resilienceStack } = await module('resilience-stack');
  const { RetryBudget, withRetry } = await module('retry');
  const { withTimeout } = await module('timeouts');
  const { withBulkhead } = await module('bulkhead');
  const breakers = {};
  const budget = new RetryBudget();
  const call = resilienceStack(
    {
      breaker: (partition) => (breakers[partition] = new CircuitBreaker({ name: partition })),
      retry: (fn, options) => withRetry(fn, { ...options, budget }),
      timeout: withTimeout,
      bulkhead: withBulkhead,
    },
    { failureUnit },
  );
  return { call, breakers };
}

const rejection = (promise) =>
  promise.then(
    () => assert.fail('resolved'),
    (error) => error,
  );

test('stack: all files pass compilers and linters together', async () => {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
  assert.equal(files.length, 12);
  const { stdout } = await run(process.execPath, [join(workspace, 'gate.mjs'), '--quick', ...files]).catch((error) => error);
  assert.match(stdout, /^0 findings$/mu, stdout);
});

test('stack: what receives requests and what calls by other clients passes compilers and linters in each form', async () => {
  const frameworks = ['express', 'fastify', 'hono', 'koa', 'nest', 'fetch'];
  const clients = ['undici', 'axios', 'ky', 'nest', 'fetch', 'fetch'];
  const files = [];
  for (const [index, framework] of frameworks.entries()) {
    // Once without a limiter, once without timeouts.
    const forms = [
      { upstreams: {} },
      { rateLimiting: undefined, runtime: framework === 'fetch' ? 'deno' : 'node' },
      { timeoutConfig: undefined },
    ];
    for (const [form, more] of forms.entries()) {
      const own = join(workspace, '.emitted', 'ingress', `${framework}-${String(form)}`);
      const stack = { ingress: true, client: form === 0 ? clients[index] : 'fetch' };
      const { upstreams, withTests, ...layers } = MANIFEST;
      await emitStack(own, { ...layers, rateLimiting: { store: 'memory', framework }, stack, ...more });
      const written = readdirSync(own).filter((name) => /^(?:ingress|upstreams-[a-z]+)\.ts$/u.test(name));
      assert.equal(written.length, stack.client === 'fetch' ? 1 : 2);
      files.push(...written.map((name) => join(own, name)));
    }
  }
  assert.deepEqual(await prettier(files), []);
  assert.deepEqual(await biome(files), []);
  assert.deepEqual(await eslint(files, 'node'), []);
  for (const version of mode === 'full' ? compilers : ['5.4', '7.0']) {
    assert.deepEqual((await check(version, 'strictest, bundler', 'node', files)).errors, [], version);
  }
});

test('upstreams: names that every object answers to, and a manifest without fetch, compile', async () => {
  const own = join(workspace, '.emitted', 'stack-names');
  const names = ['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString', 'toString', 'valueOf'];
  const { withTests, ...layers } = MANIFEST;
  await emitStack(own, {
    ...layers,
    timeoutConfig: { operations: Object.fromEntries(names.map((name) => [`${name}.get`, 1000])), withFetch: false },
    bulkhead: { partitions: Object.fromEntries(['plain', ...names].map((name) => [name, 2])) },
    upstreams: { plain: { circuitBreaker: { failureThreshold: 2 } } },
  });
  const files = [join(own, 'upstreams.ts')];
  for (const version of mode === 'full' ? compilers : ['5.4', '7.0']) {
    assert.deepEqual((await check(version, 'strictest, bundler', 'node', files)).errors, [], version);
  }
  const { upstreams } = await import(pathToFileURL(join(own, 'upstreams.mjs')).href);
  for (const name of names) assert.equal(await upstreams[name].call(`${name}.get`, () => name), name);
});

test('stack: the emitted tests pass', () => testsPass(folder));

test('stack: the emitted tests pass with figures at their ends', async () => {
  for (const [n, manifest] of [
    { ...MANIFEST, stack: { failureUnit: 'call' }, retryPolicy: { retryErrors: 'network', retryOn: [] } },
    {
      ...MANIFEST,
      withMetrics: true,
      stack: { maxKeys: 1, slotsPerKey: 1 },
      circuitBreaker: { recoveryTimeMs: 1, failureThreshold: 1 },
      retryPolicy: { maxRetries: 0, withRetryBudget: false },
      timeoutConfig: { operations: { 'orders.get': 1, 'users.add': 86400000 }, totalTimeoutMs: 3 },
      bulkhead: { partitions: { orders: 1, users: 1 }, maxQueue: 0, maxWaitMs: 1 },
    },
  ].entries()) {
    const own = join(workspace, '.emitted', `stack-ends-${String(n)}`);
    await emitStack(own, manifest);
    await testsPass(own);
  }
});

async function testsPass(own) {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const tests = readdirSync(own)
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(own, name));
  assert.ok(tests.length > 5);
  const { stdout } = await run(process.execPath, ['--test', '--test-timeout=30000', '--test-reporter=tap', ...tests], { env }).catch(
    (error) => error,
  );
  assert.match(stdout, /^# fail 0$/mu, stdout);
  assert.match(stdout, /^# cancelled 0$/mu, stdout);
}

test('stack: five failed attempts are five failures, or one failed call', async () => {
  for (const [unit, state] of [
    ['attempt', 'OPEN'],
    ['call', 'CLOSED'],
  ]) {
    const { call, breakers } = await stack(unit);
    let attempts = 0;
    const down = () => Promise.reject(Object.assign(new Error('down'), { status: 503, attempt: ++attempts }));
    assert.equal((await rejection(call('read', 'orders', down))).status, 503);
    assert.equal(attempts, 5, unit);
    assert.equal(breakers.orders.state, state);
    if (unit === 'attempt') {
      assert.equal((await rejection(call('read', 'orders', down))).code, 'CIRCUIT_OPEN');
      assert.equal(attempts, 5);
    }
    assert.equal(await call('read', 'users', async () => 'up'), 'up');
  }
});

test('stack: an abort ends the call whichever layer it is in, and leaves nothing', async () => {
  const { call, breakers } = await stack('attempt');
  const { bulkheadOf } = await module('bulkhead');
  const reason = new Error('left');
  for (const fn of [() => new Promise(() => undefined), () => Promise.reject(Object.assign(new Error('down'), { status: 503 }))]) {
    const caller = new AbortController();
    let signal;
    const aborted = rejection(call('read', 'users', (given) => ((signal = given), fn()), { signal: caller.signal }));
    caller.abort(reason);
    assert.equal(await aborted, reason);
    assert.equal(signal?.aborted ?? true, true);
  }
  assert.equal(breakers.users.state, 'CLOSED');
  // Work that ignores its signal keeps its slot; the other has given it back.
  assert.equal(bulkheadOf('users').stats().active, 1);
});

test('stack: a full bulkhead is neither retried nor held against the service', async () => {
  const { call, breakers } = await stack('attempt');
  let finish;
  const held = new Promise((resolve) => (finish = resolve));
  const running = [call('read', 'orders', () => held), call('read', 'orders', () => held)];
  for (let i = 0; i < 10; i += 1) {
    assert.equal((await rejection(call('read', 'orders', async () => 1))).code, 'BULKHEAD_FULL');
  }
  assert.equal(breakers.orders.state, 'CLOSED');
  finish('done');
  assert.deepEqual(await Promise.all(running), ['done', 'done']);
});

async function served(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${String(server.address().port)}`, close: () => (server.closeAllConnections(), server.close()) };
}

test('upstreams: fetch passes every layer, tells the deadline, and an outage of one service leaves the other alone', async () => {
  const { upstreams } = await module('upstreams');
  const { Deadline } = await module('timeouts');
  const seen = [];
  const service = await served((request, response) => {
    seen.push([request.url, request.headers['x-request-deadline-ms']]);
    response.writeHead(request.url === '/users' ? 503 : 200).end('{}');
  });
  try {
    const answer = await upstreams.orders.fetch('orders.get', `${service.url}/orders`, {}, { deadline: new Deadline(900) });
    assert.equal(await answer.text(), '{}');
    assert.ok(Number(seen[0][1]) > 0 && Number(seen[0][1]) <= 900, String(seen[0][1]));
    const down = await upstreams.users.fetch('users.get', `${service.url}/users`, {}, { fallback: () => new Response('stale') });
    const text = await down.text();
    assert.equal(down.status === 503 ? 'stale' : text, 'stale');
    assert.equal(upstreams.users.health().state, 'OPEN');
    assert.ok(upstreams.users.health().retryAfterMs > 0);
    assert.equal(seen.filter(([url]) => url === '/users').length, 2);
    assert.equal((await rejection(upstreams.users.call('users.get', () => 1))).code, 'CIRCUIT_OPEN');
    assert.deepEqual([upstreams.orders.health().state, upstreams.orders.health().active], ['CLOSED', 0]);
  } finally {
    service.close();
  }
});

test('upstreams: health says when a call would be let through again', async () => {
  const own = join(workspace, '.emitted', 'stack-health');
  await emitStack(own, { ...MANIFEST, withTests: false, circuitBreaker: { failureThreshold: 1, recoveryTimeMs: 30 } });
  const { upstreams } = await import(pathToFileURL(join(own, 'upstreams.mjs')).href);
  const { orders } = upstreams;
  const down = () => Promise.reject(Object.assign(new Error('down'), { status: 503 }));
  await rejection(orders.call('orders.get', down, { retry: false }));
  assert.equal(orders.health().state, 'OPEN');
  assert.ok(orders.health().retryAfterMs > 0);
  while (orders.health().retryAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(orders.health().state, 'HALF_OPEN');
  assert.equal(await orders.call('orders.get', () => 'up'), 'up');
  assert.equal(orders.health().state, 'CLOSED');
});

test('upstreams: a time-out in a wait for a slot is not held against the service, one of its work is', async () => {
  for (const failureUnit of ['attempt', 'call']) {
    const own = join(workspace, '.emitted', `stack-waits-${failureUnit}`);
    await emitStack(own, {
      ...MANIFEST,
      withTests: false,
      circuitBreaker: { failureThreshold: 1 },
      timeoutConfig: { operations: { 'orders.get': 60_000, 'orders.soon': 20, 'users.get': 60_000, 'users.add': 60_000 } },
      bulkhead: { partitions: { orders: 1, users: 1 }, maxWaitMs: 50_000 },
      upstreams: { users: { operations: { 'users.add': { retry: false } } } },
      stack: { failureUnit },
    });
    const { upstreams } = await import(pathToFileURL(join(own, 'upstreams.mjs')).href);
    const { Deadline } = await import(pathToFileURL(join(own, 'timeouts.mjs')).href);
    const { orders } = upstreams;
    let finish;
    const held = orders.call('orders.get', () => new Promise((resolve) => (finish = resolve)));
    const url = 'http://127.0.0.1:1/';
    const waits = {
      'a deadline': () => orders.call('orders.get', () => 'up', { deadline: new Deadline(20) }),
      'a signal': () => orders.call('orders.get', () => 'up', { signal: AbortSignal.timeout(20) }),
      'an operation': () => orders.call('orders.soon', () => 'up'),
      'fetch, a deadline': () => orders.fetch('orders.get', url, {}, { deadline: new Deadline(20) }),
      'fetch, a signal': () => orders.fetch('orders.get', url, { signal: AbortSignal.timeout(20) }),
      'fetch, an operation': () => orders.fetch('orders.soon', url),
    };
    for (const [name, wait] of Object.entries(waits)) {
      assert.equal((await rejection(wait())).name, 'TimeoutError', name);
      assert.equal(orders.health().state, 'CLOSED', name);
    }
    finish('done');
    assert.equal(await held, 'done');
    const hang = () => new Promise(() => undefined);
    assert.equal((await rejection(orders.call('orders.get', hang, { deadline: new Deadline(20) }))).name, 'TimeoutError');
    assert.equal(orders.health().state, 'OPEN');
    if (failureUnit === 'attempt') continue;
    // The service has failed an attempt of the call, whose next one finds no slot.
    const { users } = upstreams;
    const signal = AbortSignal.timeout(2_000);
    const down = () => {
      setImmediate(() => void rejection(users.call('users.get', hang, { signal, retry: false })));
      return Promise.reject(Object.assign(new Error('down'), { status: 503 }));
    };
    assert.equal((await rejection(users.call('users.get', down, { deadline: new Deadline(1_000) }))).name, 'TimeoutError');
    assert.equal(users.health().state, 'OPEN');
  }
});

test('upstreams: what must not happen twice is sent once, and a POST without a key is as well', async () => {
  const { upstreamFor, upstreams } = await module('upstreams');
  let attempts = 0;
  const service = await served((request, response) => {
    attempts += 1;
    response.writeHead(503).end();
  });
  try {
    const init = { method: 'POST', body: '{}' };
    const once = await upstreamFor('once').fetch('orders.get', service.url, init);
    assert.deepEqual([once.status, await once.text()], [503, '']);
    assert.equal(attempts, 1);
    const keyed = await upstreamFor('keyed').fetch('orders.get', service.url, { ...init, headers: { 'Idempotency-Key': 'a' } });
    assert.deepEqual([keyed.status, await keyed.text()], [503, '']);
    assert.equal(attempts, 6);
    const request = new Request(service.url, { method: 'PUT', body: 'x', headers: { 'x-kept': 'yes' } });
    const put = await upstreamFor('put').fetch('orders.get', request);
    assert.deepEqual([put.status, await put.text()], [503, '']);
    assert.equal(attempts, 11);
  } finally {
    service.close();
  }
  assert.equal(upstreams.orders.name, 'orders');
});

// In a process of its own, whose heap is small enough to be searched.
const KEYS_MADE_AT_RUN_TIME = `
import { queryObjects } from 'node:v8';
import { Bulkhead } from './bulkhead.mjs';
import { CircuitBreaker } from './circuit-breaker.mjs';
import { upstreamFor } from './upstreams.mjs';
const newest = [];
for (let i = 0; i < 100_000; i += 1) {
  const made = upstreamFor(String(i));
  if (i % 10 === 0) await made.call('orders.get', () => i);
  if (i >= 99_000) newest.push(made);
}
const counts = [CircuitBreaker, Bulkhead].map((each) => queryObjects(each, { format: 'count' }));
console.log(JSON.stringify({ counts, kept: newest.filter((made, index) => upstreamFor(String(99_000 + index)) === made).length }));
`;

test('upstreams: of 100,000 that are made at run time 1,000 are kept, in memory too', async () => {
  const { stdout } = await run(process.execPath, ['--no-warnings', '--input-type=module', '-e', KEYS_MADE_AT_RUN_TIME], { cwd: folder });
  const { counts, kept } = JSON.parse(stdout);
  assert.equal(kept, 1_000);
  // Those of the manifest's two partitions, and the prototype, which is an object like them.
  for (const count of counts) assert.ok(count >= 1_002 && count <= 1_003, String(counts));
});

test('upstreams: a wait that would outlast the deadline is not begun, and the last answer or error is returned', async () => {
  const { upstreamFor } = await module('upstreams');
  const { Deadline } = await module('timeouts');
  let attempts = 0;
  const service = await served((_request, response) => {
    attempts += 1;
    response.writeHead(503, { 'Retry-After': '30' }).end('busy');
  });
  const deadline = new Deadline(20_000);
  try {
    const answer = await upstreamFor('busy').fetch('orders.get', service.url, {}, { deadline });
    assert.deepEqual([answer.status, await answer.text(), attempts], [503, 'busy', 1]);
    const busy = Object.assign(new Error('busy'), { status: 503, headers: { 'retry-after': '30' } });
    assert.equal(await rejection(upstreamFor('busy').call('orders.get', () => Promise.reject(busy), { deadline })), busy);
  } finally {
    service.close();
  }
});

test('stack and retry agree on what was refused, by guards of others too', async () => {
  const { isBackendFailure } = await module('resilience-stack');
  const { judgeOutcome } = await module('circuit-breaker');
  const codes = ['CIRCUIT_OPEN', 'BULKHEAD_FULL', 'BULKHEAD_TIMEOUT', 'RATE_LIMITED', 'EOPENBREAKER', 'ESEMLOCKED'];
  const words = ['Execution prevented because the circuit breaker is open', 'Bulkhead capacity exceeded (0/1 execution slots)'];
  const refusals = [...codes.map((code) => Object.assign(new Error('x'), { code })), ...words.map((word) => new Error(word))];
  for (const refusal of refusals) {
    for (const error of [refusal, new Error('orders', { cause: refusal }), new AggregateError([new Error('x'), refusal])]) {
      assert.equal(isBackendFailure(error), false, refusal.code ?? refusal.message);
      assert.equal(judgeOutcome({ error }), 'ignored', refusal.code ?? refusal.message);
    }
  }
  for (const error of [new Error('BULKHEAD_FULLY'), { code: 503 }, { code: Symbol('x') }, 'CIRCUIT_OPEN', undefined]) {
    assert.equal(isBackendFailure(error), true);
  }
});

test('upstreams: twenty calls share a signal, which Node 20 does not warn of', async () => {
  const { call } = await stack();
  const { upstreamFor } = await module('upstreams');
  const warned = [];
  const onWarning = ({ message }) => warned.push(message);
  process.on('warning', onWarning);
  try {
    const failing = () => Promise.reject(new Error('reset'));
    const transport = async () => new Response('read');
    const ways = {
      stack: (signal, n) => call('read', n % 2 === 0 ? 'orders' : 'users', failing, { signal }),
      call: (signal, n) => upstreamFor(`shared ${String(n)}`).call('read', failing, { signal }),
      fetch: async (signal, n) =>
        (await upstreamFor(`fetched ${String(n)}`).fetch('read', 'https://a.example/', { signal }, { signal, fetch: transport })).text(),
    };
    for (const way of Object.values(ways)) {
      const { signal } = new AbortController();
      await Promise.allSettled(Array.from({ length: 20 }, (_, n) => way(signal, n)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(warned, []);
  } finally {
    process.removeListener('warning', onWarning);
  }
});

test('upstreams: a drain refuses new calls and waits for those that run', async () => {
  const { drainUpstreams, upstreamFor } = await module('upstreams');
  let finish;
  const running = upstreamFor('drained').call('orders.get', () => new Promise((resolve) => (finish = resolve)));
  await new Promise((resolve) => setImmediate(resolve));
  const drained = upstreamFor('drained').drain();
  assert.equal((await rejection(upstreamFor('drained').call('orders.get', () => 1))).code, 'BULKHEAD_FULL');
  finish('done');
  assert.equal(await running, 'done');
  await drained;
  // Work of an earlier test never ends, so a drain of all ends by its signal.
  const patience = new AbortController();
  setTimeout(() => patience.abort(new Error('enough')), 20);
  assert.equal((await rejection(drainUpstreams({ signal: patience.signal }))).message, 'enough');
});
