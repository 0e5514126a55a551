// The memory: given back, and fair while strangers flood it. The clocks of tests move it; doubles of Redis understand the scripts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, mock, test } from 'node:test';
import RedisMock from 'ioredis-mock';
import { admittedOf, algorithms, isFull, limiterClass, tool } from './lib/support.mjs';
import { javaScriptOf, work } from '../lib/emit.mjs';

const memory = { store: 'memory' };

describe('memory is given back', () => {
  const program = `
const [path, name, keys, uses, second] = process.argv.slice(2);
const { [name]: Limiter } = await import(path);
const used = () => {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1_048_576;
};
let now = 1e12;
const limiter = new Limiter(Number(uses), Number(second), { now: () => now });
const empty = used();
for (let use = 0; use < uses; use++) {
  for (let key = 0; key < keys; key++) await limiter.consume('ip:' + key);
  now += 1;
}
const full = used() - empty;
now += 3_600_000;
for (let i = 0; i < 3; i++) await limiter.consume('ip:late');
const idle = used() - empty;
console.log(JSON.stringify({ full, idle }));`;
  const file = join(work, 'idle.mjs');
  writeFileSync(file, program);

  for (const [algorithm, { stem, bucket }] of Object.entries(algorithms)) {
    test(`${algorithm}: an hour after ${isFull ? '100,000' : '20,000'} busy keys`, () => {
      const path = javaScriptOf(tool, { ...memory, algorithm });
      const keys = isFull ? 100_000 : 20_000;
      const output = execFileSync(process.execPath, ['--expose-gc', file, path, `${stem}Limiter`, String(keys), '50', bucket ? '1' : '60']);
      const { full, idle } = JSON.parse(output);
      assert.ok(full > keys / 20_000, `${String(full)} MB: nothing was measured`);
      assert.ok(idle < full / 5, `${full.toFixed(1)} MB, then ${idle.toFixed(1)}`);
    });
  }

  test('also where somebody keeps coming', async () => {
    const Limiter = await limiterClass('fixed-window', memory);
    let now = 1e12;
    const limiter = new Limiter(5, 60, { maxKeys: 1000, now: () => now });
    for (let i = 0; i < 1000; i++) await limiter.consume(`ip:${String(i)}`, 5);
    for (let i = 0; i < 120; i++) {
      now += 1000;
      await limiter.consume('ip:regular');
    }
    // As many newcomers as there are places, each with a limit of its own.
    for (let i = 0; i < 990; i++) assert.equal((await limiter.consume(`new:${String(i)}`, 5)).allowed, true);
  });
});

