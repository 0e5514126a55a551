// What the world does to a program that writes files: one sentence and exit code 1 or 2, nothing half written, nothing left behind.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programUnderTest } from '../../shared/program.mjs';
import { filesOf, newFolder, run } from './lib.mjs';

const full = process.env.CROWVAULT_PROOF === 'full';
const posix = process.platform !== 'win32';
const breaker = ['generate', 'circuit-breaker'];

/** One sentence, a documented exit code, no trace of a program. */
function assertSentence({ code, err }, what) {
  assert.ok(code === 1 || code === 2, `${what}: exit code ${String(code)}, ${err}`);
  assert.doesNotMatch(err, /Unhandled|^\s+at |System\.|Exception/mu, what);
  assert.match(err, /\S/u, what);
}

/** No temporary file, journal or lock. */
function assertTidy(folder) {
  const left = readdirSync(folder, { recursive: true }).filter((name) => /\.tmp$|journal|lock$/u.test(name));
  assert.deepEqual(left, []);
}

const states = {
  'a folder in the way': (at) => mkdirSync(at),
  'a link to nowhere': (at) => symlinkSync('../nowhere.ts', at),
  'a link to itself': (at) => symlinkSync('circuit-breaker.ts', at),
  'a link to a folder': (at) => symlinkSync('.', at),
  'a pipe': (at) => execFileSync('mkfifo', [at]),
  'an endless device': (at) => symlinkSync('/dev/zero', at),
  'a binary file': (at) => writeFileSync(at, Buffer.from([0xff, 0xfe, 0x00])),
  "somebody's code": (at) => writeFileSync(at, 'export const mine = 1;\n'),
  'five megabytes': (at) => writeFileSync(at, 'x'.repeat(5 << 20)),
};
for (const [name, make] of Object.entries(states)) {
  test(`${name} where the file goes`, { skip: !posix }, () => {
    const folder = newFolder();
    make(join(folder, 'circuit-breaker.ts'));
    for (const options of [[], ['--check'], ['--failure-threshold', '3'], ['--merge']]) {
      assertSentence(run(folder, ...breaker, '-o', '.', ...options), `${name} ${options.join(' ')}`);
    }
    assertTidy(folder);
  });
}

test('a file with thousands of lines of others is not compared', () => {
  const folder = newFolder();
  assert.equal(run(folder, ...breaker, '-o', '.', '--failure-threshold', '3').code, 0);
  const path = join(folder, 'circuit-breaker.ts');
  const emitted = readFileSync(path, 'utf8');
  for (const [count, refused] of [
    [9_000, false],
    [60_000, true],
  ]) {
    const more = emitted + Array.from({ length: count }, (_, n) => `const a${String((n * 7_919) % 300_007)} = ${String(n)};\n`).join('');
    writeFileSync(path, more);
    for (const command of [
      [...breaker, '-o', '.', '--diff'],
      ['upgrade', '.'],
      [...breaker, '-o', '.', '--failure-threshold', '4', '--merge'],
    ]) {
      const { code, err } = run(folder, ...command);
      assert.equal(/over 10000 lines more than what would be written/u.test(err), refused, `${command.join(' ')}: ${err}`);
      if (refused) assert.equal(code, 1);
    }
    if (refused) assert.equal(readFileSync(path, 'utf8'), more);
    assertTidy(folder);
  }
  // What compares no lines takes the file as any that was edited; those beside it are brought up to date.
  const beside = join(folder, 'retry.ts');
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', '.').code, 0);
  writeFileSync(beside, readFileSync(beside, 'utf8').replace('"maxRetries":4', '"maxRetries":5'));
  assert.equal(run(folder, 'upgrade', '.').code, 1);
  assert.match(readFileSync(beside, 'utf8'), /maxRetries: 5,/u);
  assert.match(run(folder, ...breaker, '-o', '.', '--check').err, /edited since it was generated/u);
  assert.match(run(folder, ...breaker, '-o', '.', '--failure-threshold', '4').err, /edited since it was generated; nothing was written/u);
  assert.equal(run(folder, ...breaker, '-o', '.', '--failure-threshold', '4', '--force').code, 0);
  assert.match(readFileSync(path, 'utf8'), /failureThreshold: 4,/u);
  assert.doesNotMatch(readFileSync(path, 'utf8'), /const a7919 =/u);
});

