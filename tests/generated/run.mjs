// Runs every suite and ends with one counted line.
//
//   node run.mjs            what fits into about eight minutes on two cores
//   node run.mjs --quick    under two minutes: behaviour on this Node, a sample of the corpus
//   node run.mjs --full     everything: all compilers and flags, 100,000 hostile inputs per argument, mutation testing
//   node run.mjs [--...] NAME...   only the test files whose path contains a NAME
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

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

let passed = 0;
let failed = 0;
let skipped = 0;

// Behaviour first: the suites replay on other runtimes what the behaviour tests have recorded. Then the corpus, which the others read; those
// that only compute, two at a time; and alone those that run the code against the clock.
const suites = find('suites');
const computing = ['injection', 'compile', 'gates', 'lint', 'rate-limiting'].map((name) => join(workspace, 'suites', `${name}.test.mjs`));
const corpus = suites.filter((file) => basename(file) === 'corpus.test.mjs');
const others = suites.filter((file) => !corpus.includes(file) && !computing.includes(file));
for (const [group, concurrency] of [
  [find('behaviour'), 2],
  [corpus, 1],
  [computing, 2],
  [others, 1],
]) {
  const files = group.filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
  if (files.length > 0) await runAll(files, concurrency);
}
if (names.length === 0) {
  mkdirSync(join(workspace, '.results'), { recursive: true });
  const seconds = performance.now() / 1000;
  writeFileSync(
    join(workspace, '.results/run.json'),
    JSON.stringify({ flag: given.map((each) => ` ${each}`).join(''), passed, failed, skipped, seconds }),
  );
}
const tail = skipped > 0 ? `, ${String(skipped)} skipped` : '';
console.log(`${String(passed)} passed, ${String(failed)} failed${tail}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function runAll(files, concurrency) {
  return new Promise((resolve) => {
    const stream = run({ files, concurrency, timeout: 3_600_000 });
    const path = (data) => (data.file === undefined ? '' : relative(workspace, data.file));
    stream.on('test:pass', (data) => {
      if (isContainer(data)) return;
      if (data.skip !== undefined && data.skip !== false) skipped++;
      else passed++;
      if (data.details.duration_ms > 5_000 || folderOf(data) === 'suites') {
        console.log(`ok   ${path(data)}: ${data.name} (${(data.details.duration_ms / 1000).toFixed(1)} s)`);
      }
    });
    stream.on('test:fail', (data) => {
      if (isContainer(data) && onlyItsChildrenFailed(data)) return;
      failed++;
      const error = data.details.error?.cause ?? data.details.error;
      console.log(`FAIL ${path(data)}: ${data.name}\n     ${String(error?.stack ?? error).replaceAll('\n', '\n     ')}`);
    });
    stream.on('test:stderr', (data) => process.stderr.write(data.message));
    stream.on('test:stdout', (data) => process.stdout.write(data.message));
    stream.once('end', resolve);
    stream.resume();
  });
}

function folderOf(data) {
  return data.file === undefined ? '' : relative(workspace, data.file).split('/')[0];
}

// A describe block and the entry of a whole file are not tests.
function isContainer(data) {
  return data.details.type === 'suite' || data.name === data.file || data.name.endsWith('.test.mjs');
}

function onlyItsChildrenFailed(data) {
  return data.details.error?.failureType === 'subtestsFailed';
}
