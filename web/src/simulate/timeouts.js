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
    ...(Number(args.totalTimeoutMs) > 0
      ? [/** @type {Knob} */ ({ name: 'callsPerRequest', label: 'Calls of a request, in turn', unit: 'count', value: 3, min: 1, max: 20 })]
      : []),
  ];
}

/**
 * Two thousand calls of one operation, whose latency is log-normal, under its limit. With totalTimeoutMs a request makes several
 * in turn under one Deadline, and ends with the first that is cut off.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} args
 * @param {Record<string, any>} world
 * @returns {Promise<import('./result.js').Result>}
 */
export async function simulateTimeouts(factories, args, world, options = ONE_LAYER) {
  const time = new VirtualTime(options.turns);
  const chance = seeded(options.seed);
  const { withTimeout, Deadline } = startProcess(factories, time, seeded(options.seed + 1))('timeouts.ts');
  const limits = operationsOf(args.operations);
  const operation = limits[world.operation] === undefined ? (Object.keys(limits)[0] ?? '') : world.operation;
  const limit = /** @type {number} */ (limits[operation]);
  const total = Number(args.totalTimeoutMs ?? 0);
  const perRequest = total > 0 ? world.callsPerRequest : 1;
  const latency = logNormal(world.p50Ms, Math.max(world.p50Ms, world.p99Ms), chance);

  /** @type {{ latency: number, waited: number, cut: boolean }[]} */
  const calls = [];
  /** @type {{ took: number, end: 'answered' | 'limit' | 'total' }[]} */
  const requests = [];
  const call = async (/** @type {(fn: (signal: AbortSignal) => Promise<unknown>) => Promise<unknown>} */ limited, /** @type {number} */ ms, /** @type {boolean} */ hangs) => {
    const began = time.ms;
    let cut = false;
    try {
      await limited((signal) => (hangs ? new Promise(() => undefined) : work(time, ms, signal)));
    } catch (error) {
      time.failed(error);
      cut = true;
    }
    calls.push({ latency: hangs ? Infinity : ms, waited: time.ms - began, cut });
    return cut;
  };
  const request = async (/** @type {{ ms: number, hangs: boolean }[]} */ parts) => {
    const began = time.ms;
    const deadline = total > 0 ? new Deadline() : undefined;
    let cut = false;
    for (const { ms, hangs } of parts) {
      cut = await call((fn) => (deadline === undefined ? withTimeout(operation, fn) : deadline.run(operation, fn)), ms, hangs);
      if (cut) {
        break;
      }
    }
    const took = time.ms - began;
    const end = took >= total ? 'total' : 'limit';
    requests.push({ took, end: cut ? end : 'answered' });
  };
  for (let index = 0; index < Math.ceil(CALLS / perRequest); index += 1) {
    const parts = Array.from({ length: perRequest }, () => ({ ms: latency(), hangs: chance() * 100 < world.hangPercent }));
    time.at(index * 10, () => void request(parts));
  }
  await time.run();

  const waits = calls.map((each) => each.waited).sort((a, b) => a - b);
  const cut = calls.filter((each) => each.cut);
  const finite = calls.map((each) => each.latency).filter(Number.isFinite);
  const fits = [...finite].sort((a, b) => a - b);
  const late = cut.filter((each) => Number.isFinite(each.latency)).length;
  const percentOf = (/** @type {number} */ count, /** @type {number} */ all) => round((100 * count) / all);
  const ofCalls = histogram(
    `Latency of ${operation} against its limit`,
    '% of calls',
    { at: limit, label: 'limit' },
    [
      { label: 'answered', role: 'good', values: calls.filter((each) => !each.cut).map((each) => each.latency) },
      { label: 'cut off', role: 'bad', values: cut.map((each) => each.latency) },
    ],
  );
  const took = requests.map((each) => each.took).sort((a, b) => a - b);
  const endedBy = (/** @type {string} */ end) => requests.filter((each) => each.end === end).map((each) => each.took);
  const ofRequests = () =>
    histogram(`Requests of up to ${String(perRequest)} ${perRequest === 1 ? 'call' : 'calls'} against totalTimeoutMs`, '% of requests', { at: total, label: 'total' }, [
      { label: 'answered', role: 'good', values: endedBy('answered') },
      { label: 'cut off by the limit of a call', role: 'refused', values: endedBy('limit') },
      { label: 'cut off by the total', role: 'bad', values: endedBy('total') },
    ]);

  return {
    figures: [
      { id: 'cut', label: 'Cut off', value: percentOf(cut.length, calls.length), unit: 'percent', better: 'lower' },
      { id: 'late', label: 'Of those, would have answered', value: cut.length === 0 ? null : percentOf(late, cut.length), unit: 'percent', better: 'lower' },
      { id: 'mean', label: 'Mean wait per caller', value: round(mean(waits)), unit: 'ms', better: 'lower' },
      { id: 'p99', label: '99 % of callers go on within', value: round(percentile(waits, 0.99)), unit: 'ms', better: 'lower' },
      { id: 'longest', label: 'Longest wait per caller', value: round(waits.at(-1) ?? 0), unit: 'ms', better: 'lower' },
      { id: 'fits', label: 'A limit that 99.9 % meet', value: round(percentile(fits, 0.999)), unit: 'ms' },
      ...(total > 0
        ? /** @type {import('./result.js').Figure[]} */ ([
            { id: 'total', label: 'Requests cut off by the total', value: percentOf(endedBy('total').length, requests.length), unit: 'percent', better: 'lower' },
            { id: 'request', label: '99 % of requests end within', value: round(percentile(took, 0.99)), unit: 'ms', better: 'lower' },
          ])
        : []),
    ],
    charts: [{ id: 'latency', ...ofCalls }, ...(total > 0 ? [{ id: 'requests', ...ofRequests() }] : [])],
    remarks: world.hangPercent > 0 ? ['Calls that never answer are drawn at the far right.'] : [],
  };
}

/**
 * Shares of durations, in bins of equal width on a logarithmic axis. What has no end stands in the last one.
 *
 * @param {string} title
 * @param {string} y
 * @param {{ at: number, label: string }} mark
 * @param {{ label: string, role: import('./result.js').Role, values: number[] }[]} groups
 * @returns {Omit<import('./result.js').Chart, 'id'>}
 */
function histogram(title, y, mark, groups) {
  const all = groups.flatMap(({ values }) => values);
  const finite = all.filter(Number.isFinite);
  const low = Math.max(0.1, Math.min(mark.at, ...finite) * 0.8);
  const high = Math.max(mark.at * 1.5, ...finite) * 1.1;
  const step = Math.log(high / low) / BINS;
  const shares = (/** @type {number[]} */ values) => {
    const counts = new Float64Array(BINS);
    for (const each of values) {
      const bin = Number.isFinite(each) ? Math.min(BINS - 1, Math.max(0, Math.floor(Math.log(each / low) / step))) : BINS - 1;
      counts[bin] = /** @type {number} */ (counts[bin]) + 1;
    }
    return Array.from(counts, (each) => round((100 * each) / all.length));
  };
  return {
    title,
    x: 'ms',
    y,
    scale: 'log',
    xs: Array.from({ length: BINS }, (_, bin) => round(low * Math.exp(step * (bin + 0.5)))),
    series: groups.map(({ label, role, values }) => ({ label, role, kind: 'bars', values: shares(values) })),
    spans: [],
    marks: [{ ...mark, axis: 'x' }],
  };
}
