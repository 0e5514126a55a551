// What the cases of this folder share.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { javaScriptOf } from '../lib/emit.mjs';

export const RETRY = 'generate_retry_policy';
export const BREAKER = 'generate_circuit_breaker';

const emitted = new Map();
let loads = 0;

/** The file of the emitted source as JavaScript; asked for once for the same arguments. */
export function fileOf(tool, args = {}) {
  const key = `${tool} ${JSON.stringify(args)}`;
  const file = emitted.get(key) ?? javaScriptOf(tool, args);
  emitted.set(key, file);
  return file;
}

/** The emitted source as a module of its own: two calls share no state. */
export const load = (tool, args = {}) => import(`${pathToFileURL(fileOf(tool, args)).href}?${String(++loads)}`);

/** Every variant of a tool's emitted code that a case is tried on. */
export const retries = {
  defaults: {},
  bare: { withJitter: false, withRetryBudget: false, respectRetryAfter: false },
  total: { totalTimeoutMs: 30_000 },
};
export const breakers = {
  defaults: {},
  metrics: { withMetrics: true },
  rate: { tripOn: 'failure-rate', failureThreshold: 2, minimumCalls: 2 },
};

/** Waits of next to nothing. */
export const fast = { baseDelayMs: 1, maxDelayCapMs: 1 };

export const rejection = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Settles with `late` when the promise takes longer. */
export async function within(ms, promise, late = 'still waiting') {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, late);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `use` against a server on the loopback interface that is gone afterwards. */
export async function served(handler, use) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${String(server.address().port)}/`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** How many attempts are made when each ends like this. */
export async function attemptsOf(work, options = {}, args = {}) {
  const { withRetry } = await load(RETRY, args);
  let attempts = 0;
  await rejection(
    withRetry(
      (signal) => {
        attempts += 1;
        return work(signal);
      },
      { ...fast, maxRetries: 2, ...options },
    ),
  );
  return attempts;
}

/** The state of a breaker after ten calls that end like this. */
export async function stateAfter(work, args = {}) {
  const { CircuitBreaker } = await load(BREAKER, args);
  const breaker = new CircuitBreaker({ failureThreshold: 5 });
  for (let calls = 0; calls < 10; calls += 1) {
    await rejection(breaker.call(work));
  }
  return breaker.state;
}
