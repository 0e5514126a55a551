// Runs one guard many times in a process of its own and prints what it leaves behind; then the process has to end by itself.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

const [guard, module, count] = process.argv.slice(2);
const emitted = module.endsWith('.mjs') ? await import(module) : undefined;
const { signal } = new AbortController();
const reason = new Error('left');
const work = async () => 1;
const failing = async () => {
  throw new Error('down');
};
const hanging = () => new Promise(() => undefined);
const ignore = () => undefined;
const instant = { sleep: async () => undefined };
let listenersOfAborted = 0;

/** The rejection has to be this one: a guard that does not end as its name says proves nothing. */
async function endsWith(expected, promise) {
  let seen;
  try {
    await promise;
    seen = 'a result';
  } catch (error) {
    seen = error === reason ? 'abort' : (error.code ?? error.message);
  }
  if (seen !== expected) assert.fail(`${guard} ended with ${seen}`);
}

/** Each call has a signal of its own, which aborts once the call has begun; `end` ends work that goes on. */
const aborted =
  (call, end = ignore) =>
  async () => {
    const caller = new AbortController();
    const ended = endsWith('abort', call(caller.signal));
    caller.abort(reason);
    await ended;
    listenersOfAborted += getEventListeners(caller.signal, 'abort').length;
    await end();
  };

/** As many at once as end with one turn of the timers. */
const together = (size, call) => {
  const run = () => Promise.all(Array.from({ length: size }, call));
  return Object.assign(run, { size });
};

async function stack(retry = {}) {
  const load = (name) => import(`${module}/${name}.mjs`);
  const [{ CircuitBreaker }, { withRetry }, { withTimeout }, { withBulkhead }, { isBackendFailure, resilienceStack }] = await Promise.all(
    ['circuit-breaker', 'retry', 'timeouts', 'bulkhead', 'resilience-stack'].map(load),
  );
  return resilienceStack({
    breaker: () => new CircuitBreaker(1e9, undefined, { isFailure: isBackendFailure }),
    retry: (fn, options) => withRetry(fn, { ...options, ...instant, ...retry }),
    timeout: withTimeout,
    bulkhead: withBulkhead,
  });
}

const limiter = (Limiter) => () => {
  const subject = new Limiter();
  return () => subject.consume('key');
};

