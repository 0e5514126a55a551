// No sequence of bytes ends the server, makes it fail from within, or makes it answer more than it was asked.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { ask, generator, json, memory, open, rpc, serve, stdio } from '../lib/server.mjs';
import { messages } from '../lib/messages.mjs';

const full = process.env.CROWVAULT_PROOF === 'full';
const quick = process.env.CROWVAULT_PROOF === 'quick';
// The code of a default call is some 20 KB; what is beyond it must stay below 64 KiB.
const longest = 200_000;
const mostMemory = 200;

// An answer takes a second at most, beside others. Other work on the machine makes all answers slow, so a second is what is allowed where
// the one in the middle takes a hundredth of that; and only the long run, which has the machine for itself, says so.
function checkTimes(times) {
  times.sort((a, b) => a - b);
  const [middle, slowest] = [times[times.length >> 1], times.at(-1)];
  const said = `${String(times.length)} answers, ${middle.toFixed(1)} ms in the middle, ${slowest.toFixed(0)} ms at most`;
  console.log(`     ${said}`);
  assert.ok(slowest < Math.max(1_000, 100 * middle), said);
}

// The SDK's answer for a tool that has failed from within is that of a call which was refused.
const isFailure = (text) => typeof text === 'string' && text.startsWith('An error occurred');

test('stdio takes every line', async () => {
  const count = full ? 1_000_000 : quick ? 2_000 : 20_000;
  const { line } = messages(generator(20));
  const server = stdio();
  await server.answerTo('hello');
  let [peak, failures] = [0, 0];
  const times = [];
  for (let n = 0; n < count; n += 500) {
    const id = `ping-${String(n)}`;
    const began = performance.now();
    await server.send(...Array.from({ length: Math.min(500, count - n) }, line), rpc('ping', undefined, id));
    assert.ok(await server.answerTo(id), `no answer after line ${String(n)}: ${server.stderr.slice(0, 500)}`);
    // That to the last of 500 lines that were sent at once.
    times.push(performance.now() - began);
    failures += server.all.filter(({ error, result }) => error?.code === -32603 || isFailure(result?.content?.[0]?.text)).length;
    server.all.length = 0;
    server.answers.clear();
    peak = Math.max(peak, memory(server.child.pid));
  }
  server.child.stdin.end();
  assert.equal(await server.exited, 0);
  assert.equal(server.stderr, '');
  assert.equal(failures, 0);
  assert.ok(server.longest < longest, `${String(server.longest)} characters`);
  assert.ok(peak < mostMemory, `${peak.toFixed(0)} MB`);
  if (full) checkTimes(times);
});

for (const [path, make] of [
  ['/v1/tools/call', 'call'],
  ['/mcp', 'line'],
  ['/message', 'line'],
]) {
  test(`${path} takes every body`, async () => {
    const count = full ? 200_000 : quick ? 500 : 4_000;
    const next = messages(generator(path.length))[make];
    const server = await serve({
      transport: 'sse',
      env: {
        'Logging__LogLevel__CrowVault.Mcp.Calls': 'Warning',
        CROWVAULT_HTTP_SSE_CALLS_PER_SESSION: '10000',
        CROWVAULT_HTTP_SSE_CALLS_PER_TOKEN: '10000',
      },
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    const stream = path === '/message' ? await open(server.port) : undefined;
    const strange = [];
    const times = [];
    let [peak, most] = [0, 0];
    for (let n = 0; n < count; n += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const body = next();
          const began = performance.now();
          const answer = await ask(server.port, stream?.endpoint ?? path, { method: 'POST', headers: json, body, agent });
          times.push(performance.now() - began);
          most = Math.max(most, answer.text.length);
          if (answer.status >= 500 || answer.text.includes('-32603') || /"text":"An error occurred/u.test(answer.text))
            strange.push(`${String(answer.status)} ${body.toString('latin1')} ${answer.text.slice(0, 200)}`);
        }),
      );
      if (stream !== undefined) {
        if (/"text":"An error occurred/u.test(stream.text)) strange.push(stream.text.slice(-2_000));
        stream.text = stream.text.slice(-1_000);
      }
      peak = Math.max(peak, server.memory());
    }
    agent.destroy();
    stream?.close();
    assert.deepEqual(strange.slice(0, 3), []);
    assert.ok(most < longest, `${String(most)} characters`);
    assert.ok(peak < mostMemory, `${peak.toFixed(0)} MB`);
    if (full) checkTimes(times);
    assert.doesNotMatch(server.log(), /fail:/);
    assert.equal(await server.stop(), 0);
  });
}
