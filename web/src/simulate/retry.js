import { ONE_LAYER, VirtualTime, seeded } from './time.js';
import { startProcess } from './module.js';
import { Bins, arrivals, binWidth, failureOf, logNormal, mean, percentile, round, work } from './world.js';

/** @typedef {import('./result.js').Knob} Knob */

const FROM = 8_000;
const AFTER = 12_000;
const MOST_CALLS = 8_000;
const CLIENTS = 3;
/** Points that a scatter shows before they hide each other. */
const MOST_POINTS = 1_500;

const FAILURES = [
  { value: '503', label: '503 Service Unavailable' },
  { value: '429', label: '429 Too Many Requests' },
  { value: '500', label: '500 Internal Server Error' },
  { value: '0', label: 'connection refused' },
];

/** @returns {Knob[]} */
export function retryWorld(/** @type {Record<string, any>} */ args) {
  const statuses = Array.isArray(args.retryOn) ? args.retryOn.map(String) : ['503'];
  const failure = FAILURES.find(({ value }) => statuses.includes(value))?.value ?? '0';
  return [
    { name: 'callsPerSecond', label: 'Requests from the fleet', unit: 'per-second', value: 30, min: 1, max: 200 },
    { name: 'troubleSeconds', label: 'Trouble lasts', unit: 'seconds', value: 20, min: 1, max: 120 },
    { name: 'errorPercent', label: 'Errors during the trouble', unit: 'percent', value: 60, min: 1, max: 100 },
    { name: 'latencyMs', label: 'Latency', unit: 'ms', value: 50, min: 1, max: 10_000 },
    { name: 'retryAfterSeconds', label: 'Retry-After sent by the service', unit: 'seconds', value: 0, min: 0, max: 60 },
    { name: 'failure', label: 'What a failure looks like', unit: 'choice', value: failure, choices: FAILURES },
  ];
}

/**
 * Requests of a fleet of three processes to one service, part of which fails for a while.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} _args
 * @param {Record<string, any>} world
 * @returns {Promise<import('./result.js').Result>}
 */
export async function simulateRetry(factories, _args, world, options = ONE_LAYER) {
  const time = new VirtualTime(options.turns);
  const chance = seeded(options.seed);
  const clients = Array.from({ length: CLIENTS }, (_, index) => startProcess(factories, time, seeded(options.seed + 1 + index))('retry.ts'));
  const until = FROM + world.troubleSeconds * 1000;
  const remarks = [];
  const wanted = until + AFTER;
  const end = Math.min(wanted, (MOST_CALLS * 1000) / world.callsPerSecond);
  if (end < wanted) {
    remarks.push('Drawn up to the 8,000th request.');
  }

  const width = binWidth(end);
  const requests = new Bins(width, end);
  const calls = new Bins(width, end);
  const failed = new Bins(width, end);
  const status = Number(world.failure);
  const headers = world.retryAfterSeconds > 0 ? { 'retry-after': String(world.retryAfterSeconds) } : {};
  const latency = logNormal(world.latencyMs, world.latencyMs * 3, chance);
  /** Waits by the number of the retry. @type {number[][]} */
  const waits = [];
  /** @type {number[]} */
  const durations = [];
  const count = { requests: 0, calls: 0, answered: 0, inTrouble: 0, answeredInTrouble: 0 };

  arrivals(time, chance, { perSecond: () => world.callsPerSecond, peak: world.callsPerSecond, until: end, most: MOST_CALLS }, (serial) => {
    const { withRetry } = /** @type {import('./module.js').Exports} */ (clients[serial % CLIENTS]);
    const began = time.ms;
    const inTrouble = began >= FROM && began < until;
    let failedAt = 0;
    let attempts = 0;
    requests.add(began);
    count.requests += 1;
    count.inTrouble += inTrouble ? 1 : 0;
    withRetry((/** @type {AbortSignal | undefined} */ signal) => {
      if (attempts > 0) {
        (waits[attempts - 1] ??= []).push(time.ms - failedAt);
      }
      attempts += 1;
      count.calls += 1;
      calls.add(time.ms);
      const fails = time.ms >= FROM && time.ms < until && chance() * 100 < world.errorPercent;
      return work(time, latency(), signal, () => {
        failedAt = time.ms;
        return fails ? failureOf(status, headers) : undefined;
      });
    }).then(
      () => {
        count.answered += 1;
        count.answeredInTrouble += inTrouble ? 1 : 0;
        durations.push(time.ms - began);
      },
      (/** @type {unknown} */ error) => {
        time.failed(error);
        failed.add(began);
        durations.push(time.ms - began);
      },
    );
  });
  await time.run();

  durations.sort((a, b) => a - b);
  const all = waits.flat();
  const rates = calls.rates();
  const every = Math.max(1, Math.ceil(all.length / MOST_POINTS));
  const spread = seeded(7);
  /** @type {{ x: number, y: number }[]} */
  const points = waits
    .flatMap((list, index) => list.filter((_, at) => at % every === 0).map((wait) => ({ x: round(index + 1 + (spread() - 0.5) * 0.6), y: round(wait) })))
    .sort((a, b) => a.x - b.x);

  return {
    figures: [
      { id: 'amplification', label: 'Calls per request', value: count.requests === 0 ? 0 : round(count.calls / count.requests), unit: 'ratio', better: 'lower' },
      { id: 'peak', label: 'Peak load on the service', value: Math.max(0, ...rates), unit: 'per-second', better: 'lower' },
      {
        id: 'answered',
        label: 'Answered during the trouble',
        value: count.inTrouble === 0 ? null : round((100 * count.answeredInTrouble) / count.inTrouble),
        unit: 'percent',
        better: 'higher',
      },
      { id: 'wait', label: 'Mean wait before a retry', value: all.length === 0 ? null : round(mean(all)), unit: 'ms' },
      { id: 'longest', label: 'Slowest request', value: round(durations.at(-1) ?? 0), unit: 'ms', better: 'lower' },
      { id: 'p99', label: '99 % of requests within', value: round(percentile(durations, 0.99)), unit: 'ms', better: 'lower' },
    ],
    charts: [
      {
        id: 'load',
        title: 'Load on the service',
        x: 'seconds',
        y: 'calls/s',
        scale: 'linear',
        xs: calls.xs,
        series: [
          { label: 'calls sent', role: 'accent', kind: 'line', values: rates, main: true },
          { label: 'requests', role: 'reference', kind: 'line', values: requests.rates() },
          { label: 'requests that failed', role: 'bad', kind: 'line', values: failed.rates() },
        ],
        spans: [{ from: FROM / 1000, to: Math.min(until, end) / 1000, label: 'trouble', role: 'muted', place: 'back' }],
        marks: [],
      },
      {
        id: 'waits',
        title: 'Waits, by retry',
        x: 'number of the retry',
        y: 'ms',
        scale: 'linear',
        xs: points.map(({ x }) => x),
        series: [{ label: 'wait before the retry', role: 'accent', kind: 'points', values: points.map(({ y }) => y) }],
        spans: [],
        marks: [],
      },
    ],
    remarks,
  };
}
