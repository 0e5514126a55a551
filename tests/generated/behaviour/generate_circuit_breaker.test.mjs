import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../lib/emit.mjs';
import { listenersOf, withTimers } from '../lib/fakes.mjs';

const tool = 'generate_circuit_breaker';
const failureRate = { tripOn: 'failure-rate', failureRatePercent: 50, windowMs: 1_000, minimumCalls: 4 };
const up = async () => 'up';
const down = async () => {
  throw new Error('down');
};
const never = () => new Promise(() => {});
const rejection = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

/** One timer at a time, which fires when the test says so. */
function manualTimers() {
  const timers = { fire: () => undefined, set: (callback) => void (timers.fire = callback), clear: () => (timers.fire = () => undefined) };
  return timers;
}

/** Emitted with metrics; opens after two failures, recovers after a second of its own clock. */
async function setUp({ args = {}, options = {}, threshold = 2, recoveryTimeMs = 1_000, onStateChange } = {}) {
  const module = await load(tool, { withMetrics: true, ...args });
  const clock = { ms: 0 };
  const states = [];
  const breaker = new module.CircuitBreaker(threshold, recoveryTimeMs, onStateChange ?? ((state) => void states.push(state)), {
    now: () => clock.ms,
    ...options,
  });
  return { ...module, breaker, clock, states };
}

async function open({ breaker }) {
  for (let i = 0; i < 2; i++) await rejection(breaker.call(down));
  assert.equal(breaker.state, 'OPEN');
}

test('without metrics there is no metrics surface and options come third', async () => {
  const { CircuitBreaker, CircuitOpenError } = await load(tool);
  let ms = 0;
  const breaker = new CircuitBreaker(1, 1_000, { now: () => ms });
  assert.equal(breaker.getMetrics, undefined);
  await rejection(breaker.call(down));
  ms = 999;
  assert.ok((await rejection(breaker.call(up))) instanceof CircuitOpenError);
  ms = 1_000;
  assert.equal(await breaker.call(up), 'up');
  assert.equal(breaker.state, 'CLOSED');
});

test('takes its defaults from the arguments', async () => {
  const { CircuitBreaker } = await load(tool, { failureThreshold: 3, recoveryTimeMs: 7_000 });
  const breaker = new CircuitBreaker(undefined, undefined, { now: () => 0 });
  await rejection(breaker.call(down));
  await rejection(breaker.call(down));
  assert.equal(breaker.state, 'CLOSED');
  await rejection(breaker.call(down));
  const { retryAfterMs } = await rejection(breaker.call(up));
  assert.equal(retryAfterMs, 7_000);
});

test('a rejection is typed, exact and counted', async () => {
  const subject = await setUp({ recoveryTimeMs: 12_000 });
  await open(subject);
  const error = await rejection(subject.breaker.call(up));
  assert.ok(error instanceof subject.CircuitOpenError);
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'CircuitOpenError');
  assert.equal(error.code, 'CIRCUIT_OPEN');
  assert.equal(error.retryAfterMs, 12_000);
  assert.equal(error.message, 'Circuit is OPEN - retry after 12s');
  subject.clock.ms += 11_999.5;
  assert.equal((await rejection(subject.breaker.call(up))).retryAfterMs, 1);
  const { totalCalls, rejectedCount, failureCount } = subject.breaker.getMetrics();
  assert.deepEqual([totalCalls, rejectedCount, failureCount], [2, 2, 2]);
});

test('of 100 callers at recovery exactly halfOpenMaxProbes run', async () => {
  for (const halfOpenMaxProbes of [1, 3]) {
    const subject = await setUp({ options: { halfOpenMaxProbes } });
    await open(subject);
    subject.clock.ms += 1_000;
    let running = 0;
    const calls = Array.from({ length: 100 }, () =>
      subject.breaker.call(async () => {
        running++;
        await null;
        return 'up';
      }),
    );
    const results = await Promise.allSettled(calls);
    assert.equal(running, halfOpenMaxProbes);
    assert.equal(results.filter((each) => each.reason?.code === 'CIRCUIT_OPEN').length, 100 - halfOpenMaxProbes);
    assert.equal(subject.breaker.state, 'CLOSED');
  }
});

