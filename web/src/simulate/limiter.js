import { ONE_LAYER, VirtualTime, seeded } from './time.js';
import { startProcess } from './module.js';
import { Bins, binWidth, round } from './world.js';

/** @typedef {import('./result.js').Knob} Knob */

const MOST_REQUESTS = 20_000;

const TRAFFIC = [
  { value: 'steady', label: 'steady' },
  { value: 'burst', label: 'bursts' },
  { value: 'two-clients', label: 'two clients' },
  { value: 'clock-back', label: 'steady, clock set back' },
  { value: 'clock-ahead', label: 'steady, clock set ahead' },
];

/** Parts of a window by which the clock is set, halfway through the drawing. */
const SKEW = new Map([
  ['clock-back', -0.5],
  ['clock-ahead', 0.5],
]);

/** @returns {Knob[]} */
export function limiterWorld() {
  return [
    { name: 'traffic', label: 'Traffic', unit: 'choice', value: 'steady', choices: TRAFFIC },
    { name: 'loadPercent', label: 'Load, relative to the limit', unit: 'percent', value: 150, min: 10, max: 1000 },
    { name: 'windows', label: 'Windows drawn', unit: 'count', value: 3, min: 1, max: 10 },
  ];
}

/**
 * Requests against one limiter. What Redis would count is counted by the store in memory of the same algorithm.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} args
 * @param {Record<string, any>} world
 * @returns {Promise<import('./result.js').Result>}
 */
export async function simulateLimiter(factories, args, world, options = ONE_LAYER) {
  const time = new VirtualTime(options.turns);
  const exports = startProcess(factories, time, seeded(options.seed + 1))('rate-limiter.ts');
  const name = Object.keys(exports).find((each) => typeof exports[each]?.prototype?.consume === 'function');
  if (name === undefined) {
    throw new Error('rate-limiter.ts exports no class with consume.');
  }
  const limiter = new exports[name]();

  const windowMs = Number(args.windowSeconds ?? 60) * 1000;
  const quota = Number(args.requestsPerWindow ?? 100);
  const perSecond = (quota * 1000 * world.loadPercent) / 100 / windowMs;
  const wanted = windowMs * world.windows;
  const end = Math.min(wanted, (MOST_REQUESTS * 1000) / perSecond);
  const remarks = [];
  if (end < wanted) {
    remarks.push('Drawn up to the 20,000th request.');
  }
  if (args.store !== 'memory') {
    remarks.push('Counted in memory by the same algorithm; Redis decides the same way, for all processes together.');
  }
  const skew = SKEW.get(world.traffic);
  if (skew !== undefined) {
    const whose = args.store === 'memory' ? 'The clock of the machine' : "The clock of Redis, the only one that counts,";
    remarks.push(`${whose} is set ${skew < 0 ? 'back' : 'ahead'} by half a window.`);
    time.at(end / 2, () => {
      time.skewMs = skew * windowMs;
    });
  }
  /** @type {import('./result.js').Chart['marks']} */
  const clock = skew === undefined ? [] : [{ at: end / 2000, label: `clock set ${skew < 0 ? 'back' : 'ahead'}`, axis: 'x' }];

  /** @type {{ ms: number, key: string }[]} */
  const requests = plan(world.traffic, perSecond, windowMs, quota, end, seeded(options.seed));
  const keys = world.traffic === 'two-clients' && args.keyStrategy !== 'global' ? ['greedy', 'modest'] : ['one'];
  const width = binWidth(end, 60);
  const admitted = new Map(keys.map((key) => [key, new Bins(width, end)]));
  const refused = new Map(keys.map((key) => [key, new Bins(width, end)]));
  /** @type {(number | null)[]} */
  const level = new Array(Math.ceil(end / width)).fill(null);
  /** @type {number[]} */
  const admittedAt = [];
  const count = { asked: 0, admitted: 0, modestAsked: 0, modestAdmitted: 0 };
  /** @type {number | null} */
  let firstRefusal = null;
  let longest = 0;
  let limit = 0;

  for (const { ms, key: who } of requests) {
    const key = keys.length === 1 ? 'one' : who;
    time.at(ms, () => {
      void limiter.consume(key).then((/** @type {any} */ decision) => {
        const bin = Math.min(level.length - 1, Math.floor(ms / width));
        count.asked += 1;
        count.modestAsked += who === 'modest' ? 1 : 0;
        limit = decision.limit;
        if (key === keys[0]) {
          level[bin] = decision.remaining;
        }
        if (decision.allowed) {
          admitted.get(key)?.add(ms);
          count.admitted += 1;
          count.modestAdmitted += who === 'modest' ? 1 : 0;
          if (key === keys[0]) {
            admittedAt.push(ms);
          }
        } else {
          refused.get(key)?.add(ms);
          firstRefusal ??= ms;
          longest = Math.max(longest, decision.retryAfterMs);
        }
      }, (/** @type {unknown} */ error) => time.failed(error));
    });
  }
  await time.run();

  const [per, unit] = perSecond >= 1 ? [1000, 's'] : perSecond >= 1 / 60 ? [60_000, 'min'] : [3_600_000, 'h'];
  const title = keys.length === 1 ? 'Requests' : 'Requests of two clients, each with a limit of its own';
  /** @type {import('./result.js').Series[]} */
  const series = [];
  for (const key of keys) {
    const owner = keys.length === 1 ? '' : ` (${key})`;
    series.push(
      { label: `admitted${owner}`, role: key === 'modest' ? 'accent' : 'good', kind: 'bars', values: admitted.get(key)?.rates(per) ?? [] },
      { label: `refused${owner}`, role: key === 'modest' ? 'bad' : 'refused', kind: 'bars', values: refused.get(key)?.rates(per) ?? [] },
    );
  }
  // What a bucket holds is less, or more, than what a window lets through.
  const isBurst = limit !== quota && /bucket/u.test(args.algorithm ?? 'token-bucket');
  const left = isBurst ? 'burst' : 'limit';
  const xs = /** @type {Bins} */ (admitted.get(/** @type {string} */ (keys[0]))).xs;

  return {
    figures: [
      { id: 'admitted', label: 'Admitted', value: count.asked === 0 ? null : round((100 * count.admitted) / count.asked), unit: 'percent', better: 'higher' },
      { id: 'most', label: 'Most admitted in any one window', value: mostWithin(admittedAt, windowMs), unit: 'count', better: 'lower' },
      { id: 'quota', label: 'Requests sent per window', value: Math.round((perSecond * windowMs) / 1000), unit: 'count' },
      { id: 'first', label: 'First refusal after', value: firstRefusal === null ? null : round(firstRefusal), unit: 'ms', better: 'higher' },
      { id: 'longest', label: 'Longest Retry-After sent', value: longest, unit: 'ms', better: 'lower' },
      ...(count.modestAsked > 0
        ? [
            {
              id: 'modest',
              label: 'Admitted from the modest client',
              value: round((100 * count.modestAdmitted) / count.modestAsked),
              unit: /** @type {const} */ ('percent'),
              better: /** @type {const} */ ('higher'),
            },
          ]
        : []),
    ],
    charts: [
      { id: 'requests', title, x: 'seconds', y: `requests/${unit}`, scale: 'linear', xs, series, spans: [], marks: clock },
      {
        id: 'level',
        title: keys.length === 1 ? `What is left of the ${left}` : `What is left of the greedy client’s ${left}`,
        x: 'seconds',
        y: 'requests',
        scale: 'linear',
        xs,
        series: [{ label: 'remaining', role: 'accent', kind: 'line', values: level, main: true }],
        spans: [],
        marks: [{ at: limit, label: left, axis: 'y' }, ...clock],
      },
    ],
    remarks,
  };
}

