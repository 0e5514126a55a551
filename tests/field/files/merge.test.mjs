// Edits of one's own and a generator that comes back: merged without loss or with a marked conflict, never dropped.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { format } from 'prettier';
import { repository } from '../../shared/program.mjs';
import { copyOf, formatters, newFolder, run } from './lib.mjs';

const ts = createRequire(join(repository, 'tests/field/files/package.json'))('typescript');
const rounds = process.env.CROWVAULT_PROOF === 'full' ? 500 : 10;

// A generator of our own, so that a failure names the seed that shows it again.
function randomOf(seed) {
  let state = seed * 2_654_435_761 + 1;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return state % limit;
  };
}

const tools = {
  'circuit-breaker': { file: 'circuit-breaker.ts', before: [], after: ['--failure-threshold', '7', '--with-metrics'] },
  'retry-policy': { file: 'retry.ts', before: [], after: ['--max-retries', '2', '--with-fetch', '--total-timeout-ms', '9000'] },
  bulkhead: { file: 'bulkhead.ts', before: ['--partitions', 'orders=20'], after: ['--partitions', 'orders=20,payments=3'] },
  'timeout-config': {
    file: 'timeouts.ts',
    before: ['--operations', 'orders.get=2000'],
    after: ['--default-timeout-ms', '700', '--with-fetch'],
  },
  'rate-limiting': { file: 'rate-limiter.ts', before: ['--store', 'memory'], after: ['--requests-per-window', '7'] },
};

const emitted = newFolder();
const now = newFolder();
for (const [tool, { before, after }] of Object.entries(tools)) {
  for (const [folder, args] of [
    [emitted, before],
    [now, after[0] === before[0] ? after : [...before, ...after]],
  ]) {
    const { code, err } = run(folder, 'generate', tool, ...args, '-o', '.');
    assert.equal(code, 0, err);
  }
}

/** Adds marked lines at statement ends, and changes a few that are there. */
function edit(text, random, marks) {
  const from = text.indexOf('*/\n') + 4;
  const lines = text.slice(from).split('\n');
  for (const mark of marks) {
    const places = lines.flatMap((line, i) => (/^ {2,}[^*/\s].*;$/u.test(line) ? [i] : []));
    const at = places[random(places.length)];
    if (random(3) === 0) lines[at] = `${lines[at]} // ${mark}`;
    else lines.splice(at + 1, 0, `${/^ */u.exec(lines[at])[0]}// ${mark}`);
  }
  return text.slice(0, from) + lines.join('\n');
}

/** The code without comments, types and layout. */
function codeOf(text) {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, removeComments: true } });
  return format(outputText.replace(/\n\s*\n/gu, '\n'), { parser: 'babel' });
}

test(`${String(rounds)} edited files, other arguments: every edit is kept, and a clean merge is code`, async () => {
  const names = Object.keys(tools);
  let conflicts = 0;
  for (let seed = 1; seed <= rounds; seed++) {
    const random = randomOf(seed);
    const tool = names[seed % names.length];
    const { file, after } = tools[tool];
    const folder = copyOf(emitted);
    const marks = Array.from({ length: 1 + random(4) }, (_, i) => `mine ${String(seed)}.${String(i)}`);
    writeFileSync(join(folder, file), edit(readFileSync(join(folder, file), 'utf8'), random, marks));
    // Some are formatted too.
    const formatterNames = ['Prettier, defaults', 'Prettier, tabs and no semicolons', 'dprint, defaults'];
    if (seed % 3 === 0) await formatters[formatterNames[random(formatterNames.length)]](folder);
    const refused = run(folder, 'generate', tool, ...after, '-o', '.');
    assert.equal(refused.code, 1, `seed ${String(seed)}: an edited file is left alone`);
    const { code, err } = run(folder, 'generate', tool, ...after, '-o', '.', '--merge');
    const merged = readFileSync(join(folder, file), 'utf8');
    const marked = merged.includes('<<<<<<< yours');
    assert.equal(code, marked ? 1 : 0, `seed ${String(seed)}: ${err}`);
    for (const mark of marks) assert.ok(merged.includes(mark), `seed ${String(seed)}: ${mark} is lost in ${file}`);
    if (marked) {
      conflicts++;
      assert.match(err, /conflict/u);
      continue;
    }
    const { diagnostics } = ts.transpileModule(merged, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ES2022 } });
    assert.deepEqual(
      diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
      [],
      `seed ${String(seed)}: ${file} is no code any more`,
    );
    // Without the owner's lines it is what is emitted now.
    assert.equal(await codeOf(merged), await codeOf(readFileSync(join(now, file), 'utf8')), `seed ${String(seed)}: ${file}`);
    // The edit is the owner's to accept, and to keep at the next change.
    assert.equal(run(folder, 'generate', tool, '-o', file, '--check').code, 1);
    assert.equal(run(folder, 'accept', file).code, 0);
    assert.equal(run(folder, 'generate', tool, '-o', file, '--check').code, 0, `seed ${String(seed)}: accepted`);
  }
  assert.ok(conflicts < rounds / 2, `${String(conflicts)} of ${String(rounds)} in conflict`);
});

