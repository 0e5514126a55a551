// Every different text of the corpus under every compiler.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { check, compilers, left, packageVersion, profiles } from '../lib/compile.mjs';
import { mode, testPlatform, units } from '../lib/corpus.mjs';
import { list, record } from '../lib/results.mjs';
import { disconnect } from '../lib/server.mjs';

const corpus = await units();
await disconnect();
const sources = corpus.filter((each) => each.sourceIsNew);
const plain = sources.filter((each) => each.imports.length === 0);
const imports = sources.filter((each) => each.imports.length > 0);
// Other figures are nothing new to a compiler that is slow.
const shapes = mode === 'full' ? sources : sources.filter((each) => each.shapeIsNew);
const runs = [];
const paths = (list) => list.map((each) => each.source);

// [compiler, profile, platform, files]
const plan = [];
const add = (version, profile, platform, files, flags) => {
  if (files.length > 0) plan.push({ version, profile, platform, files, flags });
};
const all = Object.keys(profiles);
const strictest = 'strictest, bundler';
// Each compiler with the strictest flags; the newest, which is much the fastest, with all sets of flags; --full has every compiler with
// every set.
const chosen = {
  quick: { '7.0': [strictest] },
  default: { 5.4: [strictest, 'strict, commonjs'], 5.9: [strictest], '6.0': [strictest], '7.0': all },
  full: Object.fromEntries(compilers.map((version) => [version, all])),
}[mode];
// What both the oldest and the newest accept, those between them hardly refuse: half of it each.
const between = new Map(
  mode === 'full'
    ? []
    : [
        ['5.9', (_, index) => index % 2 === 0],
        ['6.0', (_, index) => index % 2 === 1],
      ],
);
for (const [version, set] of Object.entries(chosen)) {
  for (const profile of set) {
    // Files that import a framework's or client's types see what a server project sees; the others must do with either world alone.
    add(version, profile, 'node', paths(version === '7.0' ? sources : between.has(version) ? shapes.filter(between.get(version)) : shapes));
    if (version === '7.0' || (mode === 'full' && profile === strictest)) add(version, profile, 'dom', paths(plain));
  }
}
// The native compiler cannot be the only witness, but it makes this wide net cheap.
for (const version of { quick: [], default: ['7.0'], full: ['5.9', '7.0'] }[mode]) {
  for (const platform of ['workers', 'bun', 'deno', 'node and dom']) add(version, strictest, platform, paths(plain));
}
// The types of Deno, Bun and Vitest ask for newer compilers than the emitted code does.
const oldest = { node: 5.4, bun: 5.9, deno: 5.9, vitest: 5.9 };
for (const version of { quick: ['7.0'], default: ['5.9', '7.0'], full: compilers }[mode]) {
  for (const platform of new Set(Object.values(testPlatform))) {
    const files = corpus
      .filter((each) => each.test && [...each.runtimes].some((runtime) => testPlatform[runtime] === platform))
      .map((each) => each.test);
    if (Number(version) < oldest[platform] || (mode !== 'full' && platform !== 'node' && version !== '7.0')) continue;
    for (const profile of mode === 'full' && version === '7.0' && platform === 'node' ? all : [strictest])
      add(version, profile, platform, files);
  }
}
for (const version of { quick: ['7.0'], default: ['7.0'], full: compilers }[mode]) {
  const usages = sources.filter((each) => each.usage).map((each) => each.usage);
  add(version, 'strict, bundler', 'node', usages, { moduleDetection: 'force' });
}

for (const { version, profile, platform, files, flags } of plan) {
  const what = files[0].endsWith('.test.ts') ? 'test files' : files[0].endsWith('usage.ts') ? 'usage snippets' : 'sources';
  test(`TypeScript ${version}, ${profile}, ${platform}: ${what}`, async () => {
    const { errors, seconds } = await check(version, profile, platform, files, { flags, suffix: `-${what.replace(' ', '-')}` });
    runs.push({
      compiler: packageVersion(version === '6.0' ? 'typescript' : `typescript-${version}`),
      profile,
      platform,
      what,
      files: files.length,
      errors: errors.length,
      seconds: Number(seconds.toFixed(1)),
    });
    assert.equal(errors.length, 0, list(errors));
  });
}

after(() => record('compile', { runs, sources: sources.length, withImports: imports.length, left }));
