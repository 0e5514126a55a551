// Errors that clients hand out, wrap or mark in ways of their own: in a result, under another name than `cause`, with a status that nobody sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { reactive, ref } from '@vue/reactivity';
import { attemptsOf, BREAKER, fast, load, rejection, RETRY, stateAfter } from './cases.mjs';

const failed = (message, members) => Object.assign(new Error(message), members);
const refused = () => new TypeError('fetch failed', { cause: failed('connect', { code: 'ECONNREFUSED' }) });
const left = () => new DOMException('This operation was aborted', 'AbortError');
const postgrest = (message) => ({
  data: null,
  count: null,
  status: 0,
  statusText: '',
  error: { message, details: '', hint: '', code: '' },
});

/** [state of a breaker after ten of them, attempts of three]. */
const DOWN = ['OPEN', 3];
const UP = ['CLOSED', 1];

const results = {
  'supabase, no answer': [postgrest('TypeError: fetch failed'), DOWN],
  'supabase, timed out': [postgrest('TimeoutError: The operation was aborted due to timeout'), DOWN],
  'supabase, aborted': [postgrest('AbortError: This operation was aborted'), UP],
  'supabase auth, 503': [{ data: { user: null }, error: failed('{}', { name: 'AuthRetryableFetchError', status: 503 }) }, DOWN],
  'supabase auth, 401': [{ data: { user: null }, error: failed('x', { name: 'AuthApiError', status: 401 }) }, UP],
  'supabase storage': [{ data: null, error: failed('fetch failed', { status: undefined, originalError: refused() }) }, DOWN],
  'supabase functions': [{ data: null, error: failed('Failed to send a request', { context: refused() }) }, DOWN],
  'urql, no answer': [{ data: undefined, error: failed('[Network] fetch failed', { networkError: refused() }) }, DOWN],
  'urql, GraphQL': [{ data: undefined, error: failed('[GraphQL] no', { graphQLErrors: [new Error('no')] }) }, UP],
  'an error of its own': [{ error: new Error('no such order') }, UP],
  'a stored error': [{ id: 7, error: { code: 'ETIMEDOUT', message: 'fetch failed' } }, UP],
  'supabase over HTTP/2, 503': [{ ...postgrest('upstream'), status: 503 }, DOWN],
  'supabase over HTTP/2, 406': [{ ...postgrest('no rows'), status: 406 }, UP],
  'a mock of fetch, 503': [{ ok: false, status: 503, json: () => ({}) }, DOWN],
  'a mock of fetch, 404': [{ ok: false, status: 404, json: () => ({}) }, UP],
  'an opaque answer': [{ status: 0, type: 'opaque', headers: new Headers() }, UP],
};

const errors = {
  'Octokit, no answer': [failed('connect ECONNREFUSED', { name: 'HttpError', status: 500, request: {}, cause: refused() }), DOWN],
  'Octokit, aborted': [Object.defineProperty(left(), 'status', { value: 500 }), UP],
  'Octokit, an answer of 500': [failed('fetch failed', { name: 'HttpError', status: 500, response: { status: 500 } }), ['OPEN', 1]],
  'Apollo 3, GraphQL': [failed('no', { name: 'ApolloError', graphQLErrors: [{ message: 'no' }], cause: { message: 'no' } }), UP],
  'Apollo 3, no answer': [failed('fetch failed', { name: 'ApolloError', graphQLErrors: [], cause: refused() }), DOWN],
  'tRPC, not found': [failed('x', { name: 'TRPCClientError', data: { code: 'NOT_FOUND', httpStatus: 404 } }), UP],
  'tRPC, unavailable': [failed('x', { name: 'TRPCClientError', data: { httpStatus: 503 } }), DOWN],
  'SuppressedError, aborted': [failed('x', { name: 'SuppressedError', error: new Error('rollback'), suppressed: left() }), UP],
  'SuppressedError, 404': [failed('x', { error: new Error('rollback'), suppressed: failed('x', { status: 404 }) }), UP],
  'Sequelize, no such table': [failed('x', { name: 'SequelizeDatabaseError', original: failed('x', { code: '42P01' }) }), UP],
  'Sequelize, no such host': [failed('x', { name: 'SequelizeHostNotFoundError', original: failed('x', { code: 'ENOTFOUND' }) }), DOWN],
  'Mongoose, orFail': [failed('x', { name: 'DocumentNotFoundError' }), UP],
  'BSON, no identifier': [failed('x', { name: 'BSONError' }), UP],
  'PostgREST, thrown': [failed('x', { name: 'PostgrestError', code: 'PGRST116' }), UP],
  'PostgREST, no database': [failed('x', { name: 'PostgrestError', code: 'PGRST001' }), DOWN],
  'D1, unique': [new Error('D1_ERROR: UNIQUE constraint failed: a.b: SQLITE_CONSTRAINT'), UP],
  'Redis, wrong type': [new Error('WRONGTYPE Operation against a key holding the wrong kind of value'), UP],
  'Redis, too many clients': [new Error('ERR max number of clients reached'), DOWN],
  'SMTP, for good': [failed("Can't send mail - all recipients were rejected: 550 5.1.1 no such user", { code: 'EENVELOPE' }), UP],
  'SMTP, for now': [failed("Can't send mail - all recipients were rejected: 451 4.7.1 later", { code: 'EENVELOPE' }), DOWN],
  'Firebase, not found': [failed('x', { name: 'FirebaseError', code: 'not-found' }), UP],
  'Firebase functions': [failed('x', { name: 'FirebaseError', code: 'functions/invalid-argument' }), UP],
  'Firebase, unavailable': [failed('x', { name: 'FirebaseError', code: 'unavailable' }), DOWN],
  'Deno, no permission': [failed('Requires net access', { name: 'NotCapable' }), UP],
};

