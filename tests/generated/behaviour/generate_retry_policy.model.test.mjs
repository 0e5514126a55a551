// Random schedules against the formula: who is tried again, how often and after which wait.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compared, load } from '../lib/emit.mjs';
import { randomOf } from '../lib/random.mjs';

const tool = 'generate_retry_policy';
const RETRY_ON = [429, 502, 503, 504];
const SCHEDULES = globalThis.process?.env.CROWVAULT_PROOF === 'quick' ? 400 : 2_000;

/** What an attempt ends with, and whether that is worth another one. */
const outcomes = {
  success: () => ({ result: 'up', again: false }),
  'response to retry': (random) => ({ response: random.pick(RETRY_ON), again: true }),
  'response to return': (random) => ({ response: random.pick([200, 204, 400, 404, 500]), again: false }),
  'error to retry': (random) => ({ error: Object.assign(new Error('down'), { status: random.pick(RETRY_ON) }), again: true }),
  'error without status': () => ({ error: new Error('reset'), again: true }),
  'error to pass on': (random) => ({ error: Object.assign(new Error('no'), { status: random.pick([400, 404, 500, 501]) }), again: false }),
  'local refusal': (random) => ({
    error: Object.assign(new Error('no'), { code: random.pick(['CIRCUIT_OPEN', 'BULKHEAD_FULL', 'BULKHEAD_TIMEOUT']) }),
    again: false,
  }),
  'programming error': () => ({ error: new RangeError('no'), again: false }),
};
const often = ['response to retry', 'error to retry', 'error without status'];
const kinds = [...Array.from({ length: 20 }, () => often).flat(), ...Object.keys(outcomes)];

function outcomeOf(random) {
  const outcome = outcomes[random.pick(kinds)](random);
  const seconds =
    random.next() < 0.1 && (outcome.response !== undefined || outcome.error?.status !== undefined) ? random.between(0, 90) : undefined;
  const headers = seconds === undefined ? {} : { 'Retry-After': String(seconds) };
  if (outcome.response !== undefined) outcome.result = new Response(null, { status: outcome.response, headers });
  else if (seconds !== undefined) outcome.error.response = { status: outcome.error.status, headers: new Headers(headers) };
  return { ...outcome, retryAfterMs: (seconds ?? 0) * 1000, lastsMs: random.pick([0, 0, random.between(1, 5_000)]) };
}

/** The description, without promises: the waits that are due and the attempt that decides. */
function expected(script, options, budget, flags) {
  const waits = [];
  const deadline = options.totalTimeoutMs === 0 ? Infinity : options.totalTimeoutMs;
  let ms = 0;
  if (flags.withRetryBudget) budget.balance = Math.min(budget.capacity, budget.balance + budget.percent / 100);
  for (let attempt = 0; ; attempt++) {
    const { again, retryAfterMs, lastsMs } = script[attempt];
    ms += lastsMs;
    const bound = Math.min(options.maxDelayCapMs, options.baseDelayMs * 2 ** attempt);
    const asked = flags.respectRetryAfter ? retryAfterMs : 0;
    const stop = !again || attempt === options.maxRetries || asked > options.maxRetryAfterMs;
    if (stop) return { waits, attempt };
    const wait = Math.max(asked, flags.withJitter ? options.draws.expected() * bound : bound);
    if (ms + wait >= deadline) return { waits, attempt };
    if (flags.withRetryBudget) {
      // Tenths of a retry do not add up exactly in binary; a whole one that is short by less than that is whole.
      if (budget.balance < 1 - 1e-9) return { waits, attempt };
      budget.balance -= 1;
    }
    waits.push(wait);
    ms += wait;
  }
}

for (const withJitter of [true, false]) {
  for (const respectRetryAfter of [true, false]) {
    for (const withRetryBudget of [true, false]) {
      const flags = { withJitter, respectRetryAfter, withRetryBudget };
      const off = Object.keys(flags).filter((each) => !flags[each]);
      const name = off.length === 0 ? 'all on' : `without ${off.join(', ')}`;
      test(`${String(SCHEDULES)} random schedules follow the formula, ${name}`, () =>
        compared(`retry schedule against the formula, ${name}`, async () => {
          const { withRetry, RetryBudget } = await load(tool, flags);
          const random = randomOf(20_261_124);
          let [waited, gaveUp, steps] = [0, 0, 0];
          let [own, budget] = [undefined, undefined];
          for (let schedule = 0; schedule < SCHEDULES; schedule++) {
            // Each budget serves some calls in turn, so that it runs dry and recovers.
            if (schedule % 10 === 0) {
              const [percent, capacity] = [random.pick([0, 10, 33, 100, 250]), random.between(0, 60)];
              budget = { percent, capacity, balance: capacity };
              own = withRetryBudget ? new RetryBudget({ percent, capacity }) : undefined;
            }
            const seed = random.between(1, 2 ** 30);
            const drawsOf = () => randomOf(seed).next;
            const baseDelayMs = random.pick([1, 200, random.between(1, 10_000), 3_600_000]);
            const options = {
              maxRetries: random.pick([0, 1, 4, random.between(0, 100)]),
              baseDelayMs,
              maxDelayCapMs: Math.min(2 ** 31 - 1, baseDelayMs * random.pick([1, 2, 40, 1_000_000])),
              maxRetryAfterMs: random.pick([0, 30_000, 60_000, 90_000]),
              totalTimeoutMs: random.pick([0, 0, 3_600_000, random.between(60_000, 10_000_000)]),
            };
            const script = Array.from({ length: options.maxRetries + 1 }, () => outcomeOf(random));
            const plan = expected(script, { ...options, draws: { expected: drawsOf() } }, budget, flags);
            const clock = { ms: 0 };
            const waits = [];
            let attempts = 0;
            const seen = await withRetry(
              async (_signal, attempt) => {
                assert.equal(attempt, attempts++);
                const { result, error, lastsMs } = script[attempt];
                clock.ms += lastsMs;
                if (error !== undefined) throw error;
                return result;
              },
              {
                ...options,
                ...(respectRetryAfter ? {} : { maxRetryAfterMs: undefined }),
                ...(withRetryBudget && { budget: own }),
                ...(withJitter && { random: drawsOf() }),
                now: () => clock.ms,
                sleep: async (ms) => {
                  waits.push(ms);
                  clock.ms += ms;
                },
              },
            ).then(
              (result) => ({ result }),
              (error) => ({ error }),
            );
            const what = `schedule ${String(schedule)}: ${JSON.stringify(options)}`;
            assert.deepEqual(waits, plan.waits, what);
            assert.equal(attempts, plan.attempt + 1, what);
            const last = script[plan.attempt];
            if (last.error === undefined) assert.equal(seen.result, last.result, what);
            else assert.equal(seen.error, last.error, what);
            waited += waits.length;
            steps += attempts;
            if (last.again) gaveUp++;
          }
          assert.ok(waited > SCHEDULES && gaveUp > SCHEDULES / 10, `${String(waited)} waits, gave up ${String(gaveUp)} times`);
          return { sequences: SCHEDULES, steps };
        }));
    }
  }
}
