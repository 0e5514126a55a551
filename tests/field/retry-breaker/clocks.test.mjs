// Guards under the fake timers that people use, with their default settings, and in a process that stands still for a while.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mock, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import FakeTimers from '@sinonjs/fake-timers';
import { BREAKER, breakers, fileOf, load, rejection, retries, RETRY, served, sleep } from './cases.mjs';

const microtasks = async () => {
  for (let turns = 0; turns < 50; turns += 1) {
    await null;
  }
};

// Each with what it replaces by default.
const runners = {
  'node:test': () => {
    mock.timers.enable();
    return { tick: (ms) => mock.timers.tick(ms), end: () => mock.timers.reset() };
  },
  'node:test, setTimeout and Date': () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    return { tick: (ms) => mock.timers.tick(ms), end: () => mock.timers.reset() };
  },
  'Vitest 2': () => {
    const toFake = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'Date'];
    const clock = FakeTimers.install({ toFake });
    return { tick: (ms) => clock.tick(ms), end: () => clock.uninstall() };
  },
  'Vitest 4, Jest and sinon': () => {
    const clock = FakeTimers.install({ toNotFake: ['nextTick', 'queueMicrotask'] });
    return { tick: (ms) => clock.tick(ms), end: () => clock.uninstall() };
  },
};

for (const [runner, start] of Object.entries(runners)) {
  for (const [name, args] of Object.entries(retries)) {
    test(`${runner}: a retry waits for its delay and not longer, ${name}`, async () => {
      const { withRetry } = await load(RETRY, args);
      const clock = start();
      try {
        let attempts = 0;
        const call = withRetry(() => (++attempts < 3 ? Promise.reject(new Error('reset')) : 'ok'), { delayMs: () => 100 });
        for (const made of [1, 2, 3]) {
          await microtasks();
          assert.equal(attempts, made);
          clock.tick(99);
          await microtasks();
          assert.equal(attempts, made, 'not early');
          clock.tick(1);
        }
        assert.equal(await call, 'ok');
      } finally {
        clock.end();
      }
    });

    test(`${runner}: the total time ends a call, ${name}`, async () => {
      const { withRetry } = await load(RETRY, args);
      const clock = start();
      try {
        let ended;
        const call = rejection(withRetry(() => new Promise(() => undefined), { totalTimeoutMs: 500 })).then(
          (error) => (ended = error.code),
        );
        clock.tick(400);
        await microtasks();
        assert.equal(ended, undefined);
        clock.tick(100);
        await call;
        assert.equal(ended, 'RETRY_TIMEOUT');
      } finally {
        clock.end();
      }
    });
  }

  for (const [name, args] of Object.entries(breakers)) {
    test(`${runner}: a breaker recovers, and ends a probe that hangs, ${name}`, async () => {
      const { CircuitBreaker } = await load(BREAKER, args);
      const clock = start();
      try {
        const breaker = new CircuitBreaker({ failureThreshold: 2, recoveryTimeMs: 30_000, probeTimeoutMs: 2_000 });
        breaker.trip();
        clock.tick(29_999);
        assert.equal((await rejection(breaker.call(() => 'up'))).code, 'CIRCUIT_OPEN');
        clock.tick(1);
        const probe = rejection(breaker.call(() => new Promise(() => undefined)));
        clock.tick(1_000);
        await microtasks();
        assert.equal(breaker.state, 'HALF_OPEN');
        clock.tick(1_000);
        assert.equal((await probe).code, 'PROBE_TIMEOUT');
        clock.tick(30_000);
        assert.equal(await breaker.call(() => 'up'), 'up');
        assert.equal(breaker.state, 'CLOSED');
      } finally {
        clock.end();
      }
    });
  }
}

for (const [runner, start] of Object.entries(runners)) {
  test(`${runner}: a wait of a millisecond or two takes no more`, async () => {
    const { withRetry } = await load(RETRY);
    const clock = start();
    try {
      for (const ms of [1, 2]) {
        let attempts = 0;
        const call = withRetry(() => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok'), { delayMs: () => ms });
        await microtasks();
        clock.tick(ms);
        await microtasks();
        assert.equal(attempts, 2);
        assert.equal(await call, 'ok');
      }
    } finally {
      clock.end();
    }
  });
}

test('node:test, setTimeout alone: every limit ends on its millisecond', async () => {
  const hang = () => new Promise(() => undefined);
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  const { withTimeout } = await load('generate_timeout_config', { operations: { read: 100 } });
  const { Bulkhead } = await load('generate_bulkhead', { partitions: { own: 1 } });
  const breaker = new CircuitBreaker({ recoveryTimeMs: 1, probeTimeoutMs: 100 });
  breaker.trip();
  await sleep(5);
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const own = new Bulkhead('own', 1, { maxWaitMs: 100 });
    void own.run(hang);
    const ended = [];
    for (const call of [withTimeout('read', hang), withRetry(hang, { totalTimeoutMs: 100 }), breaker.call(hang), own.run(hang)]) {
      void rejection(call).then(({ code }) => ended.push(code));
    }
    mock.timers.tick(99);
    await microtasks();
    assert.deepEqual(ended, []);
    mock.timers.tick(1);
    await microtasks();
    assert.deepEqual(ended.sort(), ['BULKHEAD_TIMEOUT', 'PROBE_TIMEOUT', 'RETRY_TIMEOUT', 'TIMEOUT']);
  } finally {
    mock.timers.reset();
  }
});

