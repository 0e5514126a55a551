// What surrounds the emitted code: arrivals, latencies, services.

/** @typedef {import('./time.js').VirtualTime} VirtualTime */

/** Standard deviations from the median to the 99th percentile of a normal distribution. */
const Z99 = 2.3263478740408408;

/**
 * Arrivals of a Poisson process: independent of each other, at `perSecond(ms)` on average.
 *
 * @param {VirtualTime} time
 * @param {() => number} random
 * @param {{ perSecond: (ms: number) => number, peak: number, until: number, most: number }} process `peak` is the highest rate there is
 * @param {(serial: number) => void} arrive
 */
export function arrivals(time, random, { perSecond, peak, until, most }, arrive) {
  let at = 0;
  let serial = 0;
  const next = () => {
    do {
      at = tick(at - (Math.log(1 - random()) * 1000) / peak);
    } while (at < until && random() * peak >= perSecond(at));
    if (at < until && serial < most) {
      time.at(at, () => {
        serial += 1;
        arrive(serial - 1);
        next();
      });
    }
  };
  next();
}

/**
 * A log-normal latency in milliseconds, from its median and its 99th percentile.
 *
 * @param {number} p50
 * @param {number} p99
 * @param {() => number} random
 * @returns {() => number}
 */
export function logNormal(p50, p99, random) {
  const sigma = Math.max(0, Math.log(p99 / p50)) / Z99;
  return () => {
    // Box and Muller; 1 - random() is never 0.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return tick(p50 * Math.exp(sigma * normal));
  };
}

/**
 * To a whole microsecond. Engines differ in the last bit of logarithms and cosines; with it gone, the same seed gives the same run
 * in all of them.
 */
function tick(/** @type {number} */ ms) {
  return Math.round(ms * 1000) / 1000;
}

/** The mean of that latency. */
export function logNormalMean(/** @type {number} */ p50, /** @type {number} */ p99) {
  const sigma = Math.max(0, Math.log(p99 / p50)) / Z99;
  return p50 * Math.exp((sigma * sigma) / 2);
}

/**
 * Work that takes `ms` and then succeeds or fails, unless its signal ends it before.
 *
 * @param {VirtualTime} time
 * @param {number} ms
 * @param {AbortSignal | undefined} signal
 * @param {() => unknown} failure undefined for success
 * @returns {Promise<unknown>}
 */
export function work(time, ms, signal, failure = () => undefined) {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      event.run = undefined;
      reject(/** @type {AbortSignal} */ (signal).reason);
    };
    const event = time.at(time.ms + ms, () => {
      signal?.removeEventListener('abort', onAbort);
      const error = failure();
      if (error === undefined) {
        resolve('answer');
      } else {
        reject(error);
      }
    });
    if (signal?.aborted === true) {
      onAbort();
    } else {
      signal?.addEventListener('abort', onAbort, { once: true });
    }
  });
}

/** An error as fetch wrappers throw it, or the network's own for status 0. */
export function failureOf(/** @type {number} */ status, /** @type {Record<string, string>} */ headers = {}) {
  return status === 0
    ? Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) })
    : Object.assign(new Error(`HTTP ${String(status)}`), { status, headers });
}

/** Counts events by the bin of time they fall into. */
export class Bins {
  /**
   * @param {number} width of a bin, in milliseconds
   * @param {number} until
   */
  constructor(width, until) {
    this.width = width;
    this.counts = new Float64Array(Math.max(1, Math.ceil(until / width)));
  }

  /** @param {number} ms */
  add(ms, count = 1) {
    const bin = Math.floor(ms / this.width);
    if (bin < this.counts.length) {
      this.counts[bin] = /** @type {number} */ (this.counts[bin]) + count;
    }
  }

  /** Counts in so many milliseconds, a second unless they are given. */
  rates(per = 1000) {
    return Array.from(this.counts, (count) => round((count * per) / this.width));
  }

  /** Middle of each bin, in seconds. */
  get xs() {
    return Array.from(this.counts, (_, bin) => round(((bin + 0.5) * this.width) / 1000));
  }
}

/** A width that gives about `bins` bins, of a length that people name. */
export function binWidth(/** @type {number} */ ms, bins = 120) {
  const least = ms / bins;
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [1, 2, 5]) {
      if (unit * factor >= least) {
        return unit * factor;
      }
    }
  }
}

/** @param {readonly number[]} sorted */
export function percentile(sorted, /** @type {number} */ share) {
  return sorted.length === 0 ? 0 : /** @type {number} */ (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]);
}

/** @param {readonly number[]} values */
export function mean(values) {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** To six significant digits, so that equal figures are written alike. */
export function round(/** @type {number} */ value) {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
}
