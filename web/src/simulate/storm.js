import { DEFAULTS, VirtualTime, seeded } from './time.js';
import { startProcess } from './module.js';
import { Bins, arrivals, failureOf, logNormal, round } from './world.js';
import { operationsOf } from './timeouts.js';
import { partitionsOf } from './bulkhead.js';
import { say } from './result.js';

/** @typedef {import('./result.js').Knob} Knob */

/** Milliseconds of this machine's time after which a simulation pauses, to be drawn or given up. */
const PAUSE_MS = 40;

const MOST_REQUESTS = 20_000;
/** Rates and latencies beyond these would be cut short by that number of requests, or outlast the drawing. */
const MOST_PER_SECOND = 500;
const MOST_MS = 60_000;
/** Requests that the service keeps; beyond them it answers 503 at once. */
const SERVICE_QUEUE = 2_000;

export const SCENARIOS = [
  { value: 'brown-out', label: 'brown-out: less capacity' },
  { value: 'outage', label: 'outage: every call fails' },
  { value: 'slow', label: 'slow: answers take longer' },
  { value: 'burst', label: 'burst: more requests' },
];

/** The layers of the stack, outermost first, with their sections in the manifest. */
export const LAYERS = /** @type {const} */ ([
  { layer: 'breaker', section: 'circuitBreaker', label: 'circuit breaker' },
  { layer: 'retry', section: 'retryPolicy', label: 'retry' },
  { layer: 'timeout', section: 'timeoutConfig', label: 'timeout' },
  { layer: 'bulkhead', section: 'bulkhead', label: 'bulkhead' },
]);

/**
 * The settings of the storm, for one service: that of the partition that is given, else of the operation, else the first.
 *
 * @param {Record<string, any>} manifest
 * @param {Record<string, unknown>} [given]
 * @returns {Knob[]}
 */
export function stormWorld(manifest, given = {}) {
  const operations = Object.keys(operationsOf(manifest.timeoutConfig?.operations));
  const partitions = Object.keys(partitionsOf(manifest.bulkhead?.partitions));
  const owner = operations.includes(/** @type {string} */ (given.operation)) ? ownerOf(manifest, partitions, String(given.operation)) : undefined;
  const partition = partitions.find((each) => each === given.partition) ?? owner ?? partitions[0] ?? '';
  const operation = operations.find((each) => ownerOf(manifest, partitions, each) === partition) ?? operations[0] ?? '';
  const { values } = trafficOf(manifest, partition);
  /** @type {Knob[]} */
  const knobs = [
    { name: 'scenario', label: 'Scenario', unit: 'choice', value: 'brown-out', choices: SCENARIOS },
    { name: 'operation', label: 'Operation', unit: 'choice', value: operation, choices: operations.map((value) => ({ value, label: value })) },
    { name: 'partition', label: 'Partition', unit: 'choice', value: owner ?? partitions[0] ?? '', choices: partitions.map((value) => ({ value, label: value })) },
    { name: 'offeredPerSecond', label: 'Requests of all processes', unit: 'per-second', value: values.offeredPerSecond, min: 1, max: MOST_PER_SECOND },
    { name: 'capacityPerSecond', label: 'The service can answer', unit: 'per-second', value: clamp(Math.round(values.offeredPerSecond * 1.25), 1, 1000), min: 1, max: 1000 },
    { name: 'latencyMs', label: 'Latency without a queue', unit: 'ms', value: values.latencyMs, min: 1, max: MOST_MS },
    { name: 'p99Ms', label: '99 % of it within', unit: 'ms', value: values.p99Ms, min: 1, max: MOST_MS },
    { name: 'errorPercent', label: 'Errors otherwise', unit: 'percent', value: values.errorPercent, min: 0, max: 100 },
    { name: 'severity', label: 'How bad', unit: 'percent', value: 70, min: 10, max: 100 },
    { name: 'troubleSeconds', label: 'Trouble lasts', unit: 'seconds', value: 20, min: 2, max: 60 },
    { name: 'clients', label: 'Processes', unit: 'count', value: values.clients, min: 1, max: 20 },
  ];
  // Without its layer there is nothing to choose.
  return knobs.filter(({ choices }) => choices === undefined || choices.length > 0);
}

