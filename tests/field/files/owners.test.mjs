// What becomes of files in people's hands: moved, renamed, in conflict, linked, named in another case, several headers in one.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { filesOf, newFolder, run } from './lib.mjs';

const posix = process.platform !== 'win32';
const read = (folder, name) => readFileSync(join(folder, name), 'utf8');

/** A project with a retry policy in src. */
function project(...args) {
  const folder = newFolder();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const { code, err } = run(folder, 'generate', 'retry-policy', '-o', 'src', ...args);
  assert.equal(code, 0, err);
  return folder;
}

test("conflicts of a version control are the owner's to settle, in the code and in the header", () => {
  const folder = project();
  const text = read(folder, 'src/retry.ts');
  const conflict = (before, ours, theirs) =>
    writeFileSync(join(folder, 'src/retry.ts'), text.replace(before, `<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> feature/retries\n`));
  const line = /^.*maxRetries: 4.*\n/mu.exec(text)[0];
  const body = /^ \* Body: .*\n/mu.exec(text)[0];
  for (const args of [
    [line, line.replace('4', '6'), line.replace('4', '5')],
    [body, body, body.replace(/[0-9a-f]{32}/u, '0'.repeat(32))],
  ]) {
    conflict(...args);
    const marked = read(folder, 'src/retry.ts');
    for (const call of [
      ['upgrade', 'src/retry.ts'],
      ['accept', 'src/retry.ts'],
      ['generate', 'retry-policy', '-o', 'src', '--max-retries', '7'],
      ['generate', 'retry-policy', '-o', 'src', '--max-retries', '7', '--merge'],
    ]) {
      const { code, err } = run(folder, ...call);
      assert.equal(code, 1, `${call.join(' ')}: ${err}`);
      assert.match(err, /conflicts of .*merge.*<<<<<<</u, call.join(' '));
      assert.equal(read(folder, 'src/retry.ts'), marked, call.join(' '));
    }
  }
});

test('conflicts of a version control in the header are told wherever the file is found', () => {
  const folder = newFolder();
  const { code, err } = run(folder, 'generate', 'bulkhead', '--partitions', 'orders=20', '--language', 'javascript', '-o', 'src');
  assert.equal(code, 0, err);
  const text = read(folder, 'src/bulkhead.js');
  const torn = text.replace(/^ \* Arguments: .*\n/mu, (line) => `<<<<<<< HEAD\n${line}=======\n${line.replace('20', '30')}>>>>>>> main\n`);
  assert.notEqual(torn, text);
  writeFileSync(join(folder, 'src/bulkhead.js'), torn);
  for (const call of [
    ['generate', 'bulkhead', '-o', 'src', '--check'],
    ['generate', 'bulkhead', '-o', 'src'],
    ['generate', 'bulkhead', '-o', 'src', '--max-queue', '5', '--merge'],
    ['generate', 'bulkhead', '-o', 'src/bulkhead.js'],
    ['upgrade', 'src'],
    ['upgrade'],
  ]) {
    const done = run(folder, ...call);
    assert.equal(done.code, 1, `${call.join(' ')}: ${done.err}`);
    assert.match(done.err, /bulkhead\.js: has conflicts of a merge.*<<<<<<</u, call.join(' '));
    assert.deepEqual(filesOf(join(folder, 'src')), { 'bulkhead.js': torn }, call.join(' '));
  }
  assert.equal(run(folder, 'generate', 'bulkhead', '-o', 'src', '--partitions', 'orders=30', '--force').code, 0);
  assert.equal(run(folder, 'generate', 'bulkhead', '-o', 'src', '--check').code, 0);
});

