import { ONE_LAYER, VirtualTime, seeded } from './time.js';
import { startProcess } from './module.js';
import { logNormal, mean, percentile, round, work } from './world.js';

/** @typedef {import('./result.js').Knob} Knob */

const CALLS = 2_000;
const BINS = 48;

/** The operations as a map, in whichever form the arguments have them. */
export function operationsOf(/** @type {unknown} */ operations) {
  /** @type {Record<string, number>} */
  const limits = {};
  if (Array.isArray(operations)) {
    for (const each of operations) {
      limits[String(each?.name)] = Number(each?.timeoutMs);
    }
  } else if (typeof operations === 'object' && operations !== null) {
    for (const [name, limit] of Object.entries(operations)) {
      limits[name] = Number(limit);
    }
  }
  return limits;
}

/** @returns {Knob[]} */
export function timeoutsWorld(/** @type {Record<string, any>} */ args) {
  const limits = operationsOf(args.operations);
  const names = Object.keys(limits);
  const limit = limits[names[0] ?? ''] ?? 1000;
  return [
    { name: 'operation', label: 'Operation', unit: 'choice', value: names[0] ?? '', choices: names.map((name) => ({ value: name, label: name })) },
    { name: 'p50Ms', label: 'Half of all answers within', unit: 'ms', value: Math.max(1, Math.round(limit / 10)), min: 1, max: 60_000 },
    { name: 'p99Ms', label: '99 % of all answers within', unit: 'ms', value: Math.max(1, Math.round(limit * 0.9)), min: 1, max: 600_000 },
    { name: 'hangPercent', label: 'Calls that never answer', unit: 'percent', value: 0.5, min: 0, max: 20 },
  ];
}

/**
 * Two thousand calls of one operation, whose latency is log-normal, under its limit.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} args
 * @param {Record<string, any>} world
 * @returns {Promise<import('./result.js').Result>}
 */
export async function simulateTimeouts(factories, args, world, options = ONE_LAYER) {
  const time = new VirtualTime(options.turns);
  const chance = seeded(options.seed);
  const { withTimeout } = startProcess(factories, time, seeded(options.seed + 1))('timeouts.ts');
  const limits = operationsOf(args.operations);
  const operation = limits[world.operation] === undefined ? (Object.keys(limits)[0] ?? '') : world.operation;
  const limit = /** @type {number} */ (limits[operation]);
  const latency = logNormal(world.p50Ms, Math.max(world.p50Ms, world.p99Ms), chance);

  /** @type {{ latency: number, waited: number, cut: boolean }[]} */
  const calls = [];
  for (let index = 0; index < CALLS; index += 1) {
    const ms = latency();
    const hangs = chance() * 100 < world.hangPercent;
    time.at(index * 10, () => {
      const began = time.ms;
      const record = (/** @type {boolean} */ cut) => {
        calls.push({ latency: hangs ? Infinity : ms, waited: time.ms - began, cut });
      };
      withTimeout(operation, (/** @type {AbortSignal} */ signal) => (hangs ? new Promise(() => undefined) : work(time, ms, signal))).then(
        () => record(false),
        (/** @type {unknown} */ error) => {
          time.failed(error);
          record(true);
        },
      );
    });
  }
  await time.run();

  const waits = calls.map((call) => call.waited).sort((a, b) => a - b);
  const cut = calls.filter((call) => call.cut);
  const finite = calls.map((call) => call.latency).filter(Number.isFinite);
  const low = Math.max(0.1, Math.min(limit, ...finite) * 0.8);
  const high = Math.max(limit * 1.5, ...finite) * 1.1;
  const step = Math.log(high / low) / BINS;
  const answered = new Float64Array(BINS);
  const late = new Float64Array(BINS);
  for (const call of calls) {
    // A call that never answers stands in the last bin.
    const bin = Number.isFinite(call.latency) ? Math.min(BINS - 1, Math.max(0, Math.floor(Math.log(call.latency / low) / step))) : BINS - 1;
    const into = call.cut ? late : answered;
    into[bin] = /** @type {number} */ (into[bin]) + 1;
  }
  const share = (/** @type {Float64Array} */ counts) => Array.from(counts, (each) => round((100 * each) / CALLS));
  const without = finite.sort((a, b) => a - b);
  const served = cut.filter((call) => Number.isFinite(call.latency)).length;

  return {
    figures: [
      { id: 'cut', label: 'Cut off', value: round((100 * cut.length) / CALLS), unit: 'percent', better: 'lower' },
      { id: 'late', label: 'Of those, would have answered', value: cut.length === 0 ? null : round((100 * served) / cut.length), unit: 'percent', better: 'lower' },
      { id: 'mean', label: 'Mean wait per caller', value: round(mean(waits)), unit: 'ms', better: 'lower' },
      { id: 'p99', label: '99 % of callers go on within', value: round(percentile(waits, 0.99)), unit: 'ms', better: 'lower' },
      { id: 'longest', label: 'Longest wait per caller', value: round(waits.at(-1) ?? 0), unit: 'ms', better: 'lower' },
      { id: 'fits', label: 'A limit that 99.9 % meet', value: round(percentile(without, 0.999)), unit: 'ms' },
    ],
    charts: [
      {
        id: 'latency',
        title: `Latency of ${operation} against its limit`,
        x: 'ms',
        y: '% of calls',
        scale: 'log',
        xs: Array.from({ length: BINS }, (_, bin) => round(low * Math.exp(step * (bin + 0.5)))),
        series: [
          { label: 'answered', role: 'good', kind: 'bars', values: share(answered) },
          { label: 'cut off', role: 'bad', kind: 'bars', values: share(late) },
        ],
        spans: [],
        marks: [{ at: limit, label: 'limit', axis: 'x' }],
      },
    ],
    remarks: [
      ...(world.hangPercent > 0 ? ['Calls that never answer are drawn at the far right.'] : []),
      ...(Number(args.totalTimeoutMs) > 0 ? ['One operation at a time is drawn; totalTimeoutMs is for all operations of a request together.'] : []),
    ],
  };
}
