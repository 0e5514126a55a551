// One call that fails while the breaker is closed: what an outage costs until the circuit opens. The emitted breaker reads what the error
// and its causes say about the service, and how long it asks to be left alone; the others count whatever is thrown.
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:80'), { code: 'ECONNREFUSED' });
const failed = new TypeError('fetch failed', { cause: refused });
const failing = async () => {
  throw failed;
};
const ignore = () => undefined;
const threshold = 2 ** 31 - 1;

export const title = 'Circuit breaker, closed: one call that fails';
export const columns = {
  'bare rejection': { setup: () => () => failing().catch(ignore) },
  emitted: {
    emit: ['generate_circuit_breaker', {}],
    setup: ({ CircuitBreaker }) => {
      const breaker = new CircuitBreaker(threshold, 30_000);
      return () => breaker.call(failing).catch(ignore);
    },
  },
  'emitted, with a judge of its own': {
    emit: ['generate_circuit_breaker', {}],
    setup: ({ CircuitBreaker }) => {
      const breaker = new CircuitBreaker({ failureThreshold: threshold, judge: () => 'failure' });
      return () => breaker.call(failing).catch(ignore);
    },
  },
  article: {
    setup: async () => {
      const { CircuitBreaker } = await import('../article/circuit-breaker.mjs');
      const breaker = new CircuitBreaker(threshold, 30_000);
      return () => breaker.call(failing).catch(ignore);
    },
  },
  cockatiel: {
    setup: async () => {
      const { circuitBreaker, ConsecutiveBreaker, handleAll } = await import('cockatiel');
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(threshold) });
      return () => policy.execute(failing).catch(ignore);
    },
  },
  opossum: {
    setup: async () => {
      const { default: Breaker } = await import('opossum');
      const breaker = new Breaker(failing, { timeout: false, volumeThreshold: threshold, rollingPercentilesEnabled: false });
      return () => breaker.fire().catch(ignore);
    },
  },
};
