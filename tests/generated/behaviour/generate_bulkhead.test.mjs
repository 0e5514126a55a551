import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compared, load, replay } from '../lib/emit.mjs';
import { listenersOf } from '../lib/fakes.mjs';

const TOOL = 'generate_bulkhead';
const ARGS = { partitions: { payments: 2, 'search.api': 3 }, poolSize: 5 };

class Clock {
  ms = 0;
  pending = new Map();
  serial = 0;
  now = () => this.ms;
  set(callback, delayMs) {
    assert.ok(delayMs >= 0 && delayMs <= 2 ** 31 - 1, `${delayMs} does not fit a timer`);
    this.pending.set(++this.serial, { at: this.ms + delayMs, callback });
    return this.serial;
  }
  clear(timer) {
    this.pending.delete(timer);
  }
  advance(ms) {
    const until = this.ms + ms;
    for (;;) {
      const due = [...this.pending].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.ms = due[1].at;
      this.pending.delete(due[0]);
      due[1].callback();
    }
    this.ms = until;
  }
}

const settle = async () => {
  for (let i = 0; i < 8; i += 1) await null;
};
const rejection = (promise) =>
  promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error) => error,
  );

/** xorshift32: the same steps on every run and every runtime. */
const seeded = (seed) => () => {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
};

/** What a bulkhead should do, written without regard to speed. */
class Model {
  active = [];
  queue = [];
  draining = false;
  admitted = 0;
  refused = 0;
  timedOut = 0;
  longestWaitMs = 0;
  totalWaitMs = 0;

  constructor(slots, seats, maxWaitMs, now) {
    Object.assign(this, { slots, seats, maxWaitMs, now });
  }

  run(call) {
    if (this.draining || (this.active.length >= this.slots && this.queue.length >= this.seats)) {
      call.expected = 'BULKHEAD_FULL';
      this.refused += 1;
    } else {
      call.since = this.now;
      call.expiresAt = this.now + this.maxWaitMs;
      this.queue.push(call);
      this.fill();
    }
  }

  resize(slots) {
    this.slots = slots;
    this.fill();
  }

  end(call, how) {
    this.active.splice(this.active.indexOf(call), 1);
    call.expected ??= how;
    this.fill();
  }

  abort(call) {
    call.expected ??= 'aborted';
    this.queue = this.queue.filter((other) => other !== call);
  }

  advance(now) {
    this.now = now;
    for (const call of this.queue.filter(({ expiresAt }) => expiresAt <= now)) {
      call.expected = 'BULKHEAD_TIMEOUT';
      this.timedOut += 1;
    }
    this.queue = this.queue.filter(({ expiresAt }) => expiresAt > now);
  }

  fill() {
    while (this.active.length < this.slots && this.queue.length > 0) {
      const call = this.queue.shift();
      this.active.push(call);
      this.admitted += 1;
      this.longestWaitMs = Math.max(this.longestWaitMs, this.now - call.since);
      this.totalWaitMs += this.now - call.since;
    }
  }
}

test('no timer remains once nobody waits', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const clock = new Clock();
  const bulkhead = new Bulkhead('test', 1, { maxWaitMs: 100, now: clock.now, timers: clock });
  let finish;
  const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const others = Array.from({ length: 50 }, () => bulkhead.run(async () => 1));
  assert.equal(clock.pending.size, 50);
  finish();
  await Promise.all([first, ...others]);
  assert.equal(clock.pending.size, 0);
});

test('a timer that fires ahead of the clock still ends the wait', async () => {
  const { Bulkhead, BulkheadTimeoutError } = await load(TOOL, ARGS);
  const timers = new Clock();
  const bulkhead = new Bulkhead('test', 1, { maxWaitMs: 100, now: () => 0, timers });
  void bulkhead.run(() => new Promise(() => undefined));
  const waiting = [rejection(bulkhead.run(async () => 1)), rejection(bulkhead.run(async () => 1))];
  timers.advance(100);
  for (const error of await Promise.all(waiting)) assert.ok(error instanceof BulkheadTimeoutError);
});

