// The command line's storm: the page's figures as a table, and its plots as one SVG.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execute, succeed } from '../shared/processes.mjs';
import { programUnderTest } from '../shared/program.mjs';
import { launch, open, serve, shown } from './lib/browser.mjs';

const SCENARIOS = process.env.CROWVAULT_PROOF === 'full' ? ['brown-out', 'outage', 'slow', 'burst'] : ['outage'];
const MANIFEST = {
  circuitBreaker: { failureThreshold: 10, recoveryTimeMs: 5000 },
  retryPolicy: { maxRetries: 3 },
  timeoutConfig: { operations: { 'orders.get': 1000 } },
  bulkhead: { partitions: { orders: 8 }, maxQueue: 8, maxWaitMs: 200 },
  stack: {},
  traffic: { orders: { callsPerSecond: 40, errorPercent: 1, p50Ms: 30, p99Ms: 300 } },
};

const { command, args } = programUnderTest();
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-'));
  writeFileSync(join(folder, 'resilience.json'), JSON.stringify(MANIFEST));
});
after(() => rmSync(folder, { recursive: true }));

const simulate = (more, options = {}) => execute(command, [...args, 'simulate', ...more], { cwd: folder, ...options });

test('the table names the scenario, its world and every layer; the plots are one SVG; both are the same bytes each time', async () => {
  const first = await simulate(['-c', 'resilience.json', '--svg', 'one.svg']);
  assert.equal(first.code, 0, first.stderr);
  const [world, gap, head, ...rows] = first.stdout.trimEnd().split('\n');
  assert.match(
    world,
    /^brown-out: Operation: orders\.get; Partition: orders; Requests of all processes: 80\/s; The service can answer: 100\/s; Latency without a queue: 30 ms; 99 % of it within: 300 ms; Errors otherwise: 1 %; /u,
  );
  assert.equal(gap, '');
  assert.match(head, /Calls per request {2}Peak load {2}Answered during the trouble {2}Answered overall +Recovered$/u);
  assert.deepEqual(
    rows.map((row) => row.slice(0, 23).trim()),
    ['the whole stack', 'no protection', 'without circuit breaker', 'without retry', 'without timeout', 'without bulkhead'],
  );
  assert.equal(new Set([head, ...rows].map(({ length }) => length)).size, 1, 'the columns do not line up');

  const again = await simulate(['--svg', 'a new/folder/two.SVG']);
  assert.equal(again.stdout, first.stdout);
  const svg = readFileSync(join(folder, 'one.svg'), 'utf8');
  assert.equal(readFileSync(join(folder, 'a new/folder/two.SVG'), 'utf8'), svg);
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 860 536" role="img"/u);
  assert.match(svg, /prefers-color-scheme:dark/u);
  assert.equal((svg.match(/<polyline /gu) ?? []).length, 14);
  assert.doesNotMatch(svg, /<script|href|url\(|NaN|undefined|Infinity/u);
});

test('a launcher of a runtime may greet first', { skip: process.platform === 'win32' && 'a launcher as a script' }, async () => {
  const launchers = join(folder, 'launchers');
  mkdirSync(launchers);
  writeFileSync(join(launchers, 'node'), `#!/bin/sh\necho 'Now using node {"v": 24}'\nexec '${process.execPath}' "$@"\n`);
  chmodSync(join(launchers, 'node'), 0o755);
  const { code, stdout, stderr } = await simulate([], { env: { ...process.env, PATH: `${launchers}:${process.env.PATH}` } });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^brown-out: /u);
});

test('what a service has of its own is simulated: settings of its breaker and retry, and operations that are never repeated', async () => {
  const storm = async (upstreams, more = {}) => {
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ ...MANIFEST, ...upstreams, ...more }));
    return JSON.parse(await succeed(command, [...args, 'simulate', '-c', 'own.json', '--scenario', 'outage', '--json'], { cwd: folder }));
  };
  const shared = await storm({});
  assert.deepEqual((await storm({ upstreams: {} })).rows, shared.rows);
  assert.deepEqual((await storm({ upstreams: { orders: { circuitBreaker: { failureThreshold: null } } } })).rows, shared.rows);
  // The same numbers do the same, whether they are all services' or one's own.
  for (const own of [
    { circuitBreaker: { failureThreshold: 2, recoveryTimeMs: 9000 } },
    { retryPolicy: { maxRetries: 1, baseDelayMs: 20 } },
  ]) {
    const { rows } = await storm({ upstreams: { orders: own } });
    assert.notDeepEqual(rows, shared.rows, JSON.stringify(own));
    assert.deepEqual(rows, (await storm(own)).rows, JSON.stringify(own));
  }
  const never = await storm({ retryPolicy: { maxRetries: 0 } });
  const row = ({ rows }, label) => rows.find(([name]) => name === label);
  for (const once of [
    { upstreams: { orders: { operations: { 'orders.get': { retry: false } } } } },
    { timeoutConfig: { operations: [{ name: 'orders.get', timeoutMs: 1000, retry: false }] } },
  ]) {
    assert.deepEqual(row(await storm(once), 'the whole stack'), row(never, 'the whole stack'), JSON.stringify(once));
  }
  assert.notDeepEqual(row(never, 'the whole stack'), row(shared, 'the whole stack'));
});

