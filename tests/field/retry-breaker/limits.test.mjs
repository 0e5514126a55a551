// Budgets that fail apart, waits that servers ask for, counts that add up, and code that people's own compiles with.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import axios from 'axios';
import { emit, stripTypes, work } from '../lib/emit.mjs';
import { BREAKER, breakers, fast, load, rejection, RETRY, served, sleep } from './cases.mjs';

const require = createRequire(new URL('../../generated/package.json', import.meta.url));
const ts = require('typescript');

test('an outage of one destination takes no retries from another, and says why there are none', async () => {
  const { withRetry } = await load(RETRY);
  const why = [];
  for (let calls = 0; calls < 60; calls += 1) {
    const onGiveUp = (_reason, facts) => void why.push(facts.why);
    await rejection(withRetry(() => Promise.reject(new Error('down')), { ...fast, destination: 'orders', onGiveUp }));
  }
  assert.equal(why.at(-1), 'budget');
  for (let calls = 0; calls < 20; calls += 1) {
    let attempts = 0;
    const call = withRetry(() => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok'), { ...fast, destination: 'users' });
    assert.equal(await call, 'ok');
  }
});

test('retryFetch keeps a budget for each origin', () =>
  served(
    (_, response) => response.writeHead(503).end(),
    (down) =>
      served(
        (() => {
          let requests = 0;
          return (_, response) => response.writeHead(++requests % 2 === 1 ? 503 : 200).end();
        })(),
        async (up) => {
          const { retryFetch } = await load(RETRY, { withFetch: true });
          for (let calls = 0; calls < 60; calls += 1) {
            await retryFetch(down, undefined, fast);
          }
          for (let calls = 0; calls < 10; calls += 1) {
            assert.equal((await retryFetch(`${up}${String(calls)}`, undefined, fast)).status, 200);
          }
          // Said to be undefined, the destination is the origin all the same.
          const why = [];
          const options = { ...fast, destination: undefined, maxRetries: 1, onGiveUp: (_reason, facts) => void why.push(facts.why) };
          await Promise.all(Array.from({ length: 20 }, () => retryFetch(down, undefined, options)));
          assert.ok(why.includes('budget'));
          await retryFetch('http://another.test/', undefined, { ...options, fetch: async () => new Response(null, { status: 503 }) });
          assert.equal(why.at(-1), 'attempts');
        },
      ),
  ));

test('ten thousand destinations do not gather', async () => {
  const { withRetry } = await load(RETRY);
  for (let calls = 0; calls < 60; calls += 1) {
    await rejection(withRetry(() => Promise.reject(new Error('down')), { ...fast, maxRetries: 1, destination: 'first' }));
  }
  for (let calls = 0; calls < 10_000; calls += 1) {
    await withRetry(() => 'ok', { destination: `tenant ${String(calls)}` });
  }
  let attempts = 0;
  await rejection(withRetry(() => Promise.reject(new Error(String(++attempts))), { ...fast, destination: 'first' }));
  assert.equal(attempts, 5, 'one that has been forgotten begins anew');
});

test('Retry-After is kept as servers send it and clients hand it on', () =>
  served(
    (request, response) => {
      const { headers } = forms[Number(request.url.slice(1))];
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.writeHead(503).end();
    },
    async (url) => {
      const { withRetry } = await load(RETRY, { withJitter: false });
      process.env.TZ = 'America/New_York';
      for (const [index, { ms }] of forms.entries()) {
        for (const call of [() => fetch(`${url}${String(index)}`), () => axios.get(`${url}${String(index)}`)]) {
          const waits = [];
          const record = async (wait) => void waits.push(wait);
          await rejection(withRetry(call, { ...fast, maxRetries: 1, sleep: record, destination: String(index) }));
          assert.deepEqual(waits.map(Math.round), [ms], JSON.stringify(forms[index].headers));
        }
      }
    },
  ));

test('a circuit stays open for a day at most, whatever a server asks for', async () => {
  const ask = { 30: 30_000, 3_600: 3_600_000, 1_795_725_270: 86_400_000, Infinity: 86_400_000 };
  for (const args of Object.values(breakers)) {
    const { CircuitBreaker } = await load(BREAKER, args);
    for (const [seconds, ms] of Object.entries(ask)) {
      const breaker = new CircuitBreaker({ failureThreshold: 1, now: () => 0, ...(args.minimumCalls && { minimumCalls: 1 }) });
      await breaker.call(() => ({ status: 503, headers: { 'retry-after': seconds } }));
      assert.equal(breaker.retryAfterMs, ms, seconds);
    }
  }
});

const server = Date.parse('2020-02-03T04:05:06Z');
const forms = [
  { headers: { 'retry-after': '2' }, ms: 2_000 },
  { headers: { 'Retry-After': '0.25' }, ms: 250 },
  { headers: { 'retry-after': '32.5' }, ms: 32_500 },
  { headers: { 'retry-after': '3, 5' }, ms: 5_000 },
  { headers: { 'retry-after-ms': '700' }, ms: 700 },
  { headers: { date: new Date(server).toUTCString(), 'retry-after': new Date(server + 9_000).toUTCString() }, ms: 9_000 },
  // Sent twice, as by a proxy that adds its own.
  {
    headers: { date: new Date(server).toUTCString(), 'retry-after': [9_000, 8_000].map((ms) => new Date(server + ms).toUTCString()) },
    ms: 9_000,
  },
  // The form of asctime, which names no zone: it is UTC all the same.
  { headers: { date: new Date(server).toUTCString(), 'retry-after': 'Mon Feb  3 04:05:15 2020' }, ms: 9_000 },
  { headers: { 'retry-after': new Date(server).toUTCString() }, ms: 1 },
  { headers: { ratelimit: '"minute";r=0;t=9' }, ms: 9_000 },
  { headers: { ratelimit: '"minute";r=5;t=9' }, ms: 1 },
  { headers: { ratelimit: '"minute"; t=9; r=0' }, ms: 9_000 },
  { headers: { ratelimit: '"second";r=0;t=1, "minute";r=0;pk=:a:;t=40, "day";r=7;t=9000' }, ms: 40_000 },
  { headers: { ratelimit: 'limit=10, remaining=0, reset=5' }, ms: 5_000 },
  { headers: { ratelimit: 'limit=10, remaining=3, reset=5' }, ms: 1 },
  // With a unit, as text, with parameters, one of which has no number; other units are no seconds.
  { headers: { 'retry-after': '30s' }, ms: 30_000 },
  { headers: { 'retry-after': '1.5 seconds' }, ms: 1_500 },
  { headers: { 'retry-after': '"30"' }, ms: 30_000 },
  { headers: { 'retry-after': '30;comment=x' }, ms: 30_000 },
  { headers: { 'retry-after': '"20"; q=1, 30s; comment="later"' }, ms: 30_000 },
  { headers: { 'retry-after': '4, soon' }, ms: 4_000 },
  { headers: { 'retry-after': '500ms' }, ms: 1 },
  { headers: { 'retry-after': '-5' }, ms: 1 },
  { headers: { date: new Date(server).toUTCString(), 'retry-after': `"${new Date(server + 9_000).toUTCString()}"` }, ms: 9_000 },
  { headers: { date: new Date(server).toUTCString(), 'retry-after': new Date(server + 9_000).toISOString() }, ms: 9_000 },
  // Of whatever form, a moment counts from the answer's own date.
  ...[
    new Date(server + 9_000).toISOString(),
    new Date(server + 9_000).toUTCString(),
    String(server + 9_000),
    String((server + 9_000) / 1000),
    '9',
    '"9"',
    '9s',
  ].map((reset) => ({
    headers: { date: new Date(server).toUTCString(), 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
    ms: 9_000,
  })),
  { headers: { 'retry-after': 'later' }, ms: 1 },
];

for (const [name, args] of Object.entries(breakers)) {
  test(`a service that is slower than the open time is let back, ${name}`, async () => {
    const { CircuitBreaker } = await load(BREAKER, args);
    const breaker = new CircuitBreaker({ recoveryTimeMs: 10 });
    breaker.trip();
    await sleep(15);
    assert.equal(await breaker.call(() => sleep(40).then(() => 'report')), 'report');
    assert.equal(breaker.state, 'CLOSED');
  });
}

test('a limit for probes that nobody keeps is warned of, with a way out that can be followed', () => {
  const { warnings } = emit(BREAKER, { probeTimeoutMs: 100 });
  assert.match(warnings.join(), /probeTimeoutMs/u);
  assert.deepEqual(emit(BREAKER, { recoveryTimeMs: 5_000 }).warnings, []);
  for (const recoveryTimeMs of [10, 1_000]) {
    const [way] = emit(BREAKER, { recoveryTimeMs })
      .warnings.join()
      .match(/(?<=use )\d+/u);
    assert.deepEqual(emit(BREAKER, { recoveryTimeMs: Number(way) }).warnings, []);
  }
});

for (const [name, args] of Object.entries({ metrics: { withMetrics: true }, rate: { ...breakers.rate, withMetrics: true } })) {
  test(`every call is counted, in whichever state it ends, ${name}`, async () => {
    const { CircuitBreaker } = await load(BREAKER, args);
    const breaker = new CircuitBreaker({ recoveryTimeMs: 60_000 });
    const ends = [() => 'ok', () => Promise.reject(new Error('down')), () => undefined.id];
    const calls = Array.from({ length: 90 }, (_, index) => rejection(breaker.call(() => sleep(index % 7).then(ends[index % 3]))));
    assert.equal(breaker.getMetrics().inFlight, 90);
    await Promise.all(calls);
    const { totalCalls, successCount, failureCount, ignoredCount, inFlight } = breaker.getMetrics();
    assert.deepEqual([totalCalls, successCount, failureCount, ignoredCount, inFlight], [90, 30, 30, 30, 0]);
    await rejection(breaker.call(() => 'ok'));
    assert.equal(breaker.getMetrics().totalCalls + breaker.getMetrics().rejectedCount, 91);
  });
}

/** What people write against the emitted code. */
const theirs = `
import { CircuitBreaker, judgeOutcome } from './circuit-breaker.ts';
import type { Outcome, Verdict } from './circuit-breaker.ts';
import { RetryBudget, retryFetch, withRetry } from './retry.ts';

interface Builder<T> extends PromiseLike<T> {
  readonly single: () => Builder<T>;
}
declare const builder: Builder<{ readonly data: string }>;
declare const init: RequestInit;

const breaker = new CircuitBreaker({ name: 'orders', failureThreshold: 3, judge: (outcome: Outcome): Verdict => judgeOutcome(outcome) });
export const breakers: readonly CircuitBreaker[] = [breaker, new CircuitBreaker(), new CircuitBreaker(3, 1_000)];
export const built: Promise<{ readonly data: string }> = breaker.call(() => builder);
export const plain: Promise<number> = breaker.call(() => 5);
export const answered: Promise<Response> = breaker.call((signal) => fetch('/', { signal }), { signal: init.signal ?? null });
export const retriedBuilder: Promise<{ readonly data: string }> = withRetry(() => builder.single());
export const retriedPlain: Promise<number> = withRetry(() => 5, { signal: null });
export const retried: Promise<Response> = withRetry((signal, attempt) => fetch(\`/?\${String(attempt)}\`, { signal }), {
  shouldRetry: (reason) => (reason instanceof Response ? reason.status === 404 : undefined),
  delayMs: (attempt) => attempt * 10,
  onGiveUp: (_, { attempts, elapsedMs, why }) => {
    console.warn(attempts, elapsedMs, why);
  },
  destination: 'orders',
  budget: new RetryBudget({ percent: 20 }),
});
export const fetched: Promise<Response> = retryFetch('/', init, { fetch, methods: ['GET', 'POST'], signal: init.signal });
`;

for (const [name, flags] of Object.entries({
  'strictest, exact optional properties': {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
  },
  'Vite, React': { noUnusedLocals: true, noUnusedParameters: true, erasableSyntaxOnly: true, verbatimModuleSyntax: true },
  'NestJS, CommonJS-like looseness': { strictNullChecks: true, noImplicitAny: false, experimentalDecorators: true },
})) {
  test(`people's own code compiles beside the emitted one: ${name}`, () => {
    const folder = join(work, name.replaceAll(/\W+/g, '-'));
    mkdirSync(folder);
    for (const { files } of [emit(BREAKER), emit(RETRY, { withFetch: true })]) {
      for (const { path, content } of files) writeFileSync(join(folder, path), content);
    }
    const file = join(folder, 'theirs.ts');
    writeFileSync(file, theirs);
    const program = ts.createProgram([file], {
      noEmit: true,
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      allowImportingTsExtensions: true,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
      ...flags,
    });
    const faults = ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
    assert.deepEqual(faults, []);
  });
}

for (const [tool, args] of [
  [BREAKER, {}],
  [BREAKER, { withMetrics: true }],
  [RETRY, {}],
  [RETRY, { withFetch: true }],
]) {
  test(`the usage of ${tool} ${JSON.stringify(args)} stands above what it calls, and does what it should`, async () => {
    const { files, usage } = emit(tool, args);
    const [{ content, path }] = files;
    const example = usage.split('\n').map((line) => ` * ${line}`.trimEnd());
    assert.ok(content.includes(` * @example\n * \`\`\`ts\n${example.join('\n')}\n * \`\`\`\n */\nexport`));
    let status = 404;
    let requests = 0;
    await served(
      (_, response) => {
        requests += 1;
        response.writeHead(status, { 'retry-after': '0.3' }).write('{');
        setTimeout(() => response.end('}'), 20);
      },
      async (url) => {
        const folder = join(work, `${tool}-${String(Object.keys(args))}`);
        mkdirSync(folder);
        writeFileSync(join(folder, path.replace('.ts', '.mjs')), stripTypes(content));
        const snippet = stripTypes(usage.replaceAll('https://orders.example/v1', url)).replaceAll(".ts'", ".mjs'");
        writeFileSync(join(folder, 'usage.mjs'), snippet);
        const { loadOrders } = await import(pathToFileURL(join(folder, 'usage.mjs')).href);
        const { warn } = console;
        console.warn = () => undefined;
        for (let calls = 0; calls < 6; calls += 1) {
          const read = await loadOrders();
          assert.equal(read.body ?? read, '{}');
        }
        assert.equal(requests, 6, 'a 404 is neither tried again nor held against the service');
        status = 503;
        requests = 0;
        const begun = performance.now();
        if (tool === BREAKER) {
          for (let calls = 0; calls < 5; calls += 1) await loadOrders();
          assert.equal((await rejection(loadOrders())).code, 'CIRCUIT_OPEN');
        } else {
          const answer = loadOrders();
          while (requests < 2) await sleep(5);
          assert.ok(performance.now() - begun >= 300, 'Retry-After is kept');
          status = 200;
          await answer;
        }
        console.warn = warn;
      },
    );
  });
}