test('an unlimited wait has no timer', async () => {
  const { Bulkhead } = await load(TOOL, { ...ARGS, maxWaitMs: 0 });
  const timers = new Clock();
  const bulkhead = new Bulkhead('test', 1, { timers });
  let finish;
  const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const second = bulkhead.run(async () => 'second');
  assert.equal(timers.pending.size, 0);
  finish();
  await first;
  assert.equal(await second, 'second');
});

test('work that throws at once, thousands in a row, frees its slot each time', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1, { maxQueue: 20_000 });
  for (const options of [{}, { signal: new AbortController().signal }]) {
    const count = options.signal ? 500 : 20_000;
    const ends = await Promise.allSettled(
      Array.from({ length: count }, () =>
        bulkhead.run(() => {
          throw new Error('at once');
        }, options),
      ),
    );
    assert.equal(ends.filter(({ reason }) => reason?.message === 'at once').length, count);
    assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued], [0, 0]);
  }
});

test('a signal that aborts between the hand-over and the start gives the slot back', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  let finish;
  const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const caller = new AbortController();
  let started = false;
  const second = rejection(bulkhead.run(async () => (started = true), { signal: caller.signal }));
  finish();
  await first;
  caller.abort(new Error('left'));
  await second.catch(() => undefined);
  assert.equal(bulkhead.stats().active, 0);
  assert.equal(await bulkhead.run(async () => 'third'), 'third');
  assert.equal(typeof started, 'boolean');
});

test('a signal that has aborted before the call takes neither a slot nor a place in the queue', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  let finish;
  const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const reason = new Error('left');
  const refused = rejection(bulkhead.run(async () => 'never', { signal: AbortSignal.abort(reason) }));
  assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued], [1, 0]);
  assert.equal(await refused, reason);
  finish();
  await first;
  assert.equal(bulkhead.stats().active, 0);
});

test('partitions are separate and named as given', async () => {
  const { PARTITIONS, bulkheadOf, withBulkhead, BulkheadFullError } = await load(TOOL, { ...ARGS, maxQueue: 0 });
  assert.deepEqual(PARTITIONS, ARGS.partitions);
  const hung = [withBulkhead('payments', () => new Promise(() => undefined)), withBulkhead('payments', () => new Promise(() => undefined))];
  const error = await rejection(withBulkhead('payments', async () => 1));
  assert.ok(error instanceof BulkheadFullError);
  assert.deepEqual([error.partition, error.active, error.queued, error.code], ['payments', 2, 0, 'BULKHEAD_FULL']);
  assert.equal(await withBulkhead('search.api', async () => 'found'), 'found');
  assert.equal(bulkheadOf('payments').stats().refused, 1);
  assert.equal(bulkheadOf('search.api').stats().refused, 0);
  const unknown = await rejection(withBulkhead('toString', async () => 1));
  assert.equal(String(unknown), 'RangeError: partition: toString is unknown; use one of PARTITIONS.');
  assert.equal(hung.length, 2);
});

test('drain of an idle bulkhead ends at once, and twice is no error', async () => {
  const { Bulkhead, BulkheadFullError } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  await bulkhead.drain();
  await bulkhead.drain();
  const refused = await rejection(bulkhead.run(async () => 1));
  assert.ok(refused instanceof BulkheadFullError);
  assert.match(refused.message, /draining/u);
});

test('options that make no sense are refused by name', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  for (const bad of [-1, 1.5, Number.NaN, Infinity, '5']) {
    const shown = typeof bad === 'string' ? `"${bad}"` : String(bad);
    assert.throws(() => new Bulkhead('test', bad), {
      name: 'RangeError',
      message: `maxConcurrent: ${shown} is out of range; use 1 to 9007199254740991.`,
    });
    assert.throws(() => new Bulkhead('test', 1, { maxQueue: bad }), {
      name: 'RangeError',
      message: `maxQueue: ${shown} is out of range; use 0 to 9007199254740991.`,
    });
    assert.throws(() => new Bulkhead('test', 1, { maxWaitMs: bad }), /^RangeError: maxWaitMs: /u);
  }
});