const specials = {
  'a pipe': (at) => execFileSync('mkfifo', [at]),
  'an endless device': (at) => symlinkSync('/dev/zero', at),
};
for (const [name, make] of Object.entries(specials)) {
  test(`${name} where the last emission is kept`, { skip: !posix }, () => {
    for (const command of [
      ['generate', 'retry-policy', '-o', 'r/'],
      ['stack', '-c', 'm.json', '-o', 'r'],
    ]) {
      const folder = newFolder();
      mkdirSync(join(folder, 'r/.crowvault'), { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{}');
      writeFileSync(join(folder, 'm.json'), '{"retryPolicy":{}}');
      make(join(folder, 'r/.crowvault/retry.ts.gz'));
      const done = run(folder, ...command);
      assert.equal(done.code, 2, done.err);
      assert.match(done.err, /retry\.ts\.gz: something that is no regular file is in the way; remove it\./u);
      assert.ok(!existsSync(join(folder, 'r/retry.ts')));
      assertTidy(folder);
    }
  });
}

test('plots go to a file of their own, never through a link or into a pipe', { skip: !posix }, () => {
  const folder = newFolder();
  writeFileSync(
    join(folder, 'full.json'),
    '{"circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"orders.get":2000}},"bulkhead":{"partitions":{"orders":20}}}',
  );
  const mine = join(folder, 'mine.txt');
  writeFileSync(mine, 'mine');
  symlinkSync('mine.txt', join(folder, 'link.svg'));
  symlinkSync('nowhere.txt', join(folder, 'nowhere.svg'));
  for (const [kind, make] of Object.entries(specials)) make(join(folder, `${kind}.svg`));
  for (const [name, reason] of [
    ['link.svg', /a link is in the way/u],
    ['nowhere.svg', /a link is in the way/u],
    ['a pipe.svg', /no regular file is in the way/u],
    ['an endless device.svg', /a link is in the way/u],
  ]) {
    const done = run(folder, 'simulate', '-c', 'full.json', '--svg', name);
    assert.equal(done.code, 2, `${name}: ${done.err}`);
    assert.match(done.err, reason);
    assert.equal(done.err.trim().split('\n').length, 1, done.err);
  }
  assert.equal(readFileSync(mine, 'utf8'), 'mine');
  assert.ok(!existsSync(join(folder, 'nowhere.txt')));
  for (const place of ['new', 'over its own']) {
    assert.equal(run(folder, 'simulate', '-c', 'full.json', '--svg', 'plots.svg').code, 0, place);
    assert.match(readFileSync(join(folder, 'plots.svg'), 'utf8'), /^<svg/u);
  }
  assertTidy(folder);
});

test('a manifest that is none', { skip: !posix }, () => {
  const folder = newFolder();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const manifests = {
    'empty.json': '',
    'text.json': 'circuit breaker',
    'list.json': '[]',
    'deep.json': '['.repeat(100_000),
    'broken.yaml': 'circuitBreaker: {',
    'alias.yaml': 'a: &x {}\nb: *x\n',
    'two.yaml': 'a: 1\n---\nb: 2\n',
    'empty.yaml': '# nothing\n',
    'surrogate.json': '{"circuitBreaker":{"\\ud800":1}}',
    'twice.json': '{"circuitBreaker":{},"circuitBreaker":{}}',
  };
  for (const [name, text] of Object.entries(manifests)) writeFileSync(join(folder, name), text);
  for (const name of [...Object.keys(manifests), 'pipe', '/dev/zero', '.', 'missing.json', '', 'a'.repeat(5000)]) {
    assertSentence(run(folder, 'stack', '-c', name, '-o', 'out'), `stack -c ${name.slice(0, 40)}`);
  }
  assert.ok(!existsSync(join(folder, 'out')));
});

test('arguments of every kind that are none', () => {
  const folder = newFolder();
  const odd = [
    '',
    ' ',
    '-',
    '--',
    '---',
    '\u{1b}[31m',
    '\u0000'.slice(1),
    'a'.repeat(10_000),
    '{',
    '[{"a":',
    '1e999',
    '-1',
    'null',
    '\u202e',
    '@file',
    '[suggest',
    '=',
    '--=',
  ];
  const commands = [
    (word) => [word],
    (word) => ['generate', word],
    (word) => [...breaker, word],
    (word) => [...breaker, '-o', word, '--check'],
    (word) => [...breaker, '--name', word, '-o', '.', '--dry-run'],
    (word) => ['generate', 'bulkhead', '--partitions', word],
    (word) => ['call', word, '{}'],
    (word) => ['call', 'generate_bulkhead', word],
    (word) => ['token', 'create', '--name', 'ci', '--days', word],
    (word) => ['serve', '--transport', 'http', '--port', word],
    (word) => ['upgrade', word],
    (word) => ['accept', word],
    (word) => ['completion', word],
    (word) => ['init', '--yes', '-c', word, '--upstreams', word],
    (word) => ['tools', word],
    (word) => ['[suggest:9]', word],
  ];
  for (const [i, command] of commands.entries()) {
    for (const [j, word] of odd.entries()) {
      if (!full && (i + j) % 6 !== 0) continue;
      const args = command(word);
      // '-' reads standard input, and an MCP server would wait for its client.
      if (args.length === 1 && ['', ' '].includes(word)) continue;
      const { code, err } = run(folder, ...args);
      assert.ok([0, 1, 2].includes(code), `${JSON.stringify(args).slice(0, 200)}: exit code ${String(code)}, ${err}`);
      assert.doesNotMatch(err, /Unhandled|^\s+at |System\.|This should not happen/mu, JSON.stringify(args).slice(0, 200));
      assert.doesNotMatch(err, /\u001b/u, 'no escape reaches the terminal');
    }
  }
  assertTidy(folder);
});

test('a misspelled option is not taken for a file, and nothing is done for the files beside it', () => {
  const folder = newFolder();
  assert.equal(run(folder, ...breaker, '-o', '.').code, 0);
  const file = join(folder, 'circuit-breaker.ts');
  writeFileSync(file, `${readFileSync(file, 'utf8')}// mine\n`);
  const before = readFileSync(file, 'utf8');
  for (const command of [
    ['accept', 'circuit-breaker.ts', '--dryrun'],
    ['upgrade', '--dryrun', '.'],
    ['call', 'generate_bulkhead', '--jso'],
  ]) {
    const done = run(folder, ...command);
    assert.equal(done.code, 2);
    assert.match(done.err, /^Unrecognized option --\w+\. .*See crowvault-mcp \w+ --help\.$/mu);
  }
  assert.match(run(folder, 'upgrade', '--dryrun').err, /Did you mean --dry-run\?/u);
  assert.equal(readFileSync(file, 'utf8'), before);
  writeFileSync(join(folder, '-x.ts'), before);
  assert.match(run(folder, 'upgrade', '--', '-x.ts').err, /-x\.ts: unchanged/u);
});

test('what ends a command that writes files is JSON where JSON was asked for', () => {
  const folder = newFolder();
  for (const command of [
    ['stack', '-o', 'out'],
    ['upgrade', 'nowhere'],
    ['accept', 'nowhere.ts'],
    [...breaker, '--failure-threshold', 'x'],
    [...breaker, '-o', 'a', '-o', 'b'],
    ['setup', '--client', 'nobody'],
  ]) {
    const { code, out, err } = run(folder, ...command, '--json');
    const answer = JSON.parse(out);
    assert.equal(answer.exitCode, code);
    assert.deepEqual([code, answer.messages.join('\n')], [2, err.trimEnd()], command.join(' '));
  }
});

test('--diff and messages pass no escape on to the terminal', () => {
  const folder = newFolder();
  assert.equal(run(folder, ...breaker, '-o', '.').code, 0);
  const path = join(folder, 'circuit-breaker.ts');
  writeFileSync(path, readFileSync(path, 'utf8').replace('\nexport class', '\n// \u001b]0;owned\u0007\u001b[2J\u202e\nexport class'));
  const { code, out } = run(folder, ...breaker, '--diff', '-o', '.');
  assert.equal(code, 0);
  assert.match(out, /\\u001b\]0;owned\\u0007/u);
  assert.ok(![...out].some((c) => (c < ' ' && c !== '\n' && c !== '\t') || c === '\u202e'), 'only text');
});

test('modes and links stay, and a file that may not be written is left alone', { skip: !posix }, () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'real'));
  assert.equal(run(folder, ...breaker, '-o', 'real').code, 0);
  const path = join(folder, 'real/circuit-breaker.ts');
  symlinkSync('real/circuit-breaker.ts', join(folder, 'circuit-breaker.ts'));
  for (const mode of [0o600, 0o664, 0o755]) {
    chmodSync(path, mode);
    assert.equal(run(folder, ...breaker, '--failure-threshold', String(mode), '-o', '.').code, 0);
    assert.equal(statSync(path).mode & 0o777, mode);
    assert.match(readFileSync(path, 'utf8'), new RegExp(`"failureThreshold":${String(mode)}`, 'u'));
  }
  assert.ok(lstatSync(join(folder, 'circuit-breaker.ts')).isSymbolicLink());
  assert.equal(readlinkSync(join(folder, 'circuit-breaker.ts')), 'real/circuit-breaker.ts');
  chmodSync(path, 0o444);
  const refused = run(folder, ...breaker, '--failure-threshold', '3', '-o', '.');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /read-only/u);
  assert.equal(statSync(path).mode & 0o777, 0o444);
});

