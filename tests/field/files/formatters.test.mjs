// Files in somebody's own layout: not edited, and updates still arrive.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copyOf, filesOf, formatters, newFolder, rewrite, run } from './lib.mjs';

const full = process.env.CROWVAULT_PROOF === 'full';
const corpus = newFolder();
const write = (args) => {
  const { code, err } = run(corpus, 'generate', ...args, '-o', '.');
  assert.equal(code, 0, `${args.join(' ')}: ${err}`);
};

// Several instances side by side: one run judges them all.
const instances = [
  ['circuit-breaker', '--with-metrics', '--with-tests'],
  ['circuit-breaker', '--name', 'rate', '--trip-on', 'failure-rate', '--half-open-max-probes', '3', '--success-threshold', '2'],
  ['retry-policy', '--with-fetch', '--total-timeout-ms', '30000', '--with-tests'],
  ['retry-policy', '--name', 'plain', '--with-jitter', 'false', '--respect-retry-after', 'false', '--with-retry-budget', 'false'],
  ['rate-limiting', '--with-tests'],
  ['rate-limiting', '--name', 'memory', '--store', 'memory', '--framework', 'fetch'],
  ['rate-limiting', '--name', 'window', '--algorithm', 'sliding-window', '--framework', 'hono', '--key-strategy', 'api-key'],
  ['timeout-config', '--operations', 'orders.get=2000,users=300', '--with-fetch', '--total-timeout-ms', '9000', '--with-tests'],
  ['bulkhead', '--partitions', 'orders=20,pay.v2=3', '--with-tests'],
  ['bulkhead', '--name', 'browser', '--partitions', 'a=1', '--runtime', 'browser', '--with-tests'],
];
instances.forEach(write);
const count = Object.keys(filesOf(corpus)).length;

/** What `upgrade` says of each file. */
function statesOf(folder) {
  const { out, err, code } = run(folder, 'upgrade', '.', '--dry-run', '--json');
  assert.notEqual(code, 2, err);
  return JSON.parse(out).files;
}

function assertUntouched(folder, what) {
  const files = statesOf(folder);
  assert.equal(files.length, count, what);
  const odd = files.filter(({ state }) => state !== 'same').map(({ path, state }) => `${path} is ${state}`);
  assert.deepEqual(odd, [], what);
}

/** Everything that the suites of emitted code compile, each different text once, as instances side by side in one folder. */
async function wholeCorpus() {
  const given = process.env.CROWVAULT_PROOF;
  process.env.CROWVAULT_PROOF = 'default';
  const { corpus: everyCall, bodyOf } = await import('../../generated/lib/corpus.mjs');
  const { emitted } = await everyCall();
  process.env.CROWVAULT_PROOF = given;
  const folder = newFolder();
  const seen = new Set();
  for (const { tool, args, result } of emitted) {
    const bodies = result.files.map(({ content }) => tool + bodyOf(content)).filter((body) => !seen.has(body));
    if (bodies.length === 0) continue;
    const options = Object.entries(args).flatMap(([name, value]) => [
      `--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`,
      Array.isArray(value) && typeof value[0] !== 'object'
        ? value.join(',')
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value),
    ]);
    const command = tool.replace('generate_', '').replaceAll('_', '-');
    const { code, err } = run(folder, 'generate', command, ...options, '--name', `n${String(seen.size)}`, '-o', '.');
    assert.equal(code, 0, `${command} ${options.join(' ')}: ${err}`);
    for (const body of bodies) seen.add(body);
  }
  return folder;
}

// One number of each tool that changes its code.
const otherNumber = /"(failureThreshold|maxRetries|requestsPerWindow|defaultTimeoutMs|maxQueue)":(\d+)/u;
const whole = full ? await wholeCorpus() : undefined;

/** The whole corpus in a layout: nothing counts as edited, and an update of every source arrives. */
async function assertWholeCorpus(name, format) {
  const folder = copyOf(whole);
  await format(folder);
  const odd = statesOf(folder).filter(({ state }) => state !== 'same');
  assert.deepEqual(
    odd.map(({ path, state }) => `${path} is ${state}`),
    [],
    name,
  );
  const asked = new Set();
  await rewrite(folder, (text, file) =>
    text.replace(otherNumber, (_, key, number) => {
      if (!file.endsWith('.test.ts')) asked.add(`./${file}`);
      return `"${key}":${String(Number(number) > 1 ? Number(number) - 1 : Number(number) + 1)}`;
    }),
  );
  const { out, err } = run(folder, 'upgrade', '.', '--json');
  const { files } = JSON.parse(out);
  const arrived = new Set(files.filter(({ action }) => action === 'updated').map(({ path }) => path));
  assert.deepEqual(
    [...asked].filter((path) => !arrived.has(path)),
    [],
    `${name}: ${err}`,
  );
  assert.ok(asked.size > 150, `${String(asked.size)} sources`);
}

