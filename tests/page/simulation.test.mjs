// What the page draws is what the emitted code does: the same figures and the same points in Chromium and in Node, for seeded sets of
// arguments and worlds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TOOLS, launch, open, serve } from './lib/browser.mjs';
import { knobsOf, simulate, worldOf } from '../../web/src/simulate/index.js';
import { complete, emit, factoriesOf, randomArguments, randomWorld, runArguments, schemasOf, seeded, simulateInNode } from './lib/node.mjs';

const SETS = process.env.CROWVAULT_PROOF === 'full' ? 200 : 5;
const MANIFESTS = process.env.CROWVAULT_PROOF === 'full' ? 40 : 1;

let server;
let browser;
let schemas;
before(async () => {
  server = await serve();
  browser = await launch();
  schemas = await schemasOf(server.url);
});
after(async () => {
  await browser.close();
  assert.equal(await server.stop(), 0);
});

const MANIFEST = {
  circuitBreaker: { failureThreshold: 10, recoveryTimeMs: 1000 },
  retryPolicy: { maxRetries: 3 },
  timeoutConfig: { operations: [{ name: 'orders.get', timeoutMs: 1000 }] },
  bulkhead: { partitions: [{ name: 'orders', maxConcurrent: 8 }], maxQueue: 8, maxWaitMs: 200 },
  stack: {},
};

function randomManifest(random) {
  const number = (low, high) => Math.round(low * (high / low) ** random());
  return {
    circuitBreaker: {
      failureThreshold: number(2, 40),
      recoveryTimeMs: number(200, 20_000),
      ...(random() < 0.3 ? { withMetrics: true } : {}),
    },
    retryPolicy: { maxRetries: number(1, 6), withRetryBudget: random() < 0.7 },
    timeoutConfig: { operations: [{ name: 'orders.get', timeoutMs: number(200, 5000) }] },
    bulkhead: { partitions: [{ name: 'orders', maxConcurrent: number(2, 40) }], maxQueue: number(1, 60), maxWaitMs: number(20, 1000) },
    stack: { failureUnit: random() < 0.5 ? 'attempt' : 'call' },
  };
}

/** Sets that the server accepts. */
async function sets(tool, count) {
  const random = seeded(TOOLS.indexOf(tool) + 11);
  const found = [];
  for (let tried = 0; found.length < count; tried += 1) {
    assert.ok(tried < count * 60, `${tool}: too few of the random arguments are accepted`);
    const args = tool === 'stack' ? randomManifest(random) : randomArguments(schemas[tool], random);
    if ((await emit(server.url, tool, args)) === undefined || (await emit(server.url, tool, runArguments(tool, args))) === undefined)
      continue;
    found.push({ args, world: randomWorld(tool, tool === 'stack' ? args : complete(schemas[tool], args), random) });
  }
  return found;
}

for (const [tool, count] of [...TOOLS.map((each) => [each, SETS]), ['stack', MANIFESTS]]) {
  test(`${tool}: Chromium and Node agree for ${String(count)} seeded sets`, async () => {
    const { page, faults, close } = await open(browser, `${server.url}/#${tool}`);
    for (const { args, world } of await sets(tool, count)) {
      const hash = `#${tool}?args=${encodeURIComponent(JSON.stringify(args))}&world=${encodeURIComponent(JSON.stringify(world))}`;
      const drawn = await page.evaluate(
        ([link, name]) =>
          new Promise((resolve, reject) => {
            const done = ({ detail }) => {
              if (detail.done && detail.tool === name) {
                document.removeEventListener('drawn', done);
                resolve(detail.result);
              }
            };
            // What was under way for the link before must not be taken for this one.
            setTimeout(() => reject(new Error('nothing was drawn')), 60_000);
            history.replaceState(null, '', '#');
            window.dispatchEvent(new HashChangeEvent('hashchange'));
            location.hash = link;
            addEventListener('hashchange', () => document.addEventListener('drawn', done), { once: true });
          }),
        [hash, tool],
      );
      const expected = await simulateInNode(server.url, tool, schemas[tool], args, world);
      assert.deepEqual(drawn, JSON.parse(JSON.stringify(expected)), `${JSON.stringify(args)} in ${JSON.stringify(world)}`);
    }
    assert.deepEqual(await faults(), []);
    await close();
  });
}

test('another seed gives other figures, so the comparison can fail', async () => {
  const one = await simulateInNode(server.url, 'generate_retry_policy', schemas.generate_retry_policy, {});
  const other = await simulateInNode(server.url, 'generate_retry_policy', schemas.generate_retry_policy, {}, {}, { turns: 32, seed: 2 });
  assert.notDeepEqual(one, other);
});