/** The partition that an operation belongs to, as in the emitted upstreams.ts. */
function ownerOf(/** @type {Record<string, any>} */ manifest, /** @type {readonly string[]} */ partitions, /** @type {string} */ operation) {
  const listed = partitions.find((name) => manifest.upstreams?.[name]?.operations?.[operation] !== undefined);
  return listed ?? partitions.find((name) => name === operation.split('.')[0]) ?? (partitions.length === 1 ? partitions[0] : undefined);
}

/**
 * What the manifest has measured of a service, as settings of the storm. Its calls are those of one process, of which there are two
 * unless that is more than can be drawn.
 *
 * @param {Record<string, any>} manifest
 * @param {string} partition
 */
function trafficOf(manifest, partition) {
  const traffic = manifest.traffic?.[partition] ?? {};
  const { callsPerSecond = 40, errorPercent = 0, p50Ms = 20, p99Ms = 2 * p50Ms } = traffic;
  const clients = 2 * callsPerSecond > MOST_PER_SECOND ? 1 : 2;
  const values = {
    clients,
    offeredPerSecond: clamp(clients * callsPerSecond, 1, MOST_PER_SECOND),
    errorPercent,
    latencyMs: clamp(p50Ms, 1, MOST_MS),
    p99Ms: clamp(p99Ms, 1, MOST_MS),
  };
  /** @type {string[]} */
  const remarks = [];
  const compare = (/** @type {string} */ name, /** @type {number} */ wanted, /** @type {number} */ drawn, /** @type {import('./result.js').Unit} */ unit) => {
    if (wanted !== drawn) {
      remarks.push(`traffic.${partition}.${name}: ${say(wanted, unit)} cannot be drawn; it is drawn as ${say(drawn, unit)}.`);
    }
  };
  compare('callsPerSecond', callsPerSecond, values.offeredPerSecond / clients, 'per-second');
  compare('p50Ms', p50Ms, values.latencyMs, 'ms');
  compare('p99Ms', p99Ms, values.p99Ms, 'ms');
  return { values, remarks };
}

function clamp(/** @type {number} */ value, /** @type {number} */ min, /** @type {number} */ max) {
  return Math.min(max, Math.max(min, value));
}

/**
 * The variants that are compared: nothing, everything, and everything but one layer.
 *
 * @param {Record<string, any>} manifest
 * @returns {{ id: string, label: string, without: string | undefined }[]}
 */
export function stormVariants(manifest) {
  return [
    { id: 'all', label: 'the whole stack', without: undefined },
    { id: 'none', label: 'no protection', without: undefined },
    ...LAYERS.filter(({ section }) => manifest[section] !== undefined).map(({ layer, label }) => ({
      id: `without-${layer}`,
      label: `without ${label}`,
      without: layer,
    })),
  ];
}

/** Serves in order of arrival, and does the work for callers who have gone as for those who wait. */
class Service {
  sent = 0;
  /** @type {Bins} */
  sends;
  #time;
  #world;
  #trouble;
  #latency;
  #chance;
  #freeAt = 0;
  #queued = 0;

  /**
   * @param {VirtualTime} time
   * @param {Record<string, any>} world
   * @param {{ from: number, until: number, end: number }} trouble
   * @param {() => number} chance of the latencies
   * @param {() => number} errorChance
   */
  constructor(time, world, trouble, chance, errorChance) {
    this.#time = time;
    this.#world = world;
    this.#trouble = trouble;
    this.#latency = logNormal(world.latencyMs, Math.max(world.latencyMs, world.p99Ms), chance);
    this.#chance = errorChance;
    this.sends = new Bins(1000, trouble.end);
  }

  /** @param {AbortSignal | undefined} signal */
  answer(signal) {
    const { ms } = this.#time;
    const { scenario, severity, capacityPerSecond, errorPercent } = this.#world;
    const inTrouble = ms >= this.#trouble.from && ms < this.#trouble.until;
    const latency = this.#latency() * (inTrouble && scenario === 'slow' ? 1 + severity / 2 : 1);
    const fails = this.#chance() * 100 < errorPercent || (inTrouble && scenario === 'outage');
    this.sent += 1;
    this.sends.add(ms);
    if (this.#queued >= SERVICE_QUEUE) {
      return Promise.reject(failureOf(503));
    }
    const start = Math.max(ms, this.#freeAt);
    const browned = scenario === 'brown-out' && start >= this.#trouble.from && start < this.#trouble.until;
    this.#freeAt = start + 1000 / (browned ? Math.max(0.01, (capacityPerSecond * (100 - severity)) / 100) : capacityPerSecond);
    this.#queued += 1;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(/** @type {AbortSignal} */ (signal).reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#time.at(this.#freeAt + latency, () => {
        this.#queued -= 1;
        signal?.removeEventListener('abort', onAbort);
        if (fails) {
          reject(failureOf(503));
        } else {
          resolve('answer');
        }
      });
      if (signal?.aborted === true) {
        onAbort();
      }
    });
  }
}