test('a refusal says what is full, a timeout how long it waited', async () => {
  const { Bulkhead, BulkheadFullError } = await load(TOOL, ARGS);
  const clock = new Clock();
  const bulkhead = new Bulkhead('test', 1, { maxQueue: 1, maxWaitMs: 100, now: clock.now, timers: clock });
  void bulkhead.run(() => new Promise(() => undefined));
  const waiting = rejection(bulkhead.run(async () => 1));
  const full = await rejection(bulkhead.run(async () => 1));
  assert.deepEqual([full.name, full.message], ['BulkheadFullError', 'Bulkhead test is full: 1 running, 1 waiting']);
  clock.advance(100);
  const late = await waiting;
  assert.equal(bulkhead.stats().timedOut, 1);
  assert.deepEqual([late.name, late.message], ['BulkheadTimeoutError', 'Bulkhead test had no free slot within 100 ms']);
  assert.equal(new BulkheadFullError('own', 2, 3).message, 'Bulkhead own is full: 2 running, 3 waiting');
});

test("the clock is the runtime's own when none is given", async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const timers = new Clock();
  const bulkhead = new Bulkhead('test', 1, { maxWaitMs: 3_600_000, timers });
  void bulkhead.run(() => new Promise(() => undefined));
  const waiting = rejection(bulkhead.run(async () => 1));
  assert.equal(timers.pending.size, 1);
  timers.advance(3_600_000);
  assert.equal((await waiting).code, 'BULKHEAD_TIMEOUT');
});

test('drain waits for the calls that still run, whatever ended before', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 2);
  await bulkhead.run(async () => 1);
  let finish;
  let finishOther;
  const last = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const other = bulkhead.run(() => new Promise((resolve) => (finishOther = resolve)));
  let drained = false;
  const drain = bulkhead.drain().then(() => (drained = true));
  await settle();
  assert.equal(drained, false);
  finishOther();
  await other;
  await settle();
  assert.equal(drained, false);
  finish();
  await Promise.all([last, drain]);
});

test('a call with a signal leaves no listener', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const { signal } = new AbortController();
  const listeners = listenersOf(signal);
  const calls = [1, 2, 3].map((value) => bulkhead.run(async () => value, { signal }));
  assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
  assert.equal(listeners(), 0);
});

test('a call that is aborted leaves no listener, although its work holds the slot', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const caller = new AbortController();
  const listeners = listenersOf(caller.signal);
  const call = rejection(bulkhead.run(() => new Promise(() => undefined), { signal: caller.signal }));
  caller.abort('mine');
  assert.equal(await call, 'mine');
  assert.equal(listeners(), 0);
  assert.equal(bulkhead.stats().active, 1);
});

test('a signal that has aborted takes no slot', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const call = rejection(bulkhead.run(() => assert.fail(), { signal: AbortSignal.abort('mine') }));
  assert.equal(bulkhead.stats().active, 0);
  assert.equal(await call, 'mine');
});

test('work never starts after its caller has left', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  for (let turns = 0; turns < 12; turns += 1) {
    const bulkhead = new Bulkhead('test', 1);
    let finish;
    const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
    const caller = new AbortController();
    let startedLate = false;
    const work = async () => void (startedLate = caller.signal.aborted);
    const second = bulkhead.run(work, { signal: caller.signal }).catch((error) => error);
    await settle();
    finish();
    for (let i = 0; i < turns; i += 1) await null;
    caller.abort(new Error('left'));
    await Promise.all([first, second]);
    await settle();
    assert.equal(startedLate, false, `after ${turns} turns`);
    assert.equal(bulkhead.stats().active, 0);
  }
});

test('whoever came first starts first, with a signal or without', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  for (const signals of [
    [true, false],
    [false, true],
    [true, true],
  ]) {
    const bulkhead = new Bulkhead('test', 2);
    const ends = [];
    const order = [];
    const work = () => new Promise((resolve) => ends.push(resolve));
    const calls = [bulkhead.run(work), bulkhead.run(work)];
    for (const [index, has] of signals.entries()) {
      calls.push(bulkhead.run(async () => order.push(index), has ? { signal: new AbortController().signal } : {}));
    }
    for (const end of ends) end();
    await Promise.all(calls);
    assert.deepEqual(order, [0, 1], String(signals));
  }
});

