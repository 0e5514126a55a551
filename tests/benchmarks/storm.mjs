// A retry storm in virtual time: the same brown-out with no protection, with the article's retry, and with the emitted stack.
//
//   node storm.mjs            prints the table
//   node storm.mjs --write    puts it into docs/STACK.md
//   node storm.mjs --check    the exit code says whether ours has the lower amplification and recovers sooner
//
// The emitted code runs as it is: only the clock, the timers and Math.random of this process are replaced.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serverCommand } from '../generated/lib/server.mjs';
import { stripTypes } from '../generated/lib/emit.mjs';
import { withRetry as articleRetry } from './article/retry.mjs';

const here = dirname(fileURLToPath(import.meta.url));

const OFFERED = 800; // requests per second
const CAPACITY = 1000; // answers per second
const BROWN_OUT = { from: 10_000, until: 30_000, capacity: 300 };
const END = 150_000; // milliseconds of virtual time in which requests arrive
const TIMEOUT = 1000; // what a client waits for one answer
const LATENCY = 20; // milliseconds of an answer that did not queue
const SERVER_QUEUE = 10_000; // beyond it the server answers 503 at once
const CLIENTS = 10; // processes that share the load

// Two services with the same load, of which the first has the brown-out.
const AILING = 'backend';
const HEALTHY = 'other';

const MANIFEST = {
  circuitBreaker: { failureThreshold: 10, recoveryTimeMs: 1000 },
  retryPolicy: { maxRetries: 4 },
  timeoutConfig: { operations: { 'backend.read': TIMEOUT, 'other.read': TIMEOUT } },
  bulkhead: { partitions: { [AILING]: 20, [HEALTHY]: 20 }, maxQueue: 20, maxWaitMs: 200 },
  upstreams: {},
  stack: {},
};

/** Time that passes only when everything that was due has been done. */
class VirtualTime {
  ms = 0;
  #heap = [];
  #serial = 0;

  at(ms, run) {
    const event = { ms, serial: ++this.#serial, run };
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(event, heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = event;
    return event;
  }

  async run() {
    while (this.#heap.length > 0) {
      this.ms = this.#heap[0].ms;
      while (this.#heap.length > 0 && this.#heap[0].ms <= this.ms) this.#take().run?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #before(a, b) {
    return a.ms < b.ms || (a.ms === b.ms && a.serial < b.serial);
  }

  #take() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child += 1;
        if (!this.#before(heap[child], last)) break;
        heap[index] = heap[child];
        index = child;
      }
      heap[index] = last;
    }
    return first;
  }
}

/** The same numbers in each run, so that all columns see the same arrivals. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Serves in order of arrival, and does the work for clients who have gone as for those who wait. */
class Backend {
  sent = 0;
  perSecond = [];
  #time;
  #freeAt = 0;
  #queued = 0;
  #ails;

  constructor(time, ails) {
    this.#time = time;
    this.#ails = ails;
  }

  fetch(signal) {
    this.sent += 1;
    const second = Math.floor(this.#time.ms / 1000);
    this.perSecond[second] = (this.perSecond[second] ?? 0) + 1;
    if (this.#queued >= SERVER_QUEUE) return Promise.reject(Object.assign(new Error('overloaded'), { status: 503 }));
    const { ms } = this.#time;
    const start = Math.max(ms, this.#freeAt);
    const browned = this.#ails && start >= BROWN_OUT.from && start < BROWN_OUT.until;
    this.#freeAt = start + 1000 / (browned ? BROWN_OUT.capacity : CAPACITY);
    this.#queued += 1;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#time.at(this.#freeAt + LATENCY, () => {
        this.#queued -= 1;
        signal?.removeEventListener('abort', onAbort);
        resolve('answer');
      });
    });
  }
}

/** One attempt with the client's timeout, as people write it by hand. */
function bare(backend) {
  return async () => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error('timed out')), TIMEOUT);
    try {
      return await backend.fetch(controller.signal);
    } finally {
      clearTimeout(timer);
    }
  };
}

