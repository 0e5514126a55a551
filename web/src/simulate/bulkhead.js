import { ONE_LAYER, VirtualTime, seeded } from './time.js';
import { startProcess } from './module.js';
import { Bins, arrivals, binWidth, logNormal, logNormalMean, mean, percentile, round, work } from './world.js';

/** @typedef {import('./result.js').Knob} Knob */

const MOST_CALLS = 5_000;
const SECONDS = 24;
const SLOW = { from: 8_000, until: 16_000 };

/** Slots by partition, in whichever form the arguments have them. */
export function partitionsOf(/** @type {unknown} */ partitions) {
  /** @type {Record<string, number>} */
  const slots = {};
  if (Array.isArray(partitions)) {
    for (const each of partitions) {
      slots[String(each?.name)] = Number(each?.maxConcurrent);
    }
  } else if (typeof partitions === 'object' && partitions !== null) {
    for (const [name, count] of Object.entries(partitions)) {
      slots[name] = Number(count);
    }
  }
  return slots;
}

/** @returns {Knob[]} */
export function bulkheadWorld(/** @type {Record<string, any>} */ args) {
  const slots = partitionsOf(args.partitions);
  const names = Object.keys(slots);
  const count = slots[names[0] ?? ''] ?? 10;
  const rate = Math.max(1, Math.round((0.7 * count * 1000) / logNormalMean(100, 400)));
  return [
    { name: 'partition', label: 'Partition', unit: 'choice', value: names[0] ?? '', choices: names.map((name) => ({ value: name, label: name })) },
    { name: 'callsPerSecond', label: 'Calls', unit: 'per-second', value: Math.min(2000, rate), min: 1, max: 2000 },
    { name: 'p50Ms', label: 'Half of all calls take', unit: 'ms', value: 100, min: 1, max: 30_000 },
    { name: 'p99Ms', label: '99 % of all calls take', unit: 'ms', value: 400, min: 1, max: 60_000 },
    { name: 'slowFactor', label: 'Slow spell, slower by', unit: 'ratio', value: 2, min: 1, max: 20 },
  ];
}

/**
 * Calls of one partition, which for a third of the time take longer.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} args
 * @param {Record<string, any>} world
 * @returns {Promise<import('./result.js').Result>}
 */
export async function simulateBulkhead(factories, args, world, options = ONE_LAYER) {
  const time = new VirtualTime(options.turns);
  const chance = seeded(options.seed);
  const { withBulkhead } = startProcess(factories, time, seeded(options.seed + 1))('bulkhead.ts');
  const slots = partitionsOf(args.partitions);
  const partition = slots[world.partition] === undefined ? (Object.keys(slots)[0] ?? '') : world.partition;
  const remarks = [];
  const end = Math.min(SECONDS * 1000, (MOST_CALLS * 1000) / world.callsPerSecond);
  if (end < SECONDS * 1000) {
    remarks.push('Drawn up to the 5,000th call.');
  }

  const width = binWidth(end, 60);
  const refused = new Bins(width, end);
  const late = new Bins(width, end);
  const atOnce = new Bins(width, end);
  const afterWait = new Bins(width, end);
  const bins = Math.ceil(end / width);
  const running = new Array(bins).fill(0);
  const waiting = new Array(bins).fill(0);
  let active = 0;
  let queued = 0;
  let peakQueue = 0;
  /** @type {number[]} */
  const waits = [];
  const count = { calls: 0, refused: 0, late: 0 };
  let shownFrom = 0;
  const show = () => {
    const bin = Math.min(bins - 1, Math.floor(time.ms / width));
    for (let each = shownFrom + 1; each <= bin; each += 1) {
      running[each] = active;
      waiting[each] = queued;
    }
    shownFrom = bin;
    running[bin] = Math.max(running[bin], active);
    waiting[bin] = Math.max(waiting[bin], queued);
    peakQueue = Math.max(peakQueue, queued);
  };
  time.onRest = () => {
    if (time.ms < end) {
      show();
    }
  };

  const latency = logNormal(world.p50Ms, Math.max(world.p50Ms, world.p99Ms), chance);
  arrivals(time, chance, { perSecond: () => world.callsPerSecond, peak: world.callsPerSecond, until: end, most: MOST_CALLS }, () => {
    const began = time.ms;
    const ms = latency() * (began >= SLOW.from && began < SLOW.until ? world.slowFactor : 1);
    let started = false;
    count.calls += 1;
    queued += 1;
    withBulkhead(partition, (/** @type {AbortSignal | undefined} */ signal) => {
      started = true;
      queued -= 1;
      active += 1;
      const wait = time.ms - began;
      waits.push(wait);
      (wait > 0 ? afterWait : atOnce).add(began);
      return work(time, ms, signal);
    }).then(
      () => {
        active -= 1;
      },
      (/** @type {any} */ error) => {
        time.failed(error);
        if (started) {
          active -= 1;
          return;
        }
        queued -= 1;
        const timedOut = error?.code === 'BULKHEAD_TIMEOUT';
        count.refused += timedOut ? 0 : 1;
        count.late += timedOut ? 1 : 0;
        (timedOut ? late : refused).add(began);
      },
    );
  });
  await time.run();

  const waited = waits.filter((wait) => wait > 0).length + count.late;
  const sorted = [...waits].sort((a, b) => a - b);
  const share = (/** @type {number} */ part) => (count.calls === 0 ? 0 : round((100 * part) / count.calls));
  /** @type {import('./result.js').Span[]} */
  const slow =
    world.slowFactor > 1 && end > SLOW.from
      ? [{ from: SLOW.from / 1000, to: Math.min(SLOW.until, end) / 1000, label: 'slow spell', role: 'muted', place: 'back' }]
      : [];

  return {
    figures: [
      { id: 'waited', label: 'Calls that waited', value: share(waited), unit: 'percent', better: 'lower' },
      { id: 'wait', label: 'Mean wait over all calls', value: round(mean(waits)), unit: 'ms', better: 'lower' },
      { id: 'p99', label: '99 % start within', value: round(percentile(sorted, 0.99)), unit: 'ms', better: 'lower' },
      { id: 'refused', label: 'Refused, queue full', value: share(count.refused), unit: 'percent', better: 'lower' },
      { id: 'late', label: 'Gave up waiting', value: share(count.late), unit: 'percent', better: 'lower' },
      { id: 'queue', label: 'Longest queue', value: peakQueue, unit: 'count', better: 'lower' },
    ],
    charts: [
      {
        id: 'slots',
        title: `Slots and queue of ${partition}`,
        x: 'seconds',
        y: 'calls',
        scale: 'linear',
        xs: refused.xs,
        series: [
          { label: 'running', role: 'accent', kind: 'step', values: running, main: true },
          { label: 'waiting', role: 'refused', kind: 'step', values: waiting },
        ],
        spans: slow,
        marks: [{ at: slots[partition] ?? 0, label: 'slots', axis: 'y' }],
      },
      {
        id: 'waits',
        title: 'How calls got a slot',
        x: 'seconds',
        y: 'calls/s',
        scale: 'linear',
        xs: refused.xs,
        series: [
          { label: 'at once', role: 'good', kind: 'bars', values: atOnce.rates() },
          { label: 'after a wait', role: 'accent', kind: 'bars', values: afterWait.rates() },
          { label: 'gave up waiting', role: 'bad', kind: 'bars', values: late.rates() },
          { label: 'refused, queue full', role: 'refused', kind: 'bars', values: refused.rates() },
        ],
        spans: slow,
        marks: [],
      },
    ],
    remarks,
  };
}