test('a signal that has aborted unheard is noticed when the slot is handed over', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  let end;
  const first = bulkhead.run(() => new Promise((resolve) => (end = resolve)));
  // Where listeners of one event do not run in one go, a slot may come before the event does.
  const { signal } = new AbortController();
  let aborted = false;
  Object.defineProperties(signal, { aborted: { get: () => aborted }, reason: { value: new Error('left') } });
  let ran = false;
  const second = rejection(bulkhead.run(async () => (ran = true), { signal }));
  aborted = true;
  end();
  await first;
  assert.equal((await second).message, 'left');
  assert.equal(ran, false);
  assert.equal(bulkhead.stats().active, 0);
});

test('a clock or a timer that aborts the call, or calls again, loses nobody', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const hang = () => new Promise(() => undefined);
  const nothing = { set: () => 1, clear: () => undefined };

  const caller = new AbortController();
  const now = () => (caller.abort('mine'), 0);
  const first = new Bulkhead('test', 1, { now, timers: nothing });
  void first.run(hang);
  assert.equal(await rejection(first.run(hang, { signal: caller.signal })), 'mine');
  assert.equal(first.stats().queued, 0);

  const timed = new AbortController();
  const timers = { ...nothing, set: () => (timed.abort('mine'), 1) };
  const second = new Bulkhead('test', 1, { now: () => 0, timers });
  let end;
  const running = second.run(() => new Promise((resolve) => (end = resolve)));
  assert.equal(await rejection(second.run(hang, { signal: timed.signal })), 'mine');
  const next = second.run(async () => 'next');
  end();
  await running;
  assert.equal(await next, 'next');
  assert.deepEqual([second.stats().active, second.stats().queued], [0, 0]);

  let again = true;
  const inner = [];
  const outer = new AbortController();
  const third = new Bulkhead('test', 1, {
    timers: nothing,
    now: () => {
      if (again) {
        again = false;
        inner.push(third.run(async () => 'inner'));
      }
      return 0;
    },
  });
  const held = third.run(() => new Promise((resolve) => (end = resolve)));
  const left = rejection(third.run(hang, { signal: outer.signal }));
  outer.abort('mine');
  assert.equal(await left, 'mine');
  end();
  await held;
  assert.deepEqual(await Promise.all(inner), ['inner']);
  assert.deepEqual([third.stats().active, third.stats().queued], [0, 0]);
});

test('a wait beyond the longest timer takes several, and does not end early', async () => {
  const { Bulkhead, BulkheadTimeoutError } = await load(TOOL, ARGS);
  // A timer may also run ahead of the clock, which here stands still.
  for (const [maxWaitMs, moves] of [
    [2 ** 31 + 5, true],
    [2 ** 31 - 1, false],
  ]) {
    const clock = new Clock();
    const bulkhead = new Bulkhead('test', 1, { maxWaitMs, now: moves ? clock.now : () => 0, timers: clock });
    void bulkhead.run(() => new Promise(() => undefined));
    const waiting = rejection(bulkhead.run(async () => 1));
    clock.advance(2 ** 31 - 1);
    await settle();
    assert.equal(bulkhead.stats().queued, moves ? 1 : 0);
    if (moves) clock.advance(6);
    assert.ok((await waiting) instanceof BulkheadTimeoutError);
  }
});

test('more slots let those in who wait, fewer take nothing from those who run', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const ends = [];
  const order = [];
  const call = (id) => bulkhead.run(() => (order.push(id), new Promise((resolve) => ends.push(resolve))));
  const calls = [1, 2, 3, 4].map(call);
  bulkhead.resize(3);
  await settle();
  assert.deepEqual(order, [1, 2, 3]);
  bulkhead.resize(1);
  ends[0]();
  ends[1]();
  await settle();
  assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued, bulkhead.stats().maxConcurrent], [1, 1, 1]);
  ends[2]();
  await settle();
  assert.deepEqual(order, [1, 2, 3, 4]);
  ends[3]();
  await Promise.all(calls);
  for (const bad of [0, -1, 1.5, Number.NaN, '2']) assert.throws(() => bulkhead.resize(bad), /^RangeError: maxConcurrent: /u);
});

