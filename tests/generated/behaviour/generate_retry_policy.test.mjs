import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../lib/emit.mjs';
import { listenersOf, withTimers } from '../lib/fakes.mjs';

const tool = 'generate_retry_policy';
const rejection = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
const httpError = (status, more) => Object.assign(new Error(`HTTP ${String(status)}`), { status, ...more });

/** Options under which waiting takes no time but is written down. */
function instant(waits = [], more = {}) {
  const clock = { ms: 0 };
  return {
    now: () => clock.ms,
    sleep: async (ms) => {
      waits.push(ms);
      clock.ms += ms;
    },
    ...more,
  };
}

/** Runs work that always fails the same way; answers attempts, waits and the outcome. */
async function fail(withRetry, how, more) {
  const waits = [];
  let attempts = 0;
  const error = await rejection(
    withRetry(
      () => {
        attempts++;
        throw how;
      },
      instant(waits, more),
    ),
  );
  return { attempts, waits, error };
}

const unlimited = (args) => load(tool, { withRetryBudget: false, ...args });

test('the schedule is min(cap, base * 2^attempt) without jitter', async () => {
  for (const [baseDelayMs, maxDelayCapMs] of [
    [1, 1],
    [200, 8_000],
    [7, 1_000_000_000],
    [3_600_000, 3_600_000],
  ]) {
    const { withRetry } = await unlimited({ withJitter: false });
    const { waits } = await fail(withRetry, httpError(503), { maxRetries: 40, baseDelayMs, maxDelayCapMs });
    assert.deepEqual(
      waits,
      Array.from({ length: 40 }, (_, n) => Math.min(maxDelayCapMs, baseDelayMs * 2 ** n)),
    );
  }
});

test('full jitter is random() times that', async () => {
  const { withRetry } = await unlimited();
  const randoms = [0, 0.25, 0.5, 0.999_999];
  const { waits } = await fail(withRetry, httpError(503), { random: () => randoms.shift() });
  assert.deepEqual(waits, [0, 100, 400, 0.999_999 * 1_600]);
  const bounds = [200, 400, 800, 1_600];
  for (let round = 0; round < 200; round++) {
    const { waits: drawn } = await fail(withRetry, httpError(503));
    assert.equal(drawn.length, 4);
    for (const [n, wait] of drawn.entries()) assert.ok(wait >= 0 && wait < bounds[n]);
  }
});

test('maxRetries is the number of retries, also 0 and 100, and attempts count from 0', async () => {
  const { withRetry } = await unlimited();
  for (const maxRetries of [0, 1, 100]) {
    const seen = [];
    const error = httpError(503);
    const thrown = await rejection(
      withRetry(
        async (_signal, attempt) => {
          seen.push(attempt);
          throw error;
        },
        instant([], { maxRetries }),
      ),
    );
    assert.equal(thrown, error);
    assert.deepEqual(
      seen,
      Array.from({ length: maxRetries + 1 }, (_, n) => n),
    );
  }
});

test('the arguments are the defaults', async () => {
  const { withRetry } = await unlimited({ maxRetries: 2, baseDelayMs: 10, maxDelayCapMs: 15, withJitter: false, retryOn: [500] });
  assert.deepEqual((await fail(withRetry, httpError(500))).waits, [10, 15]);
  assert.equal((await fail(withRetry, httpError(503))).attempts, 1);
});

test('the last error is thrown unchanged, a later success returned', async () => {
  const { withRetry } = await unlimited();
  const errors = [httpError(503), new Error('reset'), httpError(429)];
  let n = 0;
  assert.equal(await rejection(withRetry(() => Promise.reject(errors[n++]), instant([], { maxRetries: 2 }))), errors[2]);
  n = 0;
  assert.equal(
    await withRetry(async () => {
      if (n++ < 3) throw errors[0];
      return 'ok';
    }, instant()),
    'ok',
  );
});

test('the status is read where clients put it', async () => {
  const { withRetry } = await unlimited();
  const shapes = (status) => [
    { status },
    { statusCode: status },
    { response: { status } },
    { response: { statusCode: status } },
    { $metadata: { httpStatusCode: status } },
  ];
  for (const shape of shapes(503)) assert.equal((await fail(withRetry, Object.assign(new Error('x'), shape))).attempts, 5);
  for (const shape of [...shapes(404), ...shapes(100), ...shapes(599)])
    assert.equal((await fail(withRetry, Object.assign(new Error('x'), shape))).attempts, 1);
  for (const shape of [
    { status: 'failed' },
    { status: 503, pid: 1 },
    { status: '503' },
    { status: 0 },
    { status: 99 },
    { status: 600 },
    { response: null },
  ]) {
    assert.equal((await fail(withRetry, Object.assign(new Error('x'), shape))).attempts, 5, JSON.stringify(shape));
  }
});

