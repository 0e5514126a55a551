// The simulations, by tool. This folder is plain JavaScript without a dependency: it runs in the page's worker, in Node, Deno
// and Bun, and is all that decides what is drawn.
import { breakerWorld, simulateBreaker } from './breaker.js';
import { bulkheadWorld, simulateBulkhead } from './bulkhead.js';
import { limiterWorld, simulateLimiter } from './limiter.js';
import { retryWorld, simulateRetry } from './retry.js';
import { simulateVariant, stormResult, stormVariants, stormWorld } from './storm.js';
import { simulateTimeouts, timeoutsWorld } from './timeouts.js';

/**
 * @typedef {(factories: Record<string, import('./module.js').ModuleFactory>, args: Record<string, any>, world: Record<string, any>, options?: { turns: number, seed: number }) => Promise<import('./result.js').Result>} Simulation
 */

/** @type {Record<string, { world: (args: Record<string, any>, given: Record<string, unknown>) => import('./result.js').Knob[], simulate: Simulation }>} */
const SIMULATIONS = {
  generate_circuit_breaker: { world: breakerWorld, simulate: simulateBreaker },
  generate_retry_policy: { world: retryWorld, simulate: simulateRetry },
  generate_rate_limiting: { world: limiterWorld, simulate: simulateLimiter },
  generate_timeout_config: { world: timeoutsWorld, simulate: simulateTimeouts },
  generate_bulkhead: { world: bulkheadWorld, simulate: simulateBulkhead },
  stack: { world: stormWorld, simulate: simulateStorm },
};

/** @type {Simulation} */
async function simulateStorm(factories, manifest, world, options) {
  const runs = [];
  for (const variant of stormVariants(manifest)) {
    runs.push(/** @type {import('./storm.js').VariantResult} */ (await simulateVariant(factories, manifest, world, variant, options)));
  }
  return stormResult(manifest, world, runs);
}

/**
 * The settings of the world that fit the arguments, with their defaults.
 *
 * @param {string} tool
 * @param {Record<string, any>} args all arguments, defaults included
 * @param {Record<string, unknown>} given settings that somebody has chosen, on which the defaults of others depend
 */
export function knobsOf(tool, args, given = {}) {
  return SIMULATIONS[tool]?.world(args, given) ?? [];
}

/**
 * The values of the knobs: those given where they fit, else the defaults.
 *
 * @param {readonly import('./result.js').Knob[]} knobs
 * @param {Record<string, unknown>} given
 * @returns {Record<string, any>}
 */
export function worldOf(knobs, given) {
  return Object.fromEntries(
    knobs.map(({ name, value, min, max, choices }) => {
      const wanted = given[name];
      if (choices !== undefined) {
        return [name, choices.some((choice) => choice.value === wanted) ? wanted : value];
      }
      return [name, typeof wanted === 'number' && Number.isFinite(wanted) ? Math.min(max ?? wanted, Math.max(min ?? wanted, wanted)) : value];
    }),
  );
}

/** @type {(tool: string, ...rest: Parameters<Simulation>) => ReturnType<Simulation>} */
export function simulate(tool, ...rest) {
  const simulation = SIMULATIONS[tool];
  if (simulation === undefined) {
    throw new Error(`${tool}: no simulation.`);
  }
  return simulation.simulate(...rest);
}

export { say } from './result.js';
export { wrap } from './module.js';
export { SCENARIOS, simulateVariant, stormLines, stormResult, stormVariants } from './storm.js';
