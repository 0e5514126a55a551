// Metrics as they arrive: in OpenTelemetry's SDK, in a scrape of its Prometheus exporter, and in prom-client.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { parser } from '@prometheus-io/lezer-promql';
import client from 'prom-client';
import { parse, stringify } from 'yaml';
import { repository } from '../../shared/program.mjs';
import { folderOf, MANIFEST, modulesOf } from './stack.mjs';

const { folder, stack } = folderOf();
const dashboardPath = join(folder, 'grafana.json');
const alertsPath = join(folder, 'alerts.yml');
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const quiet = (promise) => promise.catch((error) => error);

const spans = [];
let table;
let collected;
let scrape;
let promScrape;

before(async () => {
  const { status, stderr } = stack('--dashboard', dashboardPath, '--alerts', alertsPath);
  assert.equal(status, 0, stderr);
  const load = modulesOf(folder);
  const { METRICS, bindTelemetry } = await load('telemetry');
  const { onResilienceEvent, upstreams } = await load('upstreams');
  const limiter = await load('rate-limiter');
  table = Object.values(METRICS);

  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const span = { addEvent: (name, attributes) => spans.push([name, attributes]) };
  const registry = new client.Registry();
  const listeners = [
    bindTelemetry(provider.getMeter('resilience'), { upstreams, getActiveSpan: () => span }),
    bindTelemetry(promMeter(registry), { upstreams }),
  ];
  const onEvent = (event) => {
    for (const each of listeners) each(event);
  };
  onResilienceEvent(onEvent);
  await drive(upstreams, limiter, onEvent);

  ({ resourceMetrics: collected } = await exporter.collect());
  scrape = new PrometheusSerializer().serialize(collected);
  promScrape = await registry.metrics();
});

/** Each kind of event at least once. */
async function drive({ orders, payments }, { TokenBucketLimiter }, onEvent) {
  const down = (status) => () => Promise.reject(Object.assign(new Error('down'), { status }));
  assert.equal(await payments.call('payments.charge', () => 'made'), 'made');
  // One that waits for the slot of another, one that has no place to wait, one whose wait is too long.
  const slow = quiet(orders.call('orders.get', () => later(10)));
  const waits = quiet(orders.call('orders.get', () => 'waited', { retry: false }));
  assert.equal((await quiet(orders.call('orders.get', () => 'refused', { retry: false }))).code, 'BULKHEAD_FULL');
  assert.equal(await waits, 'waited');
  await slow;
  const hangs = quiet(orders.call('orders.get', () => later(60), { retry: false }));
  assert.equal((await quiet(orders.call('orders.get', () => 'late', { retry: false }))).code, 'BULKHEAD_TIMEOUT');
  assert.equal((await hangs).code, 'TIMEOUT');
  await later(60);
  let attempts = 0;
  assert.equal(await payments.call('payments.charge', () => (++attempts === 1 ? down(503)() : 'recovered')), 'recovered');
  await quiet(payments.call('payments.charge', down(503)));
  assert.equal((await quiet(payments.call('payments.charge', () => 'rejected', { retry: false }))).code, 'CIRCUIT_OPEN');

  let isDown = false;
  const redis = {
    evalsha: () => (isDown ? Promise.reject(new Error('Connection is closed.')) : Promise.resolve([1, 0])),
    eval: () => Promise.reject(new Error('never asked')),
  };
  const limiter = new TokenBucketLimiter(redis, 2, 1, { onEvent, onStoreFailure: () => undefined });
  await limiter.consume('a');
  isDown = true;
  await limiter.consume('a');
}