test('never retried: aborts, local refusals, programming errors', async () => {
  const { withRetry } = await unlimited();
  const once = [
    new DOMException('gone', 'AbortError'),
    Object.assign(new Error('x'), { name: 'AbortError' }),
    Object.assign(new Error('x'), { name: 'CanceledError', code: 'ERR_CANCELED' }),
    ...['CIRCUIT_OPEN', 'BULKHEAD_FULL', 'BULKHEAD_TIMEOUT', 'RATE_LIMITED', 'EOPENBREAKER'].map((code) =>
      Object.assign(new Error('x'), { code }),
    ),
    new TypeError("Cannot read properties of undefined (reading 'connection')"),
    new TypeError('network is not a function'),
    Object.assign(new TypeError('fetch() URL is invalid'), { code: 'ERR_INVALID_URL' }),
    new TypeError('Failed to parse URL from nowhere'),
    new RangeError('x'),
    new ReferenceError('x'),
    new SyntaxError('x'),
    new EvalError('x'),
    new URIError('x'),
  ];
  for (const error of once) assert.equal((await fail(withRetry, error)).attempts, 1, String(error));
});

test('retried: errors without a status, timeouts, network failures of every fetch', async () => {
  const { withRetry } = await unlimited();
  const messages = [
    'fetch failed',
    'terminated',
    'Failed to fetch',
    'network error',
    'Load failed',
    'The network connection was lost.',
    'The Internet connection appears to be offline.',
    'NetworkError when attempting to fetch resource.',
    'error sending request for url (http://127.0.0.1:1/): client error (Connect)',
    'Network connection lost.',
    'error reading a body from connection',
  ];
  const again = [
    ...messages.map((message) => new TypeError(message)),
    Object.assign(new TypeError('getaddrinfo ENOTFOUND nowhere.invalid'), { code: 'ENOTFOUND' }),
    new Error('anything'),
    'a string',
    undefined,
    null,
    new DOMException('late', 'TimeoutError'),
    Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    Object.assign(new Error('x'), { code: 'TIMEOUT' }),
  ];
  for (const error of again) assert.equal((await fail(withRetry, error)).attempts, 5, String(error));
});

test("this runtime's own network failure is retried", async () => {
  const { withRetry } = await unlimited();
  let attempts = 0;
  await rejection(
    withRetry(
      () => {
        attempts++;
        return fetch('http://127.0.0.1:59999/');
      },
      instant([], { maxRetries: 1 }),
    ),
  );
  assert.equal(attempts, 2);
});

test('a response with a status of retryOn is retried, its body cancelled, the last one returned whole', async () => {
  const { withRetry } = await unlimited({ maxRetries: 2 });
  const cancelled = [];
  let n = 0;
  const last = await withRetry(async () => {
    const id = n++;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`busy ${String(id)}`));
        if (id === 2) controller.close();
      },
      cancel: () => void cancelled.push(id),
    });
    return new Response(body, { status: 503 });
  }, instant());
  assert.equal(n, 3);
  assert.deepEqual(cancelled, [0, 1]);
  assert.equal(await last.text(), 'busy 2');
  const other = new Response('no', { status: 404 });
  n = 0;
  assert.equal(
    await withRetry(async () => {
      n++;
      return other;
    }, instant()),
    other,
  );
  assert.equal(n, 1);
});

test('results that only look like answers are returned', async () => {
  const { withRetry } = await unlimited();
  for (const result of [{ status: 503 }, 503, null, undefined, 'x', { status: '503', headers: new Headers() }]) {
    let attempts = 0;
    assert.equal(
      await withRetry(async () => {
        attempts++;
        return result;
      }, instant()),
      result,
    );
    assert.equal(attempts, 1);
  }
});

test('results and errors that cannot be looked into are passed on', async () => {
  const { withRetry } = await unlimited({ maxRetries: 1 });
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
  revoke();
  assert.ok((await withRetry(async () => ({ proxy }), instant())).proxy === proxy);
  const closed = new Proxy(
    {},
    {
      get: (_target, name) => {
        if (name === 'then') return undefined;
        throw new Error('closed');
      },
    },
  );
  let attempts = 0;
  assert.ok(
    (await withRetry(async () => {
      attempts++;
      return closed;
    }, instant())) === closed,
  );
  assert.equal(attempts, 1);
  assert.ok(
    (await rejection(
      withRetry(() => {
        throw closed;
      }, instant()),
    )) === closed,
  );
});

test('Retry-After is a floor, in seconds or as a date, on responses and errors, also above the cap', async () => {
  const { withRetry } = await unlimited({ withJitter: false });
  const date = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 30_000).toUTCString();
  const carriers = (value) => [
    new Response(null, { status: 503, headers: { 'Retry-After': value } }),
    httpError(503, { headers: new Headers({ 'Retry-After': value }) }),
    httpError(503, { response: { headers: { 'retry-after': value } } }),
  ];
  for (const carrier of carriers('9')) {
    const waits = [];
    await withRetry(
      async () => {
        if (carrier instanceof Error) throw carrier;
        return carrier;
      },
      instant(waits, { maxRetries: 1, maxDelayCapMs: 1_000 }),
    ).catch(() => undefined);
    assert.deepEqual(waits, [9_000]);
  }
  for (const carrier of carriers(date)) {
    const waits = [];
    const due = Date.parse(date) - Date.now();
    await withRetry(
      async () => {
        if (carrier instanceof Error) throw carrier;
        return carrier;
      },
      instant(waits, { maxRetries: 1 }),
    ).catch(() => undefined);
    assert.ok(waits[0] > due - 1_000 && waits[0] <= due, `${String(waits[0])} of ${String(due)}`);
  }
  for (const value of ['0', '-5', '0.1', 'soon', '', new Date(0).toUTCString()]) {
    const waits = [];
    await rejection(
      withRetry(() => Promise.reject(httpError(503, { headers: { 'retry-after': value } })), instant(waits, { maxRetries: 1 })),
    );
    assert.deepEqual(waits, [200], value);
  }
});

