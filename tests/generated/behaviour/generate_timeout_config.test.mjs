import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, load } from '../lib/emit.mjs';
import { listenersOf, withTimers } from '../lib/fakes.mjs';

const TOOL = 'generate_timeout_config';
const OPERATIONS = { 'orders.get': 2000, charge: 8000 };

/** Timers that fire when the test moves the clock. */
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

const rejection = (promise) =>
  promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error) => error,
  );
const hang = () => new Promise(() => undefined);

test('the table holds the operations as they were given', async () => {
  const { TIMEOUTS, DEFAULT_TIMEOUT_MS, timeoutOf } = await load(TOOL, { operations: OPERATIONS, defaultTimeoutMs: 700 });
  assert.deepEqual(TIMEOUTS, OPERATIONS);
  assert.equal(DEFAULT_TIMEOUT_MS, 700);
  for (const name of ['toString', 'hasOwnProperty', '__proto__', 'constructor', 'nothing']) {
    assert.equal(timeoutOf(name), 700);
  }
});

test('what is off leaves no trace', async () => {
  const plain = await load(TOOL, { operations: OPERATIONS });
  assert.equal(plain.timeoutFetch, undefined);
  assert.equal(plain.TOTAL_TIMEOUT_MS, undefined);
  const { files } = await emit(TOOL, { operations: OPERATIONS });
  assert.ok(!/timeoutFetch|TOTAL|idle/u.test(files[0].content.slice(files[0].content.indexOf('*/\n\n'))));
  const full = await load(TOOL, { operations: OPERATIONS, withFetch: true, totalTimeoutMs: 900 });
  assert.equal(full.TOTAL_TIMEOUT_MS, 900);
  const clock = new Clock();
  assert.equal(new full.Deadline(undefined, { now: clock.now }).remaining(), 900);
});

test('one call that times out spares its neighbours', async () => {
  const { withTimeout, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const timers = new Clock();
  const signals = [];
  const keep = (signal) => {
    signals.push(signal);
    return hang();
  };
  const short = rejection(withTimeout('orders.get', keep, { timers }));
  const long = withTimeout(
    'charge',
    (signal) => {
      signals.push(signal);
      return Promise.resolve('charged');
    },
    { timers },
  );
  timers.advance(2000);
  const error = await short;
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.name, error.code], ['TimeoutError', 'TIMEOUT']);
  assert.match(error.message, /orders\.get.*2000 ms/u);
  assert.equal(signals[0].aborted, true);
  assert.equal(signals[1].aborted, false);
  assert.equal(await long, 'charged');
  assert.equal(timers.pending.size, 0);
});

test('a signal whose listeners the runtime counts is given no limit, and another is left alone', async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  // Of Node alone; a signal of Node 20 has ten, of later versions 0, which is none.
  const member = Object.getOwnPropertySymbols(new EventTarget()).find(
    ({ description }) => description === 'events.maxEventTargetListeners',
  );
  for (const [limit, after] of [
    [10, Infinity],
    [0, 0],
  ]) {
    const { signal } = new AbortController();
    if (member !== undefined) signal[member] = limit;
    assert.equal(await withTimeout('charge', () => 'done', { signal }), 'done');
    assert.equal(signal[member], member === undefined ? undefined : after);
  }
});

test('a call is over with its timeout, whatever the work does afterwards', async () => {
  const { withTimeout, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  for (const late of ['resolve', 'reject']) {
    const timers = new Clock();
    let end;
    const ended = rejection(withTimeout('charge', () => new Promise((resolve, reject) => (end = { resolve, reject })), { timers }));
    timers.advance(8000);
    assert.ok((await ended) instanceof TimeoutError);
    end[late](new Error('late'));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});

test('a work that throws at once, or returns a plain value, is passed on without residue', async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  const timers = new Clock();
  const error = new Error('at once');
  const thrown = withTimeout(
    'charge',
    () => {
      throw error;
    },
    { timers },
  );
  assert.equal(await rejection(thrown), error);
  assert.equal(await withTimeout('charge', () => 7, { timers }), 7);
  assert.equal(await rejection(withTimeout('charge', () => Promise.reject(undefined), { timers })), undefined);
  assert.equal(timers.pending.size, 0);
});

test('an abort rejects with its reason: before, during, and from within the work', async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  for (const reason of [new Error('left'), 'left', 0, null]) {
    const timers = new Clock();
    let started = 0;
    const before = AbortSignal.abort(reason);
    assert.equal(await rejection(withTimeout('charge', () => (started++, hang()), { signal: before, timers })), reason);
    assert.equal(started, 0);
    const during = new AbortController();
    let seen;
    const aborted = withTimeout('charge', (signal) => ((seen = signal), hang()), { signal: during.signal, timers });
    during.abort(reason);
    assert.equal(await rejection(aborted), reason);
    assert.equal(seen.reason, reason);
    const within = new AbortController();
    const cut = withTimeout('charge', () => (within.abort(reason), hang()), { signal: within.signal, timers });
    assert.equal(await rejection(cut), reason);
    assert.equal(timers.pending.size, 0);
  }
});

