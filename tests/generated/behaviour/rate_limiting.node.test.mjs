// The Redis store against real servers that are stopped, killed, restarted, made read-only or full; and the middleware in real frameworks.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { run } from '../lib/compile.mjs';
import { compared, emit, load } from '../lib/emit.mjs';
import { randomOf } from '../lib/random.mjs';
import { bucketOracle, fixedWindowOracle, slidingWindowOracle, windowsOracle } from '../lib/rate-oracle.mjs';
import { freePort } from '../../shared/port.mjs';
import { startRedis } from '../lib/redis.mjs';
import { workspace } from '../lib/server.mjs';

const quick = process.env.CROWVAULT_PROOF === 'quick';
const tool = 'generate_rate_limiting';
const limiters = {
  'token-bucket': 'TokenBucketLimiter',
  'leaky-bucket': 'LeakyBucketLimiter',
  'fixed-window': 'FixedWindowLimiter',
  'sliding-window': 'SlidingWindowLimiter',
};
/** What a decision says beside the oracle's figures. */
const byCount = { decidedBy: 'count', policy: 'default' };
const rejections = [];
process.on('unhandledRejection', (reason) => rejections.push(reason));

async function ioredis(url) {
  const client = new Redis(url, { retryStrategy: (attempts) => Math.min(attempts * 50, 500) });
  client.on('error', () => {});
  await once(client, 'ready');
  return { client, close: () => client.disconnect() };
}

async function nodeRedis(url) {
  const client = createClient({ url, socket: { reconnectStrategy: (attempts) => Math.min(attempts * 50, 500) } });
  client.on('error', () => {});
  await client.connect();
  return { client, close: () => client.destroy() };
}

/** Measures by how much timers come late; the function that it gives ends that. */
function startLag() {
  let worst = 0;
  let due = performance.now() + 5;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - due);
    due = now + 5;
  }, 5);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

const clients = { ioredis, 'node-redis': nodeRedis };