const guards = {
  'breaker, closed': () => {
    const breaker = new emitted.CircuitBreaker();
    return () => breaker.call(work, { signal });
  },
  'breaker, open': () => {
    const breaker = new emitted.CircuitBreaker(1);
    breaker.trip();
    return () => endsWith('CIRCUIT_OPEN', breaker.call(work, { signal }));
  },
  'breaker, failure and probe': () => {
    let ms = 0;
    const breaker = new emitted.CircuitBreaker(1, 10, { now: () => ms });
    return async () => {
      await endsWith('down', breaker.call(failing, { signal }));
      ms += 10;
      await breaker.call(work, { signal });
    };
  },
  'breaker, probe that times out': () => {
    let ms = 0;
    const breaker = new emitted.CircuitBreaker(1, 10, { now: () => ms, probeTimeoutMs: 1, halfOpenMaxProbes: 100, successThreshold: 100 });
    breaker.trip();
    const batch = together(100, () => endsWith('PROBE_TIMEOUT', breaker.call(hanging, { signal })));
    const run = async () => {
      ms += 10;
      await batch();
    };
    return Object.assign(run, { size: batch.size });
  },
  'breaker, call that is aborted': () => {
    const breaker = new emitted.CircuitBreaker();
    return aborted((own) => breaker.call(hanging, { signal: own }));
  },
  'retry, first try': () => () => emitted.withRetry(work, { signal }),
  'retry, gives up': () => () =>
    endsWith('down', emitted.withRetry(failing, { signal, ...instant, maxRetries: 2, budget: new emitted.RetryBudget() })),
  'retry, attempt that is aborted': () => aborted((own) => emitted.withRetry(hanging, { signal: own })),
  'retry, wait that is aborted': () => {
    const budget = { onRequest: () => undefined, trySpend: () => true };
    return async () => {
      const caller = new AbortController();
      const onRetry = () => setImmediate(() => caller.abort(reason));
      await endsWith(
        'abort',
        emitted.withRetry(failing, { signal: caller.signal, budget, onRetry, baseDelayMs: 60_000, maxDelayCapMs: 60_000, random: () => 1 }),
      );
      listenersOfAborted += getEventListeners(caller.signal, 'abort').length;
    };
  },
  'retry, total time over': () =>
    together(1_000, () => endsWith('RETRY_TIMEOUT', emitted.withRetry(hanging, { signal, totalTimeoutMs: 1 }))),
  'timeout, done in time': () => () => emitted.withTimeout('read', work, { signal }),
  'timeout, over': () => together(1_000, () => endsWith('TIMEOUT', emitted.withTimeout('read', hanging, { signal, timeoutMs: 1 }))),
  'timeout, call that is aborted': () => aborted((own) => emitted.withTimeout('read', hanging, { signal: own })),
  'bulkhead, free slot': () => {
    const bulkhead = new emitted.Bulkhead('payments', 10);
    return () => bulkhead.run(work, { signal });
  },
  'bulkhead, queue': () => {
    const bulkhead = new emitted.Bulkhead('payments', 1);
    return together(3, () => bulkhead.run(work, { signal }));
  },
  'bulkhead, full': () => {
    const bulkhead = new emitted.Bulkhead('payments', 1, { maxQueue: 0 });
    void bulkhead.run(hanging);
    return () => endsWith('BULKHEAD_FULL', bulkhead.run(work, { signal }));
  },
  'bulkhead, wait that times out': () => {
    const bulkhead = new emitted.Bulkhead('payments', 1, { maxWaitMs: 1, maxQueue: 1_000 });
    void bulkhead.run(hanging);
    return together(1_000, () => endsWith('BULKHEAD_TIMEOUT', bulkhead.run(work, { signal })));
  },
  'bulkhead, wait that is aborted': () => {
    const bulkhead = new emitted.Bulkhead('payments', 1);
    void bulkhead.run(hanging);
    return aborted((own) => bulkhead.run(work, { signal: own }));
  },
  'bulkhead, call that is aborted': () => {
    const bulkhead = new emitted.Bulkhead('payments', 1);
    let finish;
    const held = () => new Promise((resolve) => (finish = resolve));
    const end = async () => {
      finish();
      // The next call has to find the slot free.
      while (bulkhead.stats().active > 0) await undefined;
    };
    return aborted((own) => bulkhead.run(held, { signal: own }), end);
  },
  'token bucket': () => limiter(emitted.TokenBucketLimiter)(),
  'leaky bucket': () => limiter(emitted.LeakyBucketLimiter)(),
  'fixed window': () => limiter(emitted.FixedWindowLimiter)(),
  'sliding window': () => limiter(emitted.SlidingWindowLimiter)(),
  'limiter on Redis, answered': () => {
    const subject = new emitted.TokenBucketLimiter({ evalsha: async () => [1, 0], eval: async () => [1, 0] });
    return () => subject.consume('key');
  },
  'limiter on Redis, silent': () => {
    const subject = new emitted.TokenBucketLimiter({ evalsha: hanging, eval: hanging }, undefined, undefined, { storeTimeoutMs: 1 });
    return together(1_000, () => subject.consume('key'));
  },
  'stack, first try': async () => {
    const call = await stack();
    return () => call('read', 'orders', work, { signal });
  },
  'stack, gives up': async () => {
    const call = await stack({ budget: { onRequest: () => undefined, trySpend: () => true } });
    return () => endsWith('down', call('read', 'orders', failing, { signal }));
  },
  'stack, times out': async () => {
    const call = await stack({ maxRetries: 0 });
    return together(100, () =>
      endsWith(
        'TIMEOUT',
        call(
          'brief',
          'orders',
          (own) => new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason), { once: true })),
          { signal },
        ),
      ),
    );
  },
  'stack, call that is aborted': async () => {
    const call = await stack();
    return aborted((own) =>
      call(
        'read',
        'orders',
        (inner) => new Promise((_, reject) => inner.addEventListener('abort', () => reject(inner.reason), { once: true })),
        { signal: own },
      ),
    );
  },
};

if (guards[guard] === undefined) throw new Error(`unknown guard ${guard}`);
const run = await guards[guard]();
const size = run.size ?? 1;
const repeat = async (calls) => {
  for (let done = 0; done < calls; done += size) await run();
};
const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
};
await repeat(20_000);
await settle();
const before = timers();
// A leak shows in every round; what the engine itself still compiles and caches shows in the first ones.
const rounds = [];
for (let round = 0; round < 3; round++) {
  const heap = process.memoryUsage().heapUsed;
  await repeat(Number(count));
  await settle();
  rounds.push((process.memoryUsage().heapUsed - heap) / Number(count));
}
console.log(
  JSON.stringify({
    bytesPerCall: Math.max(0, Math.min(...rounds)),
    timers: timers() - before,
    listeners: getEventListeners(signal, 'abort').length + listenersOfAborted,
  }),
);
// Only if something else keeps the process alive does this come to be.
setTimeout(() => {
  console.error('the process does not end by itself');
  process.exit(9);
}, 10_000).unref();