test('a probe that hangs is aborted, counts as failed, and its late result changes nothing', async () => {
  const subject = await setUp({ options: { probeTimeoutMs: 5 }, recoveryTimeMs: 60_000 });
  await open(subject);
  subject.clock.ms += 60_000;
  let finish;
  let seen;
  const probe = subject.breaker.call((signal) => {
    seen = signal;
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  const error = await rejection(probe);
  assert.ok(error instanceof subject.ProbeTimeoutError);
  assert.equal(error.name, 'ProbeTimeoutError');
  assert.equal(error.message, 'Probe timed out after 5 ms');
  assert.equal(error.code, 'PROBE_TIMEOUT');
  assert.equal(error.timeoutMs, 5);
  assert.equal(seen.aborted, true);
  assert.equal(seen.reason, error);
  assert.equal(subject.breaker.state, 'OPEN');
  finish('late');
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(subject.breaker.state, 'OPEN');
  assert.equal((await rejection(subject.breaker.call(up))).retryAfterMs, 60_000);
});

test('a caller who aborts a probe gives its place to the next caller', async () => {
  const subject = await setUp();
  await open(subject);
  subject.clock.ms += 1_000;
  const controller = new AbortController();
  const probe = rejection(subject.breaker.call(never, { signal: controller.signal }));
  assert.equal((await rejection(subject.breaker.call(up))).code, 'CIRCUIT_OPEN');
  controller.abort('enough');
  assert.equal(await probe, 'enough');
  assert.equal(subject.breaker.state, 'HALF_OPEN');
  assert.equal(await subject.breaker.call(up), 'up');
  assert.equal(subject.breaker.state, 'CLOSED');
  assert.deepEqual(subject.states, ['OPEN', 'HALF_OPEN', 'CLOSED']);
});

test('a caller whom the notification of HALF_OPEN aborts runs nothing and keeps no place', async () => {
  const controller = new AbortController();
  const onStateChange = (state) => state === 'HALF_OPEN' && controller.abort('mine');
  const subject = await setUp({ onStateChange });
  await open(subject);
  subject.clock.ms += 1_000;
  let ran = false;
  const probe = subject.breaker.call(() => ((ran = true), never()), { signal: controller.signal });
  assert.equal(await rejection(probe), 'mine');
  assert.equal(ran, false);
  assert.equal(await subject.breaker.call(up), 'up');
  assert.equal(subject.breaker.state, 'CLOSED');
});

test('a failure counts although its caller aborts a moment later', async () => {
  for (const probing of [false, true]) {
    const subject = await setUp({ threshold: probing ? 2 : 1 });
    if (probing) {
      await open(subject);
      subject.clock.ms += 1_000;
    }
    const controller = new AbortController();
    let fail;
    const work = new Promise((_, reject) => (fail = reject));
    const call = rejection(subject.breaker.call(() => work, { signal: controller.signal }));
    work.catch(() => controller.abort('enough'));
    fail(new Error('down'));
    assert.equal((await call).message, 'down');
    assert.equal(subject.breaker.state, 'OPEN');
  }
});

test('a judge that moves the breaker makes the outcome one of the past, which is counted all the same', async () => {
  for (const [move, state] of [
    ['reset', 'CLOSED'],
    ['trip', 'OPEN'],
  ]) {
    const subject = await setUp({ threshold: 1, options: { judge: () => (subject.breaker[move](), 'failure') } });
    await rejection(subject.breaker.call(down));
    assert.equal(subject.breaker.state, state);
    assert.equal(subject.breaker.getMetrics().failureCount, 1);
  }
});

test('an error that is no failure gives a probe back', async () => {
  const notFound = new Error('404');
  const subject = await setUp({
    options: { judge: ({ error }) => (error === notFound ? 'ignored' : error === undefined ? 'success' : 'failure') },
  });
  await open(subject);
  subject.clock.ms += 1_000;
  assert.equal(await rejection(subject.breaker.call(() => Promise.reject(notFound))), notFound);
  assert.equal(subject.breaker.state, 'HALF_OPEN');
  await subject.breaker.call(up);
  assert.equal(subject.breaker.state, 'CLOSED');
  const { successCount, failureCount } = subject.breaker.getMetrics();
  assert.deepEqual([successCount, failureCount], [1, 2]);
});

test('an abort rejects at once with its reason, runs nothing when it came before, and counts nothing', async () => {
  const subject = await setUp();
  const reason = { any: 'value' };
  for (let i = 0; i < 5; i++) {
    const controller = new AbortController();
    const call = rejection(subject.breaker.call(never, { signal: controller.signal }));
    controller.abort(reason);
    assert.equal(await call, reason);
  }
  let ran = false;
  const aborted = subject.breaker.call(async () => void (ran = true), { signal: AbortSignal.abort(reason) });
  assert.equal(await rejection(aborted), reason);
  assert.equal(ran, false);
  assert.equal(subject.breaker.state, 'CLOSED');
  const { totalCalls, successCount, failureCount } = subject.breaker.getMetrics();
  assert.deepEqual([totalCalls, successCount, failureCount], [5, 0, 0]);
});

test('an aborted call whose work fails later causes no unhandled rejection', async () => {
  const subject = await setUp();
  const controller = new AbortController();
  let fail;
  const call = rejection(subject.breaker.call(() => new Promise((_, reject) => (fail = reject)), { signal: controller.signal }));
  controller.abort('enough');
  await call;
  fail(new Error('late'));
  await new Promise((resolve) => setTimeout(resolve));
  const { failureCount, ignoredCount, inFlight } = subject.breaker.getMetrics();
  assert.deepEqual([failureCount, ignoredCount, inFlight], [0, 1, 0]);
});

test('work that throws at once counts like work that rejects', async () => {
  const subject = await setUp();
  const throws = () => {
    throw new Error('at once');
  };
  for (const options of [undefined, { signal: new AbortController().signal }]) {
    assert.equal((await rejection(subject.breaker.call(throws, options))).message, 'at once');
  }
  assert.equal(subject.breaker.state, 'OPEN');
});

test('callbacks that throw or reject change nothing', async () => {
  let told = 0;
  const subject = await setUp({
    onStateChange: (state) => {
      told++;
      if (state === 'OPEN') throw new Error('listener');
      return Promise.reject(new Error('async listener'));
    },
    options: {
      judge: () => {
        throw new Error('judge');
      },
    },
  });
  assert.equal((await rejection(subject.breaker.call(down))).message, 'down');
  await open({ breaker: subject.breaker }).catch(() => undefined);
  subject.clock.ms += 1_000;
  assert.equal(await subject.breaker.call(up), 'up');
  assert.equal(told, 3);
});

test('a listener may use the breaker', async () => {
  const seen = [];
  const subject = await setUp({
    onStateChange: (state) => {
      seen.push(state);
      if (state === 'HALF_OPEN') subject.breaker.trip();
    },
  });
  await open(subject);
  subject.clock.ms += 1_000;
  assert.equal((await rejection(subject.breaker.call(up))).code, 'CIRCUIT_OPEN');
  assert.deepEqual(seen, ['OPEN', 'HALF_OPEN', 'OPEN']);
});

test('metrics are a copy that nobody can change', async () => {
  const subject = await setUp();
  const metrics = subject.breaker.getMetrics();
  assert.throws(() => {
    metrics.totalCalls = 99;
  }, TypeError);
  assert.ok(metrics.lastStateChange instanceof Date);
  metrics.lastStateChange.setTime(0);
  assert.notEqual(subject.breaker.getMetrics().lastStateChange.getTime(), 0);
  assert.deepEqual(Object.keys(metrics).sort(), [
    'currentState',
    'failureCount',
    'ignoredCount',
    'inFlight',
    'lastStateChange',
    'rejectedCount',
    'successCount',
    'totalCalls',
  ]);
});

test('trip restarts the recovery, reset forgets failures, and neither reports what did not change', async () => {
  const subject = await setUp();
  subject.breaker.trip();
  subject.clock.ms += 600;
  subject.breaker.trip();
  assert.equal((await rejection(subject.breaker.call(up))).retryAfterMs, 1_000);
  subject.breaker.reset();
  subject.breaker.reset();
  assert.deepEqual(subject.states, ['OPEN', 'CLOSED']);
  await rejection(subject.breaker.call(down));
  subject.breaker.reset();
  await rejection(subject.breaker.call(down));
  assert.equal(subject.breaker.state, 'CLOSED');
});

test('the failure rate opens the circuit from minimumCalls on, whichever result comes last', async () => {
  const { CircuitBreaker } = await load(tool, failureRate);
  const make = () => new CircuitBreaker(undefined, undefined, { now: () => 0 });
  for (const results of ['dduu', 'udud', 'uudd', 'uuuddd']) {
    const breaker = make();
    for (const [index, result] of [...results].entries()) {
      assert.equal(breaker.state, 'CLOSED', `${results} at ${String(index)}`);
      await rejection(breaker.call(result === 'd' ? down : up));
    }
    assert.equal(breaker.state, 'OPEN', results);
  }
  const breaker = make();
  for (const result of 'uduuduuduu') await rejection(breaker.call(result === 'd' ? down : up));
  assert.equal(breaker.state, 'CLOSED');
});

test('the window slides', async () => {
  const args = { withMetrics: false, tripOn: 'failure-rate', failureRatePercent: 50, windowMs: 1_000, minimumCalls: 3 };
  const { CircuitBreaker } = await load(tool, args);
  let ms = 123_456;
  const breaker = new CircuitBreaker(1, 1_000, { now: () => ms });
  await rejection(breaker.call(down));
  ms += 400;
  await rejection(breaker.call(down));
  ms += 700;
  await rejection(breaker.call(down));
  assert.equal(breaker.state, 'CLOSED', 'the first has left');
  ms += 100;
  await rejection(breaker.call(down));
  assert.equal(breaker.state, 'OPEN');
});

test('refuses values that make no sense, naming option and value', async () => {
  const { CircuitBreaker } = await load(tool, failureRate);
  for (const value of [0, -1, 1.5, Number.NaN, Infinity, '5', null]) {
    assert.throws(() => new CircuitBreaker(value), { name: 'RangeError', message: new RegExp(`failureThreshold.*${String(value)}`, 'u') });
    assert.throws(() => new CircuitBreaker(1, value), { name: 'RangeError', message: /recoveryTimeMs/u });
    if (value === null) continue;
    for (const name of ['halfOpenMaxProbes', 'successThreshold', 'probeTimeoutMs', 'windowMs', 'minimumCalls', 'failureRatePercent']) {
      assert.throws(() => new CircuitBreaker(1, 1, { [name]: value }), {
        name: 'RangeError',
        message: new RegExp(`${name}.*${String(value)}`, 'u'),
      });
    }
  }
  assert.throws(() => new CircuitBreaker(1, 1, { failureRatePercent: 101 }), { name: 'RangeError', message: /failureRatePercent.*101/u });
  assert.equal(new CircuitBreaker(1, 1, { failureRatePercent: 100 }).state, 'CLOSED');
});

test('a time beyond the longest timer is refused, since it would be over at once', async () => {
  const { CircuitBreaker } = await load(tool);
  assert.equal(new CircuitBreaker(1, 1, { probeTimeoutMs: 2 ** 31 - 1 }).state, 'CLOSED');
  assert.throws(() => new CircuitBreaker(1, 1, { probeTimeoutMs: 2 ** 31 }), {
    name: 'RangeError',
    message: 'probeTimeoutMs: 2147483648 is out of range; use 1 to 2147483647.',
  });
});

test('two breakers share nothing', async () => {
  const { CircuitBreaker } = await load(tool);
  const [first, second] = [new CircuitBreaker(1), new CircuitBreaker(1)];
  await rejection(first.call(down));
  assert.equal(first.state, 'OPEN');
  assert.equal(await second.call(up), 'up');
});

test("the clock is the runtime's own when none is given", async () => {
  const { CircuitBreaker } = await load(tool, { withMetrics: true });
  const breaker = new CircuitBreaker(1, 3_600_000);
  await rejection(breaker.call(down));
  const { retryAfterMs } = await rejection(breaker.call(up));
  assert.ok(retryAfterMs > 3_000_000 && retryAfterMs <= 3_600_000, String(retryAfterMs));
});

test('a call with a signal succeeds as one without, and leaves no listener', async () => {
  const subject = await setUp();
  const { signal } = new AbortController();
  const listeners = listenersOf(signal);
  assert.equal(await subject.breaker.call(up, { signal }), 'up');
  await rejection(subject.breaker.call(down, { signal }));
  assert.equal(listeners(), 0);
  const { successCount, failureCount } = subject.breaker.getMetrics();
  assert.deepEqual([successCount, failureCount], [1, 1]);
  await rejection(subject.breaker.call(down));
  subject.clock.ms += 1_000;
  assert.equal(await subject.breaker.call(up, { signal }), 'up');
  assert.equal(subject.breaker.state, 'CLOSED');
  assert.equal(listeners(), 0);
});

test('a listener that closes the circuit lets the call run that would have been the probe', async () => {
  const subject = await setUp({
    onStateChange: (state) => {
      if (state === 'HALF_OPEN') subject.breaker.reset();
    },
  });
  await open(subject);
  subject.clock.ms += 1_000;
  assert.equal(await subject.breaker.call((signal) => Promise.resolve(signal.aborted)), false);
  assert.equal(subject.breaker.state, 'CLOSED');
  assert.equal(subject.breaker.getMetrics().rejectedCount, 0);
});

test('successThreshold probes in a row close the circuit, and one that fails opens it again', async () => {
  const subject = await setUp({ options: { successThreshold: 2 } });
  await open(subject);
  subject.clock.ms += 1_000;
  await subject.breaker.call(up);
  assert.equal(subject.breaker.state, 'HALF_OPEN');
  await rejection(subject.breaker.call(down));
  assert.equal(subject.breaker.state, 'OPEN');
  subject.clock.ms += 1_000;
  await subject.breaker.call(up);
  await subject.breaker.call(up);
  assert.equal(subject.breaker.state, 'CLOSED');
  for (const work of [down, up, down]) await rejection(subject.breaker.call(work));
  assert.equal(subject.breaker.state, 'CLOSED', 'a success forgets the failures before it');
});

test('a call from before the circuit opened counts neither way once it is half open', async () => {
  for (const late of ['resolve', 'reject']) {
    const subject = await setUp();
    let settle;
    const slow = rejection(subject.breaker.call(() => new Promise((resolve, reject) => (settle = { resolve, reject }))));
    await open(subject);
    subject.clock.ms += 1_000;
    const controller = new AbortController();
    const probe = rejection(subject.breaker.call(never, { signal: controller.signal }));
    assert.equal(subject.breaker.state, 'HALF_OPEN');
    settle[late](new Error('late'));
    await slow;
    assert.equal(subject.breaker.state, 'HALF_OPEN', late);
    controller.abort();
    await probe;
  }
});

test('a probe is over at its deadline, even when its timer is late', async () => {
  for (const lateBy of [0, 300]) {
    const timers = manualTimers();
    const subject = await setUp({ options: { probeTimeoutMs: 500, timers } });
    await open(subject);
    subject.clock.ms += 1_000;
    const probe = rejection(subject.breaker.call(never));
    subject.clock.ms += 100;
    assert.equal((await rejection(subject.breaker.call(up))).retryAfterMs, 400);
    subject.clock.ms += 400 + lateBy;
    const rejected = rejection(subject.breaker.call(up));
    assert.equal(subject.breaker.state, 'OPEN');
    assert.equal((await rejected).retryAfterMs, 1_000 - lateBy);
    for (let turns = 0; turns < 2; turns++) timers.fire();
    assert.ok((await probe) instanceof subject.ProbeTimeoutError);
    assert.equal(subject.breaker.getMetrics().failureCount, 3);
  }
});

test('a probe that ends makes room for one, and only for one', async () => {
  const subject = await setUp({ options: { halfOpenMaxProbes: 2 } });
  await open(subject);
  subject.clock.ms += 1_000;
  const callers = [new AbortController(), new AbortController(), new AbortController()];
  const probe = (caller) => rejection(subject.breaker.call(never, { signal: caller.signal }));
  const probes = [probe(callers[0]), probe(callers[1])];
  callers[0].abort('enough');
  await probes[0];
  probes.push(probe(callers[2]));
  assert.equal((await rejection(subject.breaker.call(up))).code, 'CIRCUIT_OPEN');
  for (const caller of callers) caller.abort('enough');
  assert.deepEqual(await Promise.all(probes), ['enough', 'enough', 'enough']);
});

test('a probe that times out after the circuit was closed by hand changes nothing', async () => {
  const subject = await setUp();
  await withTimers(async ({ fire }) => {
    await open(subject);
    subject.clock.ms += 1_000;
    const probe = rejection(subject.breaker.call(never));
    subject.breaker.reset();
    // The last millisecond is a turn of its own.
    assert.equal(fire() + fire(), 30_000);
    assert.ok((await probe) instanceof subject.ProbeTimeoutError);
    assert.equal(subject.breaker.state, 'CLOSED');
    assert.equal(subject.breaker.getMetrics().failureCount, 3);
  });
});

test('a probe leaves no timer', async () => {
  const subject = await setUp();
  await withTimers(async ({ pending }) => {
    for (const work of [down, up]) {
      subject.breaker.trip();
      subject.clock.ms += 1_000;
      await rejection(subject.breaker.call(work));
      assert.equal(pending.size, 0);
    }
  });
});

test('a rejection has no stack trace where the runtime can leave it out, other errors keep theirs', async () => {
  const subject = await setUp();
  await open(subject);
  const limit = Error.stackTraceLimit;
  const { stack } = await rejection(subject.breaker.call(up));
  assert.equal(Error.stackTraceLimit, limit);
  if (Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')?.writable !== true) return;
  assert.ok(!/\n\s+at /u.test(String(stack)), stack);
  assert.match(new Error('other').stack, /\n\s+at /u);
});

test('the failure rate needs failureThreshold failures as well', async () => {
  const { CircuitBreaker } = await load(tool, failureRate);
  const breaker = new CircuitBreaker(5, 1_000, { now: () => 0 });
  for (let i = 0; i < 4; i++) await rejection(breaker.call(down));
  assert.equal(breaker.state, 'CLOSED');
  await rejection(breaker.call(down));
  assert.equal(breaker.state, 'OPEN');
});

test('what opened the circuit is forgotten once it closes', async () => {
  const { CircuitBreaker } = await load(tool, failureRate);
  let ms = 0;
  const breaker = new CircuitBreaker(2, 1, { now: () => ms });
  for (let i = 0; i < 4; i++) await rejection(breaker.call(down));
  assert.equal(breaker.state, 'OPEN');
  ms += 1;
  await breaker.call(up);
  for (let i = 0; i < 3; i++) await rejection(breaker.call(down));
  assert.equal(breaker.state, 'CLOSED');
});

test('a call leaves the window after windowMs', async () => {
  const { CircuitBreaker } = await load(tool, failureRate);
  for (const [later, state] of [
    [999, 'OPEN'],
    [1_000, 'CLOSED'],
  ]) {
    let ms = 0;
    const breaker = new CircuitBreaker(4, 1_000, { now: () => ms });
    await rejection(breaker.call(down));
    ms += later;
    for (let i = 0; i < 3; i++) await rejection(breaker.call(down));
    assert.equal(breaker.state, state, String(later));
  }
});

test('a runtime whose errors have no stackTraceLimit is given none', async () => {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  if (limit?.configurable !== true) return;
  delete Error.stackTraceLimit;
  try {
    const subject = await setUp();
    await open(subject);
    assert.equal((await rejection(subject.breaker.call(up))).code, 'CIRCUIT_OPEN');
    assert.equal(Object.hasOwn(Error, 'stackTraceLimit'), false);
  } finally {
    Object.defineProperty(Error, 'stackTraceLimit', limit);
  }
});

const httpError = (status, more) => Object.assign(new Error('HTTP'), { status, ...more });

test('an outcome is judged by its reason', async () => {
  const { judgeOutcome, CircuitOpenError } = await load(tool);
  const coded = (code, more) => Object.assign(new Error('x'), { code, ...more });
  const named = (name, more) => Object.assign(new Error('x'), { name, ...more });
  const judged = {
    success: [
      { result: undefined },
      { result: { status: 503 } },
      { result: new Response(null, { status: 404 }) },
      ...[404, 422, 429, 100].map((status) => ({ error: httpError(status) })),
      { error: Object.assign(new Error('x'), { response: { status: 409 } }) },
      { error: Object.assign(new Error('x'), { $metadata: { httpStatusCode: 404 } }) },
      ...['23505', '42P01', '22001', 'P2002'].map((code) => ({ error: coded(code) })),
      { error: named('GraphQLError') },
    ],
    failure: [
      { result: new Response(null, { status: 500 }) },
      { result: { statusCode: 599, headers: {} } },
      { result: { data: null, status: 503, statusText: 'Service Unavailable' } },
      { result: { response: new Response(null, { status: 502 }) } },
      { error: httpError(503) },
      { error: new Error('wrapped', { cause: httpError(500) }) },
      { error: new Error('anything') },
      { error: 'text' },
      { error: undefined },
      { error: new DOMException('late', 'TimeoutError') },
      { error: named('AbortError', { cause: new DOMException('late', 'TimeoutError') }) },
      ...['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'TIMEOUT', 'ECONNRESET', 'P2024', 'CERT_HAS_EXPIRED'].map((code) => ({
        error: coded(code),
      })),
      { error: new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }) },
      { error: new TypeError('Network request failed') },
      { error: Object.assign(new Error('Command failed'), { status: 128, pid: 7 }) },
    ],
    ignored: [
      { error: new CircuitOpenError(5) },
      { error: new Error('wrapped', { cause: new Error('again', { cause: coded('BULKHEAD_FULL') }) }) },
      { error: new AggregateError([coded('ECONNRESET'), coded('RATE_LIMITED')]) },
      { error: httpError(503, { code: 'EOPENBREAKER' }) },
      { error: new DOMException('gone', 'AbortError') },
      ...['ERR_CANCELED', 'ABORTED'].map((code) => ({ error: coded(code) })),
      { error: named('CancelError') },
      { error: new TypeError('x is not a function') },
      { error: new RangeError('x') },
      { error: named('ZodError') },
      { error: named('AssertionError', { code: 'ERR_ASSERTION' }) },
      { error: coded('ENOENT') },
    ],
  };
  for (const [verdict, outcomes] of Object.entries(judged)) {
    for (const outcome of outcomes)
      assert.equal(judgeOutcome(outcome), verdict, `${verdict}: ${String(outcome.error ?? JSON.stringify(outcome.result))}`);
  }
  const loop = new Error('loop');
  loop.cause = new Error('back', { cause: loop });
  assert.equal(judgeOutcome({ error: loop }), 'failure');
});