test('planted journals and bases move nothing out of the folder', { skip: !posix }, () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'out'));
  writeFileSync(join(folder, 'victim'), 'precious');
  const staged = `.crowvault-${'a'.repeat(32)}.tmp`;
  for (const line of [
    `${staged}\t../victim`,
    `-\t../victim`,
    `${staged}\t/tmp/x`,
    `-\t.crowvault/../../victim`,
    '-\t..%2Fvictim',
    '-\t%2e%2e',
  ]) {
    writeFileSync(join(folder, 'out', staged), 'planted');
    writeFileSync(join(folder, 'out/.crowvault-journal'), `${line}\nend\n`);
    run(folder, ...breaker, '-o', 'out');
    assert.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'precious', line);
    assertTidy(folder);
  }
  // What is kept for merges, in a project, goes into a folder and not through a link.
  const linked = newFolder();
  writeFileSync(join(linked, 'package.json'), '{}');
  mkdirSync(join(linked, 'out'));
  mkdirSync(join(linked, 'elsewhere'));
  symlinkSync('../elsewhere', join(linked, 'out/.crowvault'));
  assertSentence(run(linked, ...breaker, '-o', 'out'), 'a link in place of the folder of bases');
  assert.deepEqual(readdirSync(join(linked, 'elsewhere')), []);
});