test("an upstream's operation is drawn, and so are what its traffic says of errors and latency", async () => {
  const storm = async (manifest) => {
    writeFileSync(join(folder, 'traffic.json'), JSON.stringify({ ...MANIFEST, ...manifest }));
    return JSON.parse(
      await succeed(command, [...args, 'simulate', '-c', 'traffic.json', '--svg', 'traffic.svg', '--json'], { cwd: folder }),
    );
  };
  const two = {
    timeoutConfig: { operations: { 'orders.get': 1000, charge: 500 } },
    bulkhead: { ...MANIFEST.bulkhead, partitions: { payments: 8, orders: 8 } },
    upstreams: { payments: { operations: { charge: {} } } },
  };
  const { world } = await storm(two);
  assert.deepEqual(world.slice(0, 2), ['Operation: charge', 'Partition: payments']);
  const of = (more) => storm({ traffic: { orders: { callsPerSecond: 40, ...more } } });
  const plain = await of({});
  assert.deepEqual(plain.remarks, []);
  assert.notDeepEqual((await of({ errorPercent: 20 })).rows, plain.rows);
  assert.notDeepEqual((await of({ p50Ms: 20, p99Ms: 900 })).rows, plain.rows);
  assert.deepEqual((await of({ p50Ms: 20, p99Ms: 40 })).rows, plain.rows);

  const fast = await of({ callsPerSecond: 400 });
  assert.ok(fast.world.includes('Requests of all processes: 400/s') && fast.world.includes('Processes: 1'));
  assert.deepEqual(fast.remarks, []);
  const sentence = 'traffic.orders.callsPerSecond: 900/s cannot be drawn; it is drawn as 500/s.';
  assert.deepEqual((await of({ callsPerSecond: 900 })).remarks, [sentence]);
  assert.ok(readFileSync(join(folder, 'traffic.svg'), 'utf8').includes(`>${sentence}</text>`));
  assert.ok((await succeed(command, [...args, 'simulate', '-c', 'traffic.json'], { cwd: folder })).endsWith(`\n\n${sentence}\n`));
});

test('of several services the first is drawn, which is said, or the one that is asked for', async () => {
  const several = {
    ...MANIFEST,
    timeoutConfig: { operations: { 'orders.get': 1000, charge: 500 } },
    bulkhead: {
      ...MANIFEST.bulkhead,
      partitions: [
        { name: 'orders', maxConcurrent: 8 },
        { name: 'payments', maxConcurrent: 2 },
      ],
    },
    upstreams: { payments: { operations: { charge: {} } } },
    traffic: { ...MANIFEST.traffic, payments: { callsPerSecond: 15 } },
  };
  writeFileSync(join(folder, 'several.json'), JSON.stringify(several));
  const first = await simulate(['-c', 'several.json']);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^brown-out: Operation: orders\.get; Partition: orders; Requests of all processes: 80\/s; /u);
  assert.ok(
    first.stderr.includes('Note: orders is drawn, the first of 2 services; --service NAME draws another: payments.\n'),
    first.stderr,
  );
  const other = await simulate(['-c', 'several.json', '--service', 'payments', '--svg', 'payments.svg']);
  assert.match(other.stdout, /^brown-out: Operation: charge; Partition: payments; Requests of all processes: 30\/s; /u);
  assert.doesNotMatch(other.stderr, /--service/u);
  assert.match(readFileSync(join(folder, 'payments.svg'), 'utf8'), />The service that is called: payments\.<\/text>/u);
  // An operation brings its service with it, and says so nowhere else.
  const third = await simulate(['-c', 'several.json', '--operation', 'charge']);
  assert.match(third.stdout, /^brown-out: Operation: charge; Partition: payments; /u);
  assert.doesNotMatch(third.stderr, /--service/u);
  const misspelt = await simulate(['-c', 'several.json', '--operation', 'orders.got']);
  assert.equal(misspelt.code, 2);
  assert.equal(misspelt.stderr, '--operation: orders.got is no operation of timeoutConfig; use one of orders.get, charge.\n');
  const unknown = await simulate(['-c', 'several.json', '--service', 'search']);
  assert.equal(unknown.code, 2);
  assert.equal(unknown.stderr, '--service: search is no partition of bulkhead; use one of orders, payments.\n');
});