test('answers of 503 open the circuit, those of 404 close it', async () => {
  const subject = await setUp();
  const answer = (status) => () => Promise.resolve(new Response(null, { status }));
  for (let i = 0; i < 2; i++) assert.equal((await subject.breaker.call(answer(503))).status, 503);
  assert.equal(subject.breaker.state, 'OPEN');
  subject.clock.ms += 1_000;
  assert.equal((await subject.breaker.call(answer(404))).status, 404);
  assert.equal(subject.breaker.state, 'CLOSED');
});

test('a caller whose time is over counts as a failure, one that just leaves does not', async () => {
  for (const [reason, state, counts] of [
    [new DOMException('late', 'TimeoutError'), 'OPEN', [2, 0]],
    [new DOMException('gone', 'AbortError'), 'CLOSED', [0, 2]],
    ['any', 'CLOSED', [0, 2]],
  ]) {
    const subject = await setUp();
    for (let i = 0; i < 2; i++) {
      const caller = new AbortController();
      const call = rejection(subject.breaker.call(never, { signal: caller.signal }));
      caller.abort(reason);
      assert.equal(await call, reason);
    }
    assert.equal(subject.breaker.state, state);
    const { failureCount, ignoredCount } = subject.breaker.getMetrics();
    assert.deepEqual([failureCount, ignoredCount], counts);
  }
});