test('limits of zero, beyond 31 bits, and nonsense', async () => {
  const { withTimeout, Deadline, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const timers = new Clock();
  assert.ok((await rejection(withTimeout('charge', hang, { timeoutMs: 0, timers }))) instanceof TimeoutError);
  for (const timeoutMs of [2 ** 31 - 1, 2 ** 31, 5 * 2 ** 31]) {
    const start = timers.ms;
    let at;
    const late = rejection(withTimeout('charge', hang, { timeoutMs, timers })).then((error) => {
      at = timers.ms;
      return error;
    });
    timers.advance(timeoutMs - 1);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(at, undefined);
    timers.advance(1);
    assert.ok((await late) instanceof TimeoutError);
    assert.equal(timers.ms - start, timeoutMs);
  }
  for (const timeoutMs of [-1, Number.NaN, Infinity, '5', null]) {
    const refused = await rejection(withTimeout('charge', hang, { timeoutMs }));
    assert.ok(refused instanceof RangeError);
    const shown = typeof timeoutMs === 'string' ? `"${timeoutMs}"` : String(timeoutMs);
    assert.match(refused.message, new RegExp(`^timeoutMs: ${shown} is out of range; use 0 to \\d+\\.$`, 'u'));
    assert.throws(() => new Deadline(timeoutMs), /^RangeError: totalMs: /u);
  }
});

test('nested operations share what is left of a deadline', async () => {
  const { Deadline, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const clock = new Clock();
  const deadline = new Deadline(3000, { now: clock.now, timers: clock });
  const order = [];
  // The whole has 3 s, the outer operation 2 s of them, the inner one would have 8 s of its own.
  const outer = rejection(
    deadline.run('orders.get', (signal) => {
      const inner = deadline.run('charge', hang, { signal });
      inner.catch((error) => order.push(['inner', error.operation, clock.ms]));
      return inner;
    }),
  );
  clock.advance(2500);
  const error = await outer;
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.operation, error.timeoutMs], ['orders.get', 2000]);
  assert.deepEqual(order, [['inner', 'orders.get', 2500]]);
  assert.equal(deadline.remaining(), 500);
  assert.equal(deadline.within(200).remaining(), 200);
  assert.equal(deadline.within(9000).remaining(), 500);
  const rest = rejection(deadline.run('charge', hang));
  clock.advance(500);
  assert.equal((await rest).timeoutMs, 500);
  assert.equal(deadline.remaining(), 0);
  assert.equal(deadline.expired, true);
  assert.equal(clock.pending.size, 0);
});

