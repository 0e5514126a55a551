// Limits are so high that every call is admitted; `keysOf` makes the function that gives the next key.
const perMinute = 1_000_000_000;
const classes = {
  'token-bucket': 'TokenBucketLimiter',
  'leaky-bucket': 'LeakyBucketLimiter',
  'fixed-window': 'FixedWindowLimiter',
  'sliding-window': 'SlidingWindowLimiter',
};

const ours = (algorithm, keysOf) => ({
  emit: [
    'generate_rate_limiting',
    { algorithm, store: 'memory', requestsPerWindow: perMinute, ...(algorithm.endsWith('bucket') && { burstCapacity: 1_000_000_000 }) },
  ],
  setup: (module) => {
    const limiter = new module[classes[algorithm]]();
    const key = keysOf();
    return () => limiter.consume(key());
  },
});

export function columnsFor(keysOf) {
  return {
    'bare await': {
      setup: () => {
        const key = keysOf();
        return async () => key();
      },
    },
    'emitted, token bucket': ours('token-bucket', keysOf),
    'emitted, leaky bucket': ours('leaky-bucket', keysOf),
    'emitted, fixed window': ours('fixed-window', keysOf),
    'emitted, sliding window': ours('sliding-window', keysOf),
    'rate-limiter-flexible': {
      setup: async () => {
        const { RateLimiterMemory } = await import('rate-limiter-flexible');
        const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
        const key = keysOf();
        return () => limiter.consume(key());
      },
    },
    // Its store counts; whether the request may pass, and what is left until when, its middleware derives from the count.
    'express-rate-limit': {
      setup: async () => {
        const { MemoryStore } = await import('express-rate-limit');
        const store = new MemoryStore();
        store.init({ windowMs: 60_000 });
        const key = keysOf();
        return async () => {
          const { totalHits, resetTime } = await store.increment(key());
          const resetMs = Math.max(0, resetTime.getTime() - Date.now());
          const allowed = totalHits <= perMinute;
          return { allowed, limit: perMinute, remaining: Math.max(0, perMinute - totalHits), retryAfterMs: allowed ? 0 : resetMs, resetMs };
        };
      },
    },
    'express-rate-limit, the count alone': {
      setup: async () => {
        const { MemoryStore } = await import('express-rate-limit');
        const store = new MemoryStore();
        store.init({ windowMs: 60_000 });
        const key = keysOf();
        return () => store.increment(key());
      },
    },
    limiter: {
      setup: async () => {
        const { RateLimiter } = await import('limiter');
        const limiters = new Map();
        const key = keysOf();
        return () => {
          const name = key();
          let limiter = limiters.get(name);
          if (limiter === undefined) limiters.set(name, (limiter = new RateLimiter({ tokensPerInterval: perMinute, interval: 'minute' })));
          return limiter.removeTokens(1);
        };
      },
    },
  };
}
