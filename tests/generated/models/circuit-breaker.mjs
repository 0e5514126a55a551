// The emitted breaker against a model written from its description, over every sequence of events up to a depth: a call starts, the
// oldest or newest running call succeeds, fails or is aborted, time passes. Compared after every event: state, what each caller
// sees, counters, notifications, and the signals that probes were given.
//
// Sequences run in batches, so that one flush of microtasks serves hundreds of breakers. Timers are virtual: each breaker has its
// own clock, and in half of the runs timers never fire, as in a Worker whose request is gone.
//
// Runs in a worker thread: node:test follows every promise of its own thread, which would take most of the time.
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';

const RECOVERY = 1_000;
const PROBE_TIMEOUT = 500;
const STEP = 500;
const BATCH = 200;

const DOWN = new Error('down');
const IGNORED = Object.assign(new Error('ignored'), { code: 'BULKHEAD_FULL' });
const ABORTED = new Error('aborted');

/** The description, without promises or timers. */
class Model {
  constructor(settings) {
    Object.assign(this, settings);
    this.state = 'CLOSED';
    this.now = 0;
    this.era = 0;
    this.failures = 0;
    this.window = [];
    this.successes = 0;
    this.openUntil = 0;
    this.calls = [];
    this.notified = [];
    this.failedProbes = 0;
    this.openMs = 0;
    this.counts = { total: 0, success: 0, failure: 0, ignored: 0, rejected: 0 };
  }

  /** Calls whose work has not ended and whose caller still waits. */
  get running() {
    return this.calls.filter((call) => call.outcome === 'pending');
  }

  get probes() {
    return this.running.filter((call) => call.probe && call.era === this.era);
  }

  change(state) {
    this.era++;
    this.failures = 0;
    this.window = [];
    this.successes = 0;
    if (this.state === state) return;
    this.state = state;
    this.notified.push(state);
  }

  open(at, ms = RECOVERY) {
    this.openUntil = at + ms;
    this.change('OPEN');
  }

  /** After a failure: the open time doubles with each probe that failed, where it grows. */
  openAfterFailure(at) {
    if (this.state === 'HALF_OPEN') this.failedProbes++;
    this.open(at, this.maxRecoveryTimeMs === undefined ? RECOVERY : Math.min(RECOVERY * 2 ** this.failedProbes, this.maxRecoveryTimeMs));
  }

  close() {
    this.failedProbes = 0;
    this.change('CLOSED');
  }

  timeOut(call, at) {
    call.outcome = 'ProbeTimeoutError';
    if (call.counted) return;
    this.counts.failure++;
    if (call.era === this.era) this.openAfterFailure(at);
  }

  /** A call found overdue by the next caller: it has failed, but still runs, since its timer is late or gone. */
  giveUp(call) {
    call.counted = true;
    this.counts.failure++;
    this.openAfterFailure(call.deadline);
  }

  start() {
    const overdue = this.probes.find((call) => call.deadline <= this.now);
    if (overdue) this.giveUp(overdue);
    if (this.state === 'OPEN' && this.now >= this.openUntil) this.change('HALF_OPEN');
    const call = { outcome: 'pending', probe: this.state === 'HALF_OPEN', era: this.era, deadline: Infinity };
    if (this.state === 'OPEN') {
      call.outcome = `CircuitOpenError ${String(this.openUntil - this.now)}`;
    } else if (this.state === 'HALF_OPEN' && this.probes.length >= this.halfOpenMaxProbes) {
      call.outcome = `CircuitOpenError ${String(this.probes[0].deadline - this.now)}`;
    }
    if (call.outcome === 'pending') {
      this.counts.total++;
      if (call.probe) call.deadline = this.now + PROBE_TIMEOUT;
    } else {
      this.counts.rejected++;
    }
    this.calls.push(call);
  }

  succeed(call) {
    call.outcome = 'up';
    if (!call.counted) this.counts.success++;
    if (call.era !== this.era) return;
    if (this.state === 'HALF_OPEN') {
      if (++this.successes === this.successThreshold) this.close();
    } else {
      this.failures = 0;
      this.ended(false);
    }
  }

