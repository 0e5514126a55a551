// examples/orders-api through an outage of one of its services: real processes, a real Redis, real sockets.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { startRedis } from '../../generated/lib/redis.mjs';
import { freePort } from '../../shared/port.mjs';
import { succeed } from '../../shared/processes.mjs';
import { programUnderTest, repository } from '../../shared/program.mjs';
import { load, percentile, tally } from './load.mjs';

const isFull = process.env.CROWVAULT_PROOF === 'full';
const home = join(repository, 'examples/orders-api');
const manifest = JSON.parse(readFileSync(join(home, 'resilience.json'), 'utf8'));
const recoveryMs = manifest.upstreams.payments.circuitBreaker.recoveryTimeMs;

const started = [];
let redis;
let orders;
let payments;

// Resolves with `{ url, child, ended, output }` once the process says where it listens.
function start(args, env = {}) {
  const child = spawn(process.execPath, args, { cwd: home, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let output = '';
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const url = /(http:\/\/127\.0\.0\.1:\d+)/u.exec(output)?.[1];
      if (url !== undefined) resolve({ url, child, ended, output: () => output });
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${String(code)}: ${output}`)));
  });
}

async function service() {
  const port = await freePort();
  const counting = ['--import', pathToFileURL(join(import.meta.dirname, 'count.mjs')).href];
  return start([...counting, 'dist/server.js'], {
    PORT: String(port),
    REDIS_URL: redis.url,
    ORDERS_URL: orders.url,
    PAYMENTS_URL: payments.url,
  });
}

const mode = (upstream, name) => fetch(`${upstream.url}/-/mode/${name}`, { method: 'PUT' }).then((answer) => answer.json());
const seenBy = (upstream) => fetch(`${upstream.url}/-/stats`).then((answer) => answer.json());

before(async () => {
  if (process.env.CI === 'true' || !existsSync(join(home, 'node_modules'))) {
    await succeed('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home });
  }
  await succeed('npm', ['run', '--silent', 'build'], { cwd: home });
  redis = await startRedis();
  orders = await start(['flaky.mjs', '0']);
  payments = await start(['flaky.mjs', '0']);
});

after(async () => {
  for (const child of started) child.kill('SIGKILL');
  await redis?.stop();
});

test('orders-api: its emitted files are those of its manifest', async () => {
  const { command, args } = programUnderTest();
  await succeed(command, [...args, 'stack', '-c', 'resilience.json', '-o', 'src/resilience', '--check'], { cwd: home });
});

test('orders-api: while payments hangs, fails and recovers, orders is as it was', async (t) => {
  const api = await service();
  // All kinds of requests at once, for some seconds; the control asks nobody and shows how busy the machine is.
  const phase = async (seconds) => {
    const [order, read, charge, control] = await Promise.all([
      load(api.url, 'orders', 60, seconds),
      load(api.url, 'payments', 30, seconds),
      load(api.url, 'payments', 30, seconds, { method: 'POST' }),
      load(api.url, 'health', 20, seconds, { path: '/health' }),
    ]);
    return { order, read, charge, control };
  };
  await phase(1); // connections and compiled code
  await mode(payments, 'ok');
  await mode(orders, 'ok');
  const quiet = await phase(4);
  for (const [kind, answers] of Object.entries(quiet)) assert.deepEqual(tally(answers), { 200: answers.length }, kind);
  const seenQuiet = await seenBy(payments);
  assert.equal(seenQuiet.filter(({ method }) => method === 'POST').length, quiet.charge.length);

  await mode(payments, 'hang');
  const hung = await phase(3);
  const seenHung = await mode(payments, '503');
  const failing = await phase(3);
  const seenFailing = await mode(payments, 'ok');
  const recovered = await phase(3);
  const seenRecovered = await seenBy(payments);

  // Orders noticed nothing.
  const outage = [...hung.order, ...failing.order];
  t.diagnostic(`orders: ${JSON.stringify(tally(quiet.order))} before, ${JSON.stringify(tally(outage))} in the outage`);
  assert.deepEqual(tally(outage), { 200: outage.length });
  const control = [...hung.control, ...failing.control];
  const ratio = percentile(outage, 99) / percentile(quiet.order, 99);
  const middle = percentile(outage, 50) / percentile(quiet.order, 50);
  const machine = Math.max(1, percentile(control, 99) / percentile(quiet.control, 99));
  t.diagnostic(
    `orders, outage / quiet: p99 x ${ratio.toFixed(2)}, median x ${middle.toFixed(2)}; p99 of the control x ${machine.toFixed(2)}`,
  );
  assert.ok(middle < 3 && ratio < 4 * machine, `median x ${middle.toFixed(2)}, p99 x ${ratio.toFixed(2)}`);

  assert.ok(seenHung.length >= 5 && seenFailing.length >= 1, `${String(seenHung.length)} and ${String(seenFailing.length)} calls seen`);

  // Payments is asked at most 1.1 times for a request that may be repeated.
  const reads = [...seenHung, ...seenFailing].filter(({ method }) => method === 'GET');
  const asked = [...hung.read, ...failing.read];
  t.diagnostic(`payments, calls per request with retry: ${(reads.length / asked.length).toFixed(3)}`);
  assert.ok(reads.length <= 1.1 * asked.length, `${String(reads.length)} calls for ${String(asked.length)} requests`);

  // A charge is sent exactly once, and not at all if it was refused.
  const sent = new Map();
  for (const { id, method } of [...seenQuiet, ...seenHung, ...seenFailing, ...seenRecovered]) {
    if (method === 'POST') sent.set(id, (sent.get(id) ?? 0) + 1);
  }
  for (const { id, status } of [quiet, hung, failing, recovered].flatMap(({ charge }) => charge)) {
    assert.equal(sent.get(id) ?? 0, status === 503 ? 0 : 1, `${id} was answered with ${String(status)}`);
  }

  // What was not carried out says so, and when to come again.
  const refused = [...asked, ...hung.charge, ...failing.charge].filter(({ status }) => status !== 502);
  for (const { status, body } of refused) {
    assert.ok([503, 504].includes(status), String(status));
    assert.equal(JSON.parse(body).status, status);
  }

  // Once it is open, the circuit lets one call through in each recovery time, and closes after the first that succeeds.
  const most = Math.ceil(3000 / recoveryMs) + 1;
  assert.ok(seenFailing.length <= most, `${String(seenFailing.length)} probes in 3 s`);
  const after = [...recovered.read, ...recovered.charge].sort((a, b) => a.startedAt - b.startedAt);
  const probe = after.filter(({ status }) => status === 200).sort((a, b) => a.startedAt + a.ms - b.startedAt - b.ms)[0];
  const later = after.filter(({ startedAt }) => startedAt > probe.startedAt + probe.ms);
  assert.deepEqual(tally(later), { 200: later.length });
  const waited = probe.startedAt - after[0].startedAt;
  t.diagnostic(`payments is back: its probe began after ${waited.toFixed(0)} ms of recoveryTimeMs ${String(recoveryMs)}`);
  // A second probe would begin after twice that time.
  assert.ok(waited <= 1.5 * recoveryMs, `${waited.toFixed(0)} ms`);
  assert.equal(seenRecovered.filter(({ mode: how }) => how !== 'ok').length, 0);

  // The metrics tell the same.
  const scrape = await (await fetch(`${api.url}/metrics`)).text();
  const metric = (name, labels) => {
    const pairs = Object.entries(labels).map(([key, value]) => `resilience_${key}="${value}"`);
    const line = scrape.split('\n').find((each) => each.startsWith(`${name}{`) && pairs.every((pair) => each.includes(pair)));
    return Number(/\} (\S+)/u.exec(line)?.[1] ?? 0);
  };
  assert.equal(metric('resilience_circuit_breaker_calls_total', { name: 'orders', outcome: 'failure' }), 0);
  assert.ok(metric('resilience_circuit_breaker_calls_total', { name: 'orders', outcome: 'success' }) >= quiet.order.length + outage.length);
  assert.ok(metric('resilience_circuit_breaker_calls_total', { name: 'payments', outcome: 'rejected' }) > 0);
  assert.ok(metric('resilience_circuit_breaker_transitions_total', { name: 'payments', state: 'open' }) >= 1);
  assert.equal(metric('resilience_circuit_breaker_state', { name: 'payments' }), 0);
  assert.ok(metric('resilience_timeout_timeouts_total', { operation: 'payments.charge' }) > 0);
  assert.ok(metric('resilience_rate_limiter_requests_total', { outcome: 'allowed' }) > 0);

  for (const each of [...seenHung, ...seenFailing, ...seenRecovered, ...(await seenBy(orders))]) {
    assert.equal(each.requestId, each.id, `${each.id} was called in the context of another request`);
  }
  api.child.kill('SIGTERM');
  assert.equal(await api.ended, 0);
});

test('orders-api: SIGTERM under load loses no request that was accepted', async (t) => {
  await mode(orders, 'slow');
  const api = await service();
  const stop = new AbortController();
  const loads = Promise.all([
    load(api.url, 'orders', 60, 10, { until: stop.signal }),
    load(api.url, 'payments', 50, 10, { method: 'POST', until: stop.signal }),
  ]);
  await wait(1000);
  // A client that keeps its connection alive is told to let go of it, before it is closed under what it sends.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let asked = 0;
  const health = () =>
    new Promise((resolve, reject) => {
      const request = http.get(`${api.url}/health`, { agent }, (answer) => {
        asked += 1;
        answer.resume().once('end', () => resolve([answer.statusCode, answer.headers.connection]));
      });
      request.once('error', reject);
    });
  assert.deepEqual(await health(), [200, 'keep-alive']);
  api.child.kill('SIGTERM');
  let last;
  do {
    last = await health();
  } while (last[0] === 200);
  assert.deepEqual(last, [503, 'close']);
  agent.destroy();
  const code = await api.ended;
  stop.abort();
  const answers = (await loads).flat();
  const { accepted, answered } = JSON.parse(/Counted (.*)/u.exec(api.output())[1]);
  t.diagnostic(`accepted ${String(accepted)}, answered ${String(answered)}`);
  assert.equal(code, 0);
  assert.equal(answered, accepted);
  const received = answers.filter(({ status }) => status !== 0);
  assert.equal(received.length + asked, accepted);
  for (const { status, code: reason } of answers) assert.ok(status !== 0 || /ECONN(?:REFUSED|RESET)|EPIPE/u.test(reason), reason);
  await mode(orders, 'ok');
});

test('orders-api: each of many calls keeps the context of its own caller', async () => {
  const { upstreams } = await import(pathToFileURL(join(home, 'dist/resilience/upstreams.js')).href);
  const context = new AsyncLocalStorage();
  const count = isFull ? 100_000 : 10_000;
  let foreign = 0;
  let next = 0;
  let served = 0;
  const caller = async () => {
    while (next < count) {
      const id = ++next;
      await context.run(id, async () => {
        const check = () => (foreign += context.getStore() === id ? 0 : 1);
        const options = { fallback: () => check() };
        await upstreams.orders.call(
          'orders.get',
          async (_signal, attempt) => {
            check();
            await (id % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined);
            check();
            served += 1;
            // One in a hundred fails and is repeated after a wait.
            if (attempt === 0 && id % 100 === 0) throw Object.assign(new Error('later'), { status: 503 });
          },
          options,
        );
        check();
      });
    }
  };
  // More than there are slots, so that most calls wait for one.
  await Promise.all(Array.from({ length: 120 }, caller));
  assert.ok(served >= count, `${String(served)} of ${String(count)} ran`);
  assert.equal(foreign, 0);
});