test('a jump of the wall clock ends neither a wait, nor a total time, nor a probe', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  const { now } = Date;
  let waited;
  let attempts = 0;
  const begun = performance.now();
  const call = withRetry(() => (++attempts < 2 ? Promise.reject(new Error('reset')) : (waited = performance.now() - begun)), {
    delayMs: () => 50,
    totalTimeoutMs: 60_000,
  });
  const breaker = new CircuitBreaker({ recoveryTimeMs: 1, probeTimeoutMs: 60_000 });
  breaker.trip();
  await sleep(5);
  let answer;
  const probe = breaker.call(() => new Promise((resolve) => (answer = resolve)));
  try {
    Date.now = () => now() + 3_600_000;
    assert.equal((await rejection(breaker.call(() => 'up'))).code, 'CIRCUIT_OPEN');
    await call;
    answer('up');
    assert.equal(await probe, 'up');
  } finally {
    Date.now = now;
  }
  assert.ok(waited >= 50, String(waited));
  assert.equal(breaker.state, 'CLOSED');
});

test('the wall clock set back does not hold the circuit open', async () => {
  const { CircuitBreaker } = await load(BREAKER);
  const { now } = Date;
  const breaker = new CircuitBreaker({ recoveryTimeMs: 20 });
  breaker.trip();
  try {
    Date.now = () => now() - 3_600_000;
    assert.ok(breaker.retryAfterMs <= 20);
    await sleep(30);
    assert.equal(await breaker.call(() => 'up'), 'up');
  } finally {
    Date.now = now;
  }
});

// As the SDKs do that report errors or keep zones: around the real one, for all that comes later.
const wrapped = `
  const { setTimeout: own } = globalThis;
  globalThis.setTimeout = (callback, ...args) => own((...given) => callback(...given), ...args);
`;

// The server is a process of its own: it answers while the other one stands still.
const program = (url, how) => `
  import { createInterface } from 'node:readline';
  const { withRetry } = await import('${pathToFileURL(fileOf(RETRY)).href}');
  const { CircuitBreaker } = await import('${pathToFileURL(fileOf(BREAKER)).href}');
  ${how === 'wrapped' ? wrapped : ''}
  const get = (signal) => fetch('${url}', { signal }).then((response) => response.text());
  await get();
  const kinds = {
    total: () => withRetry(get, { totalTimeoutMs: 150, maxRetries: 0 }),
    probe: () => {
      const breaker = new CircuitBreaker({ recoveryTimeMs: 1, probeTimeoutMs: 150 });
      breaker.trip();
      return new Promise((resolve) => setTimeout(resolve, 5)).then(() => breaker.call(get));
    },
  };
  const late = {};
  for (const [kind, call] of Object.entries(kinds)) {
    for (let round = 0; round < 10; round += 1) {
      const answer = call().catch(() => (late[kind] = (late[kind] ?? 0) + 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (process.argv[1] !== 'stopped') {
        await new Promise((resolve) => setImmediate(() => { const until = performance.now() + 250; while (performance.now() < until); resolve(); }));
      } else {
        process.stdout.write('stop me\\n');
      }
      await answer;
    }
  }
  process.stdout.write(JSON.stringify(late) + '\\n', () => process.exit());
`;

for (const [how, state] of Object.entries({ stall: 'busy', stopped: 'stopped', wrapped: 'busy, its timers wrapped,' })) {
  test(`an answer that arrived while this process was ${state} is taken`, () =>
    served(
      (_, response) => void setTimeout(() => response.end('ok'), 20),
      async (url) => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', program(url, how), how], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const exited = new Promise((resolve) => child.once('exit', resolve));
        let said = '';
        child.stdout.on('data', async (data) => {
          said += String(data);
          if (!String(data).includes('stop me')) return;
          child.kill('SIGSTOP');
          await sleep(250);
          child.kill('SIGCONT');
        });
        await exited;
        // Of twenty. On a busy machine an answer may take more turns than one; without that turn all twenty are late.
        const { total = 0, probe = 0 } = JSON.parse(said.trim().split('\n').at(-1));
        assert.ok(total + probe <= 5, `${String(total)} and ${String(probe)} late`);
      },
    ));
}

for (const apis of [['setTimeout'], ['setTimeout', 'Date']]) {
  test(`node:test, ${apis.join(' and ')}, before the module is there: every limit ends on its millisecond`, async () => {
    const hang = () => new Promise(() => undefined);
    // Written first, since that takes real time.
    for (const tool of [BREAKER, RETRY]) fileOf(tool);
    mock.timers.enable({ apis });
    try {
      const { CircuitBreaker } = await load(BREAKER);
      const { withRetry } = await load(RETRY);
      let time = 0;
      const breaker = new CircuitBreaker({ recoveryTimeMs: 1, probeTimeoutMs: 100, now: () => time });
      breaker.trip();
      time = 5;
      const ended = [];
      for (const call of [breaker.call(hang), withRetry(hang, { totalTimeoutMs: 100 })]) {
        void rejection(call).then(({ code }) => ended.push(code));
      }
      mock.timers.tick(99);
      await microtasks();
      assert.deepEqual(ended, []);
      mock.timers.tick(1);
      await microtasks();
      assert.deepEqual(ended.sort(), ['PROBE_TIMEOUT', 'RETRY_TIMEOUT']);
      assert.equal(breaker.state, 'OPEN');
    } finally {
      mock.timers.reset();
    }
  });
}
