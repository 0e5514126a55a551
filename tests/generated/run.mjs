// Runs every suite and ends with one counted line.
//
//   node run.mjs            what fits into about eight minutes on two cores
//   node run.mjs --quick    under two minutes: behaviour on this Node, a sample of the corpus
//   node run.mjs --full     everything: all compilers and flags, 100,000 hostile inputs per argument, mutation testing
//   node run.mjs [--...] NAME...   only the test files whose path contains a NAME
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../shared/runner.mjs';

const workspace = fileURLToPath(new URL('.', import.meta.url));
const given = process.argv.slice(2);
const mode = given.includes('--full') ? 'full' : given.includes('--quick') ? 'quick' : 'default';
const names = given.filter((each) => !each.startsWith('--'));
process.env.CROWVAULT_PROOF = mode;

const find = (folder) =>
  (existsSync(join(workspace, folder)) ? readdirSync(join(workspace, folder), { recursive: true }) : [])
    .filter((each) => each.endsWith('.test.mjs'))
    .sort()
    .map((each) => join(workspace, folder, each));

if (names.length === 0) {
  rmSync(join(workspace, '.emitted'), { recursive: true, force: true, maxRetries: 5 });
  rmSync(join(workspace, '.results'), { recursive: true, force: true });
}

const count = { passed: 0, failed: 0, skipped: 0 };
const shows = (path, seconds) => seconds > 5 || path.startsWith('suites/');

// Behaviour first: the suites replay on other runtimes what the behaviour tests have recorded. Then the corpus, which the others read; the
// longest of these begin first, so that the two cores are busy to the end.
// What a quick run leaves out takes longest and fails least: layout, rules, hostile texts, other runtimes, and the folder as a whole.
const slow = ['gates', 'injection', 'javascript', 'lint', 'rate-limiting', 'residue', 'runtimes', 'stack'].map(
  (name) => `${name}.test.mjs`,
);
const suites = find('suites').filter((file) => mode !== 'quick' || names.length > 0 || !slow.includes(basename(file)));
const longest = ['runtimes', 'residue', 'injection', 'compile', 'lint'].map((name) => join(workspace, 'suites', `${name}.test.mjs`));
const corpus = suites.filter((file) => basename(file) === 'corpus.test.mjs');
const others = suites.filter((file) => !corpus.includes(file) && !longest.includes(file));
const isLong = (file) => ['rate_limiting.node', 'generate_circuit_breaker.model.node'].includes(basename(file, '.test.mjs'));
const behaviour = find('behaviour').sort((a, b) => Number(isLong(b)) - Number(isLong(a)));
for (const group of [behaviour, corpus, [...longest.filter((file) => suites.includes(file)), ...others]]) {
  const files = group.filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
  const found = await runTests(files, { folder: workspace, concurrency: 2, timeout: mode === 'full' ? 14_400_000 : 3_600_000, shows });
  for (const key of Object.keys(count)) count[key] += found[key];
}
if (names.length === 0) {
  mkdirSync(join(workspace, '.results'), { recursive: true });
  const seconds = performance.now() / 1000;
  writeFileSync(
    join(workspace, '.results/run.json'),
    JSON.stringify({ flag: given.map((each) => ` ${each}`).join(''), ...count, seconds }),
  );
}
finish(count);