/**
 * One process that calls the service through the layers of a variant.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} manifest
 * @param {Record<string, any>} world
 * @param {{ id: string, without: string | undefined }} variant
 * @param {VirtualTime} time
 * @param {() => number} random
 * @returns {(fn: (signal: AbortSignal | undefined) => Promise<unknown>) => Promise<unknown>}
 */
function client(factories, manifest, world, variant, time, random) {
  const load = startProcess(factories, time, random);
  const limit = operationsOf(manifest.timeoutConfig?.operations)[world.operation] ?? 1000;
  if (variant.id === 'none') {
    // One attempt with the operation's limit, as people write it by hand.
    return async (fn) => {
      const controller = new AbortController();
      const timer = time.at(time.ms + limit, () => controller.abort(new Error('timed out')));
      try {
        return await fn(controller.signal);
      } finally {
        timer.run = undefined;
      }
    };
  }
  const { resilienceStack } = load('resilience-stack.ts');
  const own = ownSettings(manifest, world);
  /** @type {Record<string, (...given: any[]) => any>} */
  const layers = {
    breaker: () => new (load('circuit-breaker.ts').CircuitBreaker)(own.circuitBreaker),
    retry: (fn, given) => load('retry.ts').withRetry(fn, { ...own.retryPolicy, ...given }),
    timeout: (operation, fn, given) => load('timeouts.ts').withTimeout(operation, fn, given),
    bulkhead: (partition, fn, given) => load('bulkhead.ts').withBulkhead(partition, fn, given),
  };
  /** @type {Record<string, (...given: any[]) => any>} */
  const absent = {
    breaker: () => ({ state: 'CLOSED', retryAfterMs: 0, call: async (/** @type {any} */ fn, /** @type {any} */ given) => fn(given?.signal) }),
    retry: async (fn, given) => fn(given?.signal, 0),
    timeout: async (_, fn, given) => fn(given?.signal),
    bulkhead: async (_, fn, given) => fn(given?.signal),
  };
  const composed = Object.fromEntries(
    LAYERS.map(({ layer, section }) => [
      layer,
      variant.without === layer || manifest[section] === undefined ? absent[layer] : layers[layer],
    ]),
  );
  const call = resilienceStack(composed);
  const once = own.repeats === false ? { retry: false } : {};
  // Every request has its time as a whole, as in the emitted upstreams.ts.
  const hasTotal = variant.without !== 'timeout' && Number(manifest.timeoutConfig?.totalTimeoutMs) > 0;
  const ofRequest = () => (hasTotal ? { ...once, deadline: new (load('timeouts.ts').Deadline)() } : once);
  return (fn) =>
    call(world.operation ?? '', world.partition ?? '', (/** @type {AbortSignal | undefined} */ signal) => fn(signal), ofRequest());
}

/**
 * What the service and the operation have of their own, as the emitted upstreams.ts gives it to the layers.
 *
 * @param {Record<string, any>} manifest
 * @param {Record<string, any>} world
 */
function ownSettings(manifest, { partition, operation }) {
  const { circuitBreaker, retryPolicy, operations } = manifest.upstreams?.[partition] ?? {};
  // As everywhere in a manifest, null is the same as leaving it out.
  const given = (/** @type {Record<string, unknown> | undefined} */ settings) =>
    Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== null));
  const listed = manifest.timeoutConfig?.operations;
  const entry = Array.isArray(listed) ? listed.find((each) => each.name === operation) : undefined;
  return {
    circuitBreaker: given(circuitBreaker),
    retryPolicy: given(retryPolicy),
    repeats: operations?.[operation]?.retry ?? entry?.retry,
  };
}

