// Mutation testing of the C# code that binds and checks arguments, with Stryker.NET and the emitter tests; in --full only. What is
// mutated stands in tests/CrowVault.Emitters.Tests/stryker-config.json.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { run } from '../lib/compile.mjs';
import { mode } from '../lib/corpus.mjs';
import { judge, mutantsOf } from '../lib/mutation.mjs';
import { record } from '../lib/results.mjs';
import { repository, workspace } from '../lib/server.mjs';

if (mode === 'full') {
  test('argument binding: every mutant is noticed or explained', { timeout: 1_800_000 }, async () => {
    const output = join(workspace, '.emitted', 'mutation', 'csharp');
    rmSync(output, { recursive: true, force: true });
    const restored = await run('dotnet', ['tool', 'restore'], repository);
    assert.equal(restored.code, 0, restored.output + restored.errors);
    const since = performance.now();
    const command = ['stryker', '--skip-version-check', '--output', output];
    const stryker = await run('dotnet', command, join(repository, 'tests/CrowVault.Emitters.Tests'));
    assert.equal(stryker.code, 0, stryker.output.slice(-4_000) + stryker.errors);
    const seconds = (performance.now() - since) / 1000;
    const { files } = JSON.parse(readFileSync(join(output, 'reports/mutation-report.json'), 'utf8'));
    const verdicts = Object.entries(files)
      .map(([path, { source, mutants }]) => judge(basename(path), mutantsOf(source, mutants)))
      .filter((each) => each.mutants > 0);
    record('mutation-csharp', { runs: verdicts, seconds });
    assert.ok(verdicts.length > 0);
    // Stryker.NET's runner for this test platform reuses its process from mutant to mutant, so faults in what runs once per process, such as
    // the schemas and the table of tools, are noticed in one run and not in the next. So there is a floor, not a list of reasons.
    const killed = verdicts.reduce((sum, each) => sum + each.killed, 0);
    const tried = verdicts.reduce((sum, each) => sum + each.mutants, 0);
    assert.ok(killed / tried >= 0.7, `${String(killed)} of ${String(tried)}`);
  });
}