test('a manifest without timeouts or partitions names none', async () => {
  const { circuitBreaker, retryPolicy, stack } = MANIFEST;
  writeFileSync(join(folder, 'few.json'), JSON.stringify({ circuitBreaker, retryPolicy, stack }));
  const text = await succeed(command, [...args, 'simulate', '-c', 'few.json'], { cwd: folder });
  assert.match(text, /^brown-out: Requests of all processes: /u);
});

test('what is only told to a listener changes no figure, wherever the manifest asks for it', async () => {
  const storm = async (manifest) => {
    writeFileSync(join(folder, 'told.json'), JSON.stringify(manifest));
    return succeed(command, [...args, 'simulate', '-c', 'told.json'], { cwd: folder });
  };
  const quiet = await storm(MANIFEST);
  assert.match(quiet, /the whole stack +0\.\d+ /u);
  for (const more of [
    { withMetrics: true },
    { stack: { withMetrics: true } },
    { circuitBreaker: { ...MANIFEST.circuitBreaker, withMetrics: true } },
  ]) {
    assert.equal(await storm({ ...MANIFEST, ...more }), quiet, JSON.stringify(more));
  }
});

test("each scenario's figures are those that the page's worker shows for the same manifest", async () => {
  const server = await serve();
  const browser = await launch();
  try {
    for (const scenario of SCENARIOS) {
      const { table, figures } = await inPage(browser, server.url, scenario);
      const said = JSON.parse(await succeed(command, [...args, 'simulate', '--scenario', scenario, '--json'], { cwd: folder }));
      assert.equal(said.scenario, scenario);
      assert.deepEqual({ columns: said.columns, rows: said.rows }, table, scenario);
      assert.deepEqual(said.figures, figures, scenario);
      assert.match(said.svg, /^<svg /u);
    }
  } finally {
    await browser.close();
    await server.stop();
  }
});

async function inPage(browser, url, scenario) {
  const link = `${url}/#stack?args=${encodeURIComponent(JSON.stringify(MANIFEST))}&world=${encodeURIComponent(JSON.stringify({ scenario }))}`;
  const { page, faults, close } = await open(browser, link);
  await shown(page);
  const result = await page.evaluate(() => window.drawn.at(-1).result);
  assert.deepEqual(await faults(), []);
  await close();
  return result;
}

test('what is wrong is one sentence and exit code 2', async () => {
  writeFileSync(join(folder, 'broken.json'), '{ "circuitBreaker": ');
  writeFileSync(join(folder, 'faulty.json'), JSON.stringify({ ...MANIFEST, circuitBreaker: { failureThreshold: 0 } }));
  writeFileSync(join(folder, 'alone.json'), '{ "circuitBreaker": {} }');
  for (const [more, sentence, options] of [
    [['--scenario', 'flood'], /^--scenario: flood is not a choice; use one of /u],
    [['-c', 'missing.json'], /^missing\.json: .*\n$/u],
    [['-c', 'broken.json'], /^broken\.json: .*\n$/u],
    [['-c', 'faulty.json'], /^faulty\.json: circuitBreaker\.failureThreshold: 0 is out of range; use 1 to 10000\.\n$/u],
    [['-c', 'alone.json'], /^alone\.json: a storm needs circuitBreaker, retryPolicy, timeoutConfig and bulkhead/u],
    // A slip does not cost a file.
    ...['resilience.json', '-', '.', ''].map((path) => [['--svg', path], /^--svg: .* is no \.svg file; give the path of one\.\n$/u]),
    [['--svg', 'resilience.json/plot.svg'], /^.*resilience\.json: .*\n$/u],
    [[], /^node ended with 1: Error: Cannot find module /u, { env: { ...process.env, NODE_OPTIONS: '--require ./missing.js' } }],
    [
      [],
      /^simulate runs the emitted code and needs node, deno or bun on the PATH, outside of the open folder\.\n$/u,
      { env: { ...process.env, PATH: folder } },
    ],
  ]) {
    const { code, stdout, stderr } = await simulate(more, options);
    assert.equal(code, 2, `${more.join(' ')}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, sentence);
  }
});
