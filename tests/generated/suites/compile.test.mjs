// Every different text of the corpus under every compiler.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { check, compilers, packageVersion, profiles } from '../lib/compile.mjs';
import { mode, testPlatform, units } from '../lib/corpus.mjs';
import { list, record } from '../lib/results.mjs';
import { disconnect } from '../lib/server.mjs';

const corpus = await units();
await disconnect();
const sources = corpus.filter((each) => each.sourceIsNew);
const plain = sources.filter((each) => each.imports.length === 0);
const imports = sources.filter((each) => each.imports.length > 0);
const runs = [];
const paths = (list) => list.map((each) => each.source);

// [compiler, profile, platform, files]
const plan = [];
const add = (version, profile, platform, files, flags) => {
  if (files.length > 0) plan.push({ version, profile, platform, files, flags });
};
const all = Object.keys(profiles);
for (const version of mode === 'quick' ? ['7.0'] : compilers) {
  const wide = mode === 'full' || version === '7.0';
  for (const profile of mode === 'quick' ? ['strictest, bundler'] : wide ? all : ['strictest, bundler', 'strict, commonjs']) {
    // Files that import a framework's or client's types see what a server project sees; the others must do with either world alone.
    add(version, profile, 'node', paths(sources));
    add(version, profile, 'dom', paths(plain));
  }
}
for (const platform of ['workers', 'bun', 'deno', 'node and dom']) {
  if (mode !== 'quick') add('5.9', 'strictest, bundler', platform, paths(plain));
}
for (const version of mode === 'quick' ? ['7.0'] : mode === 'full' ? compilers : ['5.9', '7.0']) {
  for (const [runtime, platform] of Object.entries(testPlatform)) {
    const files = corpus.filter((each) => each.test && each.runtime === runtime).map((each) => each.test);
    // The types of Deno, Bun and Vitest ask for newer compilers than the emitted code does.
    if (platform === 'node' || Number(version) >= 5.9) add(version, 'strictest, bundler', platform, files);
  }
}
for (const version of mode === 'quick' ? ['7.0'] : ['5.4', '5.9', '7.0']) {
  const usages = sources.filter((each) => each.usage).map((each) => each.usage);
  add(version, 'strict, bundler', 'node', usages, { moduleDetection: 'force' });
}

for (const { version, profile, platform, files, flags } of plan) {
  const what = files[0].endsWith('.test.ts') ? 'test files' : files[0].endsWith('usage.ts') ? 'usage snippets' : 'sources';
  test(`TypeScript ${version}, ${profile}, ${platform}: ${what}`, async () => {
    const { errors, seconds } = await check(version, profile, platform, files, { flags, suffix: `-${what.replace(' ', '-')}` });
    runs.push({ compiler: packageVersion(version === '6.0' ? 'typescript' : `typescript-${version}`), profile, platform, what, files: files.length, errors: errors.length, seconds: Number(seconds.toFixed(1)) });
    assert.equal(errors.length, 0, list(errors));
  });
}

after(() => record('compile', { runs, sources: sources.length, withImports: imports.length }));