/**
 * When requests come, and whose they are.
 *
 * @param {string} traffic
 * @param {number} perSecond
 * @param {number} windowMs
 * @param {number} quota
 * @param {number} end
 * @param {() => number} random
 */
function plan(traffic, perSecond, windowMs, quota, end, random) {
  const requests = [];
  if (traffic === 'burst') {
    // Once a window, a tenth of it long, begun at its last twentieth: where a fixed window would let two limits through.
    const size = Math.max(1, Math.round((perSecond * windowMs) / 1000));
    for (let start = windowMs * 0.95; start < end && requests.length < MOST_REQUESTS; start += windowMs) {
      for (let index = 0; index < size && requests.length < MOST_REQUESTS; index += 1) {
        requests.push({ ms: start + (index * windowMs * 0.1) / size, key: 'greedy' });
      }
    }
    return requests.filter(({ ms }) => ms < end);
  }
  const clients = traffic === 'two-clients' ? [{ key: 'greedy', rate: perSecond }, { key: 'modest', rate: (quota * 500) / windowMs }] : [{ key: 'greedy', rate: perSecond }];
  for (const { key, rate } of clients) {
    const gap = 1000 / rate;
    // Evenly, but not in step: each up to half a gap off.
    for (let at = gap / 2; at < end; at += gap) {
      requests.push({ ms: at + (random() - 0.5) * gap, key });
    }
  }
  return requests.sort((a, b) => a.ms - b.ms).slice(0, MOST_REQUESTS);
}

/** @param {readonly number[]} moments sorted */
function mostWithin(moments, /** @type {number} */ windowMs) {
  let most = 0;
  let first = 0;
  for (let last = 0; last < moments.length; last += 1) {
    while (/** @type {number} */ (moments[last]) - /** @type {number} */ (moments[first]) >= windowMs) {
      first += 1;
    }
    most = Math.max(most, last - first + 1);
  }
  return most;
}