const columns = {
  'no protection': ({ backend }) => bare(backend),
  "the article's retry":
    ({ backend }) =>
    () =>
      articleRetry(bare(backend)),
  'the emitted stack': ({ backend }, folder) => stack(backend, folder),
  'the same without its bulkhead': ({ backend }, folder) => stack(backend, folder, { bulkhead: (_, fn, { signal }) => fn(signal) }),
};

/** A process of its own, with the files that `upstreams.ts` wires. */
async function upstreamsOf(backends, folder, serial) {
  const { upstreams } = await import(pathToFileURL(join(folder, `process-${String(serial)}`, 'upstreams.mjs')).href);
  return (name) => upstreams[name].call(`${name}.read`, (signal) => backends[name].fetch(signal));
}

async function stack(backend, folder, replaced = {}) {
  const { CircuitBreaker } = await import(pathToFileURL(join(folder, 'circuit-breaker.mjs')).href);
  const { RetryBudget, withRetry } = await import(pathToFileURL(join(folder, 'retry.mjs')).href);
  const { withTimeout } = await import(pathToFileURL(join(folder, 'timeouts.mjs')).href);
  const { Bulkhead, PARTITIONS } = await import(pathToFileURL(join(folder, 'bulkhead.mjs')).href);
  const { isBackendFailure, resilienceStack } = await import(pathToFileURL(join(folder, 'resilience-stack.mjs')).href);
  // What modules share by default each process has for itself.
  const budget = new RetryBudget();
  const bulkhead = new Bulkhead('backend', PARTITIONS.backend);
  const call = resilienceStack({
    breaker: () => new CircuitBreaker(undefined, undefined, { isFailure: isBackendFailure }),
    retry: (fn, options) => withRetry(fn, { ...options, budget }),
    timeout: withTimeout,
    bulkhead: (_, fn, options) => bulkhead.run(fn, options),
    ...replaced,
  });
  return () => call('backend.read', AILING, (signal) => backend.fetch(signal));
}

/** What came of the load on each service; all of them have the same. */
async function simulate(column, folder, names = [AILING]) {
  const time = new VirtualTime();
  const real = [globalThis.setTimeout, globalThis.clearTimeout, performance.now, Math.random];
  globalThis.setTimeout = (run, ms = 0, ...rest) => time.at(time.ms + Math.max(1, ms), () => run(...rest));
  globalThis.clearTimeout = (event) => event && (event.run = undefined);
  performance.now = () => time.ms;
  Math.random = seeded(1);
  try {
    const backends = Object.fromEntries(names.map((name) => [name, new Backend(time, name === AILING)]));
    const clients = [];
    for (let i = 0; i < CLIENTS; i += 1) clients.push(await column(backends, folder, i));
    const loads = names.map((name, index) => {
      const arrivals = seeded(2 + index);
      const seconds = Array.from({ length: END / 1000 }, () => ({ requests: 0, answered: 0 }));
      let at = 0;
      let serial = 0;
      const next = () => {
        const second = seconds[Math.floor(time.ms / 1000)];
        second.requests += 1;
        clients[serial++ % CLIENTS](name).then(
          () => void (second.answered += 1),
          () => undefined,
        );
        at += (-Math.log(1 - arrivals()) * 1000) / OFFERED;
        if (at < END) time.at(at, next);
      };
      time.at(0, next);
      return { backend: backends[name], seconds };
    });
    await time.run();
    return loads.map(resultOf);
  } finally {
    [globalThis.setTimeout, globalThis.clearTimeout, performance.now, Math.random] = real;
  }
}