  fail(call, outcome = 'down') {
    call.outcome = outcome;
    if (!call.counted) this.counts.failure++;
    if (call.era !== this.era) return;
    this.failures++;
    if (this.state === 'HALF_OPEN') this.openAfterFailure(this.now);
    else this.ended(true);
  }

  /** A call that ended while closed. */
  ended(failed) {
    if (this.rate === undefined) {
      if (this.failures >= this.failureThreshold) this.openAfterFailure(this.now);
      return;
    }
    // The window moves by tenths of its length.
    const tenth = this.rate.windowMs / 10;
    const slice = Math.floor(this.now / tenth);
    this.window.push({ failed, slice });
    const inside = this.window.filter((each) => each.slice > slice - 10);
    const failures = inside.filter((each) => each.failed).length;
    if (
      inside.length >= this.rate.minimumCalls &&
      failures >= this.failureThreshold &&
      failures / inside.length >= this.rate.failureRatePercent / 100
    ) {
      this.openAfterFailure(this.now);
    }
  }

  /** Ends without saying anything about the service. */
  ignore(call, outcome) {
    call.outcome = outcome;
    if (!call.counted) this.counts.ignored++;
  }

  advance(timersFire) {
    const until = this.now + STEP;
    for (;;) {
      const due = this.running.filter((call) => call.deadline <= until).sort((a, b) => a.deadline - b.deadline)[0];
      if (!timersFire || due === undefined) break;
      this.now = due.deadline;
      this.timeOut(due, due.deadline);
    }
    this.now = until;
  }
}

/** The emitted breaker, driven by the same events. */
class Subject {
  constructor(CircuitBreaker, settings) {
    this.now = 0;
    this.timers = new Set();
    this.calls = [];
    this.notified = [];
    this.breaker = new CircuitBreaker(
      settings.failureThreshold,
      RECOVERY,
      (state, metrics) => {
        this.notified.push(state);
        assert.equal(metrics.currentState, state);
        throw new Error('a listener that fails');
      },
      {
        halfOpenMaxProbes: settings.halfOpenMaxProbes,
        successThreshold: settings.successThreshold,
        probeTimeoutMs: PROBE_TIMEOUT,
        now: () => this.now,
        random: () => 1,
        timers: {
          set: (fire, ms) => {
            const timer = { fire, at: this.now + ms };
            this.timers.add(timer);
            return timer;
          },
          clear: (timer) => void this.timers.delete(timer),
        },
        ...(settings.maxRecoveryTimeMs && { maxRecoveryTimeMs: settings.maxRecoveryTimeMs }),
        ...settings.rate,
      },
    );
  }

  start() {
    // Every other call comes without a signal, which takes another path.
    const controller = this.calls.length % 2 === 0 ? new AbortController() : undefined;
    const call = { outcome: 'pending', controller, abortable: controller !== undefined };
    const work = (signal) => {
      call.signal = signal;
      return new Promise((resolve, reject) => {
        call.resolve = resolve;
        call.reject = reject;
      });
    };
    const options = controller && { signal: controller.signal };
    this.breaker.call(work, options).then(
      (result) => {
        call.outcome = typeof result === 'string' ? result : `status ${String(result.status)}`;
      },
      (error) => {
        call.outcome =
          error.name === 'CircuitOpenError'
            ? `${error.name} ${String(error.retryAfterMs)}`
            : error.name === 'Error'
              ? error.message
              : error.name;
      },
    );
    this.calls.push(call);
  }
}

const events = {
  start: () => true,
  'oldest succeeds': (running) => running.length > 0,
  'oldest fails': (running) => running.length > 0,
  'oldest is aborted': (running) => running.length > 0,
  'newest succeeds': (running) => running.length > 1,
  'newest fails': (running) => running.length > 1,
  'time passes': () => true,
};
/** Applied in random sequences, and where `more` asks for them. */
const longOnly = {
  'oldest is ignored': (running) => running.length > 0,
  'oldest answers 503': (running) => running.length > 0,
  'oldest answers 404': (running) => running.length > 0,
  'isolate by hand': () => true,
  'trip by hand': () => true,
  'reset by hand': () => true,
};

