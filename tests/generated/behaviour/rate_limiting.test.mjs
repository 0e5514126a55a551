import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compared, load } from '../lib/emit.mjs';
import { bucketOracle, fixedWindowOracle, slidingWindowOracle, windowsOracle } from '../lib/rate-oracle.mjs';
import { randomOf } from '../lib/random.mjs';

const tool = 'generate_rate_limiting';
const memory = { store: 'memory', framework: 'fetch', keyStrategy: 'api-key' };
const algorithms = {
  'token-bucket': { stem: 'TokenBucket', bucket: true },
  'leaky-bucket': { stem: 'LeakyBucket', bucket: true },
  'fixed-window': { stem: 'FixedWindow', oracle: fixedWindowOracle },
  'sliding-window': { stem: 'SlidingWindow', oracle: slidingWindowOracle },
};

/** A limiter of the given figures on a clock that the test moves, in microseconds. */
async function limiterOf(algorithm, figures, options = {}) {
  const { stem, bucket } = algorithms[algorithm];
  const module = await load(tool, { ...memory, algorithm });
  const clock = { now: 0 };
  const Limiter = module[`${stem}Limiter`];
  const first = bucket ? figures.capacity : figures.limit;
  const second = bucket ? figures.requests / figures.seconds : figures.seconds;
  return { clock, limiter: new Limiter(first, second, { now: () => clock.now / 1000, ...options }) };
}

/** What a decision says beside the oracle's figures. */
const byCount = { decidedBy: 'count', policy: 'default' };

function oracleOf(algorithm, figures) {
  return algorithms[algorithm].bucket ? bucketOracle(figures) : algorithms[algorithm].oracle(figures);
}

describe('polling', () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    test(`${algorithm}: 1 per second, polled each 100 ms, admits at 1,000 ms`, async () => {
      const figures = bucket ? { capacity: 1, requests: 1, seconds: 1 } : { limit: 1, seconds: 1 };
      const { clock, limiter } = await limiterOf(algorithm, figures);
      const admitted = [];
      for (let ms = 0; ms <= 3000; ms += 100) {
        clock.now = ms * 1000;
        if ((await limiter.consume('key:a')).allowed) admitted.push(ms);
      }
      assert.deepEqual(admitted, [0, 1000, 2000, 3000]);
    });
  }

  test('a third of a token is never lost: 3 per second, polled each millisecond for 100 s', async () => {
    const { clock, limiter } = await limiterOf('token-bucket', { capacity: 2, requests: 3, seconds: 1 });
    let admitted = 0;
    for (let ms = 0; ms < 100_000; ms++) {
      clock.now = ms * 1000;
      if ((await limiter.consume('key:a')).allowed) admitted++;
    }
    assert.equal(admitted, 2 + 299);
  });
});

describe("a request's own limit", () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    test(`${algorithm}: admits that many at once and says how many are left, however they divide`, async () => {
      const rates = bucket ? [100 / 60, 1 / 86_400, 0.1, 1000, 1_000_000] : [60, 86_400];
      for (const second of rates) {
        for (const own of [1, 7, 20, 1000]) {
          const figures = bucket ? { capacity: own, requests: second, seconds: 1 } : { limit: own, seconds: second };
          const { limiter } = await limiterOf(algorithm, figures);
          for (const most of [1, 3, 7, 13, 97, 333, 4999]) {
            const key = `key:${String(most)}`;
            let left = most;
            while ((await limiter.consume(key, 1, most)).remaining === left - 1 && left > 0) left--;
            assert.equal(left, 0, `${JSON.stringify(figures)}, ${String(most)} for the request`);
            const { allowed, remaining } = await limiter.consume(key, 1, most);
            assert.deepEqual([allowed, remaining], [false, 0], `${JSON.stringify(figures)}, ${String(most)} for the request`);
          }
        }
      }
    });
  }

  for (const algorithm of ['token-bucket', 'leaky-bucket']) {
    test(`${algorithm}: is given back in the time of the limiter's own`, async () => {
      const { clock, limiter } = await limiterOf(algorithm, { capacity: 20, requests: 1, seconds: 1 });
      await limiter.consume('key:a', 7, 7);
      let admitted = 0;
      for (let ms = 1; ms <= 20_000; ms++) {
        clock.now = ms * 1000;
        if ((await limiter.consume('key:a', 1, 7)).allowed) admitted++;
      }
      assert.equal(admitted, 7);
    });
  }
});

