// One call through a closed breaker; the work is a function that resolves at once.
const work = async () => 1;
const tool = 'generate_circuit_breaker';
const ours = (args) => ({
  emit: [tool, args],
  setup: ({ CircuitBreaker }) => {
    const breaker = new CircuitBreaker(5, 30_000);
    return () => breaker.call(work);
  },
});

export const title = 'Circuit breaker, closed: one call';
export const bounds = [
  { column: 'emitted', against: 'article', most: 1.1 },
  { column: 'emitted', against: 'cockatiel', most: 0.7 },
];
export const columns = {
  'bare await': { setup: () => work },
  emitted: ours({}),
  'emitted, metrics': ours({ withMetrics: true }),
  'emitted, failure rate': ours({ tripOn: 'failure-rate' }),
  article: {
    setup: async () => {
      const { CircuitBreaker } = await import('../article/circuit-breaker.mjs');
      const breaker = new CircuitBreaker(5, 30_000);
      return () => breaker.call(work);
    },
  },
  cockatiel: {
    setup: async () => {
      const { circuitBreaker, ConsecutiveBreaker, handleAll } = await import('cockatiel');
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) });
      return () => policy.execute(work);
    },
  },
  opossum: {
    setup: async () => {
      const { default: Breaker } = await import('opossum');
      const breaker = new Breaker(work, { resetTimeout: 30_000, timeout: false });
      return () => breaker.fire();
    },
  },
};