/** Applies one event to model and subject. Answers false when the event does not apply. */
function apply(event, model, subject, timersFire) {
  const running = model.running;
  if (!(events[event] ?? longOnly[event])(running)) return false;
  const call = event.startsWith('newest') ? running.at(-1) : running[0];
  const own = subject.calls[model.calls.indexOf(call)];
  switch (event) {
    case 'start':
      model.start();
      subject.start();
      break;
    case 'oldest succeeds':
    case 'newest succeeds':
      model.succeed(call);
      own.resolve('up');
      break;
    case 'oldest fails':
    case 'newest fails':
      model.fail(call);
      own.reject(DOWN);
      break;
    case 'oldest is ignored':
      model.ignore(call, 'ignored');
      own.reject(IGNORED);
      break;
    case 'oldest answers 503':
      model.fail(call, 'status 503');
      own.resolve({ status: 503, headers: {} });
      break;
    case 'oldest answers 404':
      model.succeed(call);
      call.outcome = 'status 404';
      own.resolve({ status: 404, headers: {} });
      break;
    case 'isolate by hand':
      model.open(model.now, Infinity);
      subject.breaker.isolate();
      break;
    case 'oldest is aborted':
      if (!own.abortable) return false;
      model.ignore(call, 'aborted');
      own.controller.abort(ABORTED);
      break;
    case 'trip by hand':
      if (model.state !== 'OPEN' || model.openUntil < Infinity) model.open(model.now);
      subject.breaker.trip();
      break;
    case 'reset by hand':
      model.close();
      subject.breaker.reset();
      break;
    case 'time passes': {
      model.advance(timersFire);
      const until = subject.now + STEP;
      for (;;) {
        const due = [...subject.timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!timersFire || due === undefined) break;
        subject.timers.delete(due);
        subject.now = due.at;
        due.fire();
      }
      subject.now = until;
      break;
    }
  }
  return true;
}

async function flush() {
  for (let tick = 0; tick < 12; tick++) await undefined;
}

function compare(model, subject, trace, steps) {
  const fail = (found) => assert.fail(`${trace.slice(0, steps).join(', ')}: ${found}`);
  if (subject.breaker.state !== model.state) fail(`state ${subject.breaker.state}, not ${model.state}`);
  for (let i = 0; i < model.calls.length; i++) {
    const { outcome } = model.calls[i];
    if (subject.calls[i].outcome !== outcome) fail(`call ${String(i)} ended ${subject.calls[i].outcome}, not ${outcome}`);
    const timedOut = outcome === 'ProbeTimeoutError';
    if (timedOut && subject.calls[i].signal?.aborted !== true) fail(`call ${String(i)} kept its signal`);
  }
  const metrics = subject.breaker.getMetrics();
  const { totalCalls, successCount, failureCount, ignoredCount, inFlight, rejectedCount } = metrics;
  const { total, success, failure, ignored, rejected } = model.counts;
  const wrong =
    totalCalls !== total || successCount !== success || failureCount !== failure || ignoredCount !== ignored || rejectedCount !== rejected;
  if (wrong || totalCalls !== successCount + failureCount + ignoredCount + inFlight) {
    fail(`counted ${JSON.stringify(metrics)}, not ${JSON.stringify(model.counts)}`);
  }
  if (subject.notified.length !== model.notified.length || subject.notified.join() !== model.notified.join()) {
    fail(`notified ${subject.notified.join()}, not ${model.notified.join()}`);
  }
}

/** The model after these events, which are applied to no breaker; undefined when the last one does not apply. */
function modelAfter(settings, timersFire, trace) {
  const model = new Model(settings);
  const idle = {
    start() {
      this.calls.push({ abortable: this.calls.length % 2 === 0, resolve() {}, reject() {}, controller: { abort() {} } });
    },
    calls: [],
    timers: new Set(),
    now: 0,
    breaker: { trip() {}, reset() {}, isolate() {} },
  };
  let applies = true;
  for (const event of trace) applies = apply(event, model, idle, timersFire);
  return applies ? model : undefined;
}

/** Every sequence of applicable events of this length, found on the model alone. */
function* sequences(settings, timersFire, length, names, trace = []) {
  if (trace.length === length) {
    yield trace;
    return;
  }
  for (const event of names) {
    const longer = [...trace, event];
    if (modelAfter(settings, timersFire, longer) !== undefined) yield* sequences(settings, timersFire, length, names, longer);
  }
}