describe('the oracle', () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    test(`${algorithm} decides as the oracle does`, () =>
      compared(`${algorithm} in memory, random calls`, async () => {
        const random = randomOf(1234);
        const cases = bucket
          ? [
              { capacity: 20, requests: 100, seconds: 60 },
              { capacity: 7, requests: 7, seconds: 60 },
              { capacity: 1, requests: 1_000_000_000, seconds: 1 },
              { capacity: 1_000_000_000, requests: 1_000_000_000, seconds: 31_536_000 },
              { capacity: 142, requests: 1, seconds: 31_536_000 },
              { capacity: 1000, requests: 999, seconds: 86_400 },
              { capacity: 5, requests: 13, seconds: 7 },
            ]
          : [
              { limit: 100, seconds: 60 },
              { limit: 3, seconds: 1 },
              { limit: 101, seconds: 2 },
              { limit: 1000, seconds: 60 },
              { limit: 1_000_000_000, seconds: 31_536_000 },
            ];
        for (const figures of cases) {
          const { clock, limiter } = await limiterOf(algorithm, figures);
          const oracle = oracleOf(algorithm, figures);
          const limit = figures.capacity ?? figures.limit;
          const step = ((figures.seconds * 1_000_000) / (figures.requests ?? figures.limit)) * 1.5;
          const admitted = [];
          clock.now = 1000;
          for (let i = 0; i < 1500; i++) {
            const pause = random.pick([0, 0, 1, random.between(0, Math.ceil(step)), random.between(0, Math.ceil(step * 3))]);
            clock.now += random.next() < 0.01 ? figures.seconds * 1_000_000 : pause;
            const cost = random.next() < 0.8 ? 1 : random.between(1, random.next() < 0.5 ? Math.min(limit, 5) : limit);
            // Now and then the very microsecond at which something admitted before leaves the window.
            const leaves = random.next() < 0.1 && admitted.length > 0 ? random.pick(admitted) + figures.seconds * 1_000_000 : 0;
            clock.now = Math.max(clock.now, leaves);
            const decision = await limiter.consume('key:a', cost);
            if (decision.allowed && admitted.push(clock.now) > 20) admitted.shift();
            // What is left of the microsecond once it has been a fraction of a millisecond.
            const seen = Math.floor((clock.now / 1000) * 1000);
            assert.deepEqual(
              decision,
              { ...oracle(seen, cost), ...byCount },
              `${JSON.stringify(figures)}, call ${String(i)}, cost ${String(cost)}`,
            );
          }
        }
        return { steps: 1500 * cases.length };
      }));

    test(`${algorithm}: a request is admitted after retryAfterMs, and not a millisecond before`, async () => {
      const figures = bucket ? { capacity: 4, requests: 7, seconds: 3 } : { limit: 4, seconds: 3 };
      const { clock, limiter } = await limiterOf(algorithm, figures);
      const random = randomOf(99);
      for (let i = 0; i < 300; i++) {
        clock.now += random.between(0, 400) * 1000;
        const cost = random.between(1, 4);
        const { allowed, retryAfterMs } = await limiter.consume('key:a', cost);
        if (allowed) continue;
        clock.now += (retryAfterMs - 1) * 1000;
        assert.equal((await limiter.consume('key:a', cost)).allowed, false);
        clock.now += 1000;
        assert.equal((await limiter.consume('key:a', cost)).allowed, true);
      }
    });
  }

  test('sliding-window: never more than the limit in any window, for any limit', async () => {
    const random = randomOf(5);
    for (const figures of [
      { limit: 10, seconds: 1 },
      { limit: 250, seconds: 1 },
    ]) {
      const { clock, limiter } = await limiterOf('sliding-window', figures);
      const admitted = [];
      for (let i = 0; i < 20_000; i++) {
        clock.now += random.between(0, random.next() < 0.5 ? 100 : 4000);
        if ((await limiter.consume('key:a')).allowed) admitted.push(clock.now);
      }
      for (let i = figures.limit; i < admitted.length; i++) {
        assert.ok(admitted[i] - admitted[i - figures.limit] >= 1_000_000, `${String(figures.limit)} at ${String(admitted[i])}`);
      }
      assert.ok(admitted.length > figures.limit * 15);
    }
  });
});