/** A `Meter` that makes metrics of prom-client. */
function promMeter(registry) {
  const registers = [registry];
  const nameOf = (name) => name.replaceAll('.', '_');
  const labelsOf = (attributes) => Object.fromEntries(Object.entries(attributes).map(([name, value]) => [nameOf(name), value]));
  const labelNames = ['name', 'outcome', 'reason', 'operation', 'state'].map((each) => `resilience_${each}`);
  return {
    createCounter: (name, { description: help }) => {
      const counter = new client.Counter({ name: `${nameOf(name)}_total`, help, labelNames, registers });
      return { add: (value, attributes) => counter.inc(labelsOf(attributes), value) };
    },
    createObservableCounter: (name, { description: help }) => ({
      addCallback: (callback) => {
        const collect = () => {
          counter.reset();
          callback({ observe: (value, attributes) => counter.inc(labelsOf(attributes), value) });
        };
        const counter = new client.Counter({ name: `${nameOf(name)}_total`, help, labelNames, registers, collect });
      },
    }),
    createHistogram: (name, { description: help, advice }) => {
      const buckets = advice.explicitBucketBoundaries;
      const histogram = new client.Histogram({ name: `${nameOf(name)}_seconds`, help, labelNames, registers, buckets });
      return { record: (value, attributes) => histogram.observe(labelsOf(attributes), value) };
    },
    createObservableGauge: (name, { description: help }) => ({
      addCallback: (callback) => {
        const collect = () => callback({ observe: (value, attributes) => gauge.set(labelsOf(attributes), value) });
        const gauge = new client.Gauge({ name: nameOf(name), help, labelNames, registers, collect });
      },
    }),
  };
}

/** Names of the series of a scrape. */
const seriesOf = (text) => new Set([...text.matchAll(/^([a-z_]+)(?:\{| )/gmu)].map((match) => match[1]));

test('every metric of the table arrives in the SDK with its unit and description', () => {
  const descriptors = collected.scopeMetrics.flatMap((scope) => scope.metrics).filter((metric) => metric.dataPoints.length > 0);
  const found = new Map(descriptors.map(({ descriptor }) => [descriptor.name, descriptor]));
  assert.ok(table.length >= 16);
  for (const { name, unit, description } of table) {
    assert.deepEqual([found.get(name)?.unit, found.get(name)?.description], [unit, description], name);
  }
  assert.equal(found.size, table.length);
});

test('every metric of the table is in both scrapes', () => {
  for (const { name, unit } of table) {
    const stem = name.replaceAll('.', '_');
    const [exported, own] = unit === 's' ? [`${stem}_bucket`, `${stem}_seconds_bucket`] : [stem, stem];
    for (const [text, series] of [
      [scrape, exported],
      [promScrape, own],
    ]) {
      const names = seriesOf(text);
      assert.ok(names.has(series) || names.has(`${series}_total`), `${series} is not in\n${text}`);
    }
  }
});

test('counts and states are those of what happened', () => {
  const find = (name, labels) => {
    const pairs = Object.entries(labels).map(([key, value]) => `resilience_${key}="${value}"`);
    const line = scrape.split('\n').find((each) => each.startsWith(`${name}{${pairs.join(',')}`));
    return Number(line?.match(/\} (\S+)/u)?.[1]);
  };
  assert.equal(find('resilience_circuit_breaker_calls_total', { name: 'payments', outcome: 'success' }), 2);
  assert.equal(find('resilience_circuit_breaker_calls_total', { name: 'payments', outcome: 'failure' }), 3);
  assert.equal(find('resilience_circuit_breaker_calls_total', { name: 'payments', outcome: 'rejected' }), 1);
  assert.equal(find('resilience_circuit_breaker_call_duration_count', { name: 'payments', outcome: 'success' }), 2);
  assert.equal(find('resilience_circuit_breaker_state', { name: 'payments' }), 2);
  assert.equal(find('resilience_circuit_breaker_state', { name: 'orders' }), 0);
  assert.equal(find('resilience_retry_recovered_total', { name: 'payments' }), 1);
  assert.equal(find('resilience_timeout_timeouts_total', { operation: 'orders.get' }), 1);
  assert.equal(find('resilience_bulkhead_rejections_total', { name: 'orders', reason: 'full' }), 1);
  assert.equal(find('resilience_bulkhead_rejections_total', { name: 'orders', reason: 'timeout' }), 1);
  assert.equal(find('resilience_rate_limiter_store_available', { name: 'default' }), 0);
});