test('a fetch keeps its limit until the body has been read, cancelled or cut', async () => {
  const { timeoutFetch, TimeoutError } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const answers = (init) => {
    let stream;
    const body = new ReadableStream({ start: (controller) => void (stream = controller) });
    const response = new Response(body, { status: 206, headers: { 'x-shown': 'yes' }, ...init });
    return { stream, fetch: async () => response };
  };
  const bytes = (text) => new TextEncoder().encode(text);

  const timers = new Clock();
  const whole = answers();
  const response = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: whole.fetch, timers });
  assert.deepEqual([response.status, response.headers.get('x-shown'), response.ok], [206, 'yes', true]);
  whole.stream.enqueue(bytes('he'));
  whole.stream.enqueue(bytes('llo'));
  whole.stream.close();
  assert.equal(timers.pending.size, 1);
  assert.equal(await response.text(), 'hello');
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timers.pending.size, 0);

  const stalled = answers();
  const half = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: stalled.fetch, timers });
  stalled.stream.enqueue(bytes('he'));
  const reader = half.body.getReader();
  assert.equal((await reader.read()).value.length, 2);
  const rest = rejection(reader.read());
  await new Promise((resolve) => setTimeout(resolve, 0));
  timers.advance(8000);
  assert.ok((await rest) instanceof TimeoutError);

  // Chromium makes a TypeError of its own of whatever ended the body.
  const cut = answers();
  const cutResponse = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: cut.fetch, timers });
  const text = rejection(cutResponse.text());
  await new Promise((resolve) => setTimeout(resolve, 0));
  timers.advance(8000);
  const error = await text;
  assert.ok(error instanceof TimeoutError || error instanceof TypeError);

  const dropped = answers();
  const unwanted = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: dropped.fetch, timers });
  await unwanted.body.cancel();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timers.pending.size, 0);

  const empty = await timeoutFetch(
    'charge',
    'https://example.com/',
    {},
    {
      fetch: async () => new Response(null, { status: 204 }),
      timers,
    },
  );
  assert.equal(empty.status, 204);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timers.pending.size, 0);

  const unheard = rejection(timeoutFetch('charge', 'https://example.com/', {}, { fetch: hang, timers }));
  timers.advance(8000);
  assert.ok((await unheard) instanceof TimeoutError);
  const broken = new TypeError('fetch failed');
  assert.equal(
    await rejection(timeoutFetch('charge', 'https://example.com/', {}, { fetch: () => Promise.reject(broken), timers })),
    broken,
  );
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timers.pending.size, 0);
});

test('a fetch obeys the signal of its init and of its request', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const reason = new Error('left');
  for (const from of ['init', 'request']) {
    const timers = new Clock();
    const caller = new AbortController();
    const own = { signal: caller.signal };
    const url = 'https://example.com/';
    const aborted = rejection(
      from === 'init'
        ? timeoutFetch('charge', url, own, { fetch: hang, timers })
        : timeoutFetch('charge', new Request(url, own), {}, { fetch: hang, timers }),
    );
    caller.abort(reason);
    assert.equal(await aborted, reason);
    assert.equal(timers.pending.size, 0);
  }
  const request = new Request('https://example.com/', { signal: AbortSignal.abort(reason) });
  const detached = await timeoutFetch('charge', request, { signal: null }, { fetch: async () => new Response(null, { status: 204 }) });
  assert.equal(detached.status, 204);
});

test('a call that ends leaves no listener', async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  const { signal } = new AbortController();
  const listeners = listenersOf(signal);
  const timers = new Clock();
  await withTimeout('charge', () => 7, { signal, timers });
  await rejection(withTimeout('charge', () => Promise.reject(new Error('failed')), { signal, timers }));
  const late = rejection(withTimeout('charge', hang, { signal, timers }));
  assert.equal(listeners(), 1);
  timers.advance(8000);
  await late;
  assert.equal(listeners(), 0);
});

test('a deadline takes the clock of the runtime when none is given', async () => {
  const { Deadline } = await load(TOOL, { operations: OPERATIONS });
  const deadline = new Deadline(3_600_000);
  assert.ok(deadline.remaining() > 3_000_000 && deadline.remaining() <= 3_600_000);
  assert.equal(deadline.expired, false);
});