describe('further limits', () => {
  const day = [{ name: 'day', requests: 1000, seconds: 86_400 }];
  for (const algorithm of ['fixed-window', 'sliding-window']) {
    const made = async (limit, seconds, options = {}, args = {}) => {
      const clock = { now: 0 };
      const module = await load(tool, { ...memory, algorithm, limits: day, ...args });
      const Limiter = module[`${algorithms[algorithm].stem}Limiter`];
      return { clock, module, limiter: new Limiter(limit, seconds, { now: () => clock.now / 1000, ...options }) };
    };

    test(`${algorithm} with further limits decides as the oracle does`, () =>
      compared(`${algorithm} with further limits in memory, random calls`, async () => {
        const random = randomOf(24_680);
        const cases = [
          [10, 1, { day: { requests: 1000, seconds: 86_400 } }],
          [3, 60, { second: { requests: 1, seconds: 1 }, hour: { requests: 20, seconds: 3600 } }],
          [150, 10, { minute: { requests: 300, seconds: 60 }, burst: { requests: 120, seconds: 2 } }],
          [5, 7, { a: { requests: 5, seconds: 8 }, b: { requests: 6, seconds: 9 }, c: { requests: 7, seconds: 30 } }],
          [2, 2, {}],
        ];
        for (const [limit, seconds, limits] of cases) {
          const { clock, limiter } = await made(limit, seconds, { limits });
          const windows = [{ name: 'default', limit, seconds }];
          for (const [name, each] of Object.entries(limits)) windows.push({ name, limit: each.requests, seconds: each.seconds });
          const oracle = windowsOracle(algorithm, windows);
          const most = Math.min(...windows.map((each) => each.limit));
          clock.now = 1000;
          for (let i = 0; i < 600; i++) {
            const longest = random.pick(windows).seconds * 1_000_000;
            const pace = Math.ceil((seconds * 1_000_000) / limit);
            clock.now += random.pick([0, 0, 1, random.between(0, pace), random.between(0, pace), random.between(0, 3 * pace)]);
            if (random.next() < 0.01) clock.now += longest;
            const cost = random.next() < 0.8 ? 1 : random.between(1, most);
            const seen = Math.floor((clock.now / 1000) * 1000);
            assert.deepEqual(
              await limiter.consume('key:a', cost),
              { ...oracle(seen, cost), decidedBy: 'count' },
              `${JSON.stringify(windows)}, call ${String(i)}, cost ${String(cost)}`,
            );
          }
        }
        return { steps: 600 * cases.length };
      }));

    test(`${algorithm}: what one window refuses is not counted in the other`, async () => {
      const { clock, limiter } = await made(10, 1);
      assert.equal(limiter.policy, '"default";q=10;w=1, "day";q=1000;w=86400');
      for (let second = 0; second < 100; second++) {
        clock.now = second * 1_000_000;
        for (let i = 0; i < 15; i++) {
          const { allowed, policy } = await limiter.consume('key:a');
          assert.equal(allowed, i < 10, `second ${String(second)}, request ${String(i)}`);
          if (!allowed) assert.equal(policy, second < 99 ? 'default' : 'day');
        }
      }
      clock.now = 100_000_000;
      const refused = await limiter.consume('key:a');
      assert.deepEqual([refused.allowed, refused.policy, refused.limit, refused.remaining], [false, 'day', 1000, 0]);
      // The window opened at 0; in the log, the 1,000 share a slice of 864 s, which leaves with the last of them at 99 s.
      assert.equal(refused.retryAfterMs, (86_400 - (algorithm === 'fixed-window' ? 100 : 1)) * 1000);
      assert.equal((await limiter.consume('key:b')).allowed, true);
    });

    test(`${algorithm}: peek counts in none, reset forgets all, block refuses all`, async () => {
      const args = { withOperations: true };
      const { clock, limiter } = await made(2, 1, { limits: { hour: { requests: 3, seconds: 3600 } } }, args);
      for (let i = 0; i < 5; i++) assert.equal((await limiter.peek('key:a')).allowed, true);
      await limiter.consume('key:a', 2);
      clock.now = 2_000_000;
      assert.equal((await limiter.peek('key:a', 2)).policy, 'hour');
      assert.equal((await limiter.consume('key:a')).policy, 'hour');
      clock.now = 4_000_000;
      assert.equal((await limiter.consume('key:a')).allowed, false);
      await limiter.reset('key:a');
      assert.equal((await limiter.consume('key:a')).remaining, 1);
      await limiter.block('key:a', 5000);
      const blocked = await limiter.consume('key:a');
      assert.deepEqual([blocked.decidedBy, blocked.retryAfterMs, blocked.policy], ['block', 5000, 'default']);
    });

    test(`${algorithm}: acquire waits for the window that lets a request in last`, async () => {
      const { module } = await made(2, 1, {}, { withOperations: true });
      const limiter = new module[`${algorithms[algorithm].stem}Limiter`](1, 1, { limits: { two: { requests: 2, seconds: 600 } } });
      await limiter.acquire('key:a');
      const began = performance.now();
      assert.equal((await limiter.acquire('key:a')).allowed, true);
      assert.ok(performance.now() - began >= 900);
      const { allowed, policy } = await limiter.acquire('key:a', { maxWaitMs: 5000 });
      assert.deepEqual([allowed, policy], [false, 'two']);
    });

    test(`${algorithm}: another limit for a request is that of the first window`, async () => {
      const { limiter } = await made(2, 60, { limits: { day: { requests: 5, seconds: 86_400 } } });
      const seen = [];
      for (let i = 0; i < 6; i++) {
        const { allowed, policy, limit } = await limiter.consume('key:a', 1, 4);
        seen.push(`${String(allowed)} ${policy} ${String(limit)}`);
      }
      assert.deepEqual(seen, [...Array.from({ length: 4 }, () => 'true default 4'), 'false default 4', 'false default 4']);
      assert.equal(limiter.policyFor(4), '"default";q=4;w=60, "day";q=5;w=86400');
      await assert.rejects(limiter.consume('key:a', 6, 9), { name: 'RangeError', message: /^cost: 6 .* from 1 to 5\.$/u });
    });

    test(`${algorithm}: the middleware tells all policies and the one that binds`, async () => {
      const { module, clock } = await made(10, 1);
      const { stem } = algorithms[algorithm];
      const limit = module[`${stem[0].toLowerCase()}${stem.slice(1)}Middleware`](2, 1, {
        limits: { hour: { requests: 3, seconds: 3600 } },
        limitOf: (request) => Number(request.headers.get('x-plan') ?? 2),
        now: () => clock.now,
      });
      const ask = (plan) =>
        limit(new Request('http://localhost/', { headers: plan ? { 'x-plan': plan } : {} }), () => new Response('hello'), {
          address: '192.0.2.1',
        });
      const fields = (answer) => ['ratelimit-policy', 'ratelimit', 'retry-after'].map((name) => answer.headers.get(name));
      assert.deepEqual(fields(await ask()), ['"default";q=2;w=1, "hour";q=3;w=3600', '"default";r=1;t=1', null]);
      clock.now = 2000;
      assert.deepEqual(fields(await ask()), ['"default";q=2;w=1, "hour";q=3;w=3600', '"default";r=1;t=1', null]);
      assert.deepEqual(fields(await ask('9')), [
        '"default";q=9;w=1, "hour";q=3;w=3600',
        `"hour";r=0;t=${algorithm === 'fixed-window' ? '3598' : '3600'}`,
        null,
      ]);
      const refused = await ask();
      assert.equal(refused.status, 429);
      assert.deepEqual(fields(refused), ['"default";q=2;w=1, "hour";q=3;w=3600', '"hour";r=0;t=3598', '3598']);
      assert.deepEqual((await refused.json())['violated-policies'], ['hour']);
    });

    test(`${algorithm}: refuses limits that it cannot count`, async () => {
      const { module } = await made(10, 1);
      const Limiter = module[`${algorithms[algorithm].stem}Limiter`];
      for (const [limits, message] of [
        [{ day: { requests: 0, seconds: 60 } }, /^limits\.day\.requests: 0 is out of range/u],
        [{ day: { requests: 1, seconds: 1.5 } }, /^limits\.day\.seconds: 1\.5 is out of range/u],
        [{ 'a b': { requests: 1, seconds: 60 } }, /^name: "a b" is not a name/u],
        [{ default: { requests: 1, seconds: 60 } }, /^limits\.default: default has that name or window/u],
        [{ other: { requests: 1, seconds: 1 } }, /^limits\.other: default has that name or window/u],
        [{ a: { requests: 1, seconds: 60 }, b: { requests: 2, seconds: 60 } }, /^limits\.b: a has that name or window/u],
      ])
        assert.throws(() => new Limiter(10, 1, { limits }), { name: 'RangeError', message });
    });

    test(`${algorithm}: a flood of new keys resets none that is used in any window`, async () => {
      const { limiter } = await made(1000, 1, { maxKeys: 100, limits: { day: { requests: 2, seconds: 86_400 } } });
      await limiter.consume('key:live', 2);
      for (let i = 0; i < 5000; i++) await limiter.consume(`ip:${String(i)}`);
      assert.equal((await limiter.consume('key:live')).allowed, false);
    });

    test(`${algorithm}: a clock set back locks nobody out for longer than the windows ask`, async () => {
      const { clock, limiter } = await made(2, 1, { limits: { minute: { requests: 3, seconds: 60 } } });
      clock.now = 3_600_000_000;
      await limiter.consume('key:a', 2);
      clock.now = 0;
      const refused = await limiter.consume('key:a', 2);
      assert.ok(!refused.allowed && refused.retryAfterMs <= 60_000, String(refused.retryAfterMs));
      clock.now = 1_000_000;
      assert.equal((await limiter.consume('key:a')).policy, 'minute');
    });
  }
});