for (const [name, [result, [state, attempts]]] of Object.entries(results)) {
  test(`handed out: ${name}`, async () => {
    assert.equal(await stateAfter(() => result), state);
    assert.equal(await attemptsOf(() => result), attempts);
  });
}

for (const [name, [error, [state, attempts]]] of Object.entries(errors)) {
  test(`thrown: ${name}`, async () => {
    const work = () => Promise.reject(error);
    assert.equal(await stateAfter(work), state);
    assert.equal(await attemptsOf(work), attempts);
  });
}

test('Retry-After is read wherever the status is', async () => {
  const { withRetry } = await load(RETRY);
  const headers = { 'retry-after': '2' };
  const carriers = {
    response: { response: { statusCode: 503, headers } },
    'an SDK of AWS': { $metadata: { httpStatusCode: 503 }, $response: { statusCode: 503, headers } },
    output: { output: { statusCode: 503, headers } },
    meta: { meta: { statusCode: 503, headers } },
    'Boom of @hapi/wreck': { output: { statusCode: 503, headers: {} }, data: { headers } },
    'tRPC behind a proxy': { meta: { response: new Response('', { status: 503, headers }) } },
  };
  for (const [carrier, members] of Object.entries(carriers)) {
    const waits = [];
    const work = () => Promise.reject(failed('x', members));
    await rejection(withRetry(work, { ...fast, maxRetries: 1, sleep: async (ms) => void waits.push(ms) }));
    assert.deepEqual(waits, [2_000], carrier);
  }
});

test('no options at all, written as null, are none', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  assert.equal(await withRetry(() => 1, null), 1);
  assert.equal(await new CircuitBreaker().call(() => 1, null), 1);
  const { retryFetch, RetryBudget } = await load(RETRY, { withFetch: true });
  assert.equal(await (await retryFetch('data:,read', null, null)).text(), 'read');
  assert.equal(new RetryBudget(null).available, new RetryBudget().available);
});

test('options are read whoever made them: a context of its own, a namespace without prototype', async () => {
  const numbers = { failureThreshold: 1 };
  const others = { context: runInNewContext('({ failureThreshold: 1 })'), namespace: Object.assign(Object.create(null), numbers) };
  for (const args of [{}, { withMetrics: true }]) {
    const { CircuitBreaker } = await load(BREAKER, args);
    for (const [name, options] of Object.entries(others)) {
      const breaker = new CircuitBreaker(options);
      await rejection(breaker.call(() => Promise.reject(new Error('reset'))));
      assert.equal(breaker.state, 'OPEN', name);
    }
  }
});

test('what answers with a promise, where a value belongs, changes no outcome', async () => {
  const { CircuitBreaker } = await load(BREAKER, { withMetrics: true });
  for (const judge of [async () => 'success', () => Promise.reject(new Error('mistaken')), () => 'down', () => null]) {
    const breaker = new CircuitBreaker({ failureThreshold: 1, judge });
    await rejection(breaker.call(() => Promise.reject(new Error('reset'))));
    assert.equal(breaker.state, 'OPEN');
    const { totalCalls, failureCount } = breaker.getMetrics();
    assert.deepEqual([totalCalls, failureCount], [1, 1]);
  }
  const { withRetry } = await load(RETRY);
  const waits = [];
  for (const delayMs of [async () => 7, () => Promise.reject(new Error('mistaken'))]) {
    let attempts = 0;
    const work = () => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok');
    assert.equal(await withRetry(work, { delayMs, random: () => 0, sleep: async (ms) => void waits.push(ms) }), 'ok');
  }
  assert.deepEqual(waits, [7, 0]);
});

