// models/circuit-breaker.mjs says what is compared.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { compared, emit } from '../lib/emit.mjs';

/** Events in a sequence; each more makes about five times as many sequences. */
const random = process.env.CROWVAULT_PROOF === 'quick' ? 200 : 1_000;
const depth = { full: 10, quick: 6 }[process.env.CROWVAULT_PROOF] ?? 8;

/** Compares breaker and model in a worker; answers how many sequences and steps there were. */
async function explore(args, settings) {
  const { files } = await emit('generate_circuit_breaker', { withMetrics: true, ...args });
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../models/circuit-breaker.mjs', import.meta.url), {
      workerData: { javascript: files[0].javascript, ...settings },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const cases = {
  'open time that grows': { failureThreshold: 1, halfOpenMaxProbes: 1, successThreshold: 1, maxRecoveryTimeMs: 3_000 },
  'two failures in a row': { failureThreshold: 2, halfOpenMaxProbes: 1, successThreshold: 1 },
  'two probes, two successes': { failureThreshold: 1, halfOpenMaxProbes: 2, successThreshold: 2 },
  'failure rate': {
    failureThreshold: 1,
    halfOpenMaxProbes: 1,
    successThreshold: 2,
    rate: { failureRatePercent: 60, windowMs: 1_000, minimumCalls: 2 },
  },
};

for (const [name, settings] of Object.entries(cases)) {
  const args = {
    ...(settings.rate !== undefined && { tripOn: 'failure-rate' }),
    ...(settings.maxRecoveryTimeMs !== undefined && { maxRecoveryTimeMs: 30_000 }),
  };
  for (const timersFire of [true, false]) {
    const timers = timersFire ? 'timers on time' : 'no timers';
    test(`every sequence of ${String(depth)} events, ${name}, ${timers}`, () =>
      compared(`circuit breaker, every sequence of events: ${name}, ${timers}`, async () => {
        const { sequences, steps } = await explore(args, { settings, timersFire, depth });
        assert.ok(sequences > 3 ** depth, `only ${String(sequences)} sequences`);
        return { sequences, depth, steps };
      }));

    const more = ['oldest is ignored', 'oldest answers 503', 'oldest answers 404', 'isolate by hand', 'trip by hand', 'reset by hand'];
    test(`each event in each state within ${String(depth)} events, with answers, refusals and changes by hand, ${name}, ${timers}`, () =>
      compared(`circuit breaker, each event in each state, with answers, refusals and changes by hand: ${name}, ${timers}`, async () => {
        const { sequences, steps } = await explore(args, { settings, timersFire, depth, ways: 2, more });
        assert.ok(sequences > 200 * depth, `only ${String(sequences)} sequences`);
        return { sequences, depth, steps };
      }));

    if (process.env.CROWVAULT_PROOF === 'full') {
      test(`every sequence of 6 events with answers, refusals and changes by hand, ${name}, ${timers}`, () =>
        compared(`circuit breaker, every sequence with answers, refusals and changes by hand: ${name}, ${timers}`, async () => {
          const { sequences, steps } = await explore(args, { settings, timersFire, depth: 6, more });
          assert.ok(sequences > 5 ** 6, `only ${String(sequences)} sequences`);
          return { sequences, depth: 6, steps };
        }));
    }

    test(`${String(random)} random sequences of 60 events, ${name}, ${timers}`, () =>
      compared(`circuit breaker, random sequences of events: ${name}, ${timers}`, async () => {
        const { sequences, steps } = await explore(args, { settings, timersFire, depth: 60, random });
        assert.equal(sequences, random);
        return { sequences, depth: 60, steps };
      }));
  }
}