test('a deadline within another one goes by the same clock and timers', async () => {
  const { Deadline, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const clock = new Clock();
  const part = new Deadline(3000, { now: clock.now, timers: clock }).within(200);
  const call = rejection(part.run('charge', hang));
  assert.equal(clock.pending.size, 1);
  clock.advance(200);
  assert.ok((await call) instanceof TimeoutError);
  assert.equal(part.expired, true);
  assert.throws(() => part.within(-1), /^RangeError: totalMs: -1 /u);
  assert.match((await rejection(part.run('charge', hang, { timeoutMs: -1 }))).message, /^timeoutMs: -1 /u);
});

test('parts of a deadline end with the whole, however deep and whatever the fraction', async () => {
  const { Deadline } = await load(TOOL, { operations: OPERATIONS });
  let ms = 0;
  const whole = new Deadline(10, { now: () => ms });
  const parts = [whole];
  for (let i = 0; i < 8; i++) {
    ms += 0.3;
    parts.push(parts.at(-1).within(100));
  }
  ms = 9.9;
  assert.deepEqual(
    parts.map((part) => part.expired),
    parts.map(() => false),
  );
  ms = 10;
  assert.deepEqual(
    parts.map((part) => part.expired),
    parts.map(() => true),
  );
});

test('a fetch sends what it was given and answers with all that the response had', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const timers = new Clock();
  const sent = [];
  const shown = { url: 'https://example.com/moved', redirected: true, type: 'cors' };
  const send = async (...args) => {
    sent.push(args);
    const properties = Object.entries(shown).map(([name, value]) => [name, { value }]);
    return Object.defineProperties(new Response('hello', { status: 201, statusText: 'Made' }), Object.fromEntries(properties));
  };
  const response = await timeoutFetch('charge', 'https://example.com/', { method: 'PUT' }, { fetch: send, timers });
  assert.equal(sent[0][0], 'https://example.com/');
  assert.equal(sent[0][1].method, 'PUT');
  assert.ok(sent[0][1].signal instanceof AbortSignal);
  const { url, redirected, type, status, statusText } = response;
  assert.deepEqual({ url, redirected, type, status, statusText }, { ...shown, status: 201, statusText: 'Made' });
  const clone = response.clone().clone();
  assert.deepEqual([clone.url, clone.redirected, clone.type, clone.status, clone.statusText], [url, redirected, type, status, statusText]);
  assert.equal(await clone.text(), 'hello');
  assert.equal(await response.text(), 'hello');
});

test('a fetch hands on a status and a reason that no Response can be made with', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const timers = new Clock();
  for (const [status, statusText, ok] of [
    [999, 'Request denied', false],
    [200, '\u65e5\u672c', true],
    [404, '\u65e5\u672c', false],
  ]) {
    const answer = Object.defineProperties(new Response('hello', { headers: { 'x-shown': 'yes' } }), {
      status: { value: status },
      statusText: { value: statusText },
      ok: { value: ok },
    });
    const response = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: async () => answer, timers });
    assert.deepEqual([response.status, response.statusText, response.ok], [status, statusText, ok]);
    assert.equal(response.headers.get('x-shown'), 'yes');
    // What a server sees to which the response is handed on.
    assert.equal(Object.getOwnPropertyDescriptor(Response.prototype, 'status').get.call(response), Math.min(status, 599));
    assert.equal(await response.text(), 'hello');
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timers.pending.size, 0);
});

test('a body that nobody can read any more is cancelled, also when fetch ignores its signal', async () => {
  const { timeoutFetch, TimeoutError } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const timers = new Clock();
  const reasons = [];
  const answer = () => new Response(new ReadableStream({ cancel: (reason) => void reasons.push(reason) }));

  const half = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: async () => answer(), timers });
  timers.advance(8000);
  assert.ok((await rejection(half.body.getReader().read())) instanceof TimeoutError);

  let arrive;
  const late = new Promise((resolve) => (arrive = resolve));
  const call = rejection(timeoutFetch('charge', 'https://example.com/', {}, { fetch: () => late, timers }));
  timers.advance(8000);
  assert.ok((await call) instanceof TimeoutError);
  arrive(answer());
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(
    reasons.map((reason) => reason instanceof TimeoutError),
    [true, true],
  );
  assert.equal(timers.pending.size, 0);
});

test('a body is read as it is asked for, and what breaks it reaches the reader', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const timers = new Clock();
  let pulls = 0;
  let stream;
  const body = new ReadableStream(
    {
      start: (controller) => void (stream = controller),
      pull: () => void pulls++,
    },
    { highWaterMark: 0 },
  );
  const response = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: async () => new Response(body), timers });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(pulls, 0);
  const rest = rejection(response.body.getReader().read());
  const broken = new Error('broken');
  stream.error(broken);
  assert.equal(await rest, broken);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timers.pending.size, 0);
});

test('an operation that the table does not name, read at run time, has the default limit', async () => {
  const { withTimeout, Deadline } = await load(TOOL, { operations: OPERATIONS, defaultTimeoutMs: 700 });
  const timers = new Clock();
  const late = rejection(withTimeout(['read', 'at run time'].join(' '), hang, { timers }));
  timers.advance(700);
  const error = await late;
  assert.deepEqual([error.operation, error.timeoutMs], ['read at run time', 700]);
  const rest = rejection(new Deadline(9000, { now: timers.now, timers }).run('other', hang));
  timers.advance(700);
  assert.equal((await rest).timeoutMs, 700);
});