describe('costs and options', () => {
  for (const algorithm of Object.keys(algorithms)) {
    test(`${algorithm} refuses a cost that is not a whole number from 1 to the limit`, async () => {
      const { limiter } = await limiterOf(algorithm, { capacity: 5, requests: 5, limit: 5, seconds: 1 });
      for (const cost of [0, -1, 1.5, Number.NaN, 6, Infinity, '1']) {
        await assert.rejects(limiter.consume('key:a', cost), {
          name: 'RangeError',
          message: `cost: ${typeof cost === 'string' ? `"${cost}"` : String(cost)} is out of range; use a whole number from 1 to 5.`,
        });
      }
      assert.equal((await limiter.consume('key:a', 5)).allowed, true);
    });

    test(`${algorithm} refuses a key that is none`, async () => {
      const { limiter } = await limiterOf(algorithm, { capacity: 5, requests: 5, limit: 5, seconds: 1 });
      for (const key of [undefined, null, Number.NaN, false, {}, Symbol('key')]) {
        await assert.rejects(limiter.consume(key), {
          name: 'TypeError',
          message: `key: ${String(key)} would be one key for all clients; give a text.`,
        });
      }
      assert.equal((await limiter.consume('', 5)).allowed, true);
      assert.equal((await limiter.consume(7, 5)).allowed, true);
    });

    test(`${algorithm} refuses figures that it cannot count with`, async () => {
      const { stem, bucket } = algorithms[algorithm];
      const Limiter = (await load(tool, { ...memory, algorithm }))[`${stem}Limiter`];
      for (const first of [0, -1, 1.5, Number.NaN, 2e9])
        assert.throws(() => new Limiter(first, 1), { name: 'RangeError', message: /^(capacity|limit): / });
      for (const second of [0, -1, Number.NaN, Infinity]) {
        assert.throws(() => new Limiter(1, second), { name: 'RangeError', message: /^(refillPerSecond|leakPerSecond|windowSeconds): / });
      }
      if (bucket) {
        assert.throws(() => new Limiter(1_000_000_000, 1e-9), {
          name: 'RangeError',
          message: / 1e-9 is out of range for a capacity of 1000000000\.$/,
        });
        assert.throws(() => new Limiter(1, 2 ** 41 * 1e6), RangeError);
        assert.equal(typeof new Limiter(1, 2 ** 40 * 1e6).consume, 'function');
        assert.equal(new Limiter(14, 7 / 3).policy, '"default";q=14;w=6');
      }
      assert.throws(() => new Limiter(1, 1, { maxKeys: 0 }), { name: 'RangeError', message: /^maxKeys: / });
    });
  }
});