test('a Retry-After of the failure is the least open time, in every form', async () => {
  const later = new Date(Date.parse('2026-01-01T00:00:00Z') + 90_000).toUTCString();
  for (const [headers, ms] of [
    [{ 'Retry-After': '90' }, 90_000],
    [new Headers({ 'retry-after': '1.5' }), 1_500],
    [new Map([['RETRY-AFTER', '30, 90']]), 90_000],
    [{ 'retry-after-ms': '2500' }, 2_500],
    [{ 'retry-after': later, date: new Date('2026-01-01T00:00:00Z').toUTCString() }, 90_000],
    [{ 'retry-after': 'soon' }, 1_000],
    [{ 'retry-after': '0.2' }, 1_000],
  ]) {
    const subject = await setUp({ threshold: 1 });
    await rejection(subject.breaker.call(() => Promise.reject(httpError(503, { headers }))));
    assert.equal(subject.breaker.retryAfterMs, ms, JSON.stringify(headers));
  }
});

test('retryAfterMs says when a call would be let through', async () => {
  const subject = await setUp({ options: { probeTimeoutMs: 500 } });
  assert.equal(subject.breaker.retryAfterMs, 0);
  await open(subject);
  subject.clock.ms += 400;
  assert.equal(subject.breaker.retryAfterMs, 600);
  subject.clock.ms += 600;
  assert.equal(subject.breaker.retryAfterMs, 0);
  const caller = new AbortController();
  const probe = rejection(subject.breaker.call(never, { signal: caller.signal }));
  assert.equal(subject.breaker.retryAfterMs, 500);
  caller.abort();
  await probe;
  subject.breaker.isolate();
  assert.equal(subject.breaker.retryAfterMs, Infinity);
});