test('a larger backoff wins over a smaller Retry-After', async () => {
  const { withRetry } = await unlimited({ withJitter: false, baseDelayMs: 5_000 });
  const { waits } = await fail(withRetry, httpError(503, { headers: { 'retry-after': '1' } }), { maxRetries: 1 });
  assert.deepEqual(waits, [5_000]);
});

test('beyond maxRetryAfterMs it gives up', async () => {
  const { withRetry } = await unlimited({ maxRetryAfterMs: 10_000 });
  assert.equal((await fail(withRetry, httpError(503, { headers: { 'retry-after': '10' } }))).attempts, 5);
  assert.equal((await fail(withRetry, httpError(503, { headers: { 'retry-after': '11' } }))).attempts, 1);
  assert.equal((await fail(withRetry, httpError(503, { headers: { 'retry-after': '99999999999999999999' } }))).attempts, 1);
});

test('maxRetryAfterMs is an option as well, a minute unless given', async () => {
  const { withRetry } = await unlimited({ withJitter: false });
  const attempts = async (seconds, more) => (await fail(withRetry, httpError(503, { headers: { 'retry-after': seconds } }), more)).attempts;
  assert.deepEqual([await attempts('60'), await attempts('61')], [5, 1]);
  assert.deepEqual([await attempts('10', { maxRetryAfterMs: 10_000 }), await attempts('11', { maxRetryAfterMs: 10_000 })], [5, 1]);
});

test('Retry-After is read in every form that servers send', async () => {
  const { withRetry } = await unlimited({ withJitter: false, baseDelayMs: 1 });
  const date = (ms) => new Date(ms).toUTCString();
  const server = Date.parse('2001-02-03T04:05:06Z');
  for (const [headers, ms] of [
    [{ 'retry-after': 9 }, 9_000],
    [{ 'retry-after': '2.5' }, 2_500],
    [{ 'retry-after': '32.5' }, 32_500],
    [{ 'RETRY-AFTER': '5, 7' }, 7_000],
    [new Map([['Retry-After', '3']]), 3_000],
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, 1_500],
    [{ 'retry-after-ms': 'soon', 'retry-after': '2' }, 2_000],
    [{ 'retry-after-ms': '-1', 'x-ms-retry-after-ms': '800' }, 800],
    [{ 'retry-after': date(server + 20_000), date: date(server) }, 20_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '12' }, 12_000],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, 7_000],
    [{ 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '12' }, 12_000],
    [{ 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '12' }, 12_000],
    [{ 'x-ratelimit-remaining': '0.5', 'x-ratelimit-reset': '12' }, 1],
    [{ 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '12' }, 1],
    [{ ratelimit: '"default";r=0;t=20' }, 20_000],
  ]) {
    assert.deepEqual((await fail(withRetry, httpError(503, { headers }), { maxRetries: 1 })).waits, [ms], JSON.stringify(headers));
  }
});

test('without respectRetryAfter the header is not read', async () => {
  const { withRetry } = await unlimited({ respectRetryAfter: false, withJitter: false });
  assert.deepEqual((await fail(withRetry, httpError(503, { headers: { 'retry-after': '999' } }))).waits, [200, 400, 800, 1_600]);
});

test('in a full outage the shared budget holds 1,000 requests to 1.1 calls each and what it starts with, then recovers', async () => {
  const { withRetry } = await load(tool);
  let calls = 0;
  const down = async () => {
    calls++;
    throw httpError(503);
  };
  for (let request = 0; request < 1_000; request++) await rejection(withRetry(down, instant()));
  assert.ok(calls <= 1_150, `${String(calls)} calls`);
  assert.ok(calls >= 1_100, `${String(calls)} calls`);
  for (let request = 0; request < 100; request++) await withRetry(async () => 'ok');
  calls = 0;
  await rejection(withRetry(down, instant()));
  assert.equal(calls, 5);
});

test('a budget of its own is its own', async () => {
  const { withRetry, RetryBudget } = await load(tool);
  const budget = new RetryBudget({ percent: 0, capacity: 2 });
  assert.equal(budget.available, 2);
  assert.equal((await fail(withRetry, httpError(503), { budget })).attempts, 3);
  assert.equal((await fail(withRetry, httpError(503), { budget })).attempts, 1);
  assert.equal(budget.available, 0);
  assert.equal((await fail(withRetry, httpError(503))).attempts, 5);
  for (const value of [-1, 1.5, Number.NaN]) {
    assert.throws(() => new RetryBudget({ capacity: value }), { name: 'RangeError', message: /capacity/u });
    assert.throws(() => new RetryBudget({ percent: value }), { name: 'RangeError', message: /percent/u });
  }
});