describe('the memory', () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    const figures = bucket ? { capacity: 2, requests: 2, seconds: 10 } : { limit: 2, seconds: 10 };

    test(`${algorithm}: a flood of new keys does not reset a live one`, async () => {
      const { clock, limiter } = await limiterOf(algorithm, figures, { maxKeys: 1000 });
      await limiter.consume('key:once');
      await limiter.consume('key:live', 2);
      for (let i = 0; i < 20_000; i++) await limiter.consume(`ip:${String(i)}`);
      assert.equal((await limiter.consume('key:live')).allowed, false);
      assert.equal((await limiter.consume('key:once')).remaining, 0);
      clock.now += 10_000_000;
      assert.equal((await limiter.consume('key:live', 2)).allowed, true);
    });

    test(`${algorithm}: a key that no longer matters gives way to a new one`, async () => {
      const { clock, limiter } = await limiterOf(algorithm, figures, { maxKeys: 10 });
      for (let round = 0; round < 50; round++) {
        for (let i = 0; i < 10; i++)
          assert.equal((await limiter.consume(`ip:${String(round)}:${String(i)}`, 2)).allowed, true, `round ${String(round)}`);
        clock.now += 20_000_000;
      }
    });

    test(`${algorithm}: no key is admitted more often when there are too many keys`, async () => {
      const { clock, limiter } = await limiterOf(algorithm, figures, { maxKeys: 3 });
      const random = randomOf(77);
      const oracles = new Map();
      for (let i = 0; i < 5000; i++) {
        clock.now += random.between(0, 1_000_000);
        const key = `ip:${String(random.between(0, 11))}`;
        if (!oracles.has(key)) oracles.set(key, []);
        if ((await limiter.consume(key)).allowed) oracles.get(key).push(clock.now);
      }
      // In any span a key gets at most what a burst and the rate give it.
      for (const admitted of oracles.values()) {
        for (let i = 0; i < admitted.length; i++) {
          for (let j = i; j < admitted.length; j++) {
            const span = admitted[j] - admitted[i];
            const most = bucket
              ? 2 + Math.floor(span / 5_000_000)
              : algorithm === 'fixed-window'
                ? 2 * (Math.floor(span / 10_000_000) + 2)
                : 2 * (Math.floor(span / 10_000_000) + 1);
            assert.ok(j - i + 1 <= most);
          }
        }
      }
    });
  }
});

