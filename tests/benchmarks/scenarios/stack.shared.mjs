// What the scenarios of the whole stack share: the emitted stack, and cockatiel's `wrap` of the same four policies.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { emitStack } from '../../generated/lib/stack.mjs';

export const work = async () => 1;

const TIMEOUT = 2_000;
const MANIFEST = {
  circuitBreaker: {},
  retryPolicy: {},
  timeoutConfig: { operations: { 'orders.get': TIMEOUT } },
  bulkhead: { partitions: { orders: 10 } },
  upstreams: {},
};
const emittedFolder = join(dirname(fileURLToPath(import.meta.url)), '../.emitted');

/** Emits the stack into a folder of its own; answers a function that loads one of its modules. */
export async function emitted(name, retryPolicy = {}) {
  const folder = join(emittedFolder, name);
  await emitStack(folder, { ...MANIFEST, retryPolicy });
  return (module) => import(pathToFileURL(join(folder, `${module}.mjs`)).href);
}

/** A call through the four emitted guards, put together as the usage does it. */
export async function stackCall(name, retryPolicy) {
  const load = await emitted(name, retryPolicy);
  const { CircuitBreaker } = await load('circuit-breaker');
  const { resilienceStack } = await load('resilience-stack');
  const { withRetry } = await load('retry');
  const { withTimeout } = await load('timeouts');
  const { withBulkhead } = await load('bulkhead');
  const call = resilienceStack({ breaker: () => new CircuitBreaker(), retry: withRetry, timeout: withTimeout, bulkhead: withBulkhead });
  return () => call('orders.get', 'orders', work);
}

/** A call through cockatiel's `wrap` of the same four. */
export async function cockatielCall() {
  const { bulkhead, circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, timeout, TimeoutStrategy, wrap } =
    await import('cockatiel');
  const policy = wrap(
    retry(handleAll, { maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 8000 }) }),
    circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(TIMEOUT, TimeoutStrategy.Aggressive),
    bulkhead(10, 100),
  );
  return () => policy.execute(work);
}

/** Each column is compiled before it is measured, as in a service that has been running for a while. */
export async function warm(call) {
  for (let n = 0; n < 5_000; n++) await call();
  return call;
}