test('a circuit whose open time is over is open no more, though nobody calls', async () => {
  const { bindTelemetry } = await modulesOf(folder)('telemetry');
  let read;
  const none = { add: () => undefined, record: () => undefined, addCallback: () => undefined };
  const meter = {
    createCounter: () => none,
    createObservableCounter: () => none,
    createHistogram: () => none,
    createObservableGauge: (name) => ({ addCallback: (callback) => name === 'resilience.circuit_breaker.state' && (read = callback) }),
  };
  const health = { state: 'CLOSED', active: 0, queued: 0, retriesLeft: 0 };
  const onEvent = bindTelemetry(meter, { upstreams: { orders: { health: () => health } } });
  const opened = (name, openMs) => onEvent({ guard: 'circuit-breaker', type: 'opened', name, openMs });
  const states = () => {
    const found = {};
    read({ observe: (value, attributes) => (found[attributes['resilience.name']] = value) });
    return found;
  };
  opened('orders', Infinity);
  const seen = [];
  for (health.state of ['OPEN', 'HALF_OPEN']) seen.push(states().orders);
  assert.deepEqual(seen, [2, 1]);
  // A tenant of upstreamFor, and a breaker of somebody's own, are among no upstreams.
  opened('isolated', Infinity);
  opened('tenant', 0);
  opened('closed', Infinity);
  onEvent({ guard: 'circuit-breaker', type: 'closed', name: 'closed' });
  assert.deepEqual(states(), { orders: 1, isolated: 2, tenant: 1, closed: 0 });
});

test('what happens to a call becomes events of its span, and what happens to every call does not', () => {
  const names = new Set(spans.map(([name]) => name));
  for (const name of [
    'resilience.circuit_breaker.opened',
    'resilience.circuit_breaker.rejected',
    'resilience.retry.retried',
    'resilience.retry.recovered',
    'resilience.retry.gave_up',
    'resilience.timeout.timed_out',
    'resilience.bulkhead.refused',
    'resilience.bulkhead.timed_out',
    'resilience.bulkhead.waited',
    'resilience.rate_limiter.store_failed',
    'resilience.rate_limiter.degraded',
  ]) {
    assert.ok(names.has(name), name);
  }
  assert.ok(!names.has('resilience.circuit_breaker.call') && !names.has('resilience.rate_limiter.allowed'));
  const [, attributes] = spans.find(([name]) => name === 'resilience.retry.retried');
  assert.equal(attributes['resilience.name'], 'payments');
  assert.equal(typeof attributes['resilience.delay_ms'], 'number');
});

/** Every query, by where it stands. */
function queries() {
  const { panels, templating } = JSON.parse(readFileSync(dashboardPath, 'utf8'));
  const { groups } = parse(readFileSync(alertsPath, 'utf8'));
  const ofPanels = panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => [panel.title, expr]));
  const ofAlerts = groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr]));
  const variables = templating.list.filter(({ type }) => type === 'query');
  const ofVariables = variables.map(({ name, definition }) => [name, /^label_values\((.*), \w+\)$/u.exec(definition)[1]]);
  assert.ok(ofPanels.length >= 15 && ofAlerts.length >= 10 && ofVariables.length === 1);
  return [...ofPanels, ...ofAlerts, ...ofVariables];
}

test('every query is PromQL, and every series that it names is in the scrapes', () => {
  const exported = seriesOf(scrape);
  const own = seriesOf(promScrape);
  for (const [where, expression] of queries()) {
    const named = [];
    parser.parse(expression).iterate({
      enter: ({ type, from, to }) => {
        assert.ok(!type.isError, `${where}: ${expression} at ${String(from)}`);
        if (type.name === 'Identifier' && expression.slice(from, to).startsWith('resilience_')) named.push(expression.slice(from, to));
      },
    });
    const patterns = [...expression.matchAll(/__name__=~"([^"]+)"/gu)].map((match) => new RegExp(`^(?:${match[1]})$`, 'u'));
    assert.ok(named.length + patterns.length > 0, expression);
    for (const series of [exported, own]) {
      for (const name of named) assert.ok(series.has(name), `${where}: ${name}`);
      for (const pattern of patterns)
        assert.ok(
          [...series].some((name) => pattern.test(name)),
          `${where}: ${String(pattern)}`,
        );
    }
  }
});

test('the dashboard has a row for each guard, and every panel the templated data source', () => {
  const { panels, schemaVersion } = JSON.parse(readFileSync(dashboardPath, 'utf8'));
  assert.ok(schemaVersion >= 39);
  const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(rows, ['Circuit breakers', 'Retries', 'Timeouts', 'Bulkheads', 'Rate limiter']);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const panel of panels.filter(({ type }) => type !== 'row')) {
    assert.deepEqual(panel.datasource, { type: 'prometheus', uid: '${datasource}' }, panel.title);
    assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
  }
});