test('--check names the way out that leads on: a merge where there is something to merge', () => {
  const folder = project();
  writeFileSync(join(folder, 'src/retry.ts'), `${read(folder, 'src/retry.ts')}export const mine = 1;\n`);
  const current = run(folder, 'generate', 'retry-policy', '-o', 'src', '--check');
  assert.equal(current.code, 1);
  assert.match(current.err, /edited since it was generated\..*accept src\/retry\.ts' keeps it/u);
  assert.doesNotMatch(current.err, /--merge/u);
  assert.match(run(folder, 'generate', 'retry-policy', '-o', 'src', '--max-retries', '2', '--check').err, /--merge brings it up to date/u);
});

test('a file that was renamed or moved is merged by what was emitted, which only its old folder keeps', () => {
  const folder = project();
  const text = read(folder, 'src/retry.ts');
  // As an older version emitted it, which this one cannot emit again.
  const older = text.slice(text.indexOf('*/\n') + 4).replace(/^ *\/\/ .*\n/mu, '');
  writeFileSync(join(folder, 'src/retry.ts'), text.slice(0, text.indexOf('*/\n') + 4) + older);
  assert.equal(run(folder, 'accept', 'src/retry.ts').code, 0);
  const fingerprint = /accepted xxh128 (\w+)/u.exec(read(folder, 'src/retry.ts'))[1];
  const header = text
    .slice(0, text.indexOf('*/\n') + 4)
    .replace(/xxh128 \w+/u, `xxh128 ${fingerprint}`)
    .replace(/CrowVault\.Mcp \d+\.\d+\.\d+/u, 'CrowVault.Mcp 0.0.1');
  writeFileSync(join(folder, 'src/.crowvault/retry.ts.gz'), gzipSync(older));
  for (const place of ['src/http-retry.ts', 'src/http/retry.ts', 'lib/retry.ts']) {
    mkdirSync(join(folder, place, '..'), { recursive: true });
    writeFileSync(join(folder, place), `${header}${older}// mine\n`);
    const { code, err } = run(folder, 'upgrade', place);
    assert.equal(code, 0, `${place}: ${err}`);
    assert.match(err, /: merged/u);
    const merged = read(folder, place);
    assert.equal(merged.slice(merged.indexOf('*/\n') + 4), `${text.slice(text.indexOf('*/\n') + 4)}// mine\n`);
  }
});

test('a renamed file is generated and checked under its new name', () => {
  const folder = project('--max-retries', '6', '--with-tests');
  renameSync(join(folder, 'src/retry.ts'), join(folder, 'src/tries.ts'));
  renameSync(join(folder, 'src/retry.test.ts'), join(folder, 'src/tries.test.ts'));
  writeFileSync(join(folder, 'src/tries.test.ts'), read(folder, 'src/tries.test.ts').replaceAll('./retry.ts', './tries.ts'));
  assert.equal(run(folder, 'upgrade', 'src').code, 0);
  assert.match(read(folder, 'src/tries.test.ts'), /Tests of tries\.ts\./u);
  assert.match(read(folder, 'src/tries.ts'), /"maxRetries":6/u);
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'src/tries.ts', '--check').code, 0);
  assert.deepEqual(Object.keys(filesOf(join(folder, 'src'))), ['tries.test.ts', 'tries.ts']);
});

test('tests import a file whose name has quotes and backslashes', { skip: !posix }, () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '--with-tests', '-o', "o'b\\n.ts").code, 0);
  assert.match(readFileSync(join(folder, "o'b\\n.test.ts"), 'utf8'), /from '\.\/o\\'b\\\\n\.ts'/u);
});

test('what its owner writes into the header is no edit of the code, and an update keeps it', () => {
  const folder = newFolder();
  const path = join(folder, 'retry.ts');
  const generate = (...options) => run(folder, 'generate', 'retry-policy', '-o', '.', ...options);
  assert.equal(generate().code, 0);
  const emitted = readFileSync(path, 'utf8');
  let retries = 4;
  for (const [from, to] of [
    ['/*\n', '/**\n * Noted: @owner team-payments\n *\n'],
    ['yours to edit.', 'yours to edit. Noted: see ADR 7.'],
    ['\n * Needs', '\n * Noted.\n * Needs'],
    ['\n * Body', '\n * Noted, and a review.\n * Body'],
    ['\n */', '\n *\n * Noted: see https://adr.example/7\n */'],
  ]) {
    writeFileSync(path, emitted.replace(from, to));
    assert.equal(generate('--check').code, 0, to);
    assert.match(generate('--max-retries', String(++retries)).err, /retry\.ts: updated/u, to);
    const updated = readFileSync(path, 'utf8');
    assert.match(updated, /^\/\/ Noted.*\n\n\/\*\n \* Retry policy\. /u, to);
    assert.doesNotMatch(updated.replace(/^.*/u, ''), /Noted/u, to);
    assert.equal(generate('--check').code, 0, to);
  }
});