test('drain gives up with its signal, and goes on without', async () => {
  const { Bulkhead, BulkheadFullError } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  let finish;
  const last = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const caller = new AbortController();
  const listeners = listenersOf(caller.signal);
  const left = rejection(bulkhead.drain({ signal: caller.signal }));
  caller.abort('enough');
  assert.equal(await left, 'enough');
  assert.equal(await rejection(bulkhead.drain({ signal: AbortSignal.abort('at once') })), 'at once');
  assert.ok((await rejection(bulkhead.run(async () => 1))) instanceof BulkheadFullError);
  const drained = bulkhead.drain({ signal: new AbortController().signal });
  finish();
  await Promise.all([last, drained]);
  assert.equal(listeners(), 0);
  await bulkhead.drain({ signal: AbortSignal.abort('idle') });
});

test('drainAll drains every partition, those not yet used as well', async () => {
  const { drainAll, withBulkhead, bulkheadOf } = await load(TOOL, ARGS);
  let finish;
  const last = withBulkhead('payments', () => new Promise((resolve) => (finish = resolve)));
  let done = false;
  const drained = drainAll().then(() => (done = true));
  await settle();
  assert.equal(done, false);
  assert.match((await rejection(withBulkhead('search.api', () => 1))).message, /draining/u);
  finish();
  await Promise.all([last, drained]);
  assert.equal(bulkheadOf('search.api').stats().refused, 1);
});

test('each partition has the limits that it was given', async () => {
  const partitions = [
    { name: 'payments', maxConcurrent: 2, maxQueue: 0 },
    { name: 'search.api', maxConcurrent: 1, maxWaitMs: 5 },
  ];
  const { PARTITIONS, bulkheadOf } = await load(TOOL, { partitions, maxQueue: 7, maxWaitMs: 60_000 });
  assert.deepEqual(PARTITIONS, {
    payments: { maxConcurrent: 2, maxQueue: 0, maxWaitMs: 60_000 },
    'search.api': { maxConcurrent: 1, maxQueue: 7, maxWaitMs: 5 },
  });
  const payments = bulkheadOf('payments').stats();
  assert.deepEqual([payments.maxConcurrent, payments.maxQueue], [2, 0]);
  void bulkheadOf('search.api').run(() => new Promise(() => undefined));
  assert.equal((await rejection(bulkheadOf('search.api').run(() => 1))).maxWaitMs, 5);
});

test('work may be a plain value, a builder or a promise, and always gets a signal', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const signals = [];
  const keep = (signal) => (signals.push(signal), 5);
  assert.equal(await bulkhead.run(keep), 5);
  assert.equal(await bulkhead.run(keep), 5);
  assert.equal(await bulkhead.run(() => ({ then: (resolve) => resolve('built') })), 'built');
  // Where they are one, it gathers no listeners.
  for (const signal of signals) signal.addEventListener('abort', () => assert.fail());
  if (signals[0] === signals[1]) signals[0].dispatchEvent(new Event('abort'));
  for (const signal of signals) assert.ok(signal instanceof AbortSignal && !signal.aborted);
  const { signal } = new AbortController();
  await bulkhead.run(keep, { signal });
  assert.equal(signals[2], signal);
});

test('a nested call that waits for its own slot is refused at once', async () => {
  const { Bulkhead, BulkheadFullError } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1, { maxWaitMs: 0 });
  const other = new Bulkhead('other', 1, { maxWaitMs: 0 });
  const error = await rejection(bulkhead.run(() => bulkhead.run(() => assert.fail())));
  assert.ok(error instanceof BulkheadFullError);
  assert.match(error.message, /nested/u);
  assert.equal((await rejection(bulkhead.run(() => other.run(() => bulkhead.run(() => assert.fail()))))).message, error.message);
  assert.deepEqual([bulkhead.stats().active, bulkhead.stats().refused, other.stats().active], [0, 2, 0]);
  assert.equal(await bulkhead.run(() => other.run(() => 'other')), 'other');

  // It waits where another call may free a slot, and is over when that call is.
  bulkhead.resize(2);
  let finish;
  const neighbour = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const nested = bulkhead.run(() => bulkhead.run(() => 'inner'));
  await settle();
  assert.equal(bulkhead.stats().queued, 1);
  finish();
  await neighbour;
  assert.equal(await nested, 'inner');

  // Nor does it wait on when the slots that are left are held by nobody else.
  const last = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const stuck = rejection(bulkhead.run(() => bulkhead.run(() => assert.fail())));
  await settle();
  bulkhead.resize(1);
  finish();
  await last;
  assert.match((await stuck).message, /nested/u);
  assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued, bulkhead.stats().refused], [0, 0, 3]);

  // What a call leaves behind is no nested call any more.
  bulkhead.resize(1);
  let later;
  await bulkhead.run(() => void (later = settle().then(() => bulkhead.run(() => 'later'))));
  assert.equal(await later, 'later');
});