/**
 * One variant of the storm.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} manifest
 * @param {Record<string, any>} world
 * @param {{ id: string, label: string, without: string | undefined }} variant
 * @param {{ turns: number, seed: number }} [options]
 * @param {(soFar: ReturnType<typeof linesOf>) => Promise<boolean>} [pause] called now and then, with the lines up to that moment;
 *   whether to give up
 */
export async function simulateVariant(factories, manifest, world, variant, options = DEFAULTS, pause = undefined) {
  const time = new VirtualTime(options.turns);
  const chance = seeded(options.seed);
  const trouble = troubleOf(world);
  const service = new Service(time, world, trouble, seeded(options.seed + 1), seeded(options.seed + 2));
  const clients = Array.from({ length: world.clients }, (_, index) =>
    client(factories, manifest, world, variant, time, seeded(options.seed + 100 + index)),
  );
  const asked = new Bins(1000, trouble.end);
  const answered = new Bins(1000, trouble.end);
  let rushes = () => world.offeredPerSecond;
  let peak = world.offeredPerSecond;
  if (world.scenario === 'burst') {
    peak *= 1 + world.severity / 20;
    rushes = (/** @type {number} */ ms = 0) => (ms >= trouble.from && ms < trouble.until ? peak : world.offeredPerSecond);
  }
  arrivals(time, chance, { perSecond: rushes, peak, until: trouble.end, most: MOST_REQUESTS }, (serial) => {
    const began = time.ms;
    asked.add(began);
    const call = /** @type {ReturnType<typeof client>} */ (clients[serial % clients.length]);
    call((signal) => service.answer(signal)).then(
      () => answered.add(began),
      (error) => time.failed(error),
    );
  });
  const last = trouble.end + 120_000;
  let since = Date.now();
  for (let until = pause === undefined ? last : 500; until < last; until += 500) {
    await time.run(until);
    if (pause !== undefined && Date.now() - since >= PAUSE_MS) {
      if (await pause(linesOf(variant, asked, answered, service.sends, until))) {
        return undefined;
      }
      since = Date.now();
    }
  }
  await time.run(last);

  const total = (/** @type {Float64Array} */ counts) => counts.reduce((sum, each) => sum + each, 0);
  const slice = (/** @type {Float64Array} */ counts) => counts.slice(trouble.from / 1000, Math.floor(trouble.until / 1000));
  const requests = total(asked.counts);
  /** @type {boolean[]} */
  const after = [];
  for (let second = Math.floor(trouble.until / 1000); second < asked.counts.length; second += 1) {
    const requested = /** @type {number} */ (asked.counts[second]);
    // Errors that have nothing to do with the trouble come unevenly.
    const errors = (requested * world.errorPercent) / 100;
    const usual = errors === 0 ? 0 : errors + 2 * Math.sqrt(errors);
    after.push(/** @type {number} */ (answered.counts[second]) >= 0.99 * requested - usual);
  }
  const recovered = after.findIndex((_, index) => index + 3 <= after.length && after.slice(index, index + 3).every(Boolean));
  const duringAsked = total(slice(asked.counts));
  return {
    ...linesOf(variant, asked, answered, service.sends),
    callsPerRequest: round(requests === 0 ? 0 : service.sent / requests),
    peak: Math.max(0, ...service.sends.counts),
    during: round(duringAsked === 0 ? 0 : (100 * total(slice(answered.counts))) / duringAsked),
    overall: round(requests === 0 ? 0 : (100 * total(answered.counts)) / requests),
    recovery: recovered < 0 ? null : recovered * 1000,
  };
}

/**
 * What is drawn of a variant, up to a moment.
 *
 * @param {{ id: string, label: string, without: string | undefined }} variant
 * @param {Bins} asked
 * @param {Bins} answered
 * @param {Bins} sends
 */
function linesOf(variant, asked, answered, sends, until = Infinity) {
  const past = (/** @type {Bins} */ bins) => bins.rates().map((rate, second) => ((second + 1) * 1000 <= until ? rate : null));
  return { variant, xs: asked.xs, asked: past(asked), answered: past(answered), sent: past(sends) };
}

/** @typedef {NonNullable<Awaited<ReturnType<typeof simulateVariant>>>} VariantResult */

/** @param {Record<string, any>} world */
function troubleOf(world) {
  const from = 5_000;
  const until = from + world.troubleSeconds * 1000;
  return { from, until, end: until + 15_000 };
}

