// One call that an open breaker rejects, and whose rejection is handled.
const failing = async () => {
  throw new Error('down');
};
const ignore = () => undefined;

async function opened(call) {
  for (let index = 0; index < 30; index++) await call().catch(ignore);
  return () => call().catch(ignore);
}

export const title = 'Circuit breaker, open: one rejection';
export const bounds = ['article', 'cockatiel', 'opossum'].map((against) => ({ column: 'emitted', against, most: 0.5 }));
export const columns = {
  'bare rejection': { setup: () => () => failing().catch(ignore) },
  emitted: {
    emit: ['generate_circuit_breaker', {}],
    setup: ({ CircuitBreaker }) => {
      const breaker = new CircuitBreaker(5, 3_600_000);
      return opened(() => breaker.call(failing));
    },
  },
  article: {
    setup: async () => {
      const { CircuitBreaker } = await import('../article/circuit-breaker.mjs');
      const breaker = new CircuitBreaker(5, 3_600_000);
      return opened(() => breaker.call(failing));
    },
  },
  cockatiel: {
    setup: async () => {
      const { circuitBreaker, ConsecutiveBreaker, handleAll } = await import('cockatiel');
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker: new ConsecutiveBreaker(5) });
      return opened(() => policy.execute(failing));
    },
  },
  opossum: {
    setup: async () => {
      const { default: Breaker } = await import('opossum');
      const breaker = new Breaker(failing, { resetTimeout: 3_600_000, timeout: false, volumeThreshold: 5 });
      return opened(() => breaker.fire());
    },
  },
};