test('an abort rejects at once with its reason: before, during an attempt, during a wait', async () => {
  const { withRetry } = await unlimited();
  const reason = { any: 'value' };
  let attempts = 0;
  const before = withRetry(async () => void attempts++, { signal: AbortSignal.abort(reason) });
  assert.equal(await rejection(before), reason);
  assert.equal(attempts, 0);

  const during = new AbortController();
  let given;
  const deaf = withRetry((signal) => ((given = signal), new Promise(() => {})), { signal: during.signal });
  during.abort(reason);
  assert.equal(await rejection(deaf), reason);
  assert.equal(given, during.signal);

  for (const sleep of [undefined, () => new Promise(() => {})]) {
    const waiting = new AbortController();
    const call = withRetry(
      () => {
        attempts++;
        throw httpError(503);
      },
      {
        signal: waiting.signal,
        baseDelayMs: 3_600_000,
        maxDelayCapMs: 3_600_000,
        random: () => 1,
        sleep,
      },
    );
    await new Promise((resolve) => setTimeout(resolve));
    waiting.abort(reason);
    assert.equal(await rejection(call), reason);
  }
  assert.equal(attempts, 2);
});

test('an abort by onRetry or shouldRetry ends the call before its wait', async () => {
  const { withRetry } = await unlimited();
  for (const callback of ['onRetry', 'shouldRetry']) {
    const controller = new AbortController();
    const waits = [];
    const call = fail(withRetry, httpError(503), {
      signal: controller.signal,
      [callback]: () => controller.abort('mine'),
      sleep: (ms) => (waits.push(ms), new Promise(() => {})),
    });
    const { attempts, error } = await call;
    assert.deepEqual([attempts, error, waits], [1, 'mine', []], callback);
  }
});

test('a signal that stays quiet changes nothing', async () => {
  const { withRetry } = await unlimited();
  const { signal } = new AbortController();
  assert.equal((await fail(withRetry, httpError(503), { signal })).attempts, 5);
  assert.equal(await withRetry(async () => 'ok', { signal }), 'ok');
});

test('totalTimeoutMs: no wait that would outlast it, and an attempt that does is ended', async () => {
  const { withRetry, RetryTimeoutError } = await unlimited({ withJitter: false });
  const { waits, error } = await fail(withRetry, httpError(503), { totalTimeoutMs: 1_000 });
  assert.deepEqual(waits, [200, 400]);
  assert.equal(error.status, 503);
  assert.deepEqual((await fail(withRetry, httpError(503), { totalTimeoutMs: 600 })).waits, [200]);

  let n = 0;
  let given;
  const first = httpError(503);
  const ended = await rejection(
    withRetry(
      (signal) => {
        given = signal;
        return n++ === 0 ? Promise.reject(first) : new Promise(() => {});
      },
      instant([], { totalTimeoutMs: 20, baseDelayMs: 1 }),
    ),
  );
  assert.ok(ended instanceof RetryTimeoutError);
  assert.deepEqual([ended.name, ended.code, ended.timeoutMs], ['RetryTimeoutError', 'RETRY_TIMEOUT', 20]);
  assert.equal(ended.message, 'Attempts and waits took more than 20 ms');
  assert.equal(ended.cause, first);
  assert.equal(given.aborted, true);

  const controller = new AbortController();
  const call = rejection(withRetry(() => new Promise(() => {}), { totalTimeoutMs: 60_000, signal: controller.signal }));
  controller.abort('mine');
  assert.equal(await call, 'mine');
});

test('a time beyond the longest timer is refused, since it would be over at once', async () => {
  const { withRetry } = await unlimited();
  for (const name of ['totalTimeoutMs', 'baseDelayMs', 'maxDelayCapMs']) {
    assert.equal(await withRetry(async () => 'ok', { [name]: 2 ** 31 - 1 }), 'ok');
    const refused = await rejection(withRetry(async () => 'ok', { [name]: 2 ** 31 }));
    assert.match(refused.message, new RegExp(`^${name}: 2147483648 is out of range; use [01] to 2147483647.$`, 'u'));
  }
});

test('shouldRetry may veto, onRetry is told, and what they throw changes nothing', async () => {
  const { withRetry } = await unlimited({ withJitter: false });
  const error = httpError(503);
  const told = [];
  const vetoed = await fail(withRetry, error, {
    shouldRetry: (reason, attempt) => (reason === error && attempt < 2 ? undefined : false),
    onRetry: (...args) => void told.push(args),
  });
  assert.equal(vetoed.attempts, 3);
  assert.deepEqual(told, [
    [error, 0, 200],
    [error, 1, 400],
  ]);
  const boom = () => {
    throw new Error('callback');
  };
  const result = await fail(withRetry, error, { shouldRetry: boom, onRetry: boom });
  assert.equal(result.attempts, 5);
  assert.equal(result.error, error);
  assert.equal((await fail(withRetry, error, { onRetry: async () => boom() })).attempts, 5);
  assert.equal((await fail(withRetry, error, { shouldRetry: async () => boom() })).attempts, 5);
});