const manifest = (threshold) =>
  JSON.stringify({
    circuitBreaker: { failureThreshold: threshold },
    retryPolicy: {},
    timeoutConfig: { operations: { a: 1000 + threshold } },
    bulkhead: { partitions: { p: threshold } },
  });

/** A folder with two manifests, its output written from the first, and what each of them gives. */
function twoManifests() {
  const folder = newFolder();
  writeFileSync(join(folder, 'old.json'), manifest(3));
  writeFileSync(join(folder, 'new.json'), manifest(4));
  assert.equal(run(folder, 'stack', '-c', 'new.json', '-o', 'new').code, 0);
  assert.equal(run(folder, 'stack', '-c', 'old.json', '-o', 'out').code, 0);
  return { folder, before: filesOf(join(folder, 'out')), after: filesOf(join(folder, 'new')) };
}

const rounds = full ? 200 : 3;
for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT']) {
  test(`${signal} while the folder is written: the old one or the new one, and the next run is clean`, { skip: !posix }, async () => {
    const { folder, before, after } = twoManifests();
    const { command, args } = programUnderTest();
    const since = performance.now();
    run(folder, 'stack', '-c', 'old.json', '-o', 'out');
    const usual = performance.now() - since;
    let mixed = 0;
    for (let round = 0; round < rounds; round++) {
      const child = spawn(command, [...args, 'stack', '-c', 'new.json', '-o', 'out'], { cwd: folder, stdio: 'ignore' });
      // Most rounds end in the last third, where files are written.
      const timer = setTimeout(() => child.kill(signal), usual * (0.4 + (0.8 * ((round * 37) % 100)) / 100));
      await new Promise((resolve) => child.once('exit', resolve));
      clearTimeout(timer);
      if (signal !== 'SIGKILL') assertTidy(folder);
      // Killed between two renames, a journal says what is missing, and whatever reads the folder next finishes it first.
      const sources = () =>
        JSON.stringify(Object.fromEntries(Object.entries(filesOf(join(folder, 'out'))).filter(([name]) => !name.startsWith('.'))));
      const isWhole = () => [before, after].some((each) => JSON.stringify(each) === sources());
      if (!isWhole()) {
        mixed++;
        assert.match(run(folder, 'stack', '-c', 'new.json', '-o', 'out', '--check').err, /finished a run that was interrupted there/u);
        assert.ok(isWhole());
      }
      const { code, err } = run(folder, 'stack', '-c', 'new.json', '-o', 'out');
      assert.equal(code, 0, err);
      assertTidy(folder);
      assert.deepEqual(filesOf(join(folder, 'out')), after);
      assert.equal(run(folder, 'stack', '-c', 'old.json', '-o', 'out').code, 0);
      assert.deepEqual(filesOf(join(folder, 'out')), before);
    }
    console.log(`${signal}: ${String(rounds)} runs, ${String(mixed)} ended between two files`);
  });
}

