// A call that succeeds through circuit breaker, retry, timeout and bulkhead, put together: what a service pays for each call.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { emitStack } from '../../generated/lib/stack.mjs';

const work = async () => 1;
const TIMEOUT = 2_000;
const MANIFEST = {
  circuitBreaker: {},
  retryPolicy: {},
  timeoutConfig: { operations: { 'orders.get': TIMEOUT } },
  bulkhead: { partitions: { orders: 10 } },
  upstreams: {},
};

const folder = join(dirname(fileURLToPath(import.meta.url)), '../.emitted/upstreams');
const emitted = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);

async function bareStack() {
  await emitStack(folder, MANIFEST);
  const { CircuitBreaker } = await emitted('circuit-breaker');
  const { resilienceStack } = await emitted('resilience-stack');
  const { withRetry } = await emitted('retry');
  const { withTimeout } = await emitted('timeouts');
  const { withBulkhead } = await emitted('bulkhead');
  return resilienceStack({ breaker: () => new CircuitBreaker(), retry: withRetry, timeout: withTimeout, bulkhead: withBulkhead });
}

// Each column is compiled before it is measured, as in a service that has been running for a while.
async function warm(call) {
  for (let n = 0; n < 5_000; n++) await call();
  return call;
}

export const title = 'Upstreams: a call that succeeds, through all four layers';
export const unit = 'call';
export const operations = 1;
export const bounds = [
  { column: 'emitted, upstreams', against: 'cockatiel', most: 0.35 },
  { column: 'emitted, upstreams', against: 'emitted, the stack alone', most: 1.3 },
];
export const columns = {
  'bare await': { setup: () => work },
  'emitted, upstreams': {
    setup: async () => {
      await emitStack(folder, MANIFEST);
      const { upstreams } = await emitted('upstreams');
      return warm(() => upstreams.orders.call('orders.get', work));
    },
  },
  'emitted, the stack alone': {
    setup: async () => {
      const call = await bareStack();
      return warm(() => call('orders.get', 'orders', work));
    },
  },
  cockatiel: {
    setup: async () => {
      const { bulkhead, circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, timeout, TimeoutStrategy, wrap } =
        await import('cockatiel');
      const policy = wrap(
        retry(handleAll, { maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 8000 }) }),
        circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) }),
        timeout(TIMEOUT, TimeoutStrategy.Aggressive),
        bulkhead(10, 100),
      );
      return warm(() => policy.execute(work));
    },
  },
};