/**
 * Names the run that lies over another in a chart, nowhere further from it than the lines are wide.
 *
 * @param {readonly ReturnType<typeof linesOf>[]} runs
 * @param {number} index
 * @param {'answered' | 'sent'} what
 * @returns {{ like?: string }}
 */
function likeOf(runs, index, what) {
  const peak = Math.max(0, ...runs.flatMap((run) => run[what].map((value) => value ?? 0)));
  const values = runs[index]?.[what] ?? [];
  const over = runs.slice(0, index).find((run) => run[what].every((value, at) => Math.abs((value ?? 0) - (values[at] ?? 0)) <= 0.02 * peak));
  return over === undefined ? {} : { like: over.variant.label };
}

/**
 * The lines of the variants that have been run so far, without figures: the last may be half drawn.
 *
 * @param {Record<string, any>} world
 * @param {readonly ReturnType<typeof linesOf>[]} runs the whole stack first
 * @returns {import('./result.js').Result}
 */
export function stormLines(world, runs) {
  const trouble = troubleOf(world);
  const all = /** @type {ReturnType<typeof linesOf>} */ (runs[0]);
  /** @type {import('./result.js').Span[]} */
  const spans = [{ from: trouble.from / 1000, to: trouble.until / 1000, label: world.scenario, role: 'muted', place: 'back' }];
  const chart = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ y, /** @type {'answered' | 'sent'} */ what) => ({
    id,
    title,
    x: 'seconds',
    y,
    scale: /** @type {const} */ ('linear'),
    xs: all.xs,
    series: [
      { label: 'requests', role: /** @type {const} */ ('reference'), kind: /** @type {const} */ ('line'), values: all.asked },
      ...runs
        .map((run, index) => ({
          label: run.variant.label,
          role: /** @type {import('./result.js').Role} */ (index === 0 ? 'accent' : run.variant.id === 'none' ? 'bad' : `layer-${index - 2}`),
          kind: /** @type {const} */ ('line'),
          values: run[what],
          main: index === 0,
          ...likeOf(runs, index, what),
          quiet: run.variant.without !== undefined,
        }))
        .reverse(),
    ],
    spans,
    marks: [],
  });
  return {
    figures: [],
    charts: [chart('answered', 'Requests answered', 'requests/s', 'answered'), chart('sent', 'Calls sent to the service', 'calls/s', 'sent')],
    remarks: [],
  };
}

/**
 * What the variants that have been run so far show.
 *
 * @param {Record<string, any>} manifest
 * @param {Record<string, any>} world
 * @param {readonly VariantResult[]} runs the whole stack first
 * @returns {import('./result.js').Result}
 */
export function stormResult(manifest, world, runs) {
  const [all] = runs;
  const none = runs.find(({ variant }) => variant.id === 'none');
  if (all === undefined) {
    return { figures: [], charts: [], remarks: [], table: undefined };
  }
  return {
    ...stormLines(world, runs),
    remarks: trafficOf(manifest, world.partition).remarks,
    figures: [
      { id: 'during', label: 'Answered during the trouble', value: all.during, unit: 'percent', better: 'higher' },
      { id: 'none', label: 'Without protection', value: none?.during ?? null, unit: 'percent' },
      { id: 'overall', label: 'Answered overall', value: all.overall, unit: 'percent', better: 'higher' },
      { id: 'amplification', label: 'Calls per request', value: all.callsPerRequest, unit: 'ratio', better: 'lower' },
      { id: 'peak', label: 'Peak load on the service', value: all.peak, unit: 'per-second', better: 'lower' },
      { id: 'recovery', label: 'Recovered after', value: all.recovery, unit: 'ms', better: 'lower', absent: 'not within 15 s' },
    ],
    table: {
      columns: ['', 'Calls per request', 'Peak load', 'Answered during the trouble', 'Answered overall', 'Recovered'],
      rows: runs.map((run) => [
        run.variant.label,
        say(run.callsPerRequest, 'ratio'),
        say(run.peak, 'per-second'),
        say(run.during, 'percent'),
        say(run.overall, 'percent'),
        run.recovery === 0 ? 'at once' : run.recovery === null ? 'not within 15 s' : `after ${say(run.recovery, 'ms')}`,
      ]),
    },
  };
}
