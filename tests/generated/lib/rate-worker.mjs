// One of several processes that hammer one key, with a clock of its own.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const [order] = await once(process, 'message');
const { skew, source, url, capacity, perSecond, seconds } = order;
const [wall, monotonic] = [Date.now, performance.now.bind(performance)];
Date.now = () => wall() + skew;
performance.now = () => monotonic() + Math.max(0, skew);

const { TokenBucketLimiter } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const redis = new Redis(url);
const failures = [];
const limiter = new TokenBucketLimiter(redis, capacity, perSecond, {
  prefix: 'skew:',
  storeTimeoutMs: 10_000,
  onStoreFailure: (error) => failures.push(String(error)),
});
const serverTime = async () => {
  const [whole, micro] = await redis.time();
  return Number(whole) * 1_000_000 + Number(micro);
};
await redis.ping();
process.send('ready');
await once(process, 'message');
const began = await serverTime();
const until = monotonic() + seconds * 1000;
let [asked, admitted] = [0, 0];
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (monotonic() < until) {
      asked++;
      if ((await limiter.consume('key:shared')).allowed) admitted++;
      else await sleep(1);
    }
  }),
);
const ended = await serverTime();
process.send({ asked, admitted, failures, began, ended });
redis.disconnect();
process.disconnect();
