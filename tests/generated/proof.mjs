// Writes docs/PROOF.md from what the last runs left: `node run.mjs [--full]` here and `node run.mjs` in ../benchmarks.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('.', import.meta.url));
const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);
const suite = (name) => read(join(workspace, '.results', `${name}.json`));
const bench = read(join(workspace, '../benchmarks/results.json'));
const number = (value) => value.toLocaleString('en');
const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);
const lines = [];
const say = (...more) => lines.push(...more);
// Columns of figures end at the right, those of words begin at the left.
const isFigure = (cell) => /^[\d,.]*( to [\d,.]+)?( %| x|)$/u.test(cell);
const table = (head, rows) => {
  const rule = head.map((_, column) => (column > 0 && rows.every((row) => isFigure(row[column])) ? '---:' : '---'));
  say(`| ${head.join(' | ')} |`, `|${rule.join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`), '');
};
const ranIn = (each) => say(`Mode \`${each.mode}\`.`, '');
const missing = (what) => say(`*${what} was not part of the run that this page is made of.*`, '');

say(
  '# Proof',
  '',
  'What is promised about the emitted code, and what the runs measured. This page is written by commands and holds nothing else:',
  '',
  '    dotnet build -c Release',
  '    (cd tests/generated && npm ci --ignore-scripts && node run.mjs --full)',
  '    (cd tests/benchmarks && npm ci --ignore-scripts && node run.mjs)',
  '    (cd tests/generated && node proof.mjs)',
  '',
  `On ${cpus()[0]?.model.trim()}, ${String(cpus().length)} cores, ${String(Math.round(totalmem() / 2 ** 30))} GiB, ${process.platform} ${release().split('-')[0]}, Node ${process.version.slice(1)} as the driver.`,
  '',
);

const total = suite('run');
if (total)
  say(
    `Last run: \`node run.mjs${total.flag}\`, ${number(total.passed)} passed, ${number(total.failed)} failed, ${number(total.skipped)} skipped, ${String(Math.round(total.seconds))} s.`,
    '',
  );

say('## Corpus', '');
const corpus = suite('corpus');
if (corpus) {
  say(
    `Emitted through the built program (mode \`${corpus.mode}\`). "Texts" counts different files, header aside; each of them is compiled and linted.`,
    '',
  );
  table(
    ['Tool', 'Calls answered', 'Calls refused', 'Texts'],
    corpus.tools.map((each) => [`\`${each.name}\``, number(each.emitted), number(each.refused), number(each.texts)]),
  );
} else missing('The corpus');

say('## Compilers', '');
const compile = suite('compile');
if (compile) {
  ranIn(compile);
  table(
    ['Compiler, flags', 'Declarations', 'What', 'Files', 'Errors'],
    [...compile.runs, ...(suite('rate-limiting')?.runs ?? [])].map((each) => [
      `TypeScript ${each.compiler}, ${each.profile}`,
      each.platform,
      each.what,
      number(each.files),
      number(each.errors),
    ]),
  );
  say(...compile.left.map((each) => `- ${each}`), '');
} else missing('The compile gate');

say('## Linters', '');
const lint = suite('lint');
if (lint) {
  ranIn(lint);
  say(
    'Biome with its recommended rules, ESLint with strictTypeChecked and stylisticTypeChecked, Prettier with single quotes and width 100; no rule off, no disable comment.',
    '',
  );
  table(
    ['Tool', 'Files', 'Findings'],
    lint.runs.map((each) => [each.tool, number(each.files), number(each.findings)]),
  );
} else missing('The lint gate');

say('## Runtimes', '');
const runtimes = suite('runtimes');
if (runtimes) {
  ranIn(runtimes);
  say(
    'Each with its own test runner. "Emitted tests" are the files that `withTests` gives, as they are; "behaviour" is `tests/generated/behaviour`.',
    '',
  );
  table(
    ['Runtime', 'What', 'Files', 'Passed', 'Failed'],
    runtimes.runs.map((each) => [each.runtime, each.what, number(each.files), number(each.passed), number(each.failed)]),
  );
} else missing('The runtimes suite');

// What tests/packages and tests/field/files have shown, in words: nothing that a run here leaves.
say(readFileSync(join(workspace, 'proof.known.md'), 'utf8'));

say('## Models', '');
const results = join(workspace, '.results');
const models = (existsSync(results) ? readdirSync(results) : [])
  .filter((each) => each.startsWith('model-'))
  .sort()
  .map((each) => read(join(results, each)));
if (models.length > 0) {
  say(
    'Compared with a description written apart from the code, event by event or call by call; clocks, timers and waits are virtual. Each event in',
    'each state: two sequences at most lead to a state of the description, and those left out may not differ from them in any next event.',
    '',
  );
  const steps = (each) =>
    each.steps !== undefined ? number(each.steps) : each.depth !== undefined ? number(each.sequences * each.depth) : '';
  table(
    ['Model', 'Mode', 'Sequences', 'Events in each, at most', 'Steps in all', 'Violations'],
    models.map((each) => [
      each.subject,
      `\`${each.mode}\``,
      each.sequences === undefined ? '' : number(each.sequences),
      each.depth === undefined ? '' : number(each.depth),
      steps(each),
      number(each.violations),
    ]),
  );
} else missing('The models');