test('an answer that comes after the caller has left is closed', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 5);
  const closed = [];
  const web = (name) => new Response(new ReadableStream({ cancel: () => void closed.push(name) }));
  const node = (name) => ({ pipe: () => undefined, on: () => undefined, destroy: () => void closed.push(name) });
  const answers = {
    response: (resolve) => resolve(web('response')),
    data: (resolve) => resolve({ data: node('data') }),
    stream: (resolve) => resolve(node('stream')),
    error: (_, reject) => reject(Object.assign(new Error('503'), { response: { body: node('error') } })),
    thrown: (_, reject) => reject(Object.assign(new Error('503'), { response: web('thrown') })),
  };
  for (const settleLate of Object.values(answers)) {
    const caller = new AbortController();
    let end;
    const call = rejection(bulkhead.run(() => new Promise((...both) => (end = () => settleLate(...both))), { signal: caller.signal }));
    caller.abort('left');
    assert.equal(await call, 'left');
    end();
    await settle();
  }
  assert.deepEqual(closed, Object.keys(answers));
  assert.equal(bulkhead.stats().active, 0);
});

test('an abort without a reason, as some stand-ins for the DOM have it, is an AbortError', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const signal = { aborted: true, addEventListener: () => undefined, removeEventListener: () => undefined };
  assert.equal((await rejection(new Bulkhead('test', 1).run(() => 1, { signal }))).name, 'AbortError');
});

test('waits are counted for those who got a slot', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const clock = new Clock();
  const bulkhead = new Bulkhead('test', 1, { maxWaitMs: 100, now: clock.now, timers: clock });
  const ends = [];
  const work = () => new Promise((resolve) => ends.push(resolve));
  const calls = [bulkhead.run(work), bulkhead.run(work)];
  clock.advance(10);
  calls.push(bulkhead.run(work), rejection(bulkhead.run(work)));
  clock.advance(20);
  ends[0]();
  await settle();
  clock.advance(5);
  ends[1]();
  await settle();
  clock.advance(100);
  ends[2]();
  await Promise.all(calls);
  const { admitted, longestWaitMs, totalWaitMs, timedOut } = bulkhead.stats();
  assert.deepEqual({ admitted, longestWaitMs, totalWaitMs, timedOut }, { admitted: 3, longestWaitMs: 30, totalWaitMs: 55, timedOut: 1 });
});