test('imports above the header are an edit of the code, which stays', () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '--with-tests', '-o', '.').code, 0);
  const path = join(folder, 'circuit-breaker.ts');
  const emitted = readFileSync(path, 'utf8');
  const top =
    "// Ours.\nimport './polyfill.ts';\nimport {\n  logger,\n} from \"../logger.ts\"\nimport type { A } from './a.ts' with { 'resolution-mode': 'import' };\n\n";
  writeFileSync(path, top + emitted);
  assert.match(run(folder, 'generate', 'circuit-breaker', '-o', '.', '--check').err, /circuit-breaker\.ts: edited since/u);
  const { code, err } = run(folder, 'generate', 'circuit-breaker', '-o', '.', '--failure-threshold', '7', '--merge');
  assert.equal(code, 0, err);
  const merged = readFileSync(path, 'utf8');
  assert.match(merged, /^\/\/ Ours\.\n\/\*\n/u);
  assert.match(
    merged,
    / \*\/\n\nimport '\.\/polyfill\.ts';\nimport \{\n {2}logger,\n\} from "\.\.\/logger\.ts"\nimport type \{ A \}.*;\n\n\/\*\* /u,
  );
  assert.match(merged, /failureThreshold: 7,/u);
  // Moved by a tool that sorts them, those of the file itself are no edit.
  const tests = join(folder, 'circuit-breaker.test.ts');
  const [header, body] = readFileSync(tests, 'utf8').split(/(?<= \*\/\n)\n/u);
  const at = body.search(/\n\n/u) + 2;
  writeFileSync(tests, `${body.slice(0, at)}${header}\n${body.slice(at)}`);
  assert.match(run(folder, 'upgrade', tests).err, /unchanged/u);
});

test('tests of a source that is left alone are left alone too', () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '--with-tests', '-o', '.').code, 0);
  const path = join(folder, 'circuit-breaker.ts');
  const emitted = readFileSync(path, 'utf8');
  for (const [text, options, said] of [
    [`${emitted}// Ours.\n`, ['--with-tests', 'false'], /circuit-breaker\.test\.ts: no longer asked for; left alone with its source/u],
    [`const own = 1;\n${emitted}`, [], /circuit-breaker\.ts: not an emitted file; nothing was written/u],
  ]) {
    writeFileSync(path, text);
    const { code, err } = run(folder, 'generate', 'circuit-breaker', '-o', '.', ...options, '--prune');
    assert.equal(code, 1, err);
    assert.match(err, said);
    assert.doesNotMatch(err, /removes? it|removed/u);
    assert.ok(existsSync(join(folder, 'circuit-breaker.test.ts')));
  }
});

test('a folder by two names, and a file by a link, are one', { skip: !posix }, () => {
  const folder = project();
  symlinkSync('src', join(folder, 'linked'));
  symlinkSync('retry.ts', join(folder, 'src/alias.ts'));
  const older = read(folder, 'src/retry.ts')
    .replace(/CrowVault\.Mcp \d+\.\d+\.\d+/u, 'CrowVault.Mcp 0.0.1')
    .replace('"maxRetries":4', '"maxRetries":5');
  writeFileSync(join(folder, 'src/retry.ts'), older);
  const { code, out, err } = run(folder, 'upgrade', 'src', 'linked', '.', '--json');
  assert.equal(code, 0, err);
  assert.equal(JSON.parse(out).files.length, 1, out);
  assert.match(read(folder, 'src/retry.ts'), /"maxRetries":5/u);
});

test('what a manifest no longer names is removed from beside links to elsewhere', { skip: !posix }, () => {
  const folder = newFolder();
  const stack = (manifest, ...args) => {
    writeFileSync(join(folder, 'resilience.json'), JSON.stringify(manifest));
    return run(folder, 'stack', '-o', 'out', ...args);
  };
  assert.equal(stack({ circuitBreaker: {}, retryPolicy: {} }).code, 0);
  mkdirSync(join(folder, 'real'));
  for (const name of Object.keys(filesOf(join(folder, 'out')))) {
    if (name === 'retry.ts') continue;
    renameSync(join(folder, 'out', name), join(folder, 'real', name));
    symlinkSync(`../real/${name}`, join(folder, 'out', name));
  }
  const { code, err } = stack({ circuitBreaker: {} }, '--prune');
  assert.equal(code, 0, err);
  assert.equal(existsSync(join(folder, 'out/retry.ts')), false);
});