describe('places in a memory that is full', () => {
  for (const algorithm of ['token-bucket', 'leaky-bucket']) {
    const figures = { capacity: 14, requests: 7, seconds: 3 };
    const places = async (maxKeys) => {
      const { clock, limiter } = await limiterOf(algorithm, figures, { maxKeys });
      return { clock, take: async (key, cost) => (await limiter.consume(key, cost)).allowed, limiter };
    };

    test(`${algorithm}: a place is free in the microsecond in which its key no longer matters`, async () => {
      const { clock, take } = await places(1);
      await take('a', 7);
      clock.now = 3_000_000;
      assert.equal(await take('b', 14), true);
      assert.equal(await take('c', 14), true, 'b has the place of a, and c the spare one');
      assert.equal(await take('b', 1), false);
    });

    test(`${algorithm}: so is a spare place`, async () => {
      const { clock, take } = await places(1);
      await take('a', 7);
      await take('b', 7);
      clock.now = 3_000_000;
      assert.equal(await take('b', 14), true);
      assert.equal(await take('c', 14), true);
    });

    test(`${algorithm}: a key that has lost its place does not share it with the next one`, async () => {
      const { clock, take } = await places(1);
      await take('a', 7);
      clock.now = 3_000_000;
      await take('b', 14);
      assert.equal(await take('a', 14), true);
    });

    test(`${algorithm}: keys without a place are told apart by several spare ones, and touch no other key`, async () => {
      let apart = 0;
      // Which keys share a place differs from limiter to limiter.
      for (let each = 0; each < 20; each++) {
        const { take, limiter } = await places(16);
        for (let i = 0; i < 16; i++) await take(`live:${String(i)}`, 4);
        assert.equal(await take('ip:a', 14), true);
        if (await take('ip:b', 14)) apart++;
        assert.equal(await take('ip:a', 1), false);
        for (let i = 0; i < 16; i++) assert.equal((await limiter.consume(`live:${String(i)}`, 1)).remaining, 9);
      }
      assert.ok(apart > 0);
    });
  }
});

