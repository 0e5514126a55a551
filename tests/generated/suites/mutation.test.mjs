// Mutation testing, in --full only: how many small faults in the emitted code do the behaviour tests notice? CROWVAULT_MUTANTS says how
// many are tried for each tool (a seeded sample); the survivors are in .results/mutation.json.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../lib/compile.mjs';
import { mode } from '../lib/corpus.mjs';
import { emit } from '../lib/emit.mjs';
import { mutantsOf } from '../lib/mutants.mjs';
import { randomOf } from '../lib/random.mjs';
import { record } from '../lib/results.mjs';
import { disconnect, workspace } from '../lib/server.mjs';

const amount = Number(process.env.CROWVAULT_MUTANTS ?? (mode === 'full' ? 150 : 0));
const subjects = {
  generate_circuit_breaker: { args: { withMetrics: true }, tests: 'generate_circuit_breaker' },
  generate_retry_policy: { args: { withFetch: true }, tests: 'generate_retry_policy' },
  generate_timeout_config: { args: { operations: { read: 5000 } }, tests: 'generate_timeout_config' },
  generate_bulkhead: { args: { partitions: { payments: 10 } }, tests: 'generate_bulkhead' },
};
const runs = [];

for (const [tool, { args, tests }] of amount > 0 ? Object.entries(subjects) : []) {
  test(`${tool}: mutants are noticed`, async () => {
    const { files } = await emit(tool, args);
    const source = files.find((each) => each.role === 'source');
    const random = randomOf(3);
    const all = mutantsOf(source.javascript);
    const sample = all.map((mutant) => ({ mutant, order: random.next() })).sort((a, b) => a.order - b.order).slice(0, amount).map((each) => each.mutant);
    const behaviour = readdirSync(join(workspace, 'behaviour')).filter((each) => each === `${tests}.test.mjs`).map((each) => `behaviour/${each}`);
    const sound = await run(process.execPath, behaviour, workspace, { CROWVAULT_REPLAY: '1' });
    assert.equal(sound.code, 0, `without a mutant: ${sound.output.slice(0, 2000)}`);
    const survivors = [];
    let killed = 0;
    const next = async () => {
      for (let mutant = sample.pop(); mutant !== undefined; mutant = sample.pop()) {
        const env = { CROWVAULT_REPLAY: '1', CROWVAULT_MUTANT: JSON.stringify(mutant) };
        // A fault may make a test wait for ever; that is noticed, too.
        const { code } = await run('timeout', ['-k', '1', '60', process.execPath, ...behaviour], workspace, env);
        if (code === 0) survivors.push(mutant);
        else killed++;
      }
    };
    await Promise.all([next(), next()]);
    const tried = killed + survivors.length;
    const score = (100 * killed) / tried;
    runs.push({ name: source.path, possible: all.length, mutants: tried, killed, survived: survivors.length, score, survivors });
    assert.ok(tried < 100 || score >= 60, `${score.toFixed(1)} %: ${JSON.stringify(survivors.slice(0, 20), null, 1)}`);
  });
}

after(async () => {
  if (amount > 0) record('mutation', { runs });
  await disconnect();
});