test('names that differ in case alone are one file elsewhere', () => {
  const folder = project('--name', 'payments');
  const { code, err } = run(folder, 'generate', 'retry-policy', '-o', 'src', '--name', 'Payments');
  assert.equal(code, 1, err);
  assert.match(err, /payments\.retry\.ts (is there|belongs)|belongs to the instance payments/u);
  assert.deepEqual(Object.keys(filesOf(join(folder, 'src'))), ['payments.retry.ts']);
});

test('a file whose arguments cannot be read is not made anew with the defaults', () => {
  const folder = project();
  const broken = read(folder, 'src/retry.ts').replace(/Arguments: \{.*\}/u, (line) => line.replace(/"maxRetries":\d+/u, '"maxRetries":'));
  writeFileSync(join(folder, 'src/retry.ts'), broken);
  const { code, err } = run(folder, 'upgrade', 'src');
  assert.equal(code, 1);
  assert.match(err, /the arguments in its header cannot be read/u);
  assert.equal(read(folder, 'src/retry.ts'), broken);
});

test('two emitted files put into one are the first of them, edited', () => {
  const folder = project();
  assert.equal(run(folder, 'generate', 'bulkhead', '--partitions', 'orders=3', '-o', 'src').code, 0);
  const both = read(folder, 'src/retry.ts') + read(folder, 'src/bulkhead.ts');
  writeFileSync(join(folder, 'src/retry.ts'), both);
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'src', '--max-retries', '5').code, 1);
  assert.equal(read(folder, 'src/retry.ts'), both);
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'src', '--max-retries', '5', '--merge').code, 0);
  assert.ok(read(folder, 'src/retry.ts').endsWith(read(folder, 'src/bulkhead.ts')));
});

test('-o that cannot be meant is one sentence and writes nothing', () => {
  const folder = newFolder();
  for (const [output, sentence] of [
    ['-', /without -o the code goes to standard output/u],
    ['~/src', /the shell has left ~ as it is/u],
    [' ', /the path is empty/u],
  ]) {
    const { code, err } = run(folder, 'generate', 'retry-policy', '-o', output);
    assert.equal(code, 2, output);
    assert.match(err, sentence);
    assert.equal(err.trim().split('\n').length, 1, err);
  }
  assert.deepEqual(filesOf(folder), {});
  assert.equal(existsSync(join(folder, '-')), false);
});

test('no command makes a folder named ~', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'resilience.json'), '{"withMetrics":true,"circuitBreaker":{},"retryPolicy":{},"stack":{}}');
  const before = filesOf(folder);
  for (const [option, ...call] of [
    ['-c', 'init', '--yes', '--upstreams', 'orders'],
    ['--svg', 'simulate'],
    ['--dashboard', 'stack', '-o', 'src'],
    ['--alerts', 'stack', '-o', 'src'],
    ['--config', 'setup', '--client', 'cursor'],
  ]) {
    const { code, err } = run(folder, ...call, option, `~/a${{ '--svg': '.svg', '--alerts': '.yml' }[option] ?? '.json'}`);
    assert.equal(code, 2, option);
    assert.equal(err, `${option}: the shell has left ~ as it is, as it does in quotes and after =; write "$HOME" in its place.\n`);
  }
  assert.deepEqual(filesOf(folder), before);
});

test('a file that an editor has saved in another encoding is told, and holds up no other', () => {
  const folder = project();
  const { code, err } = run(folder, 'generate', 'circuit-breaker', '-o', 'src');
  assert.equal(code, 0, err);
  const bytes = Buffer.from(read(folder, 'src/circuit-breaker.ts').replace('export class', '// caf\u00e9\nexport class'), 'latin1');
  writeFileSync(join(folder, 'src/circuit-breaker.ts'), bytes);

  const upgraded = run(folder, 'upgrade', 'src');
  assert.equal(upgraded.code, 1, upgraded.err);
  assert.match(upgraded.err, /circuit-breaker\.ts: not text in UTF-8; save it as that\./u);
  assert.deepEqual(readFileSync(join(folder, 'src/circuit-breaker.ts')), bytes);
  assert.match(upgraded.err, /retry\.ts: unchanged/u);
});