// A quick run takes a tenth of them, and a fifth is repeated on the other runtimes.
const steps = globalThis.process?.env.CROWVAULT_PROOF === 'quick' ? 10_000 : replay ? 20_000 : 100_000;
test(`${steps.toLocaleString('en')} random steps agree with the model`, () =>
  compared('bulkhead, random events', async () => {
    const { Bulkhead } = await load(TOOL, ARGS);
    const random = seeded(20261123);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const clock = new Clock();
    const seen = { BULKHEAD_FULL: 0, BULKHEAD_TIMEOUT: 0, aborted: 0, done: 0, failed: 0, drained: 0, resized: 0 };
    // Where the runtime has it.
    const { AsyncLocalStorage } = globalThis.process?.getBuiltinModule?.('node:async_hooks') ?? {};
    const context = AsyncLocalStorage === undefined ? undefined : new AsyncLocalStorage();
    const within = (id, run) => (context === undefined ? run() : context.run(id, run));
    let serial = 0;

    const open = (slots, seats, maxWaitMs) => ({
      bulkhead: new Bulkhead('model', slots, { maxQueue: seats, maxWaitMs, now: clock.now, timers: clock }),
      model: new Model(slots, seats, maxWaitMs, clock.ms),
      running: [],
      calls: [],
    });
    // Two at a time, taken in turn: what happens in one must not show in the other.
    const fresh = () => open(1 + Math.floor(random() * 4), Math.floor(random() * 8), 20 + Math.floor(random() * 80));
    const both = [fresh(), fresh()];

    const start = ({ bulkhead, model, running, calls }) => {
      const call = { id: ++serial, controller: random() < 0.6 ? new AbortController() : undefined };
      calls.push(call);
      model.run(call);
      call.promise = within(call.id, () =>
        bulkhead.run(
          () =>
            new Promise((resolve, reject) => {
              running.push(call.id);
              call.context = context?.getStore() ?? call.id;
              Object.assign(call, { resolve, reject, started: true });
            }),
          { signal: call.controller?.signal },
        ),
      ).then(
        () => (call.got = 'done'),
        (error) => (call.got = error.code ?? error.message),
      );
    };

    for (let step = 0; step < steps; step += 1) {
      const partition = pick(both);
      const { model } = partition;
      const dice = random();
      if (dice < 0.45) {
        start(partition);
      } else if (dice < 0.75 && model.active.length > 0) {
        // Several in one turn hand their slots over before anything else happens.
        for (let ends = random() < 0.3 ? 3 : 1; ends > 0; ends -= 1) {
          const call = pick(model.active.filter(({ started }) => started));
          if (call === undefined) break;
          if (random() < 0.7) {
            model.end(call, 'done');
            call.resolve();
          } else {
            model.end(call, 'failed');
            call.reject(new Error('failed'));
          }
        }
      } else if (dice < 0.9) {
        const call = pick([...model.active, ...model.queue].filter(({ controller }) => controller !== undefined));
        if (call !== undefined) {
          model.abort(call);
          call.controller.abort(new Error('aborted'));
        }
      } else if (dice < 0.96) {
        const slots = 1 + Math.floor(random() * 4);
        model.resize(slots);
        partition.bulkhead.resize(slots);
        seen.resized += 1;
      } else if (dice < 0.998) {
        clock.advance(Math.floor(random() * 40));
        for (const each of both) each.model.advance(clock.ms);
      } else {
        model.draining = true;
        const drained = partition.bulkhead.drain();
        for (let turn = 0; model.active.length > 0; turn += 1) {
          const call = model.active[turn % model.active.length];
          model.end(call, 'done');
          call.resolve();
          await settle();
        }
        await drained;
        await settle();
        check(partition, step);
        both[both.indexOf(partition)] = fresh();
        seen.drained += 1;
        continue;
      }
      await settle();
      for (const each of both) check(each, step);
      const waiting = both.reduce((sum, each) => sum + each.model.queue.length, 0);
      assert.equal(clock.pending.size, waiting, `step ${step}: timers`);
    }

    function check({ bulkhead, model, running, calls }, step) {
      const { active, queued, maxConcurrent, maxQueue, ...counts } = bulkhead.stats();
      assert.deepEqual(
        [active, queued, maxConcurrent, maxQueue],
        [model.active.length, model.queue.length, model.slots, model.seats],
        `step ${step}`,
      );
      const { admitted, refused, timedOut, longestWaitMs, totalWaitMs } = model;
      assert.deepEqual(counts, { admitted, refused, timedOut, longestWaitMs, totalWaitMs }, `step ${step}: counts`);
      for (const call of model.active) {
        assert.ok(call.started, `step ${step}: call ${call.id} has no slot`);
        assert.equal(call.context, call.id, `step ${step}: the context of call ${call.id}`);
      }
      for (let i = 1; i < running.length; i += 1) assert.ok(running[i] > running[i - 1], `step ${step}: order`);
      running.splice(0, running.length - 1);
      for (const call of calls.splice(0)) {
        assert.equal(call.got, call.expected, `step ${step}: call ${call.id}`);
        if (call.got === undefined) calls.push(call);
        else if (call.got in seen) seen[call.got] += 1;
      }
    }

    for (const [what, times] of Object.entries(seen)) assert.ok(times > steps / 2_000, `${what}: ${times}`);
    return { steps, calls: serial };
  }));