test('work may be a plain value, a builder or a promise', async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  const timers = new Clock();
  let runs = 0;
  const builder = { then: (resolve) => ((runs += 1), resolve('built')) };
  assert.equal(await withTimeout('charge', () => builder, { timers }), 'built');
  assert.equal(runs, 1);
  assert.equal(await withTimeout('charge', () => undefined, { timers }), undefined);
  assert.equal(timers.pending.size, 0);
});

test('a deadline runs what has no limit of its own, and its signal aborts at the end', async () => {
  const { Deadline, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const clock = new Clock();
  const options = { now: clock.now, timers: clock };
  const deadline = new Deadline(60_000, options);
  assert.equal(await deadline.run(() => 7), 7);
  assert.equal(clock.pending.size, 0);
  const { signal } = deadline;
  assert.equal(deadline.signal, signal);
  assert.equal(clock.pending.size, 1);
  clock.advance(59_000);
  assert.equal(signal.aborted, false);
  const late = rejection(deadline.run(hang));
  const short = rejection(deadline.run(hang, { timeoutMs: 300 }));
  const caller = new AbortController();
  const left = rejection(deadline.run(hang, { signal: caller.signal }));
  caller.abort('left');
  assert.equal(await left, 'left');
  clock.advance(1000);
  assert.deepEqual([(await late).operation, (await late).timeoutMs], ['deadline', 1000]);
  assert.equal((await short).timeoutMs, 300);
  assert.ok(signal.reason instanceof TimeoutError);
  assert.equal(clock.pending.size, 0);
  assert.ok((await rejection(deadline.run(() => assert.fail()))) instanceof TimeoutError);
  assert.ok(new Deadline(0, options).signal.reason instanceof TimeoutError);
  assert.equal(clock.pending.size, 0);
  assert.match((await rejection(deadline.run(hang, { timeoutMs: -1 }))).message, /^timeoutMs: -1 /u);
});

test('a deadline goes from service to service in a header', async () => {
  for (const totalTimeoutMs of [0, 9000]) {
    const { Deadline, DEADLINE_HEADER } = await load(TOOL, { operations: OPERATIONS, totalTimeoutMs });
    assert.equal(DEADLINE_HEADER, 'X-Request-Deadline-Ms');
    const clock = new Clock();
    const options = { now: clock.now, timers: clock };
    const sent = new Deadline(1500, options);
    clock.advance(499.5);
    assert.equal(sent.toHeader(), '1001');
    const received = Deadline.fromHeader(sent.toHeader(), options);
    clock.advance(1);
    assert.equal(received.toHeader(), '1000');
    assert.equal(Deadline.fromHeader(' 20 ', options).remaining(), 20);
    assert.equal(Deadline.fromHeader('0', options).expired, true);
    const most = totalTimeoutMs === 0 ? 2 ** 31 - 1 : totalTimeoutMs;
    for (const none of [
      null,
      undefined,
      '',
      'soon',
      '-5',
      '1e3',
      '5.5',
      '5, 6',
      ['5', '6'],
      '9'.repeat(15),
      '9'.repeat(400),
      'Infinity',
      'NaN',
    ]) {
      assert.equal(Deadline.fromHeader(none, options).remaining(), most, String(none));
    }
  }
});

test('the deadline of a request that brings none leaves no timer behind', async () => {
  const { Deadline } = await load(TOOL, { operations: OPERATIONS });
  let set = 0;
  const timers = { set: () => (set += 1), clear: () => undefined };
  const deadline = Deadline.fromHeader(undefined, { timers });
  assert.equal(deadline.signal.aborted, false);
  assert.equal(set, 0);
  assert.equal(deadline.within(1_000).signal.aborted, false);
  assert.equal(set, 1);
  assert.equal(await deadline.run(() => 'done'), 'done');
});

test('an answer that comes too late is closed, whatever client it is from', async () => {
  const { withTimeout, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const closed = [];
  const web = (name) => new Response(new ReadableStream({ cancel: () => void closed.push(name) }));
  const node = (name) => ({ pipe: () => undefined, on: () => undefined, destroy: () => void closed.push(name) });
  const answers = {
    response: (resolve) => resolve(web('response')),
    body: (resolve) => resolve({ body: node('body') }),
    data: (resolve) => resolve({ data: node('data') }),
    stream: (resolve) => resolve(node('stream')),
    error: (_, reject) => reject(Object.assign(new Error('503'), { response: { data: node('error') } })),
    thrown: (_, reject) => reject(Object.assign(new Error('503'), { response: web('thrown') })),
  };
  for (const settleLate of Object.values(answers)) {
    const timers = new Clock();
    let end;
    const call = rejection(withTimeout('charge', () => new Promise((...both) => (end = () => settleLate(...both))), { timers }));
    timers.advance(8000);
    assert.ok((await call) instanceof TimeoutError);
    end();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.deepEqual(closed, Object.keys(answers));
  // One in time is its caller's, and what only looks like a stream is left alone.
  const timers = new Clock();
  await withTimeout('charge', () => web('in time'), { timers });
  const row = { destroy: () => assert.fail(), cancel: () => assert.fail() };
  let end;
  const call = rejection(withTimeout('charge', () => new Promise((resolve) => (end = resolve)), { timers }));
  timers.advance(8000);
  await call;
  end(row);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(closed.includes('in time'), false);
});

test('an abort without a reason, as some stand-ins for the DOM have it, is an AbortError', async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  const signal = { aborted: true, addEventListener: () => undefined, removeEventListener: () => undefined };
  assert.equal((await rejection(withTimeout('charge', hang, { signal }))).name, 'AbortError');
  let abort;
  const later = { aborted: false, addEventListener: (_, listener) => (abort = listener), removeEventListener: () => undefined };
  const call = rejection(withTimeout('charge', hang, { signal: later, timers: new Clock() }));
  abort();
  assert.equal((await call).name, 'AbortError');
});

test('a body may be silent for idleTimeoutMs, however long it takes as a whole', async () => {
  const { timeoutFetch, TimeoutError } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  const timers = new Clock();
  let stream;
  const reasons = [];
  const body = new ReadableStream({ start: (controller) => void (stream = controller), cancel: (reason) => void reasons.push(reason) });
  const options = { fetch: async () => new Response(body), timers, idleTimeoutMs: 100 };
  const response = await timeoutFetch('charge', 'https://example.com/', {}, options);
  const reader = response.body.getReader();
  for (let i = 0; i < 5; i += 1) {
    const chunk = reader.read();
    await turn();
    timers.advance(99);
    stream.enqueue(new TextEncoder().encode('x'));
    assert.equal((await chunk).value.length, 1);
    // A reader that takes its time is no silence of the service.
    await turn();
    timers.advance(500);
  }
  const last = rejection(reader.read());
  await turn();
  timers.advance(100);
  const error = await last;
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.timeoutMs, error.message], [100, 'charge sent nothing for 100 ms']);
  assert.deepEqual(reasons, [error]);
  await turn();
  assert.equal(timers.pending.size, 0);
  for (const idleTimeoutMs of [0, -1, Number.NaN, '5']) {
    const refused = await rejection(timeoutFetch('charge', 'https://example.com/', {}, { ...options, idleTimeoutMs }));
    assert.match(String(refused), /^RangeError: idleTimeoutMs: .*; use 1 to /u);
  }
});

