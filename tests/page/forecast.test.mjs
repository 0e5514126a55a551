// What notes forecast from a manifest's traffic is what the emitted code does: the sentence's own figures against seeded runs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startProcess } from '../../web/src/simulate/module.js';
import { VirtualTime } from '../../web/src/simulate/time.js';
import { arrivals, failureOf, logNormal, work } from '../../web/src/simulate/world.js';
import { serve } from './lib/browser.mjs';
import { emit, factoriesOf, seeded } from './lib/node.mjs';

const FULL = process.env.CROWVAULT_PROOF === 'full';
const RUNS = FULL ? 2_000 : 200;

let server;
before(async () => {
  server = await serve();
});
after(async () => assert.equal(await server.stop(), 0));

const UNITS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, days: 86_400_000 };

/** The forecasts of a manifest, and a starter of fresh processes that run its code. */
async function forecast(manifest) {
  const answer = await emit(server.url, 'stack', manifest);
  assert.ok(answer, JSON.stringify(manifest));
  const notes = answer.notes.filter((note) => note.startsWith('Traffic of '));
  const factories = factoriesOf(answer.files);
  /** The first number after some words of a note: a share for percents, milliseconds for times. */
  const figure = (words) => {
    const pattern = new RegExp(`${words} (?:about )?([\\d.,]+) ?(%|ms|s\\b|min|h\\b|days)?`, 'u');
    const found = notes.map((note) => pattern.exec(note)).find(Boolean);
    assert.ok(found, `no note says "${words}": ${notes.join(' ')}`);
    const number = Number(found[1].replaceAll(',', ''));
    return found[2] === '%' ? number / 100 : number * (UNITS[found[2]] ?? 1);
  };
  return { notes, figure, load: (time, random) => startProcess(factories, time, random) };
}

/** Mean and standard error of what each run gives. */
async function measure(run, runs = RUNS) {
  const values = [];
  for (let each = 0; each < runs; each += 1) values.push(await run(seeded(each * 7919 + 1)));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length), runs: values.length };
}

/** What the runs themselves may be off by chance comes on top: two of their standard errors in the proof, three in a sample. */
function close(name, said, { mean, error, runs }, tolerance = 0.05) {
  const room = tolerance * mean + (FULL ? 2 : 3) * error;
  console.log(`     ${name}: forecast ${said.toPrecision(4)}, ${String(runs)} runs ${mean.toPrecision(4)} +- ${error.toPrecision(2)}`);
  assert.ok(Math.abs(said - mean) <= room, `${name}: forecast ${String(said)}, runs ${String(mean)} +- ${String(error)}`);
}

/** How long a new breaker takes to open when each call fails by itself with a probability. */
function untilOpen({ load }, perSecond, share, warmUp = undefined, untilMs = Infinity) {
  return async (random) => {
    const time = new VirtualTime(8);
    const { CircuitBreaker } = load(time, random)('circuit-breaker.ts');
    const breaker = new CircuitBreaker();
    const call = (failing) =>
      breaker.call(() => (random() < failing ? Promise.reject(failureOf(503)) : Promise.resolve(1))).catch(() => undefined);
    let began = 0;
    while (breaker.state === 'CLOSED' && time.ms < untilMs) {
      time.at(
        time.ms - (Math.log(1 - random()) * 1_000) / perSecond,
        () => void call(warmUp !== undefined && time.ms < warmUp.ms ? warmUp.share : share),
      );
      await time.run();
      if (warmUp !== undefined && time.ms < warmUp.ms) began = warmUp.ms;
    }
    return time.ms - began;
  };
}

const traffic = (more) => ({
  traffic: { orders: { callsPerSecond: 50, errorPercent: 0, ...more } },
  bulkhead: { partitions: { orders: 20 } },
});

test('consecutive: how often the circuit opens by chance', async () => {
  const said = await forecast({ circuitBreaker: { failureThreshold: 3 }, ...traffic({ errorPercent: 20 }) });
  close('opens by chance', said.figure('opens by chance about every'), await measure(untilOpen(said, 50, 0.2)));
  const never = await forecast({ circuitBreaker: { failureThreshold: 9 }, ...traffic({ errorPercent: 0.5 }) });
  assert.match(never.notes.join(' '), /does not open by chance in ten years/u);
});

test('consecutive: how long an outage goes unnoticed, and one that fails every fifth call', async () => {
  const said = await forecast({ circuitBreaker: { failureThreshold: 3 }, ...traffic({}) });
  close('outage noticed', said.figure('an outage is noticed'), await measure(untilOpen(said, 50, 1)));
  close('a fifth noticed', said.figure('every fifth call is noticed after'), await measure(untilOpen(said, 50, 0.2)));
});