test('isolate holds the circuit open until reset, whatever trips it meanwhile', async () => {
  const subject = await setUp();
  subject.breaker.isolate();
  subject.breaker.trip();
  subject.clock.ms += 1e9;
  const error = await rejection(subject.breaker.call(up));
  assert.equal(error.retryAfterMs, Infinity);
  subject.breaker.reset();
  assert.equal(await subject.breaker.call(up), 'up');
});

test('options alone are a constructor in every variant, and what is no function is refused', async () => {
  for (const withMetrics of [false, true]) {
    const { CircuitBreaker } = await load(tool, { withMetrics });
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeMs: 70, name: 'orders', now: () => 0 });
    await rejection(breaker.call(down));
    const error = await rejection(breaker.call(up));
    assert.deepEqual([error.retryAfterMs, error.breaker, error.message], [70, 'orders', 'Circuit orders is OPEN - retry after 1s']);
    assert.throws(() => new CircuitBreaker({ judge: {} }), { name: 'TypeError', message: /judge/u });
    if (withMetrics)
      assert.throws(() => new CircuitBreaker(1, 1, { judge: () => 'failure' }), { name: 'TypeError', message: /onStateChange/u });
    else assert.throws(() => new CircuitBreaker(1, 1, () => undefined), { name: 'TypeError', message: /options/u });
  }
});

