// Edits of one's own and a generator that comes back: merged without loss or with a marked conflict, never dropped.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { format } from 'prettier';
import { repository } from '../../shared/program.mjs';
import { copyOf, filesOf, formatters, newFolder, run } from './lib.mjs';

const ts = createRequire(join(repository, 'tests/field/files/package.json'))('typescript');
const rounds = process.env.CROWVAULT_PROOF === 'full' ? 500 : 6;

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

/** Adds marked comments at the ends of statements. */
function comment(text, random, marks) {
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

function nodesOf(text, wanted) {
  const found = [];
  const visit = (node) => {
    if (wanted(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.ts', text, ts.ScriptTarget.ES2022, true));
  return found;
}

const pick = (list, random) => list[random(list.length)];
const renamed = (text, from, to) => text.replace(new RegExp(`${from}(?![\\w$])`, 'gu'), to);
const privateNames = (text) => [...new Set(text.match(/(?<=this\.)#\w+/gu) ?? [])];

// What people do to code that is theirs. Each leaves its mark in it.
const changes = {
  comment: (text, random, mark) => comment(text, random, [mark]),
  statement: (text, random, mark) => {
    const block = pick(
      nodesOf(text, (node) => ts.isBlock(node) && node.statements.length > 0),
      random,
    );
    const { end } = pick(block.statements, random);
    return `${text.slice(0, end)}\n    void '${mark}';${text.slice(end)}`;
  },
  message: (text, random, mark) => {
    const messages = nodesOf(text, (node) => ts.isNewExpression(node) && /Error$/u.test(node.expression.getText()));
    const node =
      messages.length > 0 && pick(messages, random).arguments.find((each) => ts.isStringLiteral(each) || ts.isTemplateExpression(each));
    return node ? `${text.slice(0, node.getStart() + 1)}${mark}: ${text.slice(node.getStart() + 1)}` : comment(text, random, [mark]);
  },
  'a private member renamed': (text, random, mark) => {
    const names = privateNames(text);
    return names.length > 0 ? renamed(text, pick(names, random), `#${mark.replace(/\W/gu, '_')}`) : comment(text, random, [mark]);
  },
  'a function of their own': (text, _, mark) =>
    `${text}\n/** ${mark} */\nexport function ${mark.replace(/\W/gu, '_')}(): string {\n  return '${mark}';\n}\n`,
  'a line less': (text, random, mark) => {
    const lines = text.split('\n');
    const places = lines.flatMap((line, i) => (/^ {2,}\/\/ /u.test(line) ? [i] : []));
    if (places.length > 0) lines[pick(places, random)] = `// ${mark}`;
    else lines.push(`// ${mark}`);
    return lines.join('\n');
  },
};
const isIn = (text, mark) => text.includes(mark) || text.includes(mark.replace(/\W/gu, '_'));

/** The same file as an older product might have emitted it: other private names, comments and messages, one function less. */
function asOlder(folder, file, random) {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf('*/\n') + 4;
  let body = text.slice(from);
  for (let i = 0; i <= random(3); i++) {
    const [name] = privateNames(body).slice(random(3));
    const sentence = pick([...body.matchAll(/^ *\/\/ .*\n/gmu)], random);
    if (random(2) === 0 && name) body = renamed(body, name, `${name}Before`);
    else if (sentence) body = body.replace(sentence[0], random(2) === 0 ? '' : sentence[0].replace(/ (\w+)\.?\n/u, ' $1 then.\n'));
    body = body.replace(/'(\w+ )?is /u, "'$1was ");
  }
  // Accepting a file tells its fingerprint.
  writeFileSync(path, `${text.slice(0, from)}${body}`);
  assert.equal(run(folder, 'accept', file).code, 0);
  const accepted = /; accepted xxh128 (\w+)/u.exec(readFileSync(path, 'utf8'))?.[1];
  if (accepted === undefined) return;
  const header = text
    .slice(0, from)
    .replace(/xxh128 \w+/u, `xxh128 ${accepted}`)
    .replace(/CrowVault\.Mcp \d+\.\d+\.\d+/u, 'CrowVault.Mcp 0.0.1');
  writeFileSync(path, header + body);
  mkdirSync(join(folder, '.crowvault'));
  writeFileSync(join(folder, '.crowvault', `${file}.gz`), gzipSync(body));
}

/** The code without comments, types and layout. */
function codeOf(text) {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, removeComments: true } });
  return format(outputText.replace(/\n\s*\n/gu, '\n'), { parser: 'babel' });
}

/** What the compiler says of files, each a module of its own. */
function faultsOf(folder, files) {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(repository, 'tests/generated/node_modules/@types')],
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName.slice(folder.length) ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}

for (const arriving of ['other arguments', 'a newer product']) {
  test(`${String(rounds)} edited files, ${arriving}: every edit is kept, and a clean merge compiles`, async () => {
    const names = Object.keys(tools);
    const clean = newFolder();
    const merges = [];
    let conflicts = 0;
    for (let seed = 1; seed <= rounds; seed++) {
      const random = randomOf(seed);
      const tool = names[seed % names.length];
      const { file, after } = tools[tool];
      const folder = copyOf(arriving === 'a newer product' ? now : emitted);
      const path = join(folder, file);
      if (arriving === 'a newer product') asOlder(folder, file, random);
      const marks = Array.from({ length: 1 + random(4) }, (_, i) => `mine ${String(seed)}x${String(i)}`);
      const onlyComments = seed % 3 === 1;
      const kinds = [];
      for (const mark of marks) {
        const kind = onlyComments ? 'comment' : pick(Object.keys(changes), random);
        kinds.push(kind);
        writeFileSync(path, changes[kind](readFileSync(path, 'utf8'), random, mark));
      }
      // An edit may be undone by the next one: what counts is what stands there.
      const standing = marks.filter((mark) => isIn(readFileSync(path, 'utf8'), mark));
      const what = `seed ${String(seed)}, ${tool}, ${kinds.join(', ')}`;
      // Some are formatted too.
      const formatterNames = ['Prettier, defaults', 'Prettier, tabs and no semicolons', 'dprint, defaults'];
      if (seed % 4 === 0) await formatters[formatterNames[random(formatterNames.length)]](folder);
      const call = arriving === 'a newer product' ? ['upgrade', file] : ['generate', tool, ...after, '-o', '.', '--merge'];
      if (arriving === 'other arguments') assert.equal(run(folder, ...call.slice(0, -1)).code, 1, `${what}: an edited file is left alone`);
      const { code, err } = run(folder, ...call);
      const merged = readFileSync(path, 'utf8');
      const marked = merged.includes('<<<<<<< yours');
      assert.equal(code, marked ? 1 : 0, `${what}: ${err}`);
      for (const mark of standing) assert.ok(isIn(merged, mark), `${what}: ${mark} is lost in ${file}`);
      assert.doesNotMatch(merged, /CrowVault\.Mcp 0\.0\.1/u);
      if (marked) {
        conflicts++;
        assert.match(err, /conflict/u);
        continue;
      }
      merges.push(join(clean, `n${String(seed)}.ts`));
      writeFileSync(merges.at(-1), merged);
      // Without the owner's comments it is what is emitted now.
      if (onlyComments) assert.equal(await codeOf(merged), await codeOf(readFileSync(join(now, file), 'utf8')), what);
      // The edit is the owner's to accept, and to keep at the next change.
      assert.equal(run(folder, 'generate', tool, '-o', file, '--check').code, 1, what);
      assert.equal(run(folder, 'accept', file).code, 0, what);
      assert.equal(run(folder, 'generate', tool, '-o', file, '--check').code, 0, `${what}: accepted`);
    }
    assert.deepEqual(faultsOf(clean, merges), [], 'a clean merge compiles');
    assert.ok(conflicts < rounds / 2, `${String(conflicts)} of ${String(rounds)} in conflict`);
  });
}

test('what one side takes away and the other uses anew is a conflict that says so', () => {
  const folder = copyOf(emitted);
  const path = join(folder, 'circuit-breaker.ts');
  const text = readFileSync(path, 'utf8');
  // Events, which the arguments below add, report this member.
  writeFileSync(path, text.replaceAll('#state', '#phase'));
  const { code, err } = run(folder, 'generate', 'circuit-breaker', '--with-metrics', '-o', '.', '--merge');
  assert.equal(code, 1, err);
  assert.match(readFileSync(path, 'utf8'), />>>>>>> emitted now: #state is there no more/u);
});

test('a member, or the form of the module, that the owner has changed meets new lines as a conflict', () => {
  const folder = copyOf(emitted);
  const path = join(folder, 'retry.ts');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('destination', 'target'));
  assert.equal(run(folder, 'generate', 'retry-policy', '--with-fetch', '-o', '.', '--merge').code, 1);
  assert.match(readFileSync(path, 'utf8'), />>>>>>> emitted now: destination is there no more/u);
  // 'export' in a file that is CommonJS now.
  const call = ['generate', 'timeout-config', '--operations', 'orders.get=2000', '--language', 'javascript', '-o', '.'];
  assert.equal(run(folder, ...call).code, 0);
  const script = join(folder, 'timeouts.js');
  const commonJs = readFileSync(script, 'utf8').replace(/^export /gmu, '');
  writeFileSync(script, `${commonJs}\nmodule.exports = { withTimeout, TimeoutError };\n`);
  assert.equal(run(folder, ...call, '--with-fetch', '--merge').code, 1);
  assert.match(readFileSync(script, 'utf8'), />>>>>>> emitted now: export is there no more/u);
});

test('code whose declarations were sorted is merged as it is, or in conflict', () => {
  const folder = copyOf(emitted);
  const path = join(folder, 'circuit-breaker.ts');
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf('*/\n') + 3;
  const body = text.slice(from);
  const kindOf = ({ kind }) =>
    [ts.SyntaxKind.VariableStatement, ts.SyntaxKind.ClassDeclaration, ts.SyntaxKind.FunctionDeclaration].indexOf(kind);
  const nameOf = (node) => (node.name ?? node.declarationList.declarations[0].name).text;
  const { statements } = ts.createSourceFile('a.ts', body, ts.ScriptTarget.ES2022, true);
  const sorted = [...statements].sort((a, b) => kindOf(a) - kindOf(b) || nameOf(a).localeCompare(nameOf(b)));
  writeFileSync(path, `${text.slice(0, from)}\n${sorted.map((node) => body.slice(node.pos, node.end)).join('')}\n`);
  const { code } = run(folder, 'generate', 'circuit-breaker', '--failure-threshold', '7', '-o', '.', '--merge');
  const merged = readFileSync(path, 'utf8');
  assert.equal(code, merged.includes('<<<<<<< yours') ? 1 : 0);
  if (code === 0) assert.deepEqual(faultsOf(folder, [path]), []);
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
  const check = run(folder, 'generate', 'bulkhead', '-o', '.', '--check');
  assert.match(
    check.err,
    /bulkhead\.ts: has conflicts of a merge; settle them first\. Look for <<<<<<<\.$/mu,
    'what accepts nothing advises no accept',
  );
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
  const { ino } = statSync(path);
  assert.match(run(folder, 'upgrade').err, /src\/circuit-breaker\.ts: unchanged; your edits stay/u);
  assert.equal(statSync(path).ino, ino, 'an edited file that is up to date is not written');
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

test('tests that are no longer asked for are told, and removed as told', () => {
  const folder = newFolder();
  const generate = (...args) => run(folder, 'generate', 'retry-policy', '--name', 'pay', '-o', '.', ...args);
  assert.equal(generate('--with-tests').code, 0);
  const told = generate('--with-tests', 'false');
  assert.match(told.err, /^\.\/pay\.retry\.test\.ts: no longer asked for\. --prune removes it\.$/mu);
  assert.equal(generate('--check').code, 1);
  const edited = readFileSync(join(folder, 'pay.retry.test.ts'), 'utf8');
  writeFileSync(
    join(folder, 'pay.retry.test.ts'),
    edited.replace("import assert from 'node:assert/strict';", "import assert from 'node:assert';"),
  );
  assert.match(generate('--prune').err, /but edited; it stays\. --prune --force removes it\./u);
  writeFileSync(join(folder, 'pay.retry.test.ts'), edited);
  assert.equal(generate('--prune').code, 0);
  assert.deepEqual(Object.keys(filesOf(folder)), ['pay.retry.ts']);
  assert.equal(generate('--check').code, 0);
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

/** What an upgrade or a merge makes of an edit of the retry, formatted with tabs. */
async function mergedRetry(args, edit, after) {
  const folder = newFolder();
  assert.equal(run(folder, 'generate', 'retry-policy', ...args, '-o', '.').code, 0);
  const path = join(folder, 'retry.ts');
  writeFileSync(path, await format(edit(readFileSync(path, 'utf8')), { parser: 'typescript', useTabs: true }));
  const { code, err } = run(folder, 'generate', 'retry-policy', '-o', '.', '--merge', ...after);
  return { code, err, text: readFileSync(path, 'utf8') };
}

test('a function taken out beside an object leaves the commas of the object as they are', async () => {
  const { code, err, text } = await mergedRetry(
    ['--with-metrics'],
    (source) =>
      source.replace(/\n\/\*\* A snapshot[^/]*\/\nexport function getRetryMetrics[^]*?\n\}\n/u, '').replace('calls: 0', 'calls: 7'),
    ['--max-retries', '2'],
  );
  assert.equal(code, 0, err);
  assert.match(text, /calls: 7/u);
  assert.doesNotMatch(text, /function getRetryMetrics/u);
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
  assert.deepEqual(
    diagnostics.map(({ messageText }) => messageText),
    [],
  );
});

test('what is exported anew meets a file of CommonJS in a conflict', async () => {
  const { code, err, text } = await mergedRetry([], (source) => `${source.replaceAll(/^export (?=\w)/gmu, '')}export = { withRetry };\n`, [
    '--with-fetch',
  ]);
  assert.equal(code, 1, err);
  assert.match(text, /<<<<<<< yours[^]*>>>>>>> emitted now: export is there no more/u);
});

test('a version that takes fingerprints in another way knows what was emitted, and tells of calls that fit no more', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'package.json'), '{}');
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', '.').code, 0);
  const path = join(folder, 'retry.ts');
  const now = readFileSync(path, 'utf8');
  const before = now.replace(/xxh128 \w+/u, `xxh128 ${'0'.repeat(32)}`).replace('function nowOf(', 'function nowOf(unit: string, ');
  for (const [edit, expected] of [
    ['', /: updated/u],
    ['// mine\n', /: merged/u],
    ["export const started = nowOf('ms', {});\n", /1 conflict/u],
  ]) {
    writeFileSync(join(folder, '.crowvault/retry.ts.gz'), gzipSync(before));
    writeFileSync(path, before + edit);
    assert.match(run(folder, 'upgrade', '.').err, expected);
    const text = readFileSync(path, 'utf8');
    if (edit === '') assert.equal(text, now);
    else assert.ok(text.includes(edit));
  }
  assert.match(readFileSync(path, 'utf8'), /emitted now: nowOf is declared otherwise now/u);
});