test('a request of any class keeps its headers and its signal', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const timers = new Clock();
  const sent = [];
  const options = { fetch: async (...args) => (sent.push(args), new Response(null, { status: 204 })), timers };
  const caller = new AbortController();
  const headers = new Headers({ authorization: 'Bearer x' });
  class Request {
    url = 'https://example.com/';
    method = 'POST';
    headers = headers;
    signal = caller.signal;
  }
  const input = new Request();
  await timeoutFetch('charge', input, undefined, options);
  assert.equal(sent[0][0], input);
  // Given again, because Node 20.0 to 20.9 would lose them beside the signal.
  assert.equal(sent[0][1].headers, headers);
  const own = new Headers({ accept: 'text/plain' });
  await timeoutFetch('charge', input, { headers: own, signal: null }, options);
  assert.equal(sent[1][1].headers, own);
  await timeoutFetch('charge', new URL('https://example.com/'), { method: 'PUT' }, options);
  assert.equal('headers' in sent[2][1], false);
  caller.abort('left');
  assert.equal(await rejection(timeoutFetch('charge', input, {}, options)), 'left');
  assert.equal((await timeoutFetch('charge', input, { signal: null }, options)).status, 204);
});

test("a body that is a stream of Node's is closed on time as well", async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  for (const how of ['timeout', 'close', 'late', 'none']) {
    const timers = new Clock();
    const listeners = {};
    let destroyed = 0;
    const stream = { pipe: () => undefined, on: (event, listener) => (listeners[event] = listener), destroy: () => void destroyed++ };
    const answer = { status: 200, body: how === 'none' ? undefined : stream };
    let arrive;
    const late = new Promise((resolve) => (arrive = resolve));
    const options = { fetch: how === 'late' ? () => late : async () => answer, timers };
    if (how === 'late') {
      const call = rejection(timeoutFetch('charge', 'https://example.com/', {}, options));
      timers.advance(8000);
      await call;
      arrive(answer);
      await turn();
      assert.equal(destroyed, 1);
      continue;
    }
    assert.equal(await timeoutFetch('charge', 'https://example.com/', {}, options), answer);
    if (how === 'timeout') timers.advance(8000);
    if (how === 'close') listeners.close();
    await turn();
    assert.equal(timers.pending.size, 0, how);
    assert.equal(destroyed, how === 'timeout' ? 1 : 0);
  }
});

