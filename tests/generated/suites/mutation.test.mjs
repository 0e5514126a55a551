// Mutation testing of the emitted code with Stryker: which small faults do the behaviour tests not notice? Each survivor has its reason
// in mutation.explained.json, or --full fails. By default a third of one tool, whose tests must notice at least LEAST_SCORE of its mutants.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mode } from '../lib/corpus.mjs';
import { judge, mutateEmitted } from '../lib/mutation.mjs';
import { record, recorded } from '../lib/results.mjs';
import { disconnect, workspace } from '../lib/server.mjs';

const LEAST_SCORE = 0.85;

const algorithms = ['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-window'];
const limiter = (algorithm) => ({
  name: `rate-limiter.ts, ${algorithm} in memory`,
  tool: 'generate_rate_limiting',
  args: { store: 'memory', framework: 'fetch', keyStrategy: 'api-key', algorithm },
  tests: 'rate_limiting',
  skip: `(${algorithms.filter((each) => each !== algorithm).join('|')})`,
});
// Of two subjects of one tool the second is mutated only where it differs from the first.
const subjects = [
  {
    name: 'timeouts.ts',
    tool: 'generate_timeout_config',
    args: { operations: { 'orders.get': 2000, charge: 8000 }, withFetch: true },
    tests: 'generate_timeout_config',
  },
  { name: 'circuit-breaker.ts', tool: 'generate_circuit_breaker', args: { withMetrics: true }, tests: 'generate_circuit_breaker' },
  {
    name: 'circuit-breaker.ts, failure rate',
    tool: 'generate_circuit_breaker',
    args: { tripOn: 'failure-rate', failureRatePercent: 50, windowMs: 1_000, minimumCalls: 4 },
    tests: 'generate_circuit_breaker',
  },
  { name: 'retry.ts', tool: 'generate_retry_policy', args: { withFetch: true }, tests: 'generate_retry_policy' },
  {
    name: 'bulkhead.ts',
    tool: 'generate_bulkhead',
    args: { partitions: { payments: 2, 'search.api': 3 }, poolSize: 5 },
    tests: 'generate_bulkhead',
  },
  ...algorithms.map(limiter),
];
const only = process.env.CROWVAULT_MUTATE;
const chosen = only
  ? subjects.filter((each) => each.name.includes(only))
  : { quick: [], default: subjects.slice(0, 1), full: subjects }[mode];
const known = new Map();
// What an earlier run has found of the other subjects stays on the page.
const runs = only ? (recorded('mutation')?.runs ?? []).filter(({ name }) => !chosen.some((each) => each.name === name)) : [];

for (const subject of chosen) {
  test(`${subject.name}: mutants are noticed or explained`, { timeout: 7_200_000 }, async () => {
    if (!known.has(subject.tool)) known.set(subject.tool, new Set());
    const since = performance.now();
    const sample = mode === 'default' && !only;
    const verdict = judge(subject.name, await mutateEmitted(subject, known.get(subject.tool), { sample }));
    runs.push({ ...verdict, seconds: (performance.now() - since) / 1000 });
    if (!sample) record('mutation', { runs });
    assert.ok(verdict.mutants > 100, `${String(verdict.mutants)} mutants prove little`);
    const score = 1 - verdict.unexplained.length / verdict.mutants;
    assert.ok(score >= LEAST_SCORE, `${(100 * score).toFixed(1)} % of ${String(verdict.mutants)} mutants are noticed or explained`);
    if (mode !== 'full') return;
    assert.deepEqual(
      verdict.unexplained,
      [],
      `${String(verdict.unexplained.length)} of ${String(verdict.mutants)} live on without a reason`,
    );
    assert.deepEqual(verdict.stale, [], 'reasons without a mutant');
  });
}

after(async () => {
  rmSync(join(workspace, '.emitted', 'modules'), { recursive: true, force: true, maxRetries: 5 });
  await disconnect();
});