/** All that what comes depends on: times from now on, and neither counts nor calls that have ended. */
function stateOf(model) {
  const { state, failures, successes, failedProbes, now, era, openUntil, rate } = model;
  const last = Math.floor((now * 10) / rate?.windowMs) - 10;
  const window = model.window.filter(({ slice }) => slice > last).map(({ slice, failed }) => [slice - last, failed]);
  const running = model.running.map((call) => [
    model.calls.indexOf(call) % 2,
    call.era === era,
    call.counted ?? false,
    call.probe && call.deadline - now,
  ]);
  const restMs = state === 'OPEN' && String(Math.max(0, openUntil - now));
  return JSON.stringify([state, restMs, failures, successes, failedProbes, window, running, model.calls.length % 2]);
}

/**
 * Sequences of up to this length that end with each event in each state of the model that such a sequence leads to. A state is left by
 * `ways` sequences that lead to it, if there are as many; those dropped may not differ from them in what any next event does.
 */
function* merged(settings, timersFire, length, names, ways) {
  const kept = new Map();
  const nextOf = (trace) =>
    names.map((event) => modelAfter(settings, timersFire, [...trace, event])).map((model) => model && stateOf(model));
  let traces = [[]];
  while (traces.length > 0) {
    const longer = [];
    for (const trace of traces.flatMap((each) => names.map((event) => [...each, event]))) {
      const model = modelAfter(settings, timersFire, trace);
      if (model === undefined) continue;
      const state = stateOf(model);
      const same = kept.get(state) ?? [];
      if (same.length === ways) {
        assert.deepEqual(
          nextOf(trace),
          nextOf(same[0]),
          `${trace.join(', ')} is not merely another way to where ${same[0].join(', ')} leads`,
        );
      }
      if (same.length < ways && trace.length < length) {
        kept.set(state, [...same, trace]);
        longer.push(trace);
      } else {
        yield trace;
      }
    }
    traces = longer;
  }
}

async function runBatch(CircuitBreaker, settings, timersFire, batch) {
  const pairs = batch.map((trace) => ({ trace, model: new Model(settings), subject: new Subject(CircuitBreaker, settings) }));
  const longest = Math.max(...batch.map((trace) => trace.length));
  for (let step = 0; step < longest; step++) {
    const running = pairs.filter(({ trace }) => step < trace.length);
    for (const { trace, model, subject } of running) apply(trace[step], model, subject, timersFire);
    await flush();
    for (const { trace, model, subject } of running) compare(model, subject, trace, step + 1);
  }
  // What still runs is ended, and then no breaker holds a timer.
  for (const { subject } of pairs) {
    for (const call of subject.calls) call.resolve?.('late');
  }
  await flush();
  for (const { trace, subject } of pairs) {
    if (subject.timers.size > 0) assert.fail(`${trace.join(', ')}: ${String(subject.timers.size)} timers left`);
  }
}

function* randomSequences(count, length) {
  const often = ['start', 'start', 'oldest succeeds', 'oldest fails', 'time passes', 'time passes'];
  const names = [...often, ...often, ...Object.keys(events), ...Object.keys(longOnly)];
  let seed = 20_261_123;
  const random = (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((seed / 0x8000_0000) * below);
  };
  for (let i = 0; i < count; i++) yield Array.from({ length }, () => names[random(names.length)]);
}

const { javascript, settings, timersFire, depth, random, ways, more = [] } = workerData;
const { CircuitBreaker } = await import(`data:text/javascript,${encodeURIComponent(javascript)}`);
const names = [...Object.keys(events), ...more];
let count = 0;
let steps = 0;
let batch = [];
for (const trace of random !== undefined
  ? randomSequences(random, depth)
  : ways !== undefined
    ? merged(settings, timersFire, depth, names, ways)
    : sequences(settings, timersFire, depth, names)) {
  batch.push(trace);
  count++;
  steps += trace.length;
  if (batch.length === BATCH) {
    await runBatch(CircuitBreaker, settings, timersFire, batch);
    batch = [];
  }
}
if (batch.length > 0) await runBatch(CircuitBreaker, settings, timersFire, batch);
parentPort.postMessage({ sequences: count, steps });