function resultOf({ backend, seconds }) {
  const requests = seconds.reduce((sum, each) => sum + each.requests, 0);
  const answered = seconds.reduce((sum, each) => sum + each.answered, 0);
  const during = seconds.slice(BROWN_OUT.from / 1000, BROWN_OUT.until / 1000);
  const well = ({ requests: asked, answered: got }) => got >= 0.99 * asked;
  const after = seconds.slice(BROWN_OUT.until / 1000);
  const recovered = after.findIndex((_, i) => i + 5 <= after.length && after.slice(i, i + 5).every(well));
  return {
    callsPerRequest: backend.sent / requests,
    peak: Math.max(...backend.perSecond.filter((count) => count !== undefined)),
    answered: answered / requests,
    duringBrownOut: during.reduce((sum, each) => sum + each.answered, 0) / during.reduce((sum, each) => sum + each.requests, 0),
    recovery: recovered < 0 ? Infinity : recovered,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'crowvault-storm-'));
const results = {};
try {
  const manifest = join(folder, 'resilience.json');
  writeFileSync(manifest, JSON.stringify(MANIFEST));
  const { command, args } = serverCommand();
  execFileSync(command, [...args, 'stack', '-c', manifest, '-o', folder], { stdio: ['ignore', 'inherit', 'ignore'] });
  // Modules keep what they have learned, so each process whose clock begins anew has files of its own.
  for (const place of [...Object.keys(columns).keys(), ...Array.from({ length: CLIENTS }, (_, serial) => `process-${String(serial)}`)]) {
    mkdirSync(join(folder, String(place)));
    for (const name of ['circuit-breaker', 'retry', 'timeouts', 'bulkhead', 'resilience-stack', 'upstreams']) {
      const text = await stripTypes(readFileSync(join(folder, `${name}.ts`), 'utf8'));
      const linked = text.replace(/from '(\.\/[\w-]+)(?:\.[jt]s)?'/gu, "from '$1.mjs'");
      writeFileSync(join(folder, String(place), `${name}.mjs`), linked);
    }
  }
  for (const [index, [name, column]] of Object.entries(columns).entries()) {
    [results[name]] = await simulate(column, join(folder, String(index)));
  }
  const [ailing, healthy] = await simulate(upstreamsOf, folder, [AILING, HEALTHY]);
  results['two upstreams: the one with the brown-out'] = ailing;
  results['two upstreams: the other one'] = healthy;
} finally {
  rmSync(folder, { recursive: true });
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const recovery = (seconds) =>
  seconds === Infinity ? `not within ${(END - BROWN_OUT.until) / 1000} s` : seconds === 0 ? 'at once' : `after ${seconds} s`;
const table = [
  '| | Calls per request | Peak send rate | Answered in the brown-out | Answered overall | Recovered |',
  '|---|---:|---:|---:|---:|---|',
  ...Object.entries(results).map(
    ([name, r]) =>
      `| ${name} | ${r.callsPerRequest.toFixed(2)} | ${r.peak}/s | ${percent(r.duringBrownOut)} | ${percent(r.answered)} | ${recovery(r.recovery)} |`,
  ),
].join('\n');
console.log(table);

if (process.argv.includes('--write')) {
  const page = join(here, '../../docs/STACK.md');
  const text = readFileSync(page, 'utf8');
  const [begin, end] = ['<!-- storm: begin -->\n', '<!-- storm: end -->'];
  writeFileSync(page, text.slice(0, text.indexOf(begin) + begin.length) + `${table}\n` + text.slice(text.indexOf(end)));
}
if (process.argv.includes('--check')) {
  const [none, article, ours, , ailing, healthy] = Object.values(results);
  const held =
    ours.callsPerRequest < article.callsPerRequest &&
    ours.peak < article.peak &&
    ours.recovery < article.recovery &&
    ours.recovery <= none.recovery &&
    ours.answered > Math.max(none.answered, article.answered) &&
    // An upstream of its own is no worse than the stack by hand, and takes nothing from another.
    ailing.callsPerRequest <= 1.02 * ours.callsPerRequest &&
    ailing.answered >= 0.98 * ours.answered &&
    healthy.duringBrownOut > 0.999;
  if (!held) process.exitCode = 1;
}
