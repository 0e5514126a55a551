// JavaScript as the command line writes it: what the compiler makes of the same TypeScript, laid out as Prettier would, and it runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import * as acorn from 'acorn';
import * as prettier from 'prettier';
import ts from 'typescript';
import { bodyOf, corpus, mode } from '../lib/corpus.mjs';
import { serverCommand, workspace } from '../lib/server.mjs';

const run = promisify(execFile);
const folder = join(workspace, '.emitted', 'javascript');
const amount = { quick: 3, default: 6, full: 300 }[mode];

const MANIFEST = {
  withTests: true,
  testRunner: 'node',
  importExtension: 'ts',
  circuitBreaker: { withMetrics: true },
  retryPolicy: { withFetch: true },
  rateLimiting: { store: 'memory', withOperations: true },
  timeoutConfig: { operations: { 'orders.get': 2000, 'payments.charge': 5000 }, totalTimeoutMs: 8000 },
  bulkhead: { partitions: { orders: 20, payments: 10 } },
  upstreams: { payments: { operations: { 'payments.charge': { retry: false } } } },
};

async function stack(name, manifest, language) {
  const out = join(folder, name, language);
  mkdirSync(out, { recursive: true });
  const file = join(folder, name, `${language}.json`);
  writeFileSync(file, JSON.stringify({ ...manifest, language }));
  const { command, args } = serverCommand();
  await run(command, [...args, 'stack', '-c', file, '-o', out]);
  return Object.fromEntries(
    readdirSync(out)
      .filter((each) => /\.[jt]s$/u.test(each))
      .map((each) => [each, readFileSync(join(out, each), 'utf8')]),
  );
}

// The syntax tree without positions; brackets that change nothing leave no trace in it.
function treeOf(code) {
  const program = acorn.parse(code, { ecmaVersion: 2022, sourceType: 'module' });
  return JSON.stringify(program, (key, value) =>
    key === 'start' || key === 'end' || key === 'raw' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
  );
}

function compiled(code) {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return outputText.replace(/( from '\.\/[a-z-]+)\.ts'/gu, "$1.js'").replace(/\nexport \{\};\n$/u, '\n');
}

// One variant of each tool in each manifest, until every variant of the corpus has been in one.
async function manifests() {
  const { emitted } = await corpus();
  const sections = {
    generate_circuit_breaker: 'circuitBreaker',
    generate_retry_policy: 'retryPolicy',
    generate_rate_limiting: 'rateLimiting',
  };
  Object.assign(sections, { generate_timeout_config: 'timeoutConfig', generate_bulkhead: 'bulkhead' });
  const byTool = Object.entries(sections).map(([tool, section]) => [
    section,
    emitted.filter((each) => each.tool === tool).map((each) => each.args),
  ]);
  const longest = Math.max(...byTool.map(([, calls]) => calls.length));
  const all = Array.from({ length: longest }, (_, row) =>
    Object.fromEntries(byTool.map(([section, calls]) => [section, calls[row % calls.length]])),
  );
  // Evenly from the whole corpus.
  const step = Math.max(1, all.length / amount);
  return Array.from({ length: Math.min(all.length, amount) }, (_, index) => all[Math.floor(index * step)]);
}

test('JavaScript has the syntax tree that the compiler makes of the TypeScript, and the layout of Prettier', async () => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const seen = new Set();
  const forms = [
    ['express', 'axios'],
    ['fastify', 'undici'],
    ['hono', 'ky'],
    ['koa', 'nest'],
    ['nest', 'fetch'],
    ['fetch', 'fetch'],
  ].map(([framework, client]) => ({ ...MANIFEST, rateLimiting: { store: 'memory', framework }, stack: { ingress: true, client } }));
  const all = [MANIFEST, ...forms, ...(await manifests()).map((each) => ({ testRunner: 'node', importExtension: 'ts', ...each }))];
  for (const [index, manifest] of all.entries()) {
    const [typed, plain] = await Promise.all([stack(String(index), manifest, 'typescript'), stack(String(index), manifest, 'javascript')]);
    assert.deepEqual(
      Object.keys(plain).sort(),
      Object.keys(typed)
        .map((name) => name.replace(/\.ts$/u, '.js'))
        .sort(),
    );
    for (const [name, content] of Object.entries(typed)) {
      const code = bodyOf(content);
      if (seen.has(code)) continue;
      seen.add(code);
      const where = `${name} ${JSON.stringify(manifest)}`;
      const javascript = plain[name.replace(/\.ts$/u, '.js')];
      assert.equal(treeOf(javascript), treeOf(compiled(code)), where);
      assert.match(javascript, /^\/\*\n(?: \* [^\n]+\n)+ \*\/\n\n[\n\x20-\x7e]*[^\n]\n$/u, where);
      assert.equal(await prettier.format(javascript, { parser: 'babel', singleQuote: true, printWidth: 100 }), javascript, where);
    }
  }
  assert.ok(seen.size > 20 && (mode !== 'full' || seen.size > 300), `${String(seen.size)} files`);
});

test('comments stay, and examples are JavaScript too', async () => {
  const plain = await stack('comments', MANIFEST, 'javascript');
  const breaker = plain['circuit-breaker.js'];
  assert.match(breaker, /\* ```js\n \* import \{ CircuitBreaker \} from '\.\/circuit-breaker\.js';/u);
  assert.match(breaker, /\/\*\* Milliseconds until a call may be let through/u);
  for (const [name, content] of Object.entries(plain)) assert.doesNotMatch(content, /```ts|\binterface \w+ \{|\.ts'/u, name);
});

test('the tests that come with it pass', async () => {
  await stack('tests', MANIFEST, 'javascript');
  writeFileSync(join(folder, 'tests', 'package.json'), '{"type":"module"}');
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const files = readdirSync(join(folder, 'tests/javascript')).filter((name) => name.endsWith('.test.js'));
  assert.equal(files.length, 7);
  const { stdout } = await run(
    process.execPath,
    ['--test', '--test-reporter=tap', ...files.map((name) => join(folder, 'tests/javascript', name))],
    { env },
  );
  assert.match(stdout, /^# fail 0$/mu);
  assert.ok(Number(/^# pass (\d+)$/mu.exec(stdout)[1]) > 50, stdout.slice(-300));
});