test('a run that was killed between two files is finished by whatever reads them next', { skip: !posix }, () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'package.json'), '{}');
  for (const threshold of [3, 4]) {
    writeFileSync(join(folder, 'resilience.json'), manifest(threshold));
    assert.equal(run(folder, 'stack', '-o', String(threshold)).code, 0);
  }
  const [before, after] = [filesOf(join(folder, '3')), filesOf(join(folder, '4'))];
  const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
  assert.ok(changed.length > 2, changed.join());
  const commands = [
    ['stack', '-o', 'out', '--check'],
    ['stack', '-o', 'out', '--diff'],
    ['stack', '-o', 'out'],
    // Takes over what the header says, which is the new one's.
    ['generate', 'circuit-breaker', '-o', 'out'],
    ['generate', 'circuit-breaker', '-o', 'out/circuit-breaker.ts', '--check'],
    ['upgrade', 'out'],
    ['upgrade', 'out/circuit-breaker.ts', '--dry-run'],
    ['accept', 'out/circuit-breaker.ts'],
  ];
  for (const [i, command] of commands.entries()) {
    const out = join(folder, 'out');
    rmSync(out, { recursive: true, force: true });
    cpSync(join(folder, '3'), out, { recursive: true });
    // As such a run leaves it: the journal, some files in their places, the others beside them.
    const staged = changed.map((name, j) => [`.crowvault-${String(j).repeat(32)}.tmp`, name]);
    writeFileSync(join(out, '.crowvault-journal'), `${staged.map((each) => each.join('\t')).join('\n')}\nend\n`);
    for (const [j, [at, name]] of staged.entries()) writeFileSync(join(out, j <= i % changed.length ? name : at), after[name]);
    const { code, out: said, err } = run(folder, ...command);
    assert.equal(code, 0, `${command.join(' ')}: ${said}${err}`);
    assert.match(err, /finished a run that was interrupted there/u);
    assert.deepEqual(filesOf(out), after, command.join(' '));
    assertTidy(out);
  }
});

