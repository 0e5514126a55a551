// What is kept says whose it is: other limiters, deploys, versions side by side, services that share a Redis.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { admittedOf, algorithms, limiterClass, load, startRedis, tool } from './lib/support.mjs';

let server;
let redis;
before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

const patient = { storeTimeoutMs: 10_000, onStoreFailure: (error) => assert.fail(error) };
const made = async (algorithm, first, perMinute, options = {}) => {
  const Limiter = await limiterClass(algorithm);
  const { bucket } = algorithms[algorithm];
  return new Limiter(redis, first, bucket ? perMinute / 60 : perMinute, { ...patient, ...options });
};

/** The second figure of a limiter that gives nothing back while a test runs. */
const slow = ({ bucket }) => (bucket ? 0.01 : 3600);

for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
  describe(algorithm, () => {
    // The second figure is a rate a minute for buckets and a window for the others.
    const [api, login] = bucket
      ? [
          [20, 100],
          [5, 0.33],
        ]
      : [
          [100, 60],
          [5, 900],
        ];

    test('two limiters with other figures do not share a count', async () => {
      await redis.flushall();
      const [first, second] = [await made(algorithm, ...api), await made(algorithm, ...login)];
      assert.equal(await admittedOf(first, 'ip:a', 6), 6);
      assert.equal(await admittedOf(second, 'ip:a', 7), 5);
      assert.equal(await admittedOf(first, 'ip:a', 1), 1);
      assert.equal(await admittedOf(second, 'ip:a', 7), 0);
    });

    test('nor do two with different names and the same figures', async () => {
      await redis.flushall();
      const [first, second] = [await made(algorithm, 3, 60, { name: 'search' }), await made(algorithm, 3, 60, { name: 'export' })];
      assert.equal(await admittedOf(first, 'ip:a', 3), 3);
      assert.equal((await second.consume('ip:a')).remaining, 2);
      assert.equal((await second.consume('ip:a')).policy, 'export');
      const keys = await redis.keys('*');
      assert.deepEqual(keys.sort(), [`rate:${algorithm}:export:ip:a`, `rate:${algorithm}:search:ip:a`]);
    });

    test('nor do two services that count everybody together', async () => {
      await redis.flushall();
      const services = [await load(tool, { algorithm, keyStrategy: 'global' }), await load(tool, { algorithm, keyStrategy: 'global' })];
      const [first, second] = [api, login].map(
        ([one, other], index) =>
          new services[index][`${algorithms[algorithm].stem}Limiter`](redis, one, bucket ? other / 60 : other, patient),
      );
      assert.equal(await admittedOf(first, services[0].keyOf(), 15), 15);
      assert.equal(await admittedOf(second, services[1].keyOf(), 7), 5);
    });

    test('a deploy that raises the limit keeps what was used', async () => {
      await redis.flushall();
      assert.equal(await admittedOf(await made(algorithm, 10, slow(algorithms[algorithm])), 'ip:a', 50), 10);
      const more = await admittedOf(await made(algorithm, 20, slow(algorithms[algorithm])), 'ip:a', 30);
      assert.equal(more, 10);
    });

    test('one that lowers it locks nobody out for longer than the new limit can', async () => {
      await redis.flushall();
      const [old, young] = [await made(algorithm, 1000, 60), await made(algorithm, 10, 60)];
      for (let i = 0; i < 10; i++) await old.consume('ip:a', 100);
      const { retryAfterMs, resetMs } = await young.consume('ip:a');
      const longest = bucket ? 10_000 : 60_000;
      assert.ok(retryAfterMs <= longest && resetMs <= longest, `${String(retryAfterMs)}, ${String(resetMs)}`);
    });

    test('one that changes the rate or the window does not, either', async () => {
      await redis.flushall();
      const [old, young] = bucket
        ? [await made(algorithm, 20, 1), await made(algorithm, 20, 100)]
        : [await made(algorithm, 20, 3600), await made(algorithm, 20, 60)];
      assert.equal(await admittedOf(old, 'ip:a', 20), 20);
      const next = await young.consume('ip:a');
      assert.ok(!next.allowed, 'what was used is used');
      assert.ok(next.retryAfterMs <= 60_000 && next.resetMs <= 60_000, JSON.stringify(next));
      const forth = bucket ? await made(algorithm, 20, 10) : await made(algorithm, 20, 600);
      await redis.flushall();
      await admittedOf(young, 'ip:a', 10);
      const { remaining } = await forth.consume('ip:a');
      assert.ok(remaining >= 8 && remaining <= 10, String(remaining));
    });

    test('two versions side by side admit no more than the larger one', async () => {
      for (const [old, young] of [
        [
          [50, slow({ bucket })],
          [80, slow({ bucket })],
        ],
        [
          [50, slow({ bucket })],
          [20, slow({ bucket })],
        ],
        [
          [50, slow({ bucket })],
          [50, 2 * slow({ bucket })],
        ],
      ]) {
        await redis.flushall();
        const limiters = [await made(algorithm, ...old), await made(algorithm, ...young)];
        let admitted = 0;
        await Promise.all(
          Array.from({ length: 300 }, async (_, index) => {
            if ((await limiters[index % 2].consume('ip:a')).allowed) admitted++;
          }),
        );
        const larger = Math.max(old[0], young[0]);
        assert.ok(admitted <= larger, `${String(admitted)} of ${String(larger)}`);
        assert.ok(admitted >= Math.min(old[0], young[0]), String(admitted));
      }
    });

    test('with a name, so do versions that share no figure, however many there are', async () => {
      for (const options of [{ name: 'api' }, { prefix: 'api:' }]) {
        await redis.flushall();
        const limiters = [
          await made(algorithm, 50, slow({ bucket }), options),
          await made(algorithm, 80, 2 * slow({ bucket }), options),
          await made(algorithm, 60, 3 * slow({ bucket }), options),
        ];
        let admitted = 0;
        for (let index = 0; index < 300; index++) {
          if ((await limiters[index % 3].consume('ip:a')).allowed) admitted++;
        }
        assert.ok(admitted <= 80 && admitted >= 50, String(admitted));
      }
    });

    test('another algorithm begins anew', async () => {
      await redis.flushall();
      for (const other of Object.keys(algorithms)) {
        if (other !== algorithm) await admittedOf(await made(other, 5, slow(algorithms[other])), 'ip:a', 5);
      }
      assert.equal(await admittedOf(await made(algorithm, 5, slow({ bucket })), 'ip:a', 6), 5);
    });

    test('Redis and memory decide alike', async () => {
      await redis.flushall();
      const Local = await limiterClass(algorithm, { store: 'memory' });
      const figures = bucket ? [7, 1 / 3600] : [7, 3600];
      const [shared, local] = [new (await limiterClass(algorithm))(redis, ...figures, patient), new Local(...figures)];
      for (const cost of [1, 3, 2, 4, 1, 1]) {
        const [one, other] = [await shared.consume('k', cost), await local.consume('k', cost)];
        for (const name of ['allowed', 'limit', 'remaining', 'decidedBy', 'policy']) assert.deepEqual(one[name], other[name], name);
      }
    });

    test('every key expires', async () => {
      await redis.flushall();
      const [first, second] = [await made(algorithm, ...api), await made(algorithm, ...login)];
      await second.consume('ip:a');
      await first.consume('ip:a');
      const expiry = await redis.pttl(`rate:${algorithm}:ip:a`);
      assert.ok(expiry > 5_000 && expiry <= 900_000, `the longest of those that count there: ${String(expiry)}`);
    });
  });
}

