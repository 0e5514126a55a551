// Mutation testing of the C# code that binds and checks arguments, with Stryker.NET and the tests of arguments; in --full only. Each
// survivor has its reason in mutation.explained.json, or this fails. What is mutated, and which tests judge, stands in
// tests/CrowVault.Emitters.Tests.Mutation.
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
  test('argument binding: every mutant is noticed or explained', { timeout: 3_600_000 }, async () => {
    const output = join(workspace, '.emitted', 'mutation', 'csharp');
    rmSync(output, { recursive: true, force: true });
    const restored = await run('dotnet', ['tool', 'restore'], repository);
    assert.equal(restored.code, 0, restored.output + restored.errors);
    const since = performance.now();
    const command = ['stryker', '--skip-version-check', '--output', output];
    const stryker = await run('dotnet', command, join(repository, 'tests/CrowVault.Emitters.Tests.Mutation'), {
      DiffEngine_Disabled: 'true',
    });
    assert.equal(stryker.code, 0, stryker.output.slice(-4_000) + stryker.errors);
    const seconds = (performance.now() - since) / 1000;
    const { files } = JSON.parse(readFileSync(join(output, 'reports/mutation-report.json'), 'utf8'));
    const verdicts = Object.entries(files)
      .map(([path, { source, mutants }]) => judge(basename(path), mutantsOf(source, mutants)))
      .filter((each) => each.mutants > 0);
    record('mutation-csharp', { runs: verdicts, seconds });
    assert.ok(verdicts.length > 0);
    for (const each of verdicts) {
      assert.deepEqual(
        each.unexplained,
        [],
        `${each.name}: ${String(each.unexplained.length)} of ${String(each.mutants)} live on without a reason`,
      );
      assert.deepEqual(each.stale, [], `${each.name}: reasons without a mutant`);
    }
  });
}