test('the open time doubles with each probe that fails, and begins anew once the circuit closes', async () => {
  const { CircuitBreaker } = await load(tool, { maxRecoveryTimeMs: 100_000 });
  let ms = 0;
  const breaker = new CircuitBreaker(1, 1_000, { maxRecoveryTimeMs: 6_000, now: () => ms, random: () => 1 });
  const waits = [];
  for (let i = 0; i < 5; i++) {
    await rejection(breaker.call(down));
    waits.push(breaker.retryAfterMs);
    ms += breaker.retryAfterMs;
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 6_000, 6_000]);
  assert.throws(() => new CircuitBreaker({ random: 0.5 }), { name: 'TypeError', message: /random/u });
  await breaker.call(up);
  await rejection(breaker.call(down));
  assert.equal(breaker.retryAfterMs, 1_000);
});

test('a call slower than slowCallMs counts as failed', async () => {
  const { CircuitBreaker } = await load(tool, { ...failureRate, slowCallMs: 500 });
  let ms = 0;
  const taking = (time) => async () => void (ms += time);
  const breaker = new CircuitBreaker(2, 1_000, { now: () => ms, windowMs: 100_000 });
  for (const time of [500, 501, 500]) await breaker.call(taking(time));
  assert.equal(breaker.state, 'CLOSED');
  await breaker.call(taking(501));
  assert.equal(breaker.state, 'OPEN');
});

