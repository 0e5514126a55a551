// Runs one guard many times in a process of its own and prints what it leaves behind; then the process has to end by itself.
import { getEventListeners } from 'node:events';

const [guard, module, count] = process.argv.slice(2);
const emitted = await import(module);
const { signal } = new AbortController();
const work = async () => 1;
const failing = async () => {
  throw new Error('down');
};
const ignore = () => undefined;

const guards = {
  'closed breaker': () => {
    const breaker = new emitted.CircuitBreaker();
    return () => breaker.call(work, { signal });
  },
  'open breaker': () => {
    const breaker = new emitted.CircuitBreaker(1);
    breaker.trip();
    return () => breaker.call(work, { signal }).catch(ignore);
  },
  'probing breaker': () => {
    let ms = 0;
    const breaker = new emitted.CircuitBreaker(1, 10, { now: () => ms });
    return async () => {
      await breaker.call(failing, { signal }).catch(ignore);
      ms += 10;
      await breaker.call(work, { signal });
    };
  },
  retry: () => () => emitted.withRetry(work, { signal }),
  'retry that gives up': () => () => emitted.withRetry(failing, { signal, sleep: async () => undefined, maxRetries: 2 }).catch(ignore),
  timeout: () => () => emitted.withTimeout('read', work, { signal }),
  bulkhead: () => {
    const bulkhead = new emitted.Bulkhead('payments', 10);
    return () => bulkhead.run(work, { signal });
  },
  'bulkhead with a queue': () => {
    const bulkhead = new emitted.Bulkhead('payments', 1);
    return () => Promise.all([bulkhead.run(work, { signal }), bulkhead.run(work, { signal }), bulkhead.run(work, { signal })]);
  },
  'rate limiter': () => {
    const limiter = new emitted.TokenBucketLimiter();
    return () => limiter.consume('key');
  },
};

const run = guards[guard]();
const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
};
for (let index = 0; index < 20_000; index++) await run();
await settle();
const before = timers();
// A leak shows in every round; what the engine itself still compiles and caches shows in the first ones.
const rounds = [];
for (let round = 0; round < 3; round++) {
  const heap = process.memoryUsage().heapUsed;
  for (let index = 0; index < Number(count); index++) await run();
  await settle();
  rounds.push((process.memoryUsage().heapUsed - heap) / Number(count));
}
console.log(
  JSON.stringify({
    bytesPerCall: Math.max(0, Math.min(...rounds)),
    timers: timers() - before,
    listeners: getEventListeners(signal, 'abort').length,
  }),
);
