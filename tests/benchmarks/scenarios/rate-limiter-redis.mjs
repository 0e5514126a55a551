// Decisions on a real redis-server, 100 at a time over one connection; half of them are refused.
import { consume } from '../article/rate-limiter.mjs';
import { connect } from './rate-limiter-redis.shared.mjs';

export const title = 'Rate limiter on Redis: 100 callers, 10 keys';
export const operations = 100;
export const unit = 'decision';
// A second process and its socket make one round differ from the next by more than the columns do.
export const rounds = 21;
export const bounds = [{ column: 'emitted, token bucket', against: "the article's EVAL", most: 1.1 }];

const [capacity, perSecond] = [1000, 1000];
const keys = Array.from({ length: operations }, (_, index) => `key:${String(index % 10)}`);

// Client and server are measured as they run in the long term: compiled, with the script loaded.
async function warm(run) {
  for (let round = 0; round < 300; round++) await run();
  return run;
}

const ours = (algorithm, className, second) => ({
  emit: ['generate_rate_limiting', { algorithm }],
  setup: async (module) => {
    const redis = await connect();
    const failures = [];
    const options = { storeTimeoutMs: 10_000, onStoreFailure: (error) => failures.push(error) };
    // First of all: of 2,000 callers at once exactly as many are admitted as the limit says.
    const strict = new module[className](redis, 500, algorithm.endsWith('bucket') ? 0.001 : 3600, { prefix: 'strict:', ...options });
    const decisions = await Promise.all(Array.from({ length: 2000 }, () => strict.consume('key:a')));
    const admitted = decisions.filter((each) => each.allowed).length;
    if (admitted !== 500 || failures.length > 0) throw new Error(`admitted ${String(admitted)} of 500; ${String(failures[0])}`);
    const limiter = new module[className](redis, capacity, second, options);
    return warm(() => Promise.all(keys.map((key) => limiter.consume(key))));
  },
});

export const columns = {
  'bare GET': {
    setup: async () => {
      const redis = await connect();
      return warm(() => Promise.all(keys.map((key) => redis.get(key))));
    },
  },
  'emitted, token bucket': ours('token-bucket', 'TokenBucketLimiter', perSecond),
  'emitted, leaky bucket': ours('leaky-bucket', 'LeakyBucketLimiter', perSecond),
  'emitted, fixed window': ours('fixed-window', 'FixedWindowLimiter', 1),
  'emitted, sliding window': ours('sliding-window', 'SlidingWindowLimiter', 1),
  "the article's EVAL": {
    setup: async () => {
      const redis = await connect();
      return warm(() => Promise.all(keys.map((key) => consume(redis, key, capacity, perSecond))));
    },
  },
  'rate-limiter-flexible': {
    setup: async () => {
      const { RateLimiterRedis } = await import('rate-limiter-flexible');
      const limiter = new RateLimiterRedis({ storeClient: await connect(), points: capacity, duration: 1 });
      // It says no by a rejection.
      const refused = () => undefined;
      return warm(() => Promise.all(keys.map((key) => limiter.consume(key).catch(refused))));
    },
  },
};