test('a reader may bring its own buffer while the slot is held', async () => {
  const { Bulkhead } = await load(TOOL, { partitions: { payments: 1 } });
  const bulkhead = new Bulkhead('payments', 1);
  const chunks = ['hel', 'lo'].map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      controller.close();
      return controller.byobRequest?.respond(0);
    },
  });
  const caller = new AbortController();
  const response = await bulkhead.run(() => new Response(body, { status: 203 }), { holdBody: true, signal: caller.signal });
  assert.equal(response.status, 203);
  const reader = response.body.getReader({ mode: 'byob' });
  let text = '';
  for (;;) {
    assert.equal(bulkhead.stats().active, 1);
    const { done, value } = await reader.read(new Uint8Array(2));
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  assert.equal(text, 'hello');
  await settle();
  assert.equal(bulkhead.stats().active, 0);
});

test('an abort and a limit that fall into one tick take a caller out of the queue once', async () => {
  const { Bulkhead } = await load(TOOL, { partitions: { payments: 1 } });
  const callbacks = [];
  const timers = { set: (callback) => callbacks.push(callback), clear: () => undefined };
  const bulkhead = new Bulkhead('payments', 1, { timers, maxWaitMs: 100 });
  let finish;
  const running = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const caller = new AbortController();
  const waiting = bulkhead.run(() => 'never', { signal: caller.signal }).catch((error) => error);
  await settle();
  caller.abort('left');
  // The timers of a test may all fire before any promise settles.
  for (let fired = 0; fired < callbacks.length; fired += 1) callbacks[fired]();
  assert.equal(await waiting, 'left');
  const { queued, timedOut } = bulkhead.stats();
  assert.deepEqual({ queued, timedOut }, { queued: 0, timedOut: 0 });
  finish('done');
  assert.equal(await running, 'done');
  assert.equal(await bulkhead.run(() => 'next', { signal: null }), 'next');
});

test('a slot that is held for a body is free as soon as its caller has the answer without one, or has seen the end', async () => {
  const { Bulkhead } = await load(TOOL, { partitions: { payments: 1 } });
  const { signal } = new AbortController();
  const whole = async (response) => {
    const reader = response.body.getReader();
    while (!(await reader.read()).done);
  };
  for (const options of [{ holdBody: true }, { holdBody: true, signal }]) {
    // Without a queue, whoever finds the slot taken is refused.
    const bulkhead = new Bulkhead('payments', 1, { maxQueue: 0 });
    for (const [answer, use] of [
      [() => 'text', () => undefined],
      [() => ({ id: 7 }), () => undefined],
      [() => new Response(null, { status: 204 }), () => undefined],
      [() => new Response('text'), whole],
      [() => new Response('text'), (response) => response.text()],
      [() => new Response('text'), (response) => response.body.cancel()],
    ]) {
      await use(await bulkhead.run(answer, options));
      assert.equal(bulkhead.stats().active, 0);
    }
  }
});

test('what stands where options or a name belong is refused before anything begins', async () => {
  const { Bulkhead, withBulkhead, bulkheadOf, drainAll } = await load(TOOL, ARGS);
  const bulkhead = bulkheadOf('payments');
  const begun = () => assert.fail('it was called');
  for (const given of [500, '500', true, [500], () => 500, new AbortController().signal, Symbol('x')]) {
    const message = /^options: \w+ given; use an object, as \{ signal \}\.$/u;
    const calls = [bulkhead.run(begun, given), withBulkhead('payments', begun, given), bulkhead.drain(given), drainAll(given)];
    for (const error of await Promise.all(calls.map(rejection))) {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
    }
    assert.throws(() => new Bulkhead('test', 1, given), /^TypeError: options: \w+ given; use an object, as \{ maxQueue: /u);
  }
  assert.equal(await bulkhead.run(() => 'not drained'), 'not drained');
  assert.deepEqual([bulkhead.stats().active, bulkhead.stats().admitted], [0, 1]);
  for (const name of [Symbol('x'), Object.create(null), undefined, 5]) {
    assert.throws(() => new Bulkhead(name, 1), /^TypeError: partition: \w+ given; use a string\.$/u);
    assert.match((await rejection(withBulkhead(name, begun))).message, /^partition: \w+ given; use a string\.$/u);
  }
});