test('of several files, one that is no text in UTF-8 is told by every command, and holds up no other', () => {
  const folder = newFolder();
  const manifest = (value) => writeFileSync(join(folder, 'resilience.json'), JSON.stringify(value));
  manifest({ circuitBreaker: {}, retryPolicy: {} });
  assert.equal(run(folder, 'stack', '-o', 'src').code, 0);
  const bytes = Buffer.from(`${read(folder, 'src/retry.ts')}// caf\u00e9\n`, 'latin1');
  const path = join(folder, 'src/retry.ts');
  writeFileSync(path, bytes);
  manifest({ circuitBreaker: { failureThreshold: 7 }, retryPolicy: {} });
  for (const option of ['--check', '--diff', '--dry-run']) {
    const { code, out, err } = run(folder, 'stack', '-o', 'src', option);
    assert.equal(code, 1, `${option}: ${err}`);
    assert.match(err, /retry\.ts: not text in UTF-8; save it as that\./u);
    assert.match(out + err, /circuit-breaker\.ts/u, option);
  }
  const written = run(folder, 'stack', '-o', 'src');
  assert.equal(written.code, 1, written.err);
  assert.match(written.err, /retry\.ts: not text in UTF-8; save it as that\. Nothing was written; --force overwrites it\./u);
  assert.match(read(folder, 'src/circuit-breaker.ts'), /failureThreshold: 7/u);
  for (const command of ['upgrade', 'accept']) {
    const { code, err } = run(folder, command, 'src/retry.ts', 'src/circuit-breaker.ts');
    assert.equal(code, 1, err);
    assert.match(err, /retry\.ts: not text in UTF-8/u);
    assert.match(err, /circuit-breaker\.ts: (?:unchanged|nothing to accept)/u);
  }

  manifest({ bulkhead: { partitions: { a: 1 } } });
  const pruned = run(folder, 'stack', '-o', 'src', '--prune');
  assert.match(pruned.err, /retry\.ts: no longer asked for, but edited; it stays\./u);
  assert.match(pruned.err, /circuit-breaker\.ts: removed/u);
  assert.deepEqual(readFileSync(path), bytes);
  manifest({ retryPolicy: {} });
  assert.equal(run(folder, 'stack', '-o', 'src', '--force').code, 0);
  assert.doesNotMatch(read(folder, 'src/retry.ts'), /caf/u);
});

test('one that is no text in UTF-8 keeps the arguments of its header when it is overwritten', () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'retry-policy', '--max-retries', '7', '-o', 'src').code, 0);
  const path = join(folder, 'src/retry.ts');
  writeFileSync(path, Buffer.from(`${read(folder, 'src/retry.ts')}// caf\u00e9\n`, 'latin1'));
  const held = run(folder, 'generate', 'retry-policy', '-o', 'src');
  assert.equal(held.code, 1, held.err);
  assert.match(held.err, /retry\.ts: not text in UTF-8; save it as that\. Nothing was written; --force overwrites it\./u);
  const { code, err } = run(folder, 'generate', 'retry-policy', '-o', 'src', '--force');
  assert.equal(code, 0, err);
  assert.match(read(folder, 'src/retry.ts'), /maxRetries: 7/u);
});

test('a file in UTF-16 becomes UTF-8, and that is said', () => {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'src').code, 0);
  const path = join(folder, 'src/retry.ts');
  const inUtf16 = (text) => writeFileSync(path, Buffer.from(`\uFEFF${text}`, 'utf16le'));
  inUtf16(read(folder, 'src/retry.ts'));
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'src', '--check').code, 0);
  const updated = run(folder, 'generate', 'retry-policy', '--max-retries', '2', '-o', 'src');
  assert.equal(updated.code, 0, updated.err);
  assert.match(updated.err, /updated; it was UTF-16 and is UTF-8 now/u);
  assert.match(read(folder, 'src/retry.ts'), /maxRetries: 2/u);

  inUtf16(read(folder, 'src/retry.ts').replace('maxRetries: 2', 'maxRetries: 3'));
  const accepted = run(folder, 'accept', 'src/retry.ts');
  assert.match(accepted.err, /accepted; it was UTF-16 and is UTF-8 now/u);
  assert.match(read(folder, 'src/retry.ts'), /maxRetries: 3/u);
});