say('## Injection', '');
const injection = suite('injection');
if (injection) {
  ranIn(injection);
  say(
    `Seeded hostile inputs per argument. Every accepted output has the syntax tree of the benign run but for the literals, is ASCII, has the same number of comments, and its table has the same own keys as ES5 and as ES2022; every refusal is printable. A miss is an input of which that is not true. Of ${String(injection.broken)} emitters broken on purpose the gate caught ${String(injection.caught)}.`,
    '',
  );
  table(
    ['Argument', 'Inputs', 'Accepted', 'Misses'],
    injection.runs.map((each) => [`\`${each.tool}.${each.argument}\``, number(each.inputs), number(each.accepted), number(each.misses)]),
  );
  say(
    `${number(sum(injection.runs, (each) => each.inputs))} inputs and ${number(sum(injection.runs, (each) => each.misses))} misses in all.`,
    '',
  );
} else missing('The injection gate');

say('## Residue', '');
const residue = suite('residue');
if (residue) {
  ranIn(residue);
  say('After a warm-up, per call; listeners on the shared signal and on each of those that abort; the process then ends by itself.', '');
  table(
    ['Guard', 'Calls', 'Heap, bytes per call', 'Timers', 'Listeners'],
    residue.runs.map((each) => [each.guard, number(each.calls), each.bytesPerCall.toFixed(2), number(each.timers), number(each.listeners)]),
  );
} else missing('The residue suite');

say('## Mutation testing', '');
const mutation = suite('mutation');
const binding = suite('mutation-csharp');
const mutated = (rows) => {
  table(
    ['File', 'Mutants', 'Killed', 'of them by time', 'Survived', 'Explained', 'Score'],
    rows.map((each) => [
      each.name,
      ...[each.mutants, each.killed, each.late, each.survived, each.explained.length].map(number),
      `${each.score.toFixed(1)} %`,
    ]),
  );
  const all = {
    mutants: sum(rows, (each) => each.mutants),
    killed: sum(rows, (each) => each.killed),
    explained: sum(rows, (each) => each.explained.length),
  };
  say(
    `${number(all.killed)} of ${number(all.mutants)} are killed (${((100 * all.killed) / all.mutants).toFixed(1)} %); ${number(all.explained)} survivors have a reason below.`,
    '',
  );
};
const reasons = (rows) => {
  const code = (text) => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
  table(
    ['File, line', 'Code', 'Mutant', 'Why it lives on'],
    rows.flatMap((each) => each.explained.map(({ at, from, to, why }) => [`${each.name}:${String(at)}`, code(from), code(to), why])),
  );
};
if (mutation) {
  say(
    'Stryker makes small faults, one at a time; a mutant is killed when a test fails or does not end. The score counts every mutant, also those that change nothing that a caller could see. Emitted code, with `tests/generated/behaviour` as the judge (of two files of one tool the second is mutated only where it differs):',
    '',
  );
  mutated(mutation.runs);
} else missing('Mutation testing (`node run.mjs --full`)');
if (binding) {
  say('Argument binding in C#, with the tests of arguments as the judge, all of them for each mutant and in a process of its own:', '');
  mutated(binding.runs);
}
if (mutation || binding) {
  say('### Survivors', '');
  reasons([...(mutation?.runs ?? []), ...(binding?.runs ?? [])]);
}

say('## Against peers', '');
if (bench) {
  const { on } = bench;
  say(
    `Node ${on.node.slice(1)}, ${on.cpu}, ${String(on.cores)} cores, ${String(on.rounds)} rounds; every column in a process of its own, columns take turns. A figure is the median of the rounds' medians, the spread their least and greatest; a ratio is the median of the ratios round by round.`,
    '',
  );
  const show = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : number(Math.round(value)));
  for (const each of bench.scenarios) {
    say(`### ${each.title}`, '');
    table(
      ['', 'ns per call', 'spread', 'ratio'],
      each.rows.map((row) => [row.column, show(row.nanoseconds), `${show(row.least)} to ${show(row.most)}`, `${row.ratio.toFixed(2)} x`]),
    );
    for (const bound of each.bounds)
      say(
        `- ${bound.column} against ${bound.against}: ${bound.ratio.toFixed(2)}, promised at most ${bound.most.toFixed(2)}: ${bound.held ? 'held' : '**missed**'}`,
      );
    if (each.bounds.length > 0) say('');
  }
  say('### Size per feature, bundled and minified', '');
  table(
    ['', 'bytes', 'gzip'],
    bench.sizes.map((each) => [each.name, number(each.bytes), number(each.gzip)]),
  );
} else missing('The benchmark');

const page = join(workspace, '../../docs/PROOF.md');
mkdirSync(dirname(page), { recursive: true });
writeFileSync(page, `${lines.join('\n').trimEnd()}\n`);
console.log('docs/PROOF.md is written');