describe('keys', () => {
  const get = (headers) => new Request('http://localhost/', { headers });

  test('an API key that stays in this process is the key; one that nobody can have handed out is none', async () => {
    const { keyOf } = await load(tool, memory);
    const of = (key) => keyOf(get({ 'x-api-key': key }), { address: '192.0.2.1' });
    assert.equal(of('secret'), 'key:secret');
    assert.equal(of('x'.repeat(512)), `key:${'x'.repeat(512)}`);
    assert.equal(of('x'.repeat(513)), 'ip:192.0.2.1');
  });

  test('a missing, empty or repeated API key falls back to the address', async () => {
    const { keyOf } = await load(tool, memory);
    const repeated = new Headers();
    repeated.append('x-api-key', 'a');
    repeated.append('x-api-key', 'b');
    for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': 'a,b' }, repeated]) {
      assert.equal(await keyOf(get(headers), { address: '192.0.2.1' }), 'ip:192.0.2.1');
    }
    assert.equal(await keyOf(get({})), 'ip:unknown');
  });

  test('an IPv6 client is its /64, and IPv4 stays IPv4 however it is written', async () => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'ip' });
    const of = (address) => keyOf(get({}), { address });
    for (const [address, key] of [
      ['192.0.2.1', 'ip:192.0.2.1'],
      ['203.0.113.254', 'ip:203.0.113.254'],
      ['::ffff:192.0.2.1', 'ip:192.0.2.1'],
      ['::FFFF:c000:0201', 'ip:192.0.2.1'],
      ['0:0:0:0:0:ffff:192.0.2.1', 'ip:192.0.2.1'],
      ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
      ['2001:DB8:1:2::', 'ip:2001:db8:1:2::/64'],
      ['2001:0db8:0001:0002:ffff::1', 'ip:2001:db8:1:2::/64'],
      ['2001:db8::1', 'ip:2001:db8:0:0::/64'],
      ['fe80::1%eth0', 'ip:fe80:0:0:0::/64'],
      ['::1', 'ip:0:0:0:0::/64'],
      ['64:ff9b::192.0.2.1', 'ip:192.0.2.1'],
      // A NAT64 of one's own (RFC 8215): each address stands for another one of IPv4.
      ['64:ff9b:1::192.0.2.1', 'ip:64:ff9b:1:0:0:0:c000:201/128'],
      ['64:ff9b:2::192.0.2.1', 'ip:64:ff9b:2:0::/64'],
      ['', 'ip:unknown'],
      ['unknown', 'ip:unknown'],
      ['1.2.3.4]@evil', 'ip:unknown'],
      ['::1]/x', 'ip:unknown'],
      ['::1]@[::2', 'ip:unknown'],
      ['1:0:0:4:5:6:7:8', 'ip:1:0:0:4::/64'],
      ['1:2', 'ip:unknown'],
      ['192.0.2.1:443', 'ip:192.0.2.1'],
      ['[2001:db8:1:2::1]:443', 'ip:2001:db8:1:2::/64'],
      ['[::1]', 'ip:0:0:0:0::/64'],
      ['[fe80::1%eth0]:80', 'ip:fe80:0:0:0::/64'],
      ['192.0.2.1:', 'ip:unknown'],
      ['[::1]:x', 'ip:unknown'],
      ['[::1]a', 'ip:unknown'],
      ['a[::1]:80', 'ip:unknown'],
      ['192.0.2.1:80:90', 'ip:unknown'],
    ]) {
      assert.equal(await of(address), key, address);
    }
  });

  test('a user has a key of its own, and an anonymous one that of the address', async () => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'user' });
    assert.equal(await keyOf(get({}), { user: '42', address: '192.0.2.1' }), 'user:42');
    assert.equal(await keyOf(get({}), { user: '', address: '192.0.2.1' }), 'ip:192.0.2.1');
    assert.equal(await keyOf(get({}), { address: '192.0.2.1' }), 'ip:192.0.2.1');
  });

  test('a user is known by an id that is a text or a number, else by its sub', async () => {
    const { keyOf } = await load(tool, { ...memory, framework: 'express', runtime: 'node', keyStrategy: 'user' });
    for (const [user, key] of [
      [{ id: 'a' }, 'user:a'],
      [{ id: 0 }, 'user:0'],
      [{ id: 10n }, 'user:10'],
      [{ id: '', sub: 's' }, 'user:s'],
      [{ id: NaN, sub: 's' }, 'user:s'],
      [{ id: { any: 1 }, sub: 7 }, 'user:7'],
      [{ id: 'a', sub: 's' }, 'user:a'],
      [{ id: NaN }, 'ip:192.0.2.1'],
      [{}, 'ip:192.0.2.1'],
      [null, 'ip:192.0.2.1'],
      ['a', 'user:a'],
      ['', 'ip:192.0.2.1'],
      ['x'.repeat(256), `user:${'x'.repeat(256)}`],
      ['x'.repeat(257), 'ip:192.0.2.1'],
    ]) {
      assert.equal(await keyOf({ ip: '192.0.2.1', headers: {}, user }), key, String(user?.id));
    }
  });
});