test('a header with arguments that are not accepted is told with a command that writes the file', () => {
  const folder = project();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '--failure-threshold', '7', '-o', 'src').code, 0);
  const spoilt = read(folder, 'src/circuit-breaker.ts').replace('"tripOn":"consecutive"', '"tripOn":"consecutiv"');
  writeFileSync(join(folder, 'src/circuit-breaker.ts'), spoilt);
  const { code, err } = run(folder, 'upgrade', 'src/circuit-breaker.ts');
  assert.equal(code, 1, err);
  assert.match(err, /the arguments in its header are not accepted\.\ntripOn: "consecutiv" is not a choice; did you mean consecutive\?/u);
  const [, corrected] = /^Corrected call: crowvault-mcp (.*)$/mu.exec(err);
  assert.equal(run(folder, ...corrected.split(' ')).code, 0, corrected);
  assert.match(read(folder, 'src/circuit-breaker.ts'), /"failureThreshold":7/u);
  assert.equal(run(folder, 'upgrade', 'src/circuit-breaker.ts').code, 0);
});

test('a manifest with the conflict of a merge is told as that', () => {
  const folder = newFolder();
  const json = '{\n<<<<<<< HEAD\n  "retryPolicy": {}\n=======\n  "circuitBreaker": {}\n>>>>>>> other\n}\n';
  const yaml = 'retryPolicy:\n  maxRetries: 1\n<<<<<<< HEAD\n  baseDelayMs: 1\n=======\n  baseDelayMs: 2\n>>>>>>> other\n';
  for (const [name, text, line] of [
    ['resilience.json', json, 2],
    ['resilience.jsonc', json.replaceAll('\n', '\r\n'), 2],
    ['resilience.yaml', yaml, 3],
    ['package.json', `{ "resilience":\n${json}}`, 3],
  ]) {
    writeFileSync(join(folder, name), text);
    const { code, err } = run(folder, 'stack', '-c', name, '-o', 'src');
    assert.equal(code, 2, err);
    assert.equal(err, `${name}: has a conflict of a merge at line ${String(line)}; settle it first.\n`);
  }
  // Where nothing else is the manifest, package.json may hold it.
  for (const name of ['resilience.json', 'resilience.jsonc', 'resilience.yaml']) rmSync(join(folder, name));
  assert.equal(run(folder, 'stack', '-o', 'src').err, 'package.json: has a conflict of a merge at line 3; settle it first.\n');
  rmSync(join(folder, 'package.json'));
  assert.match(
    run(folder, 'stack', '-o', 'src').err,
    /^resilience\.json: cannot be read, it is not there; give the manifest with -c PATH, or write one with init\.$/mu,
  );
});

test('an emitted file that has become too long to read is told, and holds up no other', () => {
  const folder = project();
  assert.equal(run(folder, 'generate', 'circuit-breaker', '-o', 'src').code, 0);
  const long = `${read(folder, 'src/circuit-breaker.ts')}// ${'x'.repeat(5 << 20)}\n`;
  writeFileSync(join(folder, 'src/circuit-breaker.ts'), long);
  writeFileSync(join(folder, 'src/other.ts'), `// ${'x'.repeat(5 << 20)}\n`);

  const upgraded = run(folder, 'upgrade', 'src');
  assert.equal(upgraded.code, 1, upgraded.err);
  assert.match(upgraded.err, /circuit-breaker\.ts: longer than 4 MiB\./u);
  assert.match(upgraded.err, /retry\.ts: unchanged/u);
  assert.doesNotMatch(upgraded.err, /other\.ts/u);
  assert.equal(read(folder, 'src/circuit-breaker.ts'), long);
});

test('an update keeps line ends that are CR alone', () => {
  const folder = project();
  const cr = read(folder, 'src/retry.ts').replaceAll('\n', '\r');
  writeFileSync(join(folder, 'src/retry.ts'), cr);
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'src', '--check').code, 0);

  const updated = run(folder, 'generate', 'retry-policy', '-o', 'src', '--max-retries', '2');
  assert.equal(updated.code, 0, updated.err);
  const text = read(folder, 'src/retry.ts');
  assert.match(text, /"maxRetries":2/u);
  assert.doesNotMatch(text, /\n/u);
  assert.equal(text.split('\r').length, cr.split('\r').length);
});