test('a mistake in the code that runs is told, and no figure is made of it', async () => {
  const mistaken = async () => {
    throw new TypeError('fn.call is not a function');
  };
  const broken = {
    generate_circuit_breaker: {
      'circuit-breaker.ts': () => ({
        CircuitBreaker: class {
          state = 'CLOSED';
          call = mistaken;
        },
      }),
    },
    generate_retry_policy: { 'retry.ts': () => ({ withRetry: mistaken }) },
    generate_rate_limiting: {
      'rate-limiter.ts': () => ({
        Limiter: class {
          consume() {
            return mistaken();
          }
        },
      }),
    },
    generate_timeout_config: { 'timeouts.ts': () => ({ withTimeout: mistaken }) },
    generate_bulkhead: { 'bulkhead.ts': () => ({ withBulkhead: mistaken }) },
  };
  const names = { operations: [{ name: 'orders.get', timeoutMs: 1000 }], partitions: [{ name: 'orders', maxConcurrent: 8 }] };
  for (const tool of TOOLS) {
    const all = complete(schemas[tool], names);
    await assert.rejects(simulate(tool, broken[tool], all, worldOf(knobsOf(tool, all), {})), /fn\.call is not a function/u, tool);
  }
  const { files } = await emit(server.url, 'stack', MANIFEST);
  const factories = factoriesOf(files);
  const world = worldOf(knobsOf('stack', MANIFEST), {});
  for (const replaced of [...Object.values(broken).filter((each) => !('rate-limiter.ts' in each)), { 'retry.ts': undefined }]) {
    await assert.rejects(simulate('stack', { ...factories, ...replaced }, MANIFEST, world), /fn\.call is not|no such module/u);
  }
});

test('a limiter whose clock is set ahead admits no less than under steady traffic, set back no more, and never two limits more', async () => {
  let moved = 0;
  for (const algorithm of ['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-window']) {
    const run = async (traffic) => {
      const args = { algorithm, store: 'memory', framework: 'fetch' };
      const { figures } = await simulateInNode(server.url, 'generate_rate_limiting', schemas.generate_rate_limiting, args, { traffic });
      return Object.fromEntries(figures.map(({ id, value }) => [id, value]));
    };
    const [steady, back, ahead] = [await run('steady'), await run('clock-back'), await run('clock-ahead')];
    assert.ok(back.admitted <= steady.admitted && steady.admitted <= ahead.admitted, algorithm);
    // What is told to wait is not told to wait for longer than a window and what the clock was set back by.
    assert.ok(back.longest <= 90_000 && ahead.longest <= 60_000, `${algorithm}: ${JSON.stringify({ back, ahead })}`);
    assert.ok(Math.max(steady.most, back.most, ahead.most) <= 200, algorithm);
    moved += back.admitted === steady.admitted && ahead.admitted === steady.admitted ? 0 : 1;
  }
  assert.equal(moved, 4);
});

test('totalTimeoutMs ends requests, and no request lasts longer', async () => {
  const run = async (totalTimeoutMs) => {
    const args = { operations: [{ name: 'orders.get', timeoutMs: 1000 }], totalTimeoutMs };
    const result = await simulateInNode(server.url, 'generate_timeout_config', schemas.generate_timeout_config, args);
    return { ...Object.fromEntries(result.figures.map(({ id, value }) => [id, value])), charts: result.charts.map(({ id }) => id) };
  };
  const [off, ample, short] = [await run(0), await run(3000), await run(600)];
  assert.equal(off.total, undefined);
  assert.deepEqual(off.charts, ['latency']);
  assert.deepEqual(short.charts, ['latency', 'requests']);
  // Three calls of at most 1 s each end within 3 s by themselves.
  assert.equal(ample.total, 0);
  // What is left is in whole milliseconds, rounded up, and so is each timer.
  assert.ok(short.total > 0 && short.request <= 602 && short.longest <= 602, JSON.stringify(short));

  const answered = async (totalTimeoutMs) => {
    const operations = [{ name: 'orders.get', timeoutMs: 1000 }];
    const manifest = { retryPolicy: { maxRetries: 3, withRetryBudget: false }, timeoutConfig: { operations, totalTimeoutMs }, stack: {} };
    const { table } = await simulateInNode(server.url, 'stack', {}, manifest, { scenario: 'slow' });
    return Object.fromEntries(table.rows.map(([name, calls]) => [name, Number(calls)]));
  };
  const [patient, hasty] = [await answered(0), await answered(1200)];
  // Retries end with the request; where there is no timeout nothing ends it.
  assert.ok(hasty['the whole stack'] < patient['the whole stack'], JSON.stringify({ patient, hasty }));
  assert.equal(hasty['without timeout'], patient['without timeout']);
  assert.equal(hasty['no protection'], patient['no protection']);
});

test('events are at rest after the turns that a simulation waits: four times as many change nothing', async () => {
  for (const tool of TOOLS) {
    const [{ args, world }] = await sets(tool, 1);
    const usual = await simulateInNode(server.url, tool, schemas[tool], args, world);
    const patient = await simulateInNode(server.url, tool, schemas[tool], args, world, { turns: 128, seed: 1 });
    assert.deepEqual(patient, usual, tool);
  }
  // A whole manifest takes minutes with that many turns.
  for (const scenario of process.env.CROWVAULT_PROOF === 'full' ? ['brown-out', 'outage', 'slow', 'burst'] : []) {
    const usual = await simulateInNode(server.url, 'stack', undefined, MANIFEST, { scenario });
    const patient = await simulateInNode(server.url, 'stack', undefined, MANIFEST, { scenario }, { turns: 128, seed: 1 });
    assert.deepEqual(patient, usual, scenario);
  }
});