const promtool = [process.env.PROMTOOL ?? '', '/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync);

test('promtool accepts the alerts', { skip: promtool === undefined && 'promtool is not installed' }, () => {
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'rules', alertsPath], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

/** Seconds between two scrapes. */
const step = 15;

/** Whether an alert fires within 20 minutes of such series: `{ 'name{label="value"}': '0+1x80' }`, a value each `step`. */
function isTold(home, alertname, series) {
  const test = {
    interval: `${String(step)}s`,
    input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
    alert_rule_test: Array.from({ length: 80 }, (_, n) => ({ eval_time: `${String(n * step)}s`, alertname, exp_alerts: [] })),
  };
  const file = join(home, 'alerts.test.yml');
  writeFileSync(file, stringify({ rule_files: ['alerts.yml'], evaluation_interval: `${String(step)}s`, tests: [test] }));
  const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', file], { encoding: 'utf8' });
  assert.match(stdout + stderr, status === 0 ? /SUCCESS/u : new RegExp(`alertname="${alertname}"`, 'u'));
  return status !== 0;
}

test(
  'a circuit that stays open is told, and none that closes at its first probe or is called no more',
  { skip: promtool === undefined && 'promtool is not installed' },
  () => {
    const { folder: other, stack: emit } = folderOf({ ...MANIFEST, upstreams: {}, circuitBreaker: { recoveryTimeMs: 30_000 } });
    assert.equal(emit('--alerts', join(other, 'alerts.yml')).status, 0);
    // States of the gauge: 0 closed, 1 half open, 2 open; each with the seconds that it lasts.
    const probed = [30, 2, step, 1];
    for (const [name, expected, ...runs] of [
      ['open for a moment', false, step, 2, 900, 0],
      ['closed by its first probe', false, 30, 2, step, 1, 900, 0],
      ['called no more', false, 30, 2, 900, 1],
      ['closed by its third probe', false, ...probed, ...probed, 900, 0],
      ['open through all probes', true, ...probed, ...probed, ...probed, ...probed, ...probed, 900, 0],
      ['open', true, 900, 2],
    ]) {
      const values = ['0x9'];
      for (let i = 0; i < runs.length; i += 2) values.push(`${String(runs[i + 1])}x${String(runs[i] / step - 1)}`);
      const series = { 'resilience_circuit_breaker_state{job="j",instance="i",resilience_name="orders"}': values.join(' ') };
      assert.equal(isTold(other, 'ResilienceCircuitOpen', series), expected, name);
    }
  },
);

test(
  'an alert relates to traffic: a few of many are not told, nor what an idle process is left with',
  { skip: promtool === undefined && 'promtool is not installed' },
  () => {
    const operations = { 'orders.get': 30, 'payments.charge': 1000, refund: 1000 };
    const { folder: other, stack: emit } = folderOf({
      ...MANIFEST,
      timeoutConfig: { operations },
      upstreams: { payments: { operations: { refund: {} } } },
    });
    assert.equal(emit('--alerts', join(other, 'alerts.yml')).status, 0);
    const of = (instance, labels) => `{job="j",instance="${instance}",${labels}}`;
    const calls = (name, values, instance = 'a', outcome = 'success') => ({
      [`resilience_circuit_breaker_calls_total${of(instance, `resilience_name="${name}",resilience_outcome="${outcome}"`)}`]: values,
    });
    const timeouts = (operation, values, instance = 'a') => ({
      [`resilience_timeout_timeouts_total${of(instance, `resilience_operation="${operation}"`)}`]: values,
    });
    const transitions = (state, values, instance = 'a') => ({
      [`resilience_circuit_breaker_transitions_total${of(instance, `resilience_name="orders",resilience_state="${state}"`)}`]: values,
    });
    const rejections = (values) => ({
      [`resilience_bulkhead_rejections_total${of('a', 'resilience_name="orders",resilience_reason="full"')}`]: values,
    });
    const budget = (values) => ({ [`resilience_retry_budget_available${of('a', 'resilience_name="orders"')}`]: values });
    const available = (values) => ({ [`resilience_rate_limiter_store_available${of('a', 'resilience_name="p"')}`]: values });
    const requests = (values) => ({
      [`resilience_rate_limiter_requests_total${of('a', 'resilience_name="p",resilience_outcome="allowed",resilience_reason="store-failure"')}`]:
        values,
    });
    const failures = (values) => calls('orders', values, 'a', 'failure');
    const rejected = (values) => calls('orders', values, 'a', 'rejected');
    for (const [name, alert, expected, ...series] of [
      ['1 in 1000', 'ResilienceTimeouts', false, timeouts('orders.get', '0+1x80'), calls('orders', '0+1000x80')],
      ['1 in 10', 'ResilienceTimeouts', true, timeouts('orders.get', '0+1x80'), calls('orders', '0+10x80')],
      ['a few of few', 'ResilienceTimeouts', false, timeouts('orders.get', '0 1x79'), calls('orders', '0 1x79')],
      ['others are busy', 'ResilienceTimeouts', true, timeouts('orders.get', '0+1x80'), failures('0+1x80'), calls('payments', '0+1000x80')],
      ['listed', 'ResilienceTimeouts', true, timeouts('refund', '0+1x80'), calls('payments', '0+5x80'), calls('orders', '0+1000x80')],
      [
        'listed, rare',
        'ResilienceTimeouts',
        false,
        timeouts('refund', '0+1x80'),
        calls('payments', '0+1000x80'),
        calls('orders', '0+1x80'),
      ],
      ['a tenant', 'ResilienceTimeouts', true, timeouts('tenant.get', '0+1x80'), calls('acme', '0+10x80')],
      ['a tenant, rare', 'ResilienceTimeouts', false, timeouts('tenant.get', '0+1x80'), calls('acme', '0+1000x80')],
      ['an open circuit', 'ResilienceTimeouts', true, timeouts('orders.get', '0+1x80'), failures('0+1x80'), rejected('0+1000x80')],
      ['a restart', 'ResilienceTimeouts', false, timeouts('orders.get', '9000x40 0x40'), calls('orders', '90000+10x40 0+10x40')],
      [
        'two processes',
        'ResilienceTimeouts',
        false,
        timeouts('orders.get', '0+1x80'),
        timeouts('orders.get', '0+1x80', 'b'),
        calls('orders', '0+100x80'),
        calls('orders', '0+100x80', 'b'),
      ],
      ['1 in 1000', 'ResilienceBulkheadRejects', false, rejections('0+1x80'), calls('orders', '0+1000x80')],
      ['1 in 10', 'ResilienceBulkheadRejects', true, rejections('0+1x80'), calls('orders', '0+10x80')],
      ['a long outage', 'ResilienceCircuitFlaps', false, transitions('open', '0+1x80'), transitions('half_open', '0+1x80')],
      ['up and down', 'ResilienceCircuitFlaps', true, transitions('open', '0+1x80'), transitions('closed', '0+1x80')],
      ['one outage of ten', 'ResilienceCircuitFlaps', false, ...[...'abcdefghij'].map((each) => transitions('closed', '0x9 1x70', each))],
      ['in use', 'ResilienceRetryBudgetEmpty', true, budget('0x80'), failures('0+1x80')],
      ['idle', 'ResilienceRetryBudgetEmpty', false, budget('0x80'), failures('7x80')],
      ['in use', 'ResilienceRateLimiterStoreDown', true, available('0x80'), requests('0+1x80')],
      ['idle', 'ResilienceRateLimiterStoreDown', false, available('0x80'), requests('7x80')],
    ]) {
      assert.equal(isTold(other, alert, Object.assign({}, ...series)), expected, `${alert}: ${name}`);
    }
  },
);

test("OpenTelemetry's own types fit", () => {
  const file = join(folder, 'bound.ts');
  writeFileSync(
    file,
    `import { metrics, trace } from '${join(import.meta.dirname, 'node_modules/@opentelemetry/api')}';
import { bindTelemetry } from './telemetry.ts';
import { onResilienceEvent, upstreams } from './upstreams.ts';
onResilienceEvent(bindTelemetry(metrics.getMeter('resilience'), { upstreams, getActiveSpan: () => trace.getActiveSpan() }));
`,
  );
  const ts = createRequire(join(repository, 'tests/generated/package.json'))('typescript');
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  });
  const messages = ts.getPreEmitDiagnostics(program).map((each) => ts.flattenDiagnosticMessageText(each.messageText, '\n'));
  assert.deepEqual(messages, []);
});