test('what one call calls through the same breaker lets it close all the same', async () => {
  const subject = await setUp();
  await open(subject);
  const inner = () => subject.breaker.call(up);
  const wrapped = () =>
    inner().catch((cause) => {
      throw new Error('no token', { cause });
    });
  for (const nested of [inner, wrapped, () => Promise.any([inner()])]) {
    subject.breaker.trip();
    for (let i = 0; i < 3 && subject.breaker.state !== 'CLOSED'; i++) {
      subject.clock.ms += 1_000;
      await rejection(subject.breaker.call(nested));
    }
    assert.equal(subject.breaker.state, 'CLOSED', String(nested));
  }
});

test('every call is found again in the counts, whichever era it ends in', async () => {
  const subject = await setUp({ threshold: 5 });
  const calls = Array.from({ length: 100 }, () => rejection(subject.breaker.call(down)));
  assert.equal(subject.breaker.getMetrics().inFlight, 100);
  await Promise.all(calls);
  const { totalCalls, failureCount, inFlight } = subject.breaker.getMetrics();
  assert.deepEqual([totalCalls, failureCount, inFlight], [100, 100, 0]);
});

test('fn always gets a signal, and may answer with a plain value or a builder', async () => {
  const { CircuitBreaker } = await load(tool);
  const breaker = new CircuitBreaker();
  assert.equal(await breaker.call(() => 5), 5);
  assert.equal(await breaker.call(() => ({ then: (resolve) => resolve('built') })), 'built');
  for (const fn of [(signal) => signal.aborted, (...[signal]) => signal.aborted]) assert.equal(await breaker.call(fn), false);
  assert.equal(await breaker.call((signal) => signal.aborted, { signal: null }), false);
});