test('a reader of the body may bring its own buffer, as with fetch itself', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  for (const idleTimeoutMs of [undefined, 50]) {
    const timers = new Clock();
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
    const options = { fetch: async () => new Response(body), timers, idleTimeoutMs };
    const response = await timeoutFetch('charge', 'https://example.com/', {}, options);
    const reader = response.body.getReader({ mode: 'byob' });
    let text = '';
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(2));
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    assert.equal(text, 'hello');
    // Some runtimes tell the reader of the end before the source is done with it.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(timers.pending.size, 0);
  }
});

test('an init that is a Request gives what fetch would take from it, and null gives nothing', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const sent = [];
  const options = { fetch: async (...args) => (sent.push(args), new Response(null, { status: 204 })), timers: new Clock() };
  const init = new Request('https://example.com/other', { method: 'PUT', headers: { 'x-key': 'kept' } });
  await timeoutFetch('charge', 'https://example.com/', init, options);
  assert.equal(sent[0][0], 'https://example.com/');
  assert.equal(sent[0][1].method, 'PUT');
  assert.equal(sent[0][1].headers.get('x-key'), 'kept');
  assert.equal(sent[0][1].signal.aborted, false);
  await timeoutFetch('charge', 'https://example.com/', null, options);
  assert.deepEqual(Object.keys(sent[1][1]), ['signal']);
  // As happy-dom's, whose getters no loop lists.
  const hidden = new (class {
    get method() {
      return 'PUT';
    }
    get headers() {
      return new Headers({ 'x-key': 'kept' });
    }
    get signal() {
      return AbortSignal.abort('left');
    }
  })();
  await assert.rejects(timeoutFetch('charge', 'https://example.com/', hidden, options), (error) => error === 'left');
  await timeoutFetch('charge', 'https://example.com/', Object.create(hidden, { signal: { value: null } }), options);
  assert.equal(sent[2][1].method, 'PUT');
  assert.equal(sent[2][1].headers.get('x-key'), 'kept');
});

test("by the runtime's own timers: what ends in the turn of the limit still counts, what does not is cut", async () => {
  const { withTimeout } = await load(TOOL, { operations: OPERATIONS });
  // Both are due when the process is no longer busy, and the limit comes first: what follows in the same turn still counts.
  const inTime = (signal) => {
    const answer = new Promise((resolve) => setTimeout(resolve, 30, signal));
    const until = performance.now() + 60;
    while (performance.now() < until);
    return answer;
  };
  assert.equal((await withTimeout('charge', inTime, { timeoutMs: 20 })).aborted, false);
  const error = await rejection(withTimeout('charge', hang, { timeoutMs: 5 }));
  assert.equal(error.message, 'charge did not finish within 5 ms');
});