const encoded = (name) => encodeURIComponent(name).replace(/[!'()*]/gu, (c) => `%${c.charCodeAt(0).toString(16)}`);

test('such a run is finished whatever its files are called', { skip: !posix }, () => {
  for (const name of ['+page.server', '[slug]', '.größe', 'a\nb', "o'b 50%25"]) {
    const [before, after] = [newFolder(), newFolder()];
    const files = [`${name}.ts`, `${name}.test.ts`];
    for (const [folder, threshold] of [
      [before, '3'],
      [after, '4'],
    ]) {
      const { code, err } = run(folder, ...breaker, '--with-tests', '--failure-threshold', threshold, '-o', files[0]);
      assert.equal(code, 0, err);
    }
    const staged = files.map((each, i) => `.crowvault-${String(i).repeat(32)}.tmp\t${encoded(each)}`);
    writeFileSync(join(before, '.crowvault-journal'), `${staged.join('\n')}\nend\n`);
    writeFileSync(join(before, files[0]), filesOf(after)[files[0]]);
    writeFileSync(join(before, staged[1].split('\t')[0]), filesOf(after)[files[1]]);
    assert.equal(run(before, 'upgrade').code, 0, name);
    assert.deepEqual(filesOf(before), filesOf(after), name);
  }
});

test('a journal that cannot be one holds nobody up', { skip: !posix }, () => {
  const folder = newFolder();
  writeFileSync(join(folder, '.crowvault-journal'), Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0]));
  assert.equal(run(folder, ...breaker, '-o', '.').code, 0);
  assertTidy(folder);
  mkdirSync(join(folder, '.crowvault-journal'));
  const refused = run(folder, ...breaker, '--failure-threshold', '9', '-o', '.');
  assertSentence(refused, 'a folder in place of the journal');
  assert.match(refused.err, /journal: a folder is in the way/u);
});

test('a limit on the size of files is a sentence', { skip: process.platform !== 'linux' }, () => {
  const { command, args } = programUnderTest();
  const folder = newFolder();
  // Without a mapping for code that is written, which would be a file beyond the limit.
  const env = { ...process.env, DOTNET_EnableWriteXorExecute: '0' };
  const line = `ulimit -f 16; exec ${[command, ...args, ...breaker].join(' ')} -o out`;
  const done = spawnSync('sh', ['-c', line], { cwd: folder, env, encoding: 'utf8', timeout: 60_000 });
  assertSentence({ code: done.status, err: done.stderr }, 'ulimit -f');
  assert.match(done.stderr, /circuit-breaker\.ts: the file would be too large\.\n/u);
  assert.deepEqual(readdirSync(folder), []);
});

test('a link that leads nowhere or to itself is called so', { skip: !posix }, () => {
  const folder = newFolder();
  symlinkSync('nowhere', join(folder, 'away'));
  symlinkSync('loop', join(folder, 'loop'));
  for (const call of [
    [...breaker, '-o', 'away'],
    [...breaker, '-o', 'loop/'],
    ['upgrade', 'loop'],
    ['accept', 'loop'],
  ]) {
    const done = run(folder, ...call);
    assertSentence(done, call.join(' '));
    assert.match(done.err, /a link that leads (?:nowhere|to itself)/u);
  }
});