for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
  const day = [{ name: 'day', requests: 30, seconds: 86_400 }];
  for (const limits of bucket ? [undefined] : [undefined, day]) {
    const title = limits === undefined ? algorithm : `${algorithm} with further limits`;
    test(`${title}: requests of one key with limits of their own count alike on Redis and in memory`, async () => {
      await redis.flushall();
      const args = { algorithm, ...(limits && { limits }) };
      const [Shared, Local] = [await limiterClass(algorithm, args), await limiterClass(algorithm, { ...args, store: 'memory' })];
      const figures = [10, bucket ? 0.001 : 3600];
      for (let seed = 1; seed <= 20; seed++) {
        const [shared, local] = [new Shared(redis, ...figures, { prefix: `${String(seed)}:`, ...patient }), new Local(...figures)];
        for (let i = 1; i < 12; i++) {
          const most = [undefined, 5, 10, 20, 40][(seed * i * i) % 5];
          const cost = 1 + ((seed + i * 7) % 4);
          const [one, other] = [await shared.consume('k', cost, most), await local.consume('k', cost, most)];
          for (const name of ['allowed', 'limit', 'remaining', 'policy']) {
            assert.deepEqual(one[name], other[name], `${name} of request ${String(i)}, seed ${String(seed)}`);
          }
        }
      }
    });
  }
}

describe('plans', () => {
  for (const [algorithm, kind] of Object.entries(algorithms)) {
    test(`${algorithm}: each admits what it promises, and says so`, async () => {
      await redis.flushall();
      const limiter = new (await limiterClass(algorithm))(redis, 20, slow(kind), patient);
      for (const most of [3, 7, 20, 97, 333]) {
        const seen = [];
        for (let i = 0; i < most + 2; i++) seen.push(await limiter.consume(`plan:${String(most)}`, 1, most));
        assert.deepEqual(
          seen.map(({ allowed, remaining }) => (allowed ? remaining : 'refused')),
          [...Array(most).keys()].reverse().concat('refused', 'refused'),
        );
      }
    });
  }

  for (const args of [{}, { limits: [{ name: 'day', requests: 1_000_000, seconds: 86_400 }] }]) {
    test(`sliding-window${args.limits ? ' with further limits' : ''}: the log of a large plan stays short`, async () => {
      await redis.flushall();
      const limiter = new (await limiterClass('sliding-window', args))(redis, 10, 3600, patient);
      for (let i = 0; i < 30; i++) await Promise.all(Array.from({ length: 50 }, () => limiter.consume('pro', 1, 100_000)));
      assert.equal((await limiter.consume('pro', 1, 100_000)).remaining, 98_499);
      const [key] = await redis.keys('*');
      assert.ok((await redis.strlen(key)) < 500, await redis.get(key));
      // The limiter's own limit is counted exactly all the same.
      assert.equal(await admittedOf(limiter, 'free', 12), 10);
    });
  }
});

test('a limit that belongs to a plan is one more version', async () => {
  await redis.flushall();
  const limiter = await made('fixed-window', 5, 3600);
  assert.equal(await admittedOf(limiter, 'user:a', 5), 5);
  assert.equal((await limiter.consume('user:a', 1, 100)).remaining, 94);
});