test('refuses values that make no sense, naming option and value', async () => {
  const { withRetry } = await load(tool);
  const names = ['maxRetries', 'baseDelayMs', 'maxDelayCapMs', 'maxRetryAfterMs', 'totalTimeoutMs'];
  for (const name of names) {
    for (const value of [-1, 1.5, Number.NaN, Infinity, '5']) {
      let attempts = 0;
      const error = await rejection(withRetry(async () => void attempts++, { [name]: value }));
      assert.ok(error instanceof RangeError, name);
      assert.match(error.message, new RegExp(`${name}.*${String(value)}`, 'u'));
      assert.equal(attempts, 0);
    }
  }
  assert.match((await rejection(withRetry(async () => 1, { retryOn: [200] }))).message, /retryOn.*200/u);
  assert.match((await rejection(withRetry(async () => 1, { baseDelayMs: 0 }))).message, /baseDelayMs.*0/u);
});

test('two modules share no budget', async () => {
  const [first, second] = [await load(tool), await load(tool)];
  for (let i = 0; i < 100; i++) await rejection(first.withRetry(() => Promise.reject(httpError(503)), instant()));
  assert.equal((await fail(first.withRetry, httpError(503))).attempts <= 2, true);
  assert.equal((await fail(second.withRetry, httpError(503))).attempts, 5);
});

test('the last status that can be given is 599', async () => {
  const { withRetry } = await unlimited();
  assert.equal((await fail(withRetry, httpError(599), { retryOn: [599] })).attempts, 5);
  const refused = await rejection(withRetry(async () => 1, { retryOn: [600] }));
  assert.equal(refused.message, 'retryOn: 600 is out of range; use 400 to 599.');
  const text = await rejection(withRetry(async () => 1, { maxRetries: '3' }));
  assert.match(text.message, /^maxRetries: "3" is out of range/u);
});

test("the runtime's own timers and clock wait and count when none are given", async () => {
  const { withRetry } = await unlimited({ withJitter: false });
  const start = performance.now();
  let attempts = 0;
  const work = async () => {
    if (attempts++ === 0) throw httpError(503);
    return 'ok';
  };
  assert.equal(await withRetry(work, { baseDelayMs: 30 }), 'ok');
  assert.ok(performance.now() - start >= 30);
  const late = { totalTimeoutMs: 60_000, baseDelayMs: 120_000, maxDelayCapMs: 120_000, sleep: () => assert.fail('waits in vain') };
  assert.equal((await rejection(withRetry(() => Promise.reject(httpError(503)), late))).status, 503);
});

test('a call leaves no listener and no timer', async () => {
  const { withRetry, retryFetch } = await unlimited({ withFetch: true, withJitter: false });
  const signals = [new AbortController().signal, new AbortController().signal];
  const listeners = signals.map(listenersOf);
  const [signal] = signals;
  let attempts = 0;
  const work = async () => {
    if (attempts++ === 0) throw httpError(503);
    return 'ok';
  };
  assert.equal(await withRetry(work, { signal, baseDelayMs: 1 }), 'ok');
  assert.equal(listeners[0](), 0);
  await recording(() => retryFetch('https://example.com/', { signal }, instant([], { signal: signals[1] })));
  assert.deepEqual(
    listeners.map((each) => each()),
    [0, 0],
  );
  await withTimers(async ({ pending }) => {
    assert.equal(await withRetry(async () => 'ok', instant([], { signal, totalTimeoutMs: 1_000 })), 'ok');
    assert.equal(pending.size, 0);
    assert.equal(listeners[0](), 0);
  });
});

test('a signal that has aborted stops a call with a total time before its first attempt', async () => {
  const { withRetry } = await unlimited();
  let attempts = 0;
  const work = async () => void attempts++;
  assert.equal(await rejection(withRetry(work, { totalTimeoutMs: 1_000, signal: AbortSignal.abort('mine') })), 'mine');
  assert.equal(attempts, 0);
});

/** Replaces fetch while `run` runs; answers what was sent. */
async function recording(run, respond = () => new Response(null, { status: 503 })) {
  const original = globalThis.fetch;
  const sent = [];
  globalThis.fetch = async (input, init) => {
    sent.push([input, init]);
    return respond(sent.length);
  };
  try {
    await run();
  } finally {
    globalThis.fetch = original;
  }
  return sent;
}