test('failure-rate: the same, by the window', async () => {
  const settings = { tripOn: 'failure-rate', windowMs: 4_000, failureRatePercent: 40, minimumCalls: 10 };
  const often = await forecast({ circuitBreaker: settings, ...traffic({ callsPerSecond: 8, errorPercent: 20 }) });
  assert.doesNotMatch(often.notes.join(' '), /within a quarter/u);
  close('opens by chance, often', often.figure('opens by chance about every'), await measure(untilOpen(often, 8, 0.2)));
  const rare = await forecast({
    circuitBreaker: { ...settings, failureRatePercent: 50 },
    ...traffic({ callsPerSecond: 8, errorPercent: 20 }),
  });
  assert.match(rare.notes.join(' '), /within a quarter/u);
  close(
    'opens by chance, rarely',
    rare.figure('opens by chance about every'),
    await measure(untilOpen(rare, 8, 0.2), FULL ? RUNS : RUNS / 5),
    0.25,
  );

  // A window that is still empty goes to an extreme more easily than a full one.
  const early = await forecast({ circuitBreaker: settings, ...traffic({ callsPerSecond: 100, errorPercent: 20 }) });
  const openMs = untilOpen(early, 100, 0.2, undefined, early.figure('cases while its window fills, within'));
  const opened = await measure(async (random) => Number((await openMs(random)) < early.figure('cases while its window fills, within')));
  close('opens by chance, early', early.figure('opens by chance in'), opened);

  const busy = await forecast({ circuitBreaker: settings, ...traffic({ callsPerSecond: 100 }) });
  close(
    'outage noticed',
    busy.figure('an outage is noticed'),
    await measure(untilOpen(busy, 100, 1, { ms: 10_000, share: 0 }), FULL ? RUNS : RUNS / 10),
  );
  assert.match(busy.notes.join(' '), /One that fails every fifth call stays unnoticed/u);

  const idle = await forecast({ circuitBreaker: settings, ...traffic({ callsPerSecond: 1 }) });
  assert.match(idle.notes.join(' '), /sees about 4 calls, fewer than minimumCalls 10/u);
});

test('time-outs: the share of calls that a limit cuts off', async () => {
  const said = await forecast({ timeoutConfig: { operations: { 'orders.get': 200 } }, ...traffic({ p50Ms: 40, p99Ms: 400 }) });
  const run = async (random) => {
    const time = new VirtualTime(16);
    const { withTimeout } = said.load(time, random)('timeouts.ts');
    const latency = logNormal(40, 400, random);
    let cut = 0;
    for (let call = 0; call < 200; call += 1) {
      withTimeout('orders.get', (signal) => work(time, latency(), signal)).catch(() => {
        cut += 1;
      });
    }
    await time.run();
    return cut / 200;
  };
  close('cut off', said.figure('cuts off'), await measure(run));
});

test('retry: the calls that it makes of each, with and without a budget', async () => {
  for (const [name, retryPolicy, errorPercent] of [
    ['without a budget', { maxRetries: 3, withRetryBudget: false }, 40],
    ['within the budget', { maxRetries: 2 }, 5],
    ['beyond the budget', { maxRetries: 3 }, 60],
  ]) {
    const said = await forecast({ retryPolicy, ...traffic({ errorPercent }) });
    const run = async (random) => {
      const time = new VirtualTime(24);
      const { withRetry } = said.load(time, random)('retry.ts');
      let attempts = 0;
      let counted = 0;
      const call = () =>
        withRetry(async () => {
          attempts += 1;
          if (random() * 100 < errorPercent) throw failureOf(503);
        }).catch(() => undefined);
      // The budget begins full; the forecast is of the long run.
      for (let each = 0; each < 600; each += 1) {
        if (each === 300) {
          await time.run();
          counted = attempts;
        }
        void call();
        await time.run(time.ms + 20);
      }
      await time.run();
      return (attempts - counted) / 300;
    };
    close(name, said.figure('retries make'), await measure(run, FULL ? RUNS : RUNS / 4));
  }
});

test('slots: how many wait and how many are refused, within 5 % without a queue, else within the error that the note names', async () => {
  for (const [bulkhead, latency, perSecond, tolerance] of [
    [{ maxQueue: 0 }, { p50Ms: 40, p99Ms: 400 }, 50, 0.05],
    [{ maxQueue: 100, maxWaitMs: 0 }, { p50Ms: 70, p99Ms: 300 }, 45, 0.25],
    [{ maxQueue: 6, maxWaitMs: 100 }, { p50Ms: 40, p99Ms: 400 }, 60, 0.25],
  ]) {
    const said = await forecast({
      bulkhead: { partitions: { orders: 5 }, ...bulkhead },
      traffic: { orders: { callsPerSecond: perSecond, ...latency } },
    });
    const shares = { waited: [], refused: [] };
    await measure(
      async (random) => {
        const time = new VirtualTime(16);
        const { withBulkhead } = said.load(time, random)('bulkhead.ts');
        const duration = logNormal(latency.p50Ms, latency.p99Ms, random);
        const count = { calls: 0, waited: 0, refused: 0 };
        // The first second fills the slots and is not counted.
        arrivals(time, random, { perSecond: () => perSecond, peak: perSecond, until: 6_000, most: Infinity }, () => {
          const began = time.ms;
          const counts = began > 1_000 ? 1 : 0;
          let started = false;
          const ms = duration();
          count.calls += counts;
          withBulkhead('orders', () => {
            started = true;
            if (time.ms > began) count.waited += counts;
            return work(time, ms);
          }).catch((error) => {
            if (started) return;
            if (error.code === 'BULKHEAD_FULL') count.refused += counts;
            else count.waited += counts;
          });
        });
        await time.run();
        shares.waited.push(count.waited / count.calls);
        shares.refused.push(count.refused / count.calls);
        return 0;
      },
      FULL ? RUNS : RUNS / 2,
    );
    const summary = (values) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        mean,
        error: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length ** 2),
        runs: values.length,
      };
    };
    const name = JSON.stringify({ ...bulkhead, ...latency });
    if (bulkhead.maxQueue === 0) {
      close(`${name} refused`, said.figure('on average;'), summary(shares.refused), tolerance);
    } else {
      assert.match(said.notes.join(' '), /Erlang's model, within a quarter/u);
      close(`${name} wait`, said.figure('on average;'), summary(shares.waited), tolerance);
    }
  }
  const over = await forecast({
    bulkhead: { partitions: { orders: 2 } },
    traffic: { orders: { callsPerSecond: 100, p50Ms: 40, p99Ms: 80 } },
  });
  assert.match(
    over.notes.join(' '),
    /4\.\d+ of 2 slots are taken on average, so calls wait or are refused until the load falls; use \d slots or more/u,
  );
});