describe('a flood of made-up keys', () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    for (const limit of [5, 20]) {
      test(`${algorithm}, ${String(limit)} in 15 minutes: newcomers are served, and nobody is reset who has used much`, async () => {
        const Limiter = await limiterClass(algorithm, memory);
        let now = 1e12;
        const limiter = new Limiter(limit, bucket ? limit / 900 : 900, { maxKeys: 2000, now: () => now });
        assert.equal(await admittedOf(limiter, 'key:exhausted', limit), limit);
        await limiter.consume('key:half', Math.ceil(limit / 2));
        let refused = 0;
        for (let i = 0; i < 40_000; i++) {
          await limiter.consume(`key:${String(i)}`);
          now += 5;
          if (i % 400 === 0 && !(await limiter.consume(`ip:${String(i)}`)).allowed) refused++;
        }
        assert.equal(refused, 0);
        const { allowed, remaining } = await limiter.consume('key:exhausted', Math.ceil(limit / 2));
        assert.equal(allowed, false, `${String(remaining)} left after 200 s of 900`);
        assert.equal((await limiter.consume('key:half', limit)).allowed, false);
      });
    }
  }

  test("nobody can choose keys that share a place with another's", async () => {
    const Limiter = await limiterClass('fixed-window', memory);
    // 64 spare places; which keys share one differs from limiter to limiter.
    const sharing = async () => {
      const limiter = new Limiter(1, 60, { maxKeys: 512, now: () => 0 });
      for (let i = 0; i < 512; i++) await limiter.consume(`live:${String(i)}`);
      const refused = [];
      for (let i = 0; i < 60; i++) if (!(await limiter.consume(`ip:${String(i)}`)).allowed) refused.push(i);
      return refused.join();
    };
    const seen = new Set();
    for (let i = 0; i < 5; i++) seen.add(await sharing());
    assert.ok(seen.size > 1, 'the same keys share a place in each of five limiters');
    // Two that differ in one character by the number of places, at the end, in front and in the middle.
    for (const [name, other] of [
      ['user:alice', `user:alic${String.fromCharCode('e'.charCodeAt(0) + 64)}`],
      ['user:alice', `${String.fromCharCode('u'.charCodeAt(0) + 64)}ser:alice`],
      ['user:alice', `user:${String.fromCharCode('a'.charCodeAt(0) + 64)}lice`],
    ]) {
      let refused = 0;
      for (let i = 0; i < 10; i++) {
        const limiter = new Limiter(1, 60, { maxKeys: 512, now: () => 0 });
        for (let live = 0; live < 512; live++) await limiter.consume(`live:${String(live)}`);
        await limiter.consume(other);
        if (!(await limiter.consume(name)).allowed) refused++;
      }
      assert.ok(refused < 5, `${other} takes the place of ${name} in ${String(refused)} of 10 limiters`);
    }
  });
});

describe('clocks', () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    test(`${algorithm}: the fake clock of node:test moves it`, async () => {
      const Limiter = await limiterClass(algorithm, memory);
      const limiter = new Limiter(2, bucket ? 1 : 2);
      mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 });
      try {
        assert.equal(await admittedOf(limiter, 'k', 3), 2);
        mock.timers.tick(2000);
        assert.equal(await admittedOf(limiter, 'k', 3), 2);
      } finally {
        mock.timers.reset();
      }
    });

    test(`${algorithm}: a clock that is set back locks nobody out for longer than the limit asks`, async () => {
      const Limiter = await limiterClass(algorithm, memory);
      let now = 1e12;
      const limiter = new Limiter(2, bucket ? 1 : 2, { now: () => now });
      assert.equal((await limiter.consume('k', 2)).allowed, true);
      now -= 3_600_000;
      const { allowed, retryAfterMs } = await limiter.consume('k', 2);
      assert.ok(!allowed && retryAfterMs <= 2000, String(retryAfterMs));
      now += retryAfterMs;
      assert.equal((await limiter.consume('k', 2)).allowed, true);
    });
  }

  test('a block lasts no longer, either', async () => {
    let now = 1e12;
    const limiter = new (await limiterClass('fixed-window', { ...memory, withOperations: true }))(2, 2, { now: () => now });
    await limiter.block('k', 1000);
    now -= 3_600_000;
    assert.equal((await limiter.consume('k')).retryAfterMs, 1000);
    now += 1000;
    assert.equal((await limiter.consume('k')).allowed, true);
  });
});

describe('ioredis-mock', () => {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    test(`${algorithm} counts there`, async () => {
      const Limiter = await limiterClass(algorithm);
      const failures = [];
      const options = { storeTimeoutMs: 5000, onStoreFailure: (error) => failures.push(error) };
      const limiter = new Limiter(new RedisMock(), 3, bucket ? 0.001 : 3600, options);
      assert.equal(await admittedOf(limiter, `k:${algorithm}`, 5), 3, String(failures[0]));
      const large = new Limiter(new RedisMock(), 1000, bucket ? 0.001 : 3600, options);
      assert.equal((await large.consume(`large:${algorithm}`, 999)).remaining, 1);
      assert.equal(await admittedOf(large, `large:${algorithm}`, 3), 1);
      assert.deepEqual(failures, []);
    });
  }
});