test('two changes of one line are a conflict that shows both', () => {
  const folder = copyOf(emitted);
  const path = join(folder, 'bulkhead.ts');
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/^(.*orders.*20.*)$/mu, (line) => line.replace('20', '21'));
  const at = text.indexOf('*/\n');
  writeFileSync(path, text.slice(0, at) + text.slice(at).replace(/\b20\b/u, '21'));
  assert.notEqual(changed, text);
  const { code, err } = run(folder, 'generate', 'bulkhead', '--partitions', 'orders=33', '-o', '.', '--merge');
  const merged = readFileSync(path, 'utf8');
  assert.equal(code, 1, err);
  assert.match(
    merged,
    /<<<<<<< yours\n[^>]*\b21\b[^>]*\|{7} emitted before\n[^>]*\b20\b[^>]*=======\n[^>]*\b33\b[^>]*>>>>>>> emitted now\n/u,
  );
  // A second merge waits until the first is settled, and nothing accepts it as it is.
  const again = run(folder, 'generate', 'bulkhead', '--partitions', 'orders=34', '-o', '.', '--merge');
  assert.equal(again.code, 1);
  assert.match(again.err, /conflicts of an earlier merge/u);
  assert.equal(run(folder, 'accept', 'bulkhead.ts').code, 1);
});

test('upgrade brings a file of an older version up, says what changed and names the tests', () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '--with-tests', '-o', 'src').code, 0);
  const path = join(folder, 'src/circuit-breaker.ts');
  const text = readFileSync(path, 'utf8');
  // The header of another version, and an edit.
  writeFileSync(
    path,
    text.replace(/CrowVault\.Mcp \d+\.\d+\.\d+/u, 'CrowVault.Mcp 0.0.1').replace('\nexport class', '\n// mine\nexport class'),
  );
  const { code, err } = run(folder, 'upgrade');
  assert.equal(code, 0, err);
  assert.match(err, /src\/circuit-breaker\.ts: merged/u);
  assert.match(err, /CrowVault\.Mcp 0\.0\.1 -> \d/u);
  assert.match(err, /Next: node --test .*circuit-breaker\.test\.ts/u);
  const upgraded = readFileSync(path, 'utf8');
  assert.match(upgraded, /\n\/\/ mine\nexport class/u);
  assert.doesNotMatch(upgraded, /0\.0\.1/u);
});

test('a change of arguments is told in words and figures', () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '-o', '.').code, 0);
  const { err } = run(folder, 'generate', 'circuit-breaker', '--failure-threshold', '7', '-o', '.');
  assert.match(err, /failureThreshold 5 -> 7: opens after 7/u);
});

test('one edited file holds up no other, and what a manifest no longer names is told and pruned', () => {
  const folder = newFolder();
  const manifest = { circuitBreaker: {}, retryPolicy: {}, timeoutConfig: { operations: { a: 2000 } }, bulkhead: { partitions: { p: 5 } } };
  const stack = (...options) => run(folder, 'stack', '-c', 'resilience.json', '-o', 'out', ...options);
  writeFileSync(join(folder, 'resilience.json'), JSON.stringify(manifest));
  assert.equal(stack().code, 0);
  const retry = join(folder, 'out/retry.ts');
  writeFileSync(retry, `${readFileSync(retry, 'utf8')}// mine\n`);
  writeFileSync(join(folder, 'resilience.json'), JSON.stringify({ ...manifest, circuitBreaker: { failureThreshold: 9 } }));
  assert.equal(stack().code, 1);
  assert.match(readFileSync(join(folder, 'out/circuit-breaker.ts'), 'utf8'), /"failureThreshold":9/u);
  assert.match(readFileSync(retry, 'utf8'), /\/\/ mine\n$/u);
  const { bulkhead, ...less } = manifest;
  writeFileSync(join(folder, 'resilience.json'), JSON.stringify(less));
  const checked = stack('--check');
  assert.equal(checked.code, 1);
  assert.match(checked.err, /bulkhead\.ts: no longer asked for/u);
  assert.match(stack('--prune').err, /bulkhead\.ts: removed/u);
  assert.throws(() => readFileSync(join(folder, 'out/bulkhead.ts')));
  assert.ok(bulkhead);
});

test('a second instance stands beside the first, and nobody else is overwritten', () => {
  const folder = newFolder();
  const bulkhead = (...args) => run(folder, 'generate', 'bulkhead', ...args);
  assert.equal(bulkhead('--partitions', 'orders=1', '-o', '.').code, 0);
  const refused = bulkhead('--partitions', 'users=1', '-o', '.');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /--name/u);
  assert.equal(bulkhead('--partitions', 'users=1', '--with-tests', '--name', 'users', '-o', '.').code, 0);
  assert.match(readFileSync(join(folder, 'users.bulkhead.test.ts'), 'utf8'), /from '\.\/users\.bulkhead(\.ts)?'/u);
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'bulkhead.ts', '--force').code, 1);
  assert.match(readFileSync(join(folder, 'bulkhead.ts'), 'utf8'), /tool generate_bulkhead/u);
  assert.equal(bulkhead('-o', 'users.bulkhead.ts', '--check').code, 0);
});
