import { ONE_LAYER, VirtualTime, seeded } from './time.js';
import { startProcess } from './module.js';
import { Bins, arrivals, binWidth, failureOf, logNormal, round, work } from './world.js';

/** @typedef {import('./result.js').Knob} Knob */

/** The longest run of calls that is drawn. */
const MOST_CALLS = 10_000;

/** Where the outage begins and ends, and how much is drawn after it. */
function periods(/** @type {number} */ outageMs, /** @type {number} */ recoveryMs) {
  const from = Math.round(Math.max(5_000, Math.min(outageMs / 2, 20_000)));
  const until = from + outageMs;
  return { from, until, end: until + Math.min(Math.max(outageMs / 2, recoveryMs * 1.5, 10_000), outageMs * 4 + 60_000) };
}

/** @returns {Knob[]} */
export function breakerWorld(/** @type {Record<string, any>} */ args) {
  const recovery = Number(args.recoveryTimeMs ?? 30_000) / 1000;
  const outage = Math.min(3600, Math.max(10, Math.round(recovery * 1.5)));
  // As many as can be drawn up to the end.
  const calls = Math.min(10, Math.max(1, Math.floor((MOST_CALLS * 1000) / periods(outage * 1000, recovery * 1000).end)));
  return [
    { name: 'callsPerSecond', label: 'Calls', unit: 'per-second', value: calls, min: 1, max: 200 },
    { name: 'errorPercent', label: 'Errors otherwise', unit: 'percent', value: 1, min: 0, max: 50 },
    { name: 'outageErrorPercent', label: 'Errors during the outage', unit: 'percent', value: 100, min: 1, max: 100 },
    { name: 'outageSeconds', label: 'Outage lasts', unit: 'seconds', value: outage, min: 1, max: 3600 },
    { name: 'latencyMs', label: 'Latency', unit: 'ms', value: 50, min: 1, max: 10_000 },
    { name: 'outageLatencyMs', label: 'Latency during the outage', unit: 'ms', value: 50, min: 1, max: 60_000 },
  ];
}

/**
 * Calls through one circuit breaker, before, during and after an outage of what it protects.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Record<string, any>} args
 * @param {Record<string, any>} world
 * @returns {Promise<import('./result.js').Result>}
 */
export async function simulateBreaker(factories, args, world, options = ONE_LAYER) {
  const time = new VirtualTime(options.turns);
  const chance = seeded(options.seed);
  const { CircuitBreaker } = startProcess(factories, time, seeded(options.seed + 1))('circuit-breaker.ts');
  const breaker = new CircuitBreaker();

  const recoveryMs = Number(args.recoveryTimeMs ?? 30_000);
  const { from, until, end: wanted } = periods(world.outageSeconds * 1000, recoveryMs);
  const remarks = [];
  const end = Math.min(wanted, (MOST_CALLS * 1000) / world.callsPerSecond);
  if (end < wanted) {
    remarks.push('Drawn up to the 10,000th call.');
  }

  const width = binWidth(end);
  const answered = new Bins(width, end);
  const failed = new Bins(width, end);
  const refused = new Bins(width, end);
  const count = { sentInOutage: 0, refusedInOutage: 0, failedInOutage: 0, refusedAfter: 0, failedInPeace: 0 };
  /** @type {{ state: string, since: number }[]} */
  const eras = [{ state: breaker.state, since: 0 }];
  time.onRest = () => {
    const { state } = breaker;
    if (state !== eras.at(-1)?.state) {
      eras.push({ state, since: time.ms });
    }
  };

  const latency = logNormal(world.latencyMs, world.latencyMs * 3, chance);
  const outageLatency = logNormal(world.outageLatencyMs, world.outageLatencyMs * 3, chance);
  const isOut = () => time.ms >= from && time.ms < until;
  arrivals(time, chance, { perSecond: () => world.callsPerSecond, peak: world.callsPerSecond, until: end, most: MOST_CALLS }, () => {
    const out = isOut();
    const began = time.ms;
    // Drawn for every call, made or refused, so that all arguments meet the same world.
    const ms = out ? outageLatency() : latency();
    const fails = chance() * 100 < (out ? world.outageErrorPercent : world.errorPercent);
    let sent = false;
    breaker
      .call((/** @type {AbortSignal | undefined} */ signal) => {
        sent = true;
        count.sentInOutage += out ? 1 : 0;
        return work(time, ms, signal, () => (fails ? failureOf(503) : undefined));
      })
      .then(
        () => answered.add(began),
        (/** @type {unknown} */ error) => {
          time.failed(error);
          (sent ? failed : refused).add(began);
          count.failedInOutage += sent && out ? 1 : 0;
          count.refusedInOutage += !sent && out ? 1 : 0;
          count.refusedAfter += !sent && began >= until ? 1 : 0;
        },
      );
  });
  await time.run();

  const opened = eras.find((era) => era.state === 'OPEN' && era.since >= from);
  const isOpenAtEnd = [...eras].reverse().find((era) => era.since <= until)?.state !== 'CLOSED';
  const closed = eras.find((era) => era.state === 'CLOSED' && era.since >= until);
  const byChance = eras.filter((era) => era.state === 'OPEN' && era.since < from).length;
  const spans = eras
    .map((era, index) => ({ from: era.since / 1000, to: (eras[index + 1]?.since ?? end) / 1000, state: era.state }))
    .map(({ from: start, to, state }) => ({
      from: start,
      to: Math.min(to, end / 1000),
      label: `breaker ${state === 'OPEN' ? 'open' : state === 'HALF_OPEN' ? 'half open' : 'closed'}`,
      role: /** @type {import('./result.js').Role} */ (state === 'OPEN' ? 'bad' : state === 'HALF_OPEN' ? 'refused' : 'good'),
      place: /** @type {const} */ ('strip'),
    }))
    .filter((span) => span.from < span.to);

  return {
    figures: [
      { id: 'opened', label: 'Outage noticed after', value: opened === undefined ? null : round(opened.since - from), unit: 'ms', better: 'lower' },
      { id: 'sent', label: 'Calls made during the outage', value: count.sentInOutage, unit: 'count', better: 'lower' },
      { id: 'refused', label: 'Refused during the outage', value: count.refusedInOutage, unit: 'count' },
      {
        id: 'closed',
        label: 'Closed again, after its end',
        value: !isOpenAtEnd ? 0 : closed === undefined ? null : round(closed.since - until),
        unit: 'ms',
        better: 'lower',
        absent: 'not in this drawing',
      },
      { id: 'refused-after', label: 'Refused after its end', value: count.refusedAfter, unit: 'count', better: 'lower' },
      { id: 'by-chance', label: 'Opened by chance before it', value: byChance, unit: 'count', better: 'lower' },
    ],
    charts: [
      {
        id: 'calls',
        title: 'Calls over the outage',
        x: 'seconds',
        y: 'calls/s',
        scale: 'linear',
        xs: answered.xs,
        series: [
          { label: 'answered', role: 'good', kind: 'bars', values: answered.rates() },
          { label: 'failed', role: 'bad', kind: 'bars', values: failed.rates() },
          { label: 'refused by the breaker', role: 'refused', kind: 'bars', values: refused.rates() },
        ],
        spans: [{ from: from / 1000, to: Math.min(until, end) / 1000, label: 'outage', role: 'muted', place: 'back' }, ...spans],
        marks: [],
      },
    ],
    remarks,
  };
}