test('what shouldRetry waits for ends with the caller and with the total time, and the answer is closed', async () => {
  const { withRetry } = await load(RETRY);
  const endless = () => new Promise(() => undefined);
  for (const total of [false, true]) {
    let closed = 0;
    const body = new ReadableStream({ cancel: () => void (closed += 1) });
    const caller = new AbortController();
    const shouldRetry = () => {
      if (!total) setTimeout(() => caller.abort(new Error('left')), 5);
      return endless();
    };
    const options = { shouldRetry, signal: caller.signal, ...(total && { totalTimeoutMs: 20 }) };
    const error = await rejection(withRetry(() => new Response(body, { status: 503 }), options));
    assert.equal(total ? error.code : error.message, total ? 'RETRY_TIMEOUT' : 'left');
    await null;
    assert.equal(closed, 1);
  }
});

test('no signal serves for ever: it gathers no listeners, but each AbortSignal.any of it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const { CircuitBreaker } = await load(BREAKER);
  const { withRetry } = await load(RETRY);
  const breaker = new CircuitBreaker();
  for (const call of [(fn) => breaker.call(fn), (fn) => withRetry(fn)]) {
    const given = () => call((signal) => signal);
    const first = await given();
    assert.equal(await given(), first);
    for (let round = 0; round < 20 && (await given()) === first; round += 1) {
      collect();
      await sleep(5);
    }
    assert.notEqual(await given(), first);
  }
});

test('waitForWork: a call whose signal aborts ends with its work, and without it at once', async () => {
  const { CircuitBreaker } = await load(BREAKER);
  const { withRetry } = await load(RETRY);
  const { Bulkhead } = await load('generate_bulkhead', { partitions: { orders: 1 } });
  const guards = {
    breaker: (fn, options) => new CircuitBreaker().call(fn, options),
    retry: (fn, options) => withRetry(fn, { maxRetries: 0, ...options }),
    bulkhead: (fn, options) => new Bulkhead('orders', 1).run(fn, options),
  };
  for (const [name, guard] of Object.entries(guards)) {
    for (const waitForWork of [true, false]) {
      const caller = new AbortController();
      let finish;
      const work = new Promise((resolve) => (finish = resolve));
      let seen;
      const call = guard((signal) => ((seen = signal), work), { signal: caller.signal, waitForWork });
      let isOver = false;
      const over = rejection(call).then((error) => ((isOver = true), error));
      await sleep(5);
      caller.abort(new Error('left'));
      await sleep(5);
      assert.equal(isOver, !waitForWork, name);
      assert.equal(seen.aborted, true, name);
      finish('late');
      await (waitForWork ? assert.doesNotReject(call) : over);
    }
  }
});

test('what Vue makes reactive still works: a guard in a ref, options in a reactive object', async () => {
  const { CircuitBreaker } = await load(BREAKER);
  const { RetryBudget, withRetry } = await load(RETRY);
  const { Bulkhead } = await load('generate_bulkhead', { partitions: { orders: 1 } });
  const { Deadline } = await load('generate_timeout_config', { operations: { read: 1_000 } });
  const held = reactive({ breaker: new CircuitBreaker(), bulkhead: new Bulkhead('orders', 1), deadline: new Deadline(60_000) });
  assert.equal(await held.breaker.call(() => 'called'), 'called');
  assert.equal(held.breaker.state, 'CLOSED');
  assert.equal(await held.bulkhead.run(() => 'run'), 'run');
  assert.equal(await held.deadline.run(() => 'in time'), 'in time');
  const day = [{ name: 'day', requests: 10, seconds: 86_400 }];
  for (const args of [
    ...['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-window'].map((algorithm) => ({ algorithm })),
    ...['fixed-window', 'sliding-window'].map((algorithm) => ({ algorithm, limits: day })),
  ]) {
    for (const store of ['memory', 'redis']) {
      const module = await load('generate_rate_limiting', { ...args, store });
      const [, Limiter] = Object.entries(module).find(([name]) => name.endsWith('Limiter'));
      const client = { evalsha: () => Promise.resolve([1, 1, 0, 1_000, 0]) };
      const { limiter } = reactive({ limiter: store === 'redis' ? new Limiter(client) : new Limiter() });
      assert.equal((await limiter.consume('k')).allowed, true, JSON.stringify({ ...args, store }));
    }
  }
  const options = reactive({ ...fast, budget: new RetryBudget(), signal: new AbortController().signal });
  assert.equal(await withRetry((_, attempt) => attempt || Promise.reject(new Error('reset')), options), 1);
  assert.equal(ref(new CircuitBreaker(reactive({ failureThreshold: 2 }))).value.retryAfterMs, 0);
});