describe('on one Redis', () => {
  let server;
  let admin;
  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  });
  after(async () => {
    admin.disconnect();
    await server.stop();
  });

  for (const [algorithm, className] of Object.entries(limiters)) {
    test(`${algorithm}: the script decides as the oracle does`, () =>
      compared(`${algorithm} on Redis, random calls`, async () => {
        // The script itself, with the clock as one more argument.
        const { files } = await emit(tool, { algorithm });
        const script = /const SCRIPT = `([^`]*)`/u.exec(files[0].content)[1];
        assert.equal(/SCRIPT_SHA1 = '(.*)'/u.exec(files[0].content)[1], createHash('sha1').update(script).digest('hex'));
        assert.match(script, /redis\.call\('TIME'\)/u);
        // The server forgets by its own clock, which the test does not move: it must not do so before the test's clock has.
        const faked = script.replace("redis.call('TIME')", '{ ARGV[#ARGV - 1], ARGV[#ARGV] }').replace("'PX', ", "'PX', 3600000 + ");
        const bucket = algorithm.endsWith('bucket');
        const cases = bucket
          ? [
              { capacity: 20, requests: 100, seconds: 60 },
              { capacity: 7, requests: 7, seconds: 60 },
              { capacity: 1_000_000_000, requests: 1_000_000_000, seconds: 31_536_000 },
              { capacity: 142, requests: 1, seconds: 31_536_000 },
            ]
          : [
              { limit: 100, seconds: 60 },
              { limit: 3, seconds: 1 },
              { limit: 1000, seconds: 60 },
              { limit: 1_000_000_000, seconds: 31_536_000 },
            ];
        const steps = { full: 1_500, quick: 100 }[process.env.CROWVAULT_PROOF] ?? 400;
        for (const figures of cases) {
          const limit = figures.capacity ?? figures.limit;
          const key = `oracle:${algorithm}:${String(limit)}`;
          let now = Date.now() * 1000;
          const client = {
            evalsha: (_sha, count, own, ...input) => admin.eval(faked, count, own, ...input, Math.floor(now / 1_000_000), now % 1_000_000),
          };
          const module = await load(tool, { algorithm });
          const limiter = new module[className](client, limit, bucket ? figures.requests / figures.seconds : figures.seconds, {
            prefix: key,
            storeTimeoutMs: 10_000,
            onStoreFailure: (error) => assert.fail(error),
          });
          const oracle = (bucket ? bucketOracle : algorithm === 'fixed-window' ? fixedWindowOracle : slidingWindowOracle)(figures);
          const random = randomOf(4321);
          const step = ((figures.seconds * 1_000_000) / (figures.requests ?? figures.limit)) * 1.5;
          for (let i = 0; i < steps; i++) {
            now += random.pick([0, 0, 1, random.between(0, Math.ceil(step)), random.between(0, Math.ceil(step * 3))]);
            const cost = random.next() < 0.8 ? 1 : random.between(1, random.next() < 0.5 ? Math.min(limit, 5) : limit);
            assert.deepEqual(
              await limiter.consume('k', cost),
              { ...oracle(now, cost), ...byCount },
              `${JSON.stringify(figures)}, call ${String(i)}`,
            );
          }
        }
        return { steps: steps * cases.length };
      }));

    test(`${algorithm}: a clock set back locks nobody out for longer than the limit asks`, async () => {
      const { files } = await emit(tool, { algorithm });
      const script = /const SCRIPT = `([^`]*)`/u
        .exec(files[0].content)[1]
        .replace("redis.call('TIME')", '{ ARGV[#ARGV - 1], ARGV[#ARGV] }')
        .replace("'PX', ", "'PX', 3600000 + ");
      let now = Date.now() * 1000;
      const client = {
        evalsha: (_sha, count, key, ...input) => admin.eval(script, count, key, ...input, Math.floor(now / 1_000_000), now % 1_000_000),
      };
      const limiter = new (await load(tool, { algorithm }))[className](client, 2, algorithm.endsWith('bucket') ? 1 : 2, {
        prefix: `back:${algorithm}:`,
        storeTimeoutMs: 10_000,
      });
      assert.equal((await limiter.consume('k', 2)).allowed, true);
      now -= 3_600_000_000;
      const refused = await limiter.consume('k', 2);
      assert.equal(refused.allowed, false);
      assert.ok(refused.retryAfterMs <= 2000, String(refused.retryAfterMs));
      now += refused.retryAfterMs * 1000;
      assert.equal((await limiter.consume('k', 2)).allowed, true);
    });

    for (const redisClient of Object.keys(clients)) {
      test(`${algorithm}, ${redisClient}: SCRIPT FLUSH under 50 callers, count exact, keys expire and show no API key`, async () => {
        const { client, close } = await clients[redisClient](server.url);
        const module = await load(tool, { algorithm, redisClient });
        const failures = [];
        const prefix = `flush:${algorithm}:${redisClient}:`;
        const limiter = new module[className](client, 500, algorithm.endsWith('bucket') ? 0.001 : 3600, {
          prefix,
          storeTimeoutMs: 20_000,
          onStoreFailure: (error) => failures.push(error),
        });
        let flushing = true;
        const flusher = (async () => {
          while (flushing) {
            await admin.script('FLUSH');
            await sleep(3);
          }
        })();
        const secret = 'sk-live-abcdef';
        const key = await module.keyOf({ headers: { 'x-api-key': secret }, ip: '192.0.2.1' });
        let admitted = 0;
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            for (let i = 0; i < 40; i++) if ((await limiter.consume(key)).allowed) admitted++;
          }),
        );
        flushing = false;
        await flusher;
        assert.deepEqual(failures, []);
        assert.equal(admitted, 500);
        const keys = await admin.keys(`${prefix}*`);
        assert.equal(keys.length, 1);
        for (const each of keys) {
          assert.ok(!each.includes(secret));
          assert.ok((await admin.pttl(each)) > 0, each);
        }
        close();
      });

      test(`${algorithm}, ${redisClient}: a wrong type at the key fails that key alone`, async () => {
        const { client, close } = await clients[redisClient](server.url);
        const module = await load(tool, { algorithm, redisClient, onStoreError: 'closed' });
        const prefix = `type:${algorithm}:${redisClient}:`;
        await admin.lpush(`${prefix}key:list`, 'x');
        const failures = [];
        const limiter = new module[className](client, 5, 5, {
          prefix,
          storeTimeoutMs: 5000,
          onStoreFailure: (error) => failures.push(String(error)),
        });
        assert.equal((await limiter.consume('key:list')).allowed, false);
        assert.equal((await limiter.consume('key:own')).allowed, true);
        assert.equal(failures.length, 1);
        assert.match(failures[0], /WRONGTYPE/u);
        close();
      });
    }
  }

  for (const algorithm of ['fixed-window', 'sliding-window']) {
    /** A limiter on the real script, whose clock is one more argument. */
    const clocked = async (limit, seconds, limits, prefix, args = {}) => {
      const emitted = { algorithm, limits: [{ name: 'day', requests: 1000, seconds: 86_400 }], ...args };
      const { files } = await emit(tool, emitted);
      const script = /const SCRIPT = `([^`]*)`/u.exec(files[0].content)[1];
      assert.equal(/SCRIPT_SHA1 = '(.*)'/u.exec(files[0].content)[1], createHash('sha1').update(script).digest('hex'));
      const faked = script.replace("redis.call('TIME')", '{ ARGV[#ARGV - 1], ARGV[#ARGV] }');
      const clock = { now: Date.now() * 1000 };
      const client = {
        evalsha: (_sha, count, key, ...input) =>
          // The clock stands after what the script counts as windows.
          admin.eval(
            faked.replaceAll('#ARGV, ', '#ARGV - 2, ').replace("'PX', ", "'PX', 3600000 + "),
            count,
            key,
            ...input,
            Math.floor(clock.now / 1_000_000),
            clock.now % 1_000_000,
          ),
        eval: () => assert.fail(),
        del: (key) => admin.del(key),
        set: (...input) => admin.set(...input),
      };
      const options = { prefix, limits, storeTimeoutMs: 10_000, onStoreFailure: (error) => assert.fail(error) };
      return { clock, limiter: new (await load(tool, emitted))[limiters[algorithm]](client, limit, seconds, options) };
    };

    test(`${algorithm} with further limits: the script decides as the oracle does`, () =>
      compared(`${algorithm} with further limits on Redis, random calls`, async () => {
        const cases = [
          [10, 1, { day: { requests: 1000, seconds: 86_400 } }],
          [3, 60, { second: { requests: 1, seconds: 1 }, hour: { requests: 20, seconds: 3600 } }],
          [150, 10, { minute: { requests: 300, seconds: 60 }, burst: { requests: 120, seconds: 2 } }],
          [5, 7, { a: { requests: 5, seconds: 8 }, b: { requests: 6, seconds: 9 }, c: { requests: 7, seconds: 30 } }],
        ];
        const steps = { full: 1_000, quick: 100 }[process.env.CROWVAULT_PROOF] ?? 300;
        for (const withOperations of [false, true]) {
          for (const [limit, seconds, limits] of cases) {
            const prefix = `windows:${algorithm}:${String(withOperations)}:${String(limit)}:`;
            const { clock, limiter } = await clocked(limit, seconds, limits, prefix, { withOperations });
            const windows = [{ name: 'default', limit, seconds }];
            for (const [name, each] of Object.entries(limits)) windows.push({ name, limit: each.requests, seconds: each.seconds });
            const oracle = windowsOracle(algorithm, windows);
            const most = Math.min(...windows.map((each) => each.limit));
            const random = randomOf(13_579);
            for (let i = 0; i < steps; i++) {
              const pace = Math.ceil((seconds * 1_000_000) / limit);
              clock.now += random.pick([0, 0, 1, random.between(0, pace), random.between(0, pace), random.between(0, 3 * pace)]);
              if (random.next() < 0.01) clock.now += random.pick(windows).seconds * 1_000_000;
              const cost = random.next() < 0.8 ? 1 : random.between(1, most);
              const peeks = withOperations && random.next() < 0.3;
              const decision = await (peeks ? limiter.peek('k', cost) : limiter.consume('k', cost));
              const expected = { ...oracle(clock.now, cost, !peeks), decidedBy: 'count' };
              assert.deepEqual(decision, expected, `${JSON.stringify(windows)}, call ${String(i)}, cost ${String(cost)}`);
            }
          }
        }
        return { steps: steps * cases.length * 2 };
      }));

    test(`${algorithm} with further limits: a deploy that adds, changes or takes out a window begins only that window anew`, async () => {
      await admin.flushall();
      const prefix = `deploy:${algorithm}:`;
      const { [limiters[algorithm]]: Plain } = await load(tool, { algorithm });
      const { [limiters[algorithm]]: Several } = await load(tool, {
        algorithm,
        limits: [{ name: 'day', requests: 1000, seconds: 86_400 }],
      });
      const options = { prefix, storeTimeoutMs: 10_000, onStoreFailure: (error) => assert.fail(error) };
      const several = (limit, seconds, limits) => new Several(admin, limit, seconds, { ...options, limits });
      const hour = { hour: { requests: 30, seconds: 3600 } };
      const plain = new Plain(admin, 20, 600, options);
      for (let i = 0; i < 15; i++) await plain.consume('k');
      // Added: what was used of the first window stays used, and the new one is fresh.
      assert.deepEqual(pick(await several(20, 600, hour).consume('k', 5)), [true, 'default', 0]);
      assert.deepEqual(pick(await several(20, 600, hour).consume('k')), [false, 'default', 0]);
      // Raised: five of the hour are used, twenty of the ten minutes.
      assert.deepEqual(pick(await several(50, 600, hour).consume('k', 24)), [true, 'hour', 1]);
      // The hour becomes smaller: what 30 had left is left of it, and nobody waits longer than it can ask for.
      const lower = several(50, 600, { hour: { requests: 10, seconds: 3600 } });
      assert.deepEqual(pick(await lower.consume('k')), [true, 'hour', 0]);
      const refused = await lower.consume('k');
      assert.equal(refused.policy, 'hour');
      assert.ok(!refused.allowed && refused.retryAfterMs <= 3_600_000);
      // Another name is no other window; one more window is.
      assert.equal((await several(50, 600, { sixty: { requests: 10, seconds: 3600 } }).consume('k')).policy, 'sixty');
      // Taken out: the first one goes on.
      assert.deepEqual(pick(await new Plain(admin, 50, 600, options).consume('k')), [true, 'default', 4]);
      const expiry = await admin.pttl(`${prefix}k`);
      assert.ok(expiry > 3_000_000 && expiry <= 3_600_000, String(expiry));
      function pick({ allowed, policy, remaining }) {
        return [allowed, policy, remaining];
      }
    });

    test(`${algorithm} with further limits: two versions at once admit no more than the larger one, 50 callers, SCRIPT FLUSH`, async () => {
      await admin.flushall();
      const { [limiters[algorithm]]: Several } = await load(tool, {
        algorithm,
        limits: [{ name: 'day', requests: 1000, seconds: 86_400 }],
      });
      const options = { storeTimeoutMs: 20_000, onStoreFailure: (error) => assert.fail(error) };
      const versions = [200, 300].map(
        (requests) => new Several(admin, 1000, 600, { ...options, limits: { day: { requests, seconds: 86_400 } } }),
      );
      let admitted = 0;
      await Promise.all(
        Array.from({ length: 50 }, async (_, caller) => {
          for (let i = 0; i < 20; i++) {
            if (caller === 0) await admin.script('FLUSH');
            if ((await versions[(caller + i) % 2].consume('k')).allowed) admitted++;
          }
        }),
      );
      assert.ok(admitted >= 200 && admitted <= 300, String(admitted));
    });

    test(`${algorithm} with further limits: a clock set back locks nobody out for longer than the windows ask`, async () => {
      const { clock, limiter } = await clocked(2, 1, { minute: { requests: 3, seconds: 60 } }, `back:${algorithm}:`);
      await limiter.consume('k', 2);
      clock.now -= 3_600_000_000;
      const refused = await limiter.consume('k', 2);
      assert.ok(!refused.allowed && refused.retryAfterMs <= 60_000, JSON.stringify(refused));
      clock.now += refused.retryAfterMs * 1000;
      assert.equal((await limiter.consume('k', 2)).allowed, true);
    });

    for (const redisClient of Object.keys(clients)) {
      test(`${algorithm} with further limits, ${redisClient}: a block, a reset, one key each`, async () => {
        await admin.flushall();
        const { client, close } = await clients[redisClient](server.url);
        const emitted = { algorithm, redisClient, withOperations: true, limits: [{ name: 'hour', requests: 3, seconds: 3600 }] };
        const limiter = new (await load(tool, emitted))[limiters[algorithm]](client, 5, 60, { storeTimeoutMs: 5000 });
        for (let i = 0; i < 3; i++) assert.equal((await limiter.consume('k')).allowed, true);
        assert.equal((await limiter.consume('k')).policy, 'hour');
        assert.deepEqual(await admin.keys('*'), [`rate:${algorithm}:k`]);
        await limiter.block('k', 60_000);
        assert.equal((await limiter.consume('k')).decidedBy, 'block');
        await limiter.reset('k');
        assert.equal((await limiter.consume('k')).remaining, 2);
        close();
      });
    }
  }

  test('every process in step: clocks from -2 s to +2 s and one an hour off', async () => {
    const worker = fileURLToPath(new URL('../lib/rate-worker.mjs', import.meta.url));
    const { files } = await emit(tool, {});
    const [capacity, perSecond, seconds] = [60, 400, quick ? 2 : 6];
    const skews = quick ? [-2000, 2000, 3_600_000] : [-2000, -1400, -700, -100, 300, 1100, 2000, 3_600_000];
    const children = skews.map((skew) => {
      const child = fork(worker, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      child.send({ skew, source: files[0].javascript, url: server.url, capacity, perSecond, seconds });
      return child;
    });
    await Promise.all(children.map((child) => once(child, 'message')));
    const results = children.map((child) => once(child, 'message'));
    for (const child of children) child.send('go');
    const counts = (await Promise.all(results)).map(([message]) => message);
    assert.deepEqual(
      counts.flatMap((each) => each.failures),
      [],
    );
    const total = counts.reduce((sum, each) => sum + each.admitted, 0);
    // The server's own clock, read before the first and after the last decision.
    const span = Math.max(...counts.map((each) => each.ended)) - Math.min(...counts.map((each) => each.began));
    const most = capacity + Math.floor((span * perSecond) / 1_000_000);
    // A sequential oracle that is asked all the time admits every token there is: so must processes that never stop asking.
    const oracle = bucketOracle({ capacity, requests: perSecond, seconds: 1 });
    let expected = 0;
    for (let now = 0; now <= span; now += 1_000_000 / perSecond) while (oracle(now).allowed) expected++;
    const each = counts.map((one) => one.admitted);
    console.log(`admitted ${String(total)}, oracle ${String(expected)}, bound ${String(most)}, by process ${each.join(' ')}`);
    assert.ok(total <= most, `${String(total)} > ${String(most)}`);
    assert.ok(total >= expected * 0.9, `${String(total)} of ${String(expected)}`);
    // Of what it asked for: a process that the machine gave less time asked for less.
    const shares = counts.map((one) => one.admitted / one.asked);
    assert.ok(Math.max(...shares) <= 2 * Math.min(...shares), shares.join(' '));
    // -1 is a key that never expires, -2 one that has.
    for (const key of await admin.keys('skew:*')) assert.notEqual(await admin.pttl(key), -1);
  });
});

describe('the emitted tests', () => {
  for (const redisClient of Object.keys(clients)) {
    test(`pass on a real Redis, with ${redisClient}`, async () => {
      const server = await startRedis();
      const folder = join(workspace, '.emitted', `rate-limiting-${redisClient}`);
      for (const algorithm of Object.keys(limiters)) {
        const { files } = await emit(tool, { algorithm, redisClient, withTests: true });
        mkdirSync(folder, { recursive: true });
        for (const each of files) writeFileSync(join(folder, each.path), each.content);
        const { output, code } = await run(process.execPath, ['--import', 'tsx', join(folder, 'rate-limiter.test.ts')], workspace, {
          REDIS_URL: server.url,
          NODE_TEST_CONTEXT: '',
        });
        assert.equal(code, 0, output);
        assert.match(output, /on Redis/u);
        assert.doesNotMatch(output, /left out/u);
      }
      await server.stop();
    });
  }
});

describe('a Redis that fails', () => {
  const timeout = 100;
  const faults = {
    async 'stopped (SIGSTOP)'(server) {
      server.pause();
      return () => server.resume();
    },
    async 'killed and restarted'(server) {
      const { port } = server;
      await server.stop();
      return async () => {
        server.replacement = await startRedis([], port);
      };
    },
    async 'read-only'(server, admin) {
      const nowhere = await freePort();
      await admin.replicaof('127.0.0.1', nowhere);
      return () => admin.replicaof('NO', 'ONE');
    },
    async 'out of memory'(server, admin) {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
      await admin.config('SET', 'maxmemory', '1');
      return () => admin.config('SET', 'maxmemory', '0');
    },
  };
  const expected = { open: [true, true, true], closed: [false, false, false], local: [true, true, false] };

  for (const [fault, cause] of Object.entries(faults)) {
    for (const redisClient of Object.keys(clients)) {
      test(`${fault}, ${redisClient}: decided in time by the policy, and correct again after it`, async () => {
        const server = await startRedis();
        const admin = new Redis(server.url, { retryStrategy: () => 50 });
        admin.on('error', () => {});
        const { client, close } = await clients[redisClient](server.url);
        const limited = {};
        for (const onStoreError of Object.keys(expected)) {
          const { TokenBucketLimiter } = await load(tool, { redisClient, onStoreError });
          limited[onStoreError] = new TokenBucketLimiter(client, 2, 0.001, { prefix: `${onStoreError}:`, storeTimeoutMs: timeout });
          assert.equal((await limited[onStoreError].consume('key:before')).remaining, 1);
        }
        const mend = await cause(server, admin);
        await sleep(20);
        let slowest = 0;
        const lag = startLag();
        for (const [onStoreError, limiter] of Object.entries(limited)) {
          const began = performance.now();
          // Many callers at once, then one after the other.
          await Promise.all(
            Array.from({ length: 50 }, async (_, i) => {
              await limiter.consume(`key:crowd${String(i)}`);
              slowest = Math.max(slowest, performance.now() - began);
            }),
          );
          const decisions = [];
          for (let i = 0; i < 3; i++) {
            const asked = performance.now();
            decisions.push((await limiter.consume('key:during')).allowed);
            slowest = Math.max(slowest, performance.now() - asked);
          }
          assert.deepEqual(decisions, expected[onStoreError], onStoreError);
        }
        // A machine that is busy elsewhere delays every timer: that much is not the limiter's.
        const stalled = lag();
        console.log(`${fault}, ${redisClient}: slowest decision ${slowest.toFixed(0)} ms, event loop held up for ${stalled.toFixed(0)} ms`);
        assert.ok(slowest - stalled <= timeout + 50, `${slowest.toFixed(0)} ms`);
        await mend();
        const mended = performance.now();
        for (const limiter of Object.values(limited)) {
          for (let turn = 0; ; turn++) {
            // A key of its own each turn: a limit of two is seen to be kept only by a Redis that counts.
            const key = `key:after${String(turn)}`;
            const decisions = [];
            for (let i = 0; i < 3; i++) decisions.push(await limiter.consume(key));
            if (
              decisions.map((each) => each.allowed).join() === 'true,true,false' &&
              decisions[0].remaining === 1 &&
              decisions[2].retryAfterMs > 900_000
            )
              break;
            assert.ok(performance.now() - mended < 10_000, 'never came back');
            await sleep(20);
          }
        }
        const recovery = performance.now() - mended;
        console.log(`${fault}, ${redisClient}: correct again after ${recovery.toFixed(0)} ms`);
        assert.ok(recovery < 2000, `${recovery.toFixed(0)} ms`);
        close();
        admin.disconnect();
        await server.stop();
        await server.replacement?.stop();
      });
    }
  }

  test('a busy event loop is not mistaken for a silent Redis', async () => {
    const server = await startRedis();
    const { client, close } = await ioredis(server.url);
    const { TokenBucketLimiter } = await load(tool, { onStoreError: 'closed' });
    const failures = [];
    const limiter = new TokenBucketLimiter(client, 100, 1, { storeTimeoutMs: 50, onStoreFailure: (error) => failures.push(String(error)) });
    await limiter.consume('key:a');
    for (let i = 0; i < 5; i++) {
      const decision = limiter.consume('key:a');
      await sleep(5);
      const until = performance.now() + 200;
      while (performance.now() < until);
      assert.equal((await decision).allowed, true);
    }
    assert.deepEqual(failures, []);
    close();
    await server.stop();
  });

  test('a silent Redis is asked by one request at a time', async () => {
    let asked = 0;
    const silent = { evalsha: () => (asked++, new Promise(() => {})), eval: () => assert.fail() };
    const { TokenBucketLimiter } = await load(tool, { onStoreError: 'open' });
    const limiter = new TokenBucketLimiter(silent, 5, 5, { storeTimeoutMs: 30 });
    await limiter.consume('key:a');
    const began = performance.now();
    while (performance.now() - began < 300) {
      await Promise.all(Array.from({ length: 100 }, () => limiter.consume('key:a')));
      await sleep(1);
    }
    assert.ok(asked <= 12, String(asked));
  });

  test('an error in time ends the silence, so that one bad key does not speak for the others', async () => {
    const { TokenBucketLimiter } = await load(tool, { onStoreError: 'open' });
    let silent = true;
    const store = {
      evalsha: (_sha1, _count, key) => {
        if (silent) return new Promise(() => {});
        return key.endsWith('bad') ? Promise.reject(new Error('WRONGTYPE')) : Promise.resolve([0, 0]);
      },
      eval: () => assert.fail(),
    };
    const limiter = new TokenBucketLimiter(store, 5, 5, { storeTimeoutMs: 30 });
    await limiter.consume('key:good');
    silent = false;
    assert.equal((await limiter.consume('key:good')).allowed, true, 'still silent');
    await sleep(60);
    assert.equal((await limiter.consume('key:bad')).allowed, true);
    assert.equal((await limiter.consume('key:good')).allowed, false);
  });

  test('an error that comes late does not end the silence', async () => {
    const { TokenBucketLimiter } = await load(tool, { onStoreError: 'open' });
    let asked = 0;
    const rejects = [];
    const store = { evalsha: () => (asked++, new Promise((_, reject) => rejects.push(reject))), eval: () => assert.fail() };
    const limiter = new TokenBucketLimiter(store, 5, 5, { storeTimeoutMs: 1000 });
    const first = limiter.consume('key:a');
    await first;
    rejects[0](new Error('flushed'));
    await sleep(1);
    await limiter.consume('key:a');
    assert.equal(asked, 1);
  });

  test('a listener that fails, at once or later, changes nothing', async () => {
    const down = { evalsha: () => Promise.reject(new Error('down')), eval: () => assert.fail() };
    for (const algorithm of Object.keys(limiters)) {
      const { [limiters[algorithm]]: Limiter } = await load(tool, { algorithm, onStoreError: 'closed' });
      const fail = () => {
        throw new Error('listener');
      };
      for (const onStoreFailure of [fail, async () => fail()]) {
        const limiter = new Limiter(down, 5, 5, { onStoreFailure });
        assert.equal((await limiter.consume('key:a')).allowed, false);
      }
    }
  });

  test('a reply that is no decision is a failure; figures as text are figures', async () => {
    for (const [algorithm, name] of Object.entries(limiters)) {
      const { [name]: Limiter } = await load(tool, { algorithm, onStoreError: 'closed' });
      const figures = algorithm.endsWith('bucket') ? [1, 0] : [1, 4, 0, 250];
      for (const [reply, allowed] of [
        [figures, true],
        [figures.map(String), true],
        [figures.map(BigInt), true],
        [[], false],
        [[1], false],
        ['OK', false],
        [null, false],
        [figures.map(() => 'x'), false],
      ]) {
        const failures = [];
        const store = { evalsha: async () => reply, eval: () => assert.fail() };
        const limiter = new Limiter(store, 5, 5, { onStoreFailure: (error) => failures.push(error) });
        const decision = await limiter.consume('key:a');
        assert.equal(
          decision.allowed,
          allowed,
          `${algorithm}, ${JSON.stringify(reply, (_, value) => (typeof value === 'bigint' ? `${String(value)}n` : value))}`,
        );
        assert.equal(failures.length, allowed ? 0 : 1);
        for (const value of Object.values(decision).slice(1, 5)) assert.equal(typeof value, 'number');
      }
    }
  });

  test('clients that give figures as text decide as the others do', async () => {
    const server = await startRedis();
    const redis = new Redis(server.url, { stringNumbers: true });
    const nodeRedisClient = await createClient({
      url: server.url,
      commandOptions: { typeMapping: { [RESP_TYPES.NUMBER]: String } },
    }).connect();
    for (const [redisClient, client] of [
      ['ioredis', redis],
      ['node-redis', nodeRedisClient],
    ]) {
      for (const [algorithm, name] of Object.entries(limiters)) {
        const { [name]: Limiter } = await load(tool, { algorithm, redisClient, onStoreError: 'closed' });
        const limiter = new Limiter(client, 2, 600, { prefix: `${redisClient}:${algorithm}:` });
        const { allowed, remaining } = await limiter.consume('key:a');
        assert.deepEqual([allowed, remaining], [true, 1], `${redisClient}, ${algorithm}`);
      }
    }
    redis.disconnect();
    nodeRedisClient.destroy();
    await server.stop();
  });

  test('nothing was left unhandled', async () => {
    await sleep(50);
    assert.deepEqual(rejections, []);
  });
});

describe('in real servers', () => {
  const stores = [{ store: 'memory' }, { redisClient: 'ioredis' }, { redisClient: 'node-redis' }];
  const frameworks = {
    async express(middleware) {
      const app = express();
      app.set('trust proxy', 'loopback');
      app.use(middleware);
      app.get('/', (_request, response) => response.send('hello'));
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { port: server.address().port, close: () => server.close() };
    },
    async fastify(middleware) {
      const app = fastify({ trustProxy: 'loopback' });
      app.addHook('onRequest', middleware);
      app.get('/', () => 'hello');
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { port: app.server.address().port, close: () => app.close() };
    },
    async hono(middleware) {
      const { createServer } = await import('node:http');
      const app = new Hono();
      app.use(middleware);
      app.get('/', (context) => context.text('hello'));
      // What @hono/node-server does, as far as it matters here.
      const server = createServer((incoming, outgoing) => {
        const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
        void Promise.resolve(app.fetch(new Request(`http://localhost${incoming.url}`, { headers }), { incoming, outgoing })).then(
          async (response) => {
            outgoing.writeHead(response.status, Object.fromEntries(response.headers));
            outgoing.end(await response.text());
          },
        );
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { port: server.address().port, close: () => server.close() };
    },
  };

  for (const [framework, start] of Object.entries(frameworks)) {
    for (const store of stores) {
      test(`${framework}, ${store.store ?? store.redisClient}`, async () => {
        const redis = store.store ? undefined : await startRedis();
        const connection = redis && (await clients[store.redisClient](redis.url));
        const { tokenBucketMiddleware } = await load(tool, { framework, ...store });
        const figures = [2, 1 / 60];
        const middleware = connection
          ? tokenBucketMiddleware(connection.client, ...figures, { storeTimeoutMs: 5000 })
          : tokenBucketMiddleware(...figures);
        const app = await start(middleware);
        const ask = (headers = {}) => fetch(`http://127.0.0.1:${String(app.port)}/`, { headers });
        const first = await ask();
        assert.equal(first.status, 200);
        assert.equal(await first.text(), 'hello');
        assert.equal(first.headers.get('ratelimit-policy'), '"default";q=2;w=120');
        assert.equal(first.headers.get('ratelimit'), '"default";r=1;t=60');
        assert.equal(first.headers.get('retry-after'), null);
        assert.equal((await ask()).status, 200);
        const refused = await ask();
        assert.equal(refused.status, 429);
        assert.match(refused.headers.get('content-type'), /^application\/problem\+json/u);
        assert.equal(refused.headers.get('retry-after'), '60');
        assert.equal(refused.headers.get('ratelimit'), '"default";r=0;t=60');
        assert.deepEqual(await refused.json(), {
          type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
          title: 'Too Many Requests',
          status: 429,
          detail: 'The rate limit is exceeded; retry after 60 s.',
          'violated-policies': ['default'],
        });
        // An API key has a limit of its own, a repeated or empty one has not.
        assert.equal((await ask({ 'x-api-key': 'secret' })).status, 200);
        assert.equal((await ask({ 'x-api-key': '' })).status, 429);
        assert.equal(
          (
            await ask([
              ['x-api-key', 'a'],
              ['x-api-key', 'b'],
            ])
          ).status,
          429,
        );
        // The proxy on the loopback is trusted where the framework was told so; Hono has no such setting.
        assert.equal((await ask({ 'x-forwarded-for': '203.0.113.9' })).status, framework === 'hono' ? 429 : 200);
        if (redis) {
          const admin = new Redis(redis.url);
          for (const key of await admin.keys('*')) {
            assert.ok((await admin.pttl(key)) > 0, key);
            assert.ok(!key.includes('secret'), key);
          }
          admin.disconnect();
          connection.close();
          await redis.stop();
        }
        await app.close();
      });
    }
  }

  test('an answer that another handler has begun is left alone', async () => {
    const { tokenBucketMiddleware } = await load(tool, { framework: 'express' });
    const silent = { evalsha: () => new Promise(() => {}), eval: () => assert.fail() };
    const app = express();
    app.use((_request, response, next) => {
      next();
      response.status(503).write('too ');
      setTimeout(() => response.end('slow'), 100);
    });
    app.use(tokenBucketMiddleware(silent, 1, 1, { storeTimeoutMs: 20 }));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${String(server.address().port)}/`);
    assert.deepEqual([response.status, await response.text()], [503, 'too slow']);
    server.close();
  });

  test('without a trusted proxy a forged X-Forwarded-For changes nothing', async () => {
    const { tokenBucketMiddleware } = await load(tool, { framework: 'express', store: 'memory' });
    const app = express();
    app.use(tokenBucketMiddleware(1, 1 / 60));
    app.get('/', (_request, response) => response.send('hello'));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const statuses = [];
    for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) {
      statuses.push(
        (await fetch(`http://127.0.0.1:${String(server.address().port)}/`, { headers: { 'x-forwarded-for': address } })).status,
      );
    }
    assert.deepEqual(statuses, [200, 429, 429]);
    server.close();
  });
});

describe('the memory', () => {
  test('1,000,000 distinct keys leave no more behind than maxKeys', async () => {
    const { files } = await emit(tool, { store: 'memory' });
    const folder = join(workspace, '.emitted', 'flood');
    mkdirSync(folder, { recursive: true });
    const module = join(folder, 'limiter.mjs');
    writeFileSync(module, files.find((each) => each.role === 'source').javascript);
    const { output, errors, code } = await run(
      process.execPath,
      ['--expose-gc', join(workspace, 'lib/flood.child.mjs'), module],
      workspace,
    );
    assert.equal(code, 0, errors);
    const { full, flooded, liveKeyIsRemembered } = JSON.parse(output);
    console.log(`${full.toFixed(0)} bytes a key, ${flooded.toFixed(0)} after the flood`);
    assert.ok(full > 20, `${String(full)} bytes a key is less than its own text: nothing was measured`);
    assert.ok(flooded < full * 1.6, `${String(full)}, then ${String(flooded)} bytes a key`);
    assert.ok(liveKeyIsRemembered);
  });
});