test('an answer that comes after its caller has left is freed, also on an error', async () => {
  const { CircuitBreaker } = await load(tool);
  const breaker = new CircuitBreaker();
  for (const shape of ['result', 'error', 'node']) {
    let freed = 0;
    const body = new ReadableStream({ cancel: () => void freed++ });
    const node = { pipe: () => undefined, on: () => undefined, destroy: () => void freed++ };
    let settle;
    const work = new Promise((resolve, reject) => {
      settle = {
        result: () => resolve(new Response(body)),
        error: () => reject({ response: { body } }),
        node: () => resolve({ data: node }),
      }[shape];
    });
    const caller = new AbortController();
    const call = rejection(breaker.call(() => work, { signal: caller.signal }));
    caller.abort('left');
    assert.equal(await call, 'left');
    settle();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(freed, 1, shape);
  }
});

test('the clock set back does not hold the circuit open for longer than its open time', async () => {
  const subject = await setUp();
  subject.clock.ms = 1e9;
  await open(subject);
  subject.clock.ms = 5;
  assert.equal(subject.breaker.retryAfterMs, 1_000);
  subject.clock.ms = 1_005;
  assert.equal(await subject.breaker.call(up), 'up');
});

test('what a call ends with before its work has begun counts neither way, closed and half open', async () => {
  const subject = await setUp();
  const { breaker, clock } = subject;
  const late = async () => Promise.reject(Object.assign(new Error('late'), { name: 'TimeoutError' }));
  for (let calls = 0; calls < 5; calls += 1) {
    assert.equal((await rejection(breaker.call(late, { hasBegun: () => false }))).message, 'late');
  }
  assert.equal(breaker.state, 'CLOSED');
  assert.equal(breaker.getMetrics().ignoredCount, 5);
  await open(subject);
  clock.ms += 1_000;
  await rejection(breaker.call(late, { hasBegun: () => false }));
  assert.equal(breaker.state, 'HALF_OPEN');
  await rejection(breaker.call(late, { hasBegun: () => true }));
  assert.equal(breaker.state, 'OPEN');
});

for (const args of [{}, { withMetrics: true }]) {
  test(`what stands where options or a name belong is refused: ${JSON.stringify(args)}`, async () => {
    const { CircuitBreaker } = await load(tool, args);
    const breaker = new CircuitBreaker();
    for (const given of [500, '500', true, [500], () => 500, new AbortController().signal, Symbol('x')]) {
      const call = breaker.call(() => assert.fail('it was called'), given);
      await assert.rejects(call, { name: 'TypeError', message: /^options: \w+ given; use an object, as \{ signal \}\.$/u });
      const last = args.withMetrics ? [undefined, given] : [given];
      const wrong = { name: 'TypeError', message: /^options: \w+ given; use an object, as \{ name \}\.$/u };
      assert.throws(() => new CircuitBreaker(5, 1_000, ...last), wrong);
      if (typeof given === 'object') assert.throws(() => new CircuitBreaker(given), wrong);
    }
    for (const name of [Symbol('x'), 5, {}]) {
      assert.throws(() => new CircuitBreaker({ name }), /^TypeError: name: \w+ given; use a value of type string\.$/u);
    }
    for (const none of [undefined, null, {}]) assert.equal(await breaker.call(() => 'ok', none), 'ok');
  });
}
