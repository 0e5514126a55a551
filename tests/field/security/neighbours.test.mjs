// Sixty-four callers who send the worst bodies they can with one token, beside one who calls a tool with another.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ask, json, serve, token } from '../lib/server.mjs';

const full = process.env.CROWVAULT_PROOF === 'full';
const members = (count, name) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [name(n.toString(36)), 1])));
const worst = {
  'names close to real ones': `{"tool":"generate_circuit_breaker","args":${members(24_000, (n) => `failureThreshold${n}`)}}`,
  'faulty operations': `{"tool":"generate_timeout_config","args":{"operations":${members(24_000, (n) => `o${n}`)}}}`,
  'more values than a message may have': `{"tool":"generate_circuit_breaker","args":${members(90_000, (n) => n)}}`,
  'one long text': JSON.stringify({ tool: 'generate_circuit_breaker', args: { runtime: 'x'.repeat(1_000_000) } }),
};

// Short, accepted, and hundreds of times the work of a call.
const services = (value) => Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`p${n}`, value(n)]));
const manifest = JSON.stringify({
  circuitBreaker: { tripOn: 'failure-rate', failureRatePercent: 1 },
  bulkhead: { partitions: services(() => 10), poolSize: 1_000 },
  traffic: services((n) => ({ callsPerSecond: 500, errorPercent: 0.5 + n / 1_000 })),
});

// What is cut short by nothing: of more callers the last would wait for a minute.
const fewer = 8;
const floods = Object.entries(worst)
  .slice(0, full ? undefined : 2)
  .map(([name, body]) => [name, '/v1/tools/call', body, ['400', '429']]);
for (const [name, path, body, statuses] of [...floods, ['a manifest of a hundred services', '/v1/stack', manifest, ['200']]]) {
  const callers = path === '/v1/stack' ? fewer : 64;
  test(`${String(callers)} callers with ${name}, and one with a call`, async () => {
    const [hostile, normal] = [token('hostile'), token('normal')];
    const server = await serve({ env: { CROWVAULT_HTTP_TOKENS: `${hostile.entry}\n${normal.entry}` } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let calls = 0;
    const call = async () => {
      const began = performance.now();
      const { status } = await ask(server.port, '/v1/tools/call', {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${normal.text}` },
        // Arguments that no call before had.
        body: JSON.stringify({ tool: 'generate_circuit_breaker', args: { failureThreshold: (calls++ % 10_000) + 1 } }),
        agent,
      });
      assert.equal(status, 200);
      return performance.now() - began;
    };
    const callFor = async (ms) => {
      const times = [];
      for (const until = performance.now() + ms; performance.now() < until; await wait(10)) times.push(await call());
      return times.sort((a, b) => a - b);
    };
    const at = (share, times) => times[Math.floor(times.length * share)];
    const middle = (values) =>
      at(
        0.5,
        values.sort((a, b) => a - b),
      );

    // Alone and beside in turns, so that what else the machine does falls on both.
    const [rounds, alone, besides] = [full ? 5 : 1, [], []];
    await callFor(full ? 3_000 : 300);
    for (let round = 0; round < rounds; round++) {
      alone.push(await callFor(full ? 3_000 : 300));
      const began = performance.now();
      const flood = new Worker(new URL('../lib/flood.mjs', import.meta.url), {
        workerData: { port: server.port, authorization: `Bearer ${hostile.text}`, path, body, callers },
      });
      besides.push(await callFor(full ? 3_000 : 1_500));
      const told = once(flood, 'message');
      flood.postMessage('stop');
      const [{ answers, longest }] = await told;
      assert.deepEqual(Object.keys(answers).sort(), statuses);
      if (path === '/v1/stack') continue;
      // 200 a second and 400 at once, of which a body takes one for each 4 KiB.
      const most = (400 + (200 * (performance.now() - began)) / 1_000) / Math.floor(body.length / 4_096);
      assert.ok(longest < 65_536);
      assert.ok(answers[400] <= most + 1, `${String(answers[400])} of ${most.toFixed(0)}`);
    }
    agent.destroy();

    // The run that has the time for a hundredth of the calls compares that; the other, the call in the middle, and finds what a queue would do to it.
    const [share, bound] = full ? [0.99, 3] : [0.5, 10];
    const [quiet, beside] = [alone, besides].map((all) => middle(all.map((times) => at(share, times))));
    const said = `p${String(share * 100)} ${quiet.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside, at most ${server.mostMemory().toFixed(0)} MB`;
    if (full) console.log(said);
    assert.ok(beside < bound * quiet, said);
    assert.ok(server.mostMemory() < 200, said);
    assert.equal(await server.stop(), 0);
  });
}

for (const [name, body] of Object.entries(worst).slice(0, full ? undefined : 1)) {
  test(`64 callers with ${name}, to a server without tokens`, async () => {
    const server = await serve();
    const flood = new Worker(new URL('../lib/flood.mjs', import.meta.url), {
      workerData: { port: server.port, authorization: 'none', body, callers: 64 },
    });
    await wait(full ? 10_000 : 1_500);
    const told = once(flood, 'message');
    flood.postMessage('stop');
    const [{ answers, longest }] = await told;
    assert.ok(longest < 65_536);
    assert.deepEqual(Object.keys(answers), ['400']);
    assert.ok(server.mostMemory() < 200, `${server.mostMemory().toFixed(0)} MB`);
    assert.equal(await server.stop(), 0);
  });
}