test('fake timers and fake dates are seen at once, whichever of the two there is', async () => {
  const { withTimeout, Deadline } = await load(TOOL, { operations: OPERATIONS });
  await withTimers(async ({ fire, pending }) => {
    const call = rejection(withTimeout('charge', hang, { timeoutMs: 100 }));
    assert.equal(fire(), 100);
    assert.equal(pending.size, 0);
    assert.equal((await call).code, 'TIMEOUT');
  });
  const RealDate = globalThis.Date;
  let ms = RealDate.now();
  globalThis.Date = class extends RealDate {
    static now() {
      return ms;
    }
  };
  try {
    const deadline = new Deadline(60_000);
    ms += 400;
    assert.equal(deadline.remaining(), 59_600);
    const late = (signal) => new Promise((resolve) => setTimeout(resolve, 20, signal));
    assert.equal((await rejection(withTimeout('charge', late, { timeoutMs: 20 }))).code, 'TIMEOUT');
  } finally {
    globalThis.Date = RealDate;
  }
});

test('what stands where options or an operation belong is refused before anything begins', async () => {
  const { withTimeout, timeoutFetch, Deadline } = await load(TOOL, { operations: { 'orders.get': 1000 }, withFetch: true });
  const begun = () => assert.fail('it was called');
  const deadline = new Deadline(60_000);
  for (const given of [500, '500', true, [500], () => 500, new AbortController().signal, Symbol('x')]) {
    const calls = [
      () => withTimeout('orders.get', begun, given),
      () => timeoutFetch('orders.get', 'https://orders.example/', {}, given),
      async () => deadline.run(begun, given),
      async () => deadline.run('orders.get', begun, given),
    ];
    for (const call of calls) {
      await assert.rejects(call(), { name: 'TypeError', message: /^options: \w+ given; use an object, as \{ timeoutMs: 500, / });
    }
    for (const make of [() => new Deadline(500, given), () => Deadline.fromHeader('500', given)]) {
      assert.throws(make, { name: 'TypeError', message: /^options: \w+ given; use an object, as \{ now, timers \}\.$/u });
    }
  }
  for (const operation of [Symbol('x'), Object.create(null), undefined, 500]) {
    await assert.rejects(withTimeout(operation, begun), { name: 'TypeError', message: /^operation: \w+ given; use a key of TIMEOUTS\.$/u });
  }
  for (const none of [undefined, null, {}]) assert.equal(await withTimeout('orders.get', () => 'ok', none), 'ok');
});

test('what is no signal is refused, and a signal without a place for a reason is given one', async () => {
  const { withTimeout, TimeoutError } = await load(TOOL, { operations: OPERATIONS });
  const refused = { name: 'TypeError', message: 'signal: no AbortSignal; use controller.signal.' };
  await assert.rejects(withTimeout('charge', hang, { signal: { aborted: false } }), refused);

  // As React Native has them.
  class Signal extends EventTarget {
    aborted = false;
  }
  class Controller {
    signal = new Signal();
    abort() {
      this.signal.aborted = true;
      this.signal.dispatchEvent(new Event('abort'));
    }
  }
  const { AbortController: own } = globalThis;
  globalThis.AbortController = Controller;
  try {
    const timers = new Clock();
    let given;
    const call = rejection(withTimeout('charge', (signal) => hang((given = signal)), { timeoutMs: 5, timers }));
    timers.advance(5);
    const error = await call;
    assert.ok(error instanceof TimeoutError);
    assert.ok(given instanceof Signal);
    assert.equal(given.reason, error);
  } finally {
    globalThis.AbortController = own;
  }
});

test('an answer that has no body to read holds no limit', async () => {
  const { timeoutFetch } = await load(TOOL, { operations: OPERATIONS, withFetch: true });
  const limits = async (status, headers) => {
    const timers = new Clock();
    // As node-fetch and stand-ins have it: a body, though there is nothing in it.
    const answer = { status, headers: new Headers(headers), body: new ReadableStream() };
    const response = await timeoutFetch('charge', 'https://example.com/', {}, { fetch: async () => answer, timers });
    assert.equal(response.status, status);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return timers.pending.size;
  };
  assert.equal(await limits(200, {}), 1);
  assert.equal(await limits(200, { 'content-length': '5' }), 1);
  assert.equal(await limits(201, { 'content-length': '0' }), 0);
  assert.equal(await limits(204, {}), 0);
  assert.equal(await limits(304, {}), 0);
});