test('SIGKILL while a folder is made: it is there as a whole or not at all', { skip: !posix }, async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'resilience.json'), manifest(3));
  writeFileSync(join(folder, 'package.json'), '{}');
  const { command, args } = programUnderTest();
  const first = performance.now();
  assert.equal(run(folder, 'stack', '-o', 'out').code, 0);
  const usual = performance.now() - first;
  const whole = filesOf(join(folder, 'out'));
  for (let round = 0; round < rounds; round++) {
    rmSync(join(folder, 'out'), { recursive: true, force: true });
    const child = spawn(command, [...args, 'stack', '-o', 'out'], { cwd: folder, stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), usual * (0.5 + (0.6 * ((round * 37) % 100)) / 100));
    await new Promise((resolve) => child.once('exit', resolve));
    clearTimeout(timer);
    const left = existsSync(join(folder, 'out')) ? filesOf(join(folder, 'out')) : {};
    assert.ok([JSON.stringify({}), JSON.stringify(whole)].includes(JSON.stringify(left)), Object.keys(left).join());
    assert.equal(run(folder, 'stack', '-o', 'out').code, 0);
    assert.deepEqual(filesOf(join(folder, 'out')), whole);
    assertTidy(folder);
  }
});

test('runs that make one folder at once make it once', async () => {
  const { folder, before, after } = twoManifests();
  const { command, args } = programUnderTest();
  const one = (i) =>
    new Promise((resolve) => {
      spawn(command, [...args, 'stack', '-c', i % 2 ? 'new.json' : 'old.json', '-o', 'a/fresh'], { cwd: folder, stdio: 'ignore' }).once(
        'exit',
        resolve,
      );
    });
  assert.deepEqual(new Set(await Promise.all([0, 1, 2, 3, 4, 5].map(one))), new Set([0]));
  const found = JSON.stringify(filesOf(join(folder, 'a/fresh')));
  assert.ok([before, after].some((each) => JSON.stringify(each) === found));
  assertTidy(folder);
});

test('eight runs of two manifests at once: the folder is of one of them', async () => {
  const { folder, before, after } = twoManifests();
  const { command, args } = programUnderTest();
  const codes = await Promise.all(
    Array.from(
      { length: 8 },
      (_, i) =>
        new Promise((resolve) => {
          spawn(command, [...args, 'stack', '-c', i % 2 ? 'new.json' : 'old.json', '-o', 'out'], { cwd: folder, stdio: 'ignore' }).once(
            'exit',
            resolve,
          );
        }),
    ),
  );
  assert.deepEqual([...new Set(codes)], [0]);
  const found = JSON.stringify(filesOf(join(folder, 'out')));
  assert.ok(
    [before, after].some((each) => JSON.stringify(each) === found),
    'a mix',
  );
  assertTidy(folder);
});

test('a full or closed standard output is a sentence', { skip: !existsSync('/dev/full') }, () => {
  const { command, args } = programUnderTest();
  const program = [command, ...args].join(' ');
  const folder = newFolder();
  const shell = (line) => {
    writeFileSync(join(folder, 'line.sh'), line);
    try {
      execFileSync('sh', ['line.sh'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 60_000 });
      return { code: 0, err: '' };
    } catch (error) {
      return { code: error.status, err: error.stderr };
    }
  };
  for (const call of [
    'generate circuit-breaker',
    'tools',
    'tools --json',
    "call generate_circuit_breaker '{}'",
    'token create --name a',
    'stack --schema',
    'completion bash',
  ]) {
    const { code, err } = shell(`${program} ${call} > /dev/full`);
    assertSentence({ code, err }, `${call} > /dev/full`);
    assert.match(err, /standard output: no space is left on the disk\./u);
    for (const streams of ['>&-', '2>&- >/dev/null', '<&- >&- 2>&-']) {
      const closed = shell(`${program} ${call} ${streams}`);
      assert.ok([0, 1, 2].includes(closed.code), `${call} ${streams}: ${String(closed.code)} ${closed.err}`);
      assert.doesNotMatch(closed.err, /Unhandled|^\s+at /mu);
    }
  }

  // A closed input is at its end, whatever .NET has opened in its place.
  for (const [call, expected] of [
    ['<&-', 0],
    ['<&- >&- 2>&-', 0],
    ['stack -c - -o x <&-', 2],
  ]) {
    const { code, err } = shell(`${program} ${call}`);
    assert.equal(code, expected, `${call}: ${err}`);
  }
});