// The files that follow from a whole manifest: ingress, telemetry, upstreams and the stack.
const manifest = {
  withTests: true,
  withMetrics: true,
  circuitBreaker: {},
  retryPolicy: {},
  timeoutConfig: { operations: { 'orders.get': 2000 } },
  bulkhead: { partitions: { orders: 20 } },
  rateLimiting: {},
  upstreams: { orders: { baseUrl: 'https://orders.example' } },
  stack: { ingress: true },
};
const stacked = newFolder();
writeFileSync(join(stacked, 'resilience.json'), JSON.stringify(manifest));
{
  const { code, err } = run(stacked, 'stack', '-o', '.');
  assert.equal(code, 0, err);
}
async function assertStack(name, format) {
  const folder = copyOf(stacked);
  await format(folder);
  const { code, err } = run(folder, 'stack', '-o', '.', '--check');
  assert.equal(code, 0, `${name}: ${err}`);
}

test('the corpus is up to date as it is', () => assertUntouched(corpus, 'as emitted'));

// Every second one by default; all with the long cases.
for (const [name, format] of Object.entries(formatters).filter((_, i) => full || i % 2 === 1)) {
  test(`${name}: no file counts as edited, and an update arrives`, async () => {
    const folder = copyOf(corpus);
    await format(folder);
    const formatted = filesOf(folder);
    const changed = Object.entries(filesOf(corpus)).filter(([file, text]) => formatted[file] !== text).length;
    assert.ok(changed > 0 || name.includes('recommended'), 'the formatter has changed something');
    assertUntouched(folder, name);
    const { code, err } = run(folder, 'generate', 'circuit-breaker', '--failure-threshold', '77', '-o', '.');
    assert.equal(code, 0, err);
    const updated = readFileSync(join(folder, 'circuit-breaker.ts'), 'utf8');
    assert.match(updated, /"failureThreshold":77/u);
    if (name.endsWith('CR LF')) assert.doesNotMatch(updated, /[^\r]\n/u);
    if (full || name === 'Prettier, tabs and no semicolons') await assertStack(name, format);
    if (full) {
      await assertWholeCorpus(name, format);
      // Formatted again by another one.
      await Object.values(formatters)[(Object.keys(formatters).indexOf(name) + 5) % Object.keys(formatters).length](folder);
      assertUntouched(folder, `${name}, then by another`);
    }
  });
}

const tops = {
  'a licence': '// Copyright 2026 Example Ltd.\n',
  'SPDX in a block': '/* SPDX-License-Identifier: MIT */\n\n',
  'ts-nocheck': '// @ts-nocheck\n',
  'a directive': "'use client';\n\n",
  'a directive in double quotes below a licence': '/**\n * @license MIT\n */\n"use server"\n\n',
  'a byte order mark': '\uFEFF',
  'a byte order mark and a comment': '\uFEFF// eslint-disable\n',
  'empty lines': '\n\n\n',
  'an interpreter': '#!/usr/bin/env node\n',
};
for (const [name, top] of Object.entries(tops)) {
  test(`${name} on top: not edited, and an update keeps it`, async () => {
    const folder = copyOf(corpus);
    await rewrite(folder, (text) => top + text);
    assertUntouched(folder, name);
    assert.equal(run(folder, 'generate', 'retry-policy', '--max-retries', '9', '-o', '.').code, 0);
    const updated = readFileSync(join(folder, 'retry.ts'), 'utf8');
    assert.ok(updated.startsWith(top.replace(/^\n+$/u, '')), `${name} is still there`);
    assert.match(updated, /"maxRetries":9/u);
  });
}

test('a header whose comment was reflowed or turned into lines is still the header', async () => {
  const changes = [
    (text) => text.replace(/^ \* /gmu, '   '),
    (text) => text.replace(/^\/\*\n((?: \*.*\n)+?) \*\/\n/u, (_, lines) => lines.replace(/^ \*/gmu, '//')),
    (text) => text.replace('; yours to edit.', ';\n * yours\n *   to edit.'),
  ];
  for (const change of changes) {
    const folder = copyOf(corpus);
    await rewrite(folder, (text) => {
      const end = text.indexOf('*/\n') + 3;
      return change(text.slice(0, end)) + text.slice(end);
    });
    assertUntouched(folder, String(change));
  }
});

