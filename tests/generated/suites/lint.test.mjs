// Every different text of the corpus under Prettier, Biome and ESLint.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { packageVersion } from '../lib/compile.mjs';
import { mode, testPlatform, units } from '../lib/corpus.mjs';
import { biome, eslint, prettier } from '../lib/lint.mjs';
import { list, record } from '../lib/results.mjs';
import { disconnect } from '../lib/server.mjs';

const corpus = await units();
await disconnect();
const sources = corpus.filter((each) => each.sourceIsNew).map((each) => each.source);
// Other figures change the layout of a file, and nothing that ESLint looks at.
const shapes = corpus.filter((each) => (mode === 'full' ? each.sourceIsNew : each.shapeIsNew)).map((each) => each.source);
const tests = corpus.filter((each) => each.test);
const every = [...sources, ...tests.map((each) => each.test)];
const runs = [];
const lint = async (tool, files, findings) => {
  runs.push({ tool, files: files.length, findings: findings.length });
  assert.equal(findings.length, 0, list(findings));
};

test('Prettier', async () => lint(`Prettier ${packageVersion('prettier')}`, every, await prettier(every)));

test('Biome', async () => lint(`Biome ${packageVersion('@biomejs/cli-linux-x64')}`, every, await biome(every)));

const eslintName = `ESLint ${packageVersion('eslint')}, typescript-eslint ${packageVersion('typescript-eslint')}`;

test('ESLint, sources', async () => lint(`${eslintName}: sources`, shapes, await eslint(shapes, 'node')));

for (const platform of new Set(Object.values(testPlatform))) {
  const files = tests.filter((each) => testPlatform[[...each.runtimes][0]] === platform).map((each) => each.test);
  if (files.length > 0) {
    test(`ESLint, test files for ${platform}`, async () => lint(`${eslintName}: tests, ${platform}`, files, await eslint(files, platform)));
  }
}

after(() => record('lint', { runs }));