test('retryFetch repeats only what is safe to repeat', async () => {
  const { retryFetch } = await unlimited({ withFetch: true });
  const url = 'https://example.com/';
  const count = async (input, init) => (await recording(() => retryFetch(input, init, instant()))).length;
  for (const method of ['GET', 'get', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']) assert.equal(await count(url, { method }), 5, method);
  for (const method of ['POST', 'PATCH', 'post', 'LOCK']) assert.equal(await count(url, { method }), 1, method);
  assert.equal(await count(url), 5);
  assert.equal(await count(new URL(url)), 5);
  assert.equal(await count(new Request(url)), 5);
  assert.equal(await count(new Request(url, { method: 'POST' })), 1);
  assert.equal(await count(new Request(url, { method: 'POST', headers: { 'idempotency-key': 'a' } })), 5);
  assert.equal(await count(url, { method: 'POST', headers: { 'Idempotency-Key': 'a' }, body: 'text' }), 5);
  const bodies = ['text', new URLSearchParams({ a: '1' }), new Uint8Array(3), new Blob(['x']), new FormData(), new ArrayBuffer(2), null];
  for (const body of bodies) assert.equal(await count(url, { method: 'PUT', body }), 5, String(body));
  assert.equal(await count(url, { method: 'PUT', body: new ReadableStream(), duplex: 'half' }), 1);
  assert.equal(await count(url, { method: 'PUT', body: { getReader: () => undefined } }), 1);
  assert.equal(await count(url, { method: 'PUT', body: (async function* () {})() }), 1);
  assert.equal(await count(new Request(url, { method: 'PUT', body: 'cloned' })), 5);
  assert.equal(await count(new Request(url, { method: 'PATCH', body: 'once' })), 1);
});

test('retryFetch obeys the signals of options, init and request', async () => {
  const { retryFetch } = await unlimited({ withFetch: true });
  const url = 'https://example.com/';
  const hang = { sleep: () => new Promise(() => {}) };
  const variants = [
    (signal) => retryFetch(url, { signal }, hang),
    (signal) => retryFetch(url, {}, { ...hang, signal }),
    (signal) => retryFetch(new Request(url, { signal }), undefined, hang),
    (signal) => retryFetch(url, { signal }, { ...hang, signal: new AbortController().signal }),
    (signal) => retryFetch(url, { signal: new AbortController().signal }, { ...hang, signal }),
    (signal) => retryFetch(url, { signal, method: 'POST' }, hang),
  ];
  for (const [index, variant] of variants.entries()) {
    const controller = new AbortController();
    await recording(async () => {
      const call = rejection(variant(controller.signal));
      await new Promise((resolve) => setTimeout(resolve));
      controller.abort('mine');
      if (index < 5) assert.equal(await call, 'mine', String(index));
      else assert.equal(await call, undefined);
    });
  }
});

test('retryFetch sends the request as it was given, with the very signal when there is one', async () => {
  const { retryFetch } = await unlimited({ withFetch: true });
  const { signal } = new AbortController();
  const url = 'https://example.com/';
  const ok = () => new Response('ok');
  const sent = await recording(async () => {
    await retryFetch(url, { method: 'PUT', body: 'text' }, instant());
    await retryFetch(url, { signal }, instant());
    await retryFetch(new Request(url, { signal: AbortSignal.abort('mine') }), { signal: null }, instant());
  }, ok);
  assert.deepEqual({ ...sent[0][1], signal: undefined }, { method: 'PUT', body: 'text', signal: undefined });
  assert.equal(sent[0][1].signal.aborted, false);
  assert.equal(sent[1][1].signal, signal);
  assert.equal(sent[2][1].signal.aborted, false);
});

test('a Request stands for itself, as input and as init, of whatever class', async () => {
  const { retryFetch } = await unlimited({ withFetch: true });
  const url = 'https://example.com/';
  const made = () => new Request(url, { method: 'POST', headers: { authorization: 'Bearer t' }, body: 'order' });
  const ok = () => new Response('ok');
  const [asInit] = await recording(() => retryFetch('https://other.example/', made(), instant()), ok);
  assert.equal(asInit[1].method, 'POST');
  assert.equal(new Headers(asInit[1].headers).get('authorization'), 'Bearer t');
  assert.equal(await new Response(asInit[1].body).text(), 'order');
  const [asInput] = await recording(() => retryFetch(made(), undefined, instant()), ok);
  assert.equal(new Headers(asInput[1].headers).get('authorization'), 'Bearer t');
  // As happy-dom's, whose getters no loop lists.
  const hidden = new (class {
    get method() {
      return 'PUT';
    }
    get headers() {
      return new Headers({ authorization: 'Bearer t' });
    }
    get body() {
      return 'order';
    }
  })();
  const [inHidden] = await recording(() => retryFetch('https://other.example/', hidden, instant()), ok);
  assert.equal(inHidden[1].method, 'PUT');
  assert.equal(inHidden[1].headers.get('authorization'), 'Bearer t');
  assert.equal(inHidden[1].body, 'order');
  const foreign = { url, method: 'POST', headers: new Headers(), body: undefined, signal: null, clone: () => foreign };
  assert.equal((await recording(() => retryFetch(foreign, undefined, instant()))).length, 1);
});

test('retryFetch sends by the fetch it is given and repeats the methods it is told', async () => {
  const { retryFetch } = await unlimited({ withFetch: true });
  let sent = 0;
  const options = instant([], { methods: ['POST'], fetch: async () => (sent++, new Response(null, { status: 503 })) });
  assert.equal((await retryFetch('https://example.com/', { method: 'POST' }, options)).status, 503);
  assert.equal(sent, 5);
  sent = 0;
  await retryFetch('https://example.com/', {}, options);
  assert.equal(sent, 1);
});

test('each destination has a budget of its own; retryFetch takes the origin', async () => {
  const { retryFetch, withRetry } = await load(tool, { withFetch: true });
  const attempts = async (destination) => (await fail(withRetry, httpError(503), { destination })).attempts;
  for (let i = 0; i < 100; i++) await attempts('orders');
  assert.ok((await attempts('orders')) <= 2);
  assert.equal(await attempts('users'), 5);
  const count = async (url) => (await recording(() => retryFetch(url, undefined, instant()))).length;
  for (let i = 0; i < 100; i++) await count('https://down.example/a');
  assert.ok((await count('https://down.example/b')) <= 2);
  assert.equal(await count('https://up.example/a'), 5);
});

test('shouldRetry forces with true, also on an object that is no failure, and may be async', async () => {
  const { withRetry } = await unlimited();
  assert.equal((await fail(withRetry, httpError(404), { shouldRetry: async () => true })).attempts, 5);
  let calls = 0;
  const states = ['pending', 'pending', 'done'];
  const result = await withRetry(
    async () => ({ state: states[calls++] }),
    instant([], { shouldRetry: ({ state }) => state === 'pending' || undefined }),
  );
  assert.deepEqual([result.state, calls], ['done', 3]);
  calls = 0;
  assert.equal((await withRetry(async () => (calls++, new Response('ok')), instant([], { shouldRetry: () => true }))).status, 200);
  assert.equal(calls, 1);
});

test('delayMs replaces the backoff, and Retry-After stays a floor', async () => {
  const { withRetry } = await unlimited();
  const delayMs = (attempt, { message }) => attempt * 10 + message.length;
  assert.deepEqual((await fail(withRetry, httpError(503), { maxRetries: 3, delayMs })).waits, [8, 18, 28]);
  const asked = httpError(503, { headers: { 'retry-after': '1' } });
  assert.deepEqual((await fail(withRetry, asked, { maxRetries: 1, delayMs })).waits, [1_000]);
  for (const delayMs of [() => NaN, () => -1, () => assert.fail('thrown')]) {
    assert.deepEqual((await fail(withRetry, httpError(503), { maxRetries: 1, delayMs, random: () => 0.5 })).waits, [100]);
  }
});

test('onGiveUp says why there was no further attempt', async () => {
  const { withRetry, RetryBudget } = await load(tool, { withJitter: false });
  const why = async (how, more) => {
    const told = [];
    await fail(withRetry, how, {
      budget: new RetryBudget(),
      onGiveUp: (reason, facts) => void told.push([reason === how, facts]),
      ...more,
    });
    assert.equal(told.length, 1);
    assert.equal(told[0][0], true);
    return told[0][1];
  };
  assert.deepEqual(await why(httpError(503)), { attempts: 5, elapsedMs: 3_000, why: 'attempts' });
  assert.equal((await why(httpError(404))).why, 'verdict');
  assert.equal((await why(httpError(503), { shouldRetry: () => false })).why, 'verdict');
  assert.deepEqual(await why(httpError(503), { budget: new RetryBudget({ capacity: 1, percent: 0 }) }), {
    attempts: 2,
    elapsedMs: 200,
    why: 'budget',
  });
  assert.equal((await why(httpError(503), { totalTimeoutMs: 500 })).why, 'deadline');
  assert.equal((await why(httpError(503, { headers: { 'retry-after': '61' } }))).why, 'retry-after');
  const busy = new Response(null, { status: 503 });
  const told = [];
  await withRetry(async () => busy, instant([], { maxRetries: 1, onGiveUp: (reason, facts) => void told.push(reason, facts.why) }));
  assert.deepEqual(told, [busy, 'attempts']);
  await withRetry(async () => new Response(null, { status: 404 }), instant([], { onGiveUp: () => assert.fail('an answer is no failure') }));
});

test('with retryErrors network only failures of the network, time-outs and statuses are retried', async () => {
  const { withRetry } = await unlimited({ retryErrors: 'network', retryOn: [] });
  const attempts = async (error) => (await fail(withRetry, error)).attempts;
  const again = [
    new TypeError('fetch failed'),
    Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    new DOMException('late', 'TimeoutError'),
    new Error('wrapped', { cause: Object.assign(new Error('x'), { code: 'EAI_AGAIN' }) }),
  ];
  for (const error of again) assert.equal(await attempts(error), 5, String(error));
  for (const error of [new Error('anything'), httpError(503), 'text']) assert.equal(await attempts(error), 1, String(error));
});

test('what lasts is not retried, at any depth', async () => {
  const { withRetry } = await unlimited();
  const coded = (code) => Object.assign(new Error('x'), { code });
  const lasting = [
    new TypeError('fetch failed', { cause: coded('CERT_HAS_EXPIRED') }),
    new TypeError('fetch failed', { cause: new Error('unknown scheme') }),
    new TypeError('fetch failed', { cause: new Error('redirect count exceeded') }),
    coded('ERR_TOO_MANY_REDIRECTS'),
    coded('DEPTH_ZERO_SELF_SIGNED_CERT'),
    new TypeError('error sending request: invalid peer certificate: UnknownIssuer'),
    ...['self-signed certificate', 'certificate has expired', 'x509: certificate signed by unknown authority'].map(
      (each) => new Error(each),
    ),
    ...['net::ERR_CERT_DATE_INVALID', 'UNKNOWN_CERTIFICATE_VERIFICATION_ERROR', 'EPROTO'].map(coded),
    new Error('wrapped', { cause: coded('CIRCUIT_OPEN') }),
    new AggregateError([coded('ECONNRESET'), coded('BULKHEAD_FULL')]),
    coded('23505'),
    coded('P2002'),
    coded('ENOENT'),
    Object.assign(new Error('x'), { name: 'ZodError' }),
    Object.assign(new Error('x'), { name: 'CancelError' }),
    coded('ABORTED'),
  ];
  for (const error of lasting) assert.equal((await fail(withRetry, error)).attempts, 1, `${String(error)} ${String(error.code)}`);
  for (const code of ['P2024', 'ECONNRESET', '40001']) assert.equal((await fail(withRetry, coded(code))).attempts, 5, code);
  for (const word of ['the concerts are away', 'an uncertain answer'])
    assert.equal((await fail(withRetry, new Error(word))).attempts, 5, word);
});

test('the total time is kept by the timers that are given', async () => {
  const { withRetry, RetryTimeoutError } = await unlimited();
  const delays = [];
  const timers = { set: (callback, ms) => void (delays.push(ms), queueMicrotask(callback)), clear: () => undefined };
  const told = [];
  const error = await rejection(
    withRetry(() => new Promise(() => {}), { totalTimeoutMs: 700, timers, onGiveUp: (_reason, facts) => void told.push(facts.why) }),
  );
  assert.ok(error instanceof RetryTimeoutError);
  assert.deepEqual([delays, told], [[699, 1], ['deadline']]);
});

test('fn always gets a signal and may answer with a plain value or a builder', async () => {
  const { withRetry } = await unlimited();
  assert.equal(await withRetry(() => 5), 5);
  assert.equal(await withRetry(() => ({ then: (resolve) => resolve('built') })), 'built');
  assert.equal(await withRetry((signal) => signal.aborted), false);
  assert.equal(await withRetry((signal) => signal.aborted, { signal: null }), false);
});

test('a refused answer is freed, whichever client it came from', async () => {
  const { withRetry } = await unlimited();
  const node = (freed) => ({ pipe: () => undefined, on: () => undefined, destroy: () => freed.push('node') });
  for (const make of [
    (freed) => ({ status: 503, headers: {}, body: node(freed) }),
    (freed) => ({ status: 503, headers: {}, data: node(freed) }),
    (freed) => httpError(503, { response: { status: 503, data: node(freed) } }),
  ]) {
    const freed = [];
    await fail(withRetry, make(freed), { maxRetries: 2 });
    if (freed.length === 0) await withRetry(async () => make(freed), instant([], { maxRetries: 2 }));
    assert.deepEqual(freed, ['node', 'node']);
  }
});

test('an abort after the headers ends the body, by whichever of two signals', async () => {
  const { retryFetch } = await unlimited({ withFetch: true });
  for (const which of [0, 1]) {
    const callers = [new AbortController(), new AbortController()];
    const [init, options] = callers.map(({ signal }) => ({ signal }));
    let seen;
    const sending = async (_input, { signal }) => ((seen = signal), new Response(new ReadableStream()));
    await retryFetch('https://example.com/', init, { ...options, fetch: sending });
    assert.equal(seen.aborted, false);
    callers[which].abort('stop');
    assert.equal(seen.reason, 'stop');
  }
});

test('what stands where options belong is refused, with the way to write it', async () => {
  const { withRetry, retryFetch, RetryBudget } = await load(tool, { withFetch: true });
  const wrong = [3, '3', true, [429], () => true, new AbortController().signal, Symbol('three')];
  for (const given of wrong) {
    const begun = () => assert.fail('it was called');
    for (const call of [withRetry(begun, given), retryFetch('https://orders.example/', {}, given)]) {
      const error = await rejection(call);
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^options: \w+ given; use an object, as \{ maxRetries: 3, signal \}\.$/u);
    }
    assert.throws(() => new RetryBudget(given), /^TypeError: options: \w+ given; use an object, as \{ percent: 20 \}\.$/u);
  }
  for (const none of [undefined, null, {}]) {
    assert.equal(await withRetry(() => 'ok', none), 'ok');
    assert.equal(new RetryBudget(none).available, new RetryBudget().available);
  }
});

test('a number where a function belongs, and statuses that are no list, are refused before an attempt', async () => {
  const { withRetry } = await load(tool);
  const begun = () => assert.fail('it was called');
  for (const name of ['shouldRetry', 'delayMs', 'onRetry', 'onGiveUp']) {
    for (const given of [1_000, true, 'never', {}]) {
      const error = await rejection(withRetry(begun, { [name]: given }));
      assert.ok(error instanceof TypeError);
      assert.equal(error.message, `${name}: ${typeof given} given; use a function.`);
    }
    assert.equal(await withRetry(() => 'ok', { [name]: null }), 'ok');
    assert.equal(await withRetry(() => 'ok', { [name]: undefined }), 'ok');
  }
  for (const retryOn of [503, '503', new Set([503])]) {
    const error = await rejection(withRetry(begun, { retryOn }));
    assert.ok(error instanceof TypeError);
    assert.equal(error.message, `retryOn: ${typeof retryOn} given; use a list of statuses.`);
  }
});