test('globals that Biome 1 and unicorn take from Number are no edit', async () => {
  const folder = copyOf(corpus);
  let count = 0;
  await rewrite(folder, (text) =>
    text.replace(/(?<=[=?:(,] ?)(?:-?Infinity|NaN|parseInt)(?=[(),;])/gu, (found) => {
      count += 1;
      return found.endsWith('Infinity') ? `Number.${found[0] === '-' ? 'NEGATIVE' : 'POSITIVE'}_INFINITY` : `Number.${found}`;
    }),
  );
  assert.ok(count > 5, `${String(count)} places`);
  assertUntouched(folder, 'Number');
});

test('tags of doc comments in another order, with capitals and full stops, are no edit', async () => {
  const folder = copyOf(corpus);
  let count = 0;
  await rewrite(folder, (text) =>
    text.replace(/^\/\*\*\n(?: \*.*\n)*? \* @(?:.*\n \*)*?\/$/gmu, (comment) => {
      count += 1;
      const [words, ...tags] = comment
        .slice(4, -4)
        .split(/(?= \* @)/u)
        .map((each) => each.replace(/^( \* @param \S+ - )([a-z])/u, (_, start, letter) => `${start}${letter.toUpperCase()}`));
      return `/**\n${[words, ...tags.toReversed()].map((each) => each.replace(/[^.]\n?$/u, (end) => `${end.trim()}.\n`)).join(' *\n')} */`;
    }),
  );
  assert.ok(count > 5, `${String(count)} comments`);
  assertUntouched(folder, 'doc comments');

  // What its owner has accepted is meant: it is merged, not written over.
  const path = join(folder, 'retry.ts');
  assert.match(readFileSync(path, 'utf8'), /@param fn - Receives/u);
  assert.equal(run(folder, 'accept', 'retry.ts').code, 0);
  assertUntouched(folder, 'accepted');
  const changed = ['generate', 'retry-policy', '-o', '.', '--max-retries', '9'];
  assert.equal(run(folder, ...changed).code, 1);
  assert.equal(run(folder, ...changed, '--merge').code, 0);
  assert.match(readFileSync(path, 'utf8'), /maxRetries: 9,[^]*@param fn - Receives/u);
});

test('examples of doc comments whose code is wrapped anew are no edit', async () => {
  const folder = copyOf(corpus);
  let count = 0;
  await rewrite(folder, (text) =>
    text.replace(/^ \* @example\n(?: \*.*\n)*? \*\//gmu, (example) =>
      example.replace(/(\w\()('[^'\n]*', )/gu, (_, call, first) => {
        count += 1;
        return `${call}\n *     ${first}\n *     `;
      }),
    ),
  );
  assert.ok(count > 0, `${String(count)} calls`);
  assertUntouched(folder, 'examples');
});

test('no default of a doc comment is a literal with words behind it, of which prettier-plugin-jsdoc keeps the literal alone', () => {
  const cut = Object.entries({ ...filesOf(corpus), ...filesOf(stacked) }).flatMap(([name, text]) =>
    [...text.matchAll(/@default (?:'[^'\n]*'|\d[\d_]*|\[[^\]\n]*\])[^\n]*[,;] [^\n]*/gu)].map(([found]) => `${name}: ${found}`),
  );
  assert.deepEqual(cut, []);
});

// What a formatter never does is an edit.
const edits = {
  'another number': [/\b30_000\b/u, '30_001'],
  'another text': [/'OPEN'/u, "'open'"],
  'a condition turned round': [/ === /u, ' !== '],
  'a statement less': [/\n +this\.#[a-zA-Z]+ = [^;\n]+;/u, ''],
  'a line commented out': [/\n( +)(this\.#[a-zA-Z]+ = )/u, '\n$1// $2'],
  'a comment added': [/\nexport class/u, '\n// Tuned after the incident.\nexport class'],
  'a word of a comment': [/\* ([A-Z][a-z]+)/u, '* Changed $1'],
  'an await less': [/await /u, ''],
  'another word of an example': [/(@example\n[^]*?)await /u, '$1'],
  'another word behind a tag': [/@param (\S+) - /u, '@param $1 - always '],
  'another number behind a tag': [/@default (\d+)/u, '@default 1$1'],
  'a point in a number behind a tag': [/@default (\d)(\d)/u, '@default $1.$2'],
};
for (const [name, [pattern, replacement]] of Object.entries(edits)) {
  test(`${name} is an edit`, async () => {
    const folder = copyOf(corpus);
    const edited = new Set();
    await rewrite(folder, (text, file) => {
      const at = text.indexOf('*/\n') + 3;
      const body = text.slice(at).replace(pattern, replacement);
      if (body !== text.slice(at)) edited.add(file);
      return text.slice(0, at) + body;
    });
    assert.ok(edited.size > 0, 'the edit fits somewhere');
    const states = statesOf(folder);
    const missed = states.filter(({ path, state }) => edited.has(path.replace('./', '')) && state !== 'edited').map(({ path }) => path);
    assert.deepEqual(missed, []);
  });
}

after(() => assertUntouched(corpus, 'the corpus was not touched'));