describe('the fetch middleware', () => {
  test('tells what is left, and refuses with exact times', async () => {
    const { tokenBucketMiddleware } = await load(tool, { ...memory, keyStrategy: 'global' });
    const clock = { now: 0 };
    const limit = tokenBucketMiddleware(2, 0.4, { now: () => clock.now });
    const ask = () => limit(new Request('http://localhost/'), () => new Response('hello', { headers: { 'x-own': 'kept' } }));
    const first = await ask();
    assert.equal(first.status, 200);
    assert.equal(await first.text(), 'hello');
    assert.equal(first.headers.get('x-own'), 'kept');
    assert.equal(first.headers.get('ratelimit-policy'), '"default";q=2;w=5');
    assert.equal(first.headers.get('ratelimit'), '"default";r=1;t=3');
    assert.equal(first.headers.get('retry-after'), null);
    await ask();
    clock.now = 499;
    const refused = await ask();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '3');
    assert.equal(refused.headers.get('ratelimit'), '"default";r=0;t=3');
    assert.equal(refused.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(await refused.json(), {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Too Many Requests',
      status: 429,
      detail: 'The rate limit is exceeded; retry after 3 s.',
      'violated-policies': ['default'],
    });
    clock.now = 2500;
    assert.equal((await ask()).status, 200);
  });

  for (const [algorithm, { stem, bucket }] of Object.entries(algorithms)) {
    test(`${algorithm}: takes its figures and its clock from the arguments and the runtime`, async () => {
      const module = await load(tool, { ...memory, algorithm });
      const limit = module[`${stem[0].toLowerCase()}${stem.slice(1)}Middleware`]();
      const ask = (key) => limit(new Request('http://localhost/', { headers: { 'x-api-key': key } }), () => new Response('hello'));
      const most = bucket ? 20 : 100;
      const first = await ask('a');
      assert.equal(first.headers.get('ratelimit-policy'), bucket ? '"default";q=20;w=12' : '"default";q=100;w=60');
      assert.match(first.headers.get('ratelimit'), new RegExp(`^"default";r=${String(most - 1)};t=${bucket ? '1' : '60'}$`));
      let refused = first;
      for (let i = 0; i < 1_000 && refused.status === 200; i++) refused = await ask('a');
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get('retry-after')) <= 60);
      assert.equal((await ask('b')).status, 200);
    });
  }

  test('hands on a switch to another protocol as it is', async () => {
    const { tokenBucketMiddleware } = await load(tool, memory);
    const upgrade = { status: 101 };
    assert.equal(await tokenBucketMiddleware()(new Request('http://localhost/'), () => upgrade), upgrade);
  });

  test('leaves alone what the handler throws', async () => {
    const { tokenBucketMiddleware } = await load(tool, { ...memory, keyStrategy: 'global' });
    const limit = tokenBucketMiddleware();
    await assert.rejects(
      limit(new Request('http://localhost/'), () => Promise.reject(new Error('own'))),
      { message: 'own' },
    );
  });
});
