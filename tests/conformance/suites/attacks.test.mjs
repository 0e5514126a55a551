// slowhttptest's attacks beside normal load: whoever calls normally must not notice. Needs slowhttptest, which ./test.sh installs.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { execute, serve } from '../lib/server.mjs';

const seconds = process.env.CROWVAULT_CONFORMANCE === 'full' ? 60 : 12;
const connections = 500;
const body = JSON.stringify({ server: 'api-mcp', tool: 'generate_circuit_breaker', args: { withMetrics: true } });

const attacks = {
  'slow headers': { flags: ['-H', '-i', '2'], path: '/v1/tools' },
  'slow bodies': { flags: ['-B', '-i', '2', '-s', '8192', '-t', 'POST', '-f', 'application/json'], path: '/v1/tools/call' },
  'slow bodies at /mcp': { flags: ['-B', '-i', '2', '-s', '8192', '-t', 'POST', '-f', 'application/json'], path: '/mcp' },
  // Many answers asked for on a connection that takes in a few bytes a second.
  'slow reads': { flags: ['-X', '-k', '10', '-n', '1', '-w', '1', '-y', '32', '-z', '4'], path: '/openapi.json' },
};

let server;
before(async () => {
  server = await serve('http', { 'Logging__LogLevel__CrowVault.Mcp.Calls': 'None' });
  for (let count = 0; count < 200; count++) await call();
});
after(async () => assert.equal(await server.stop(), 0));

for (const [name, { flags, path }] of Object.entries(attacks)) {
  test(`${String(connections)} connections with ${name} leave normal calls unharmed`, async () => {
    const peace = await load(2);
    const settings = [
      ...flags,
      '-c',
      String(connections),
      '-r',
      String(connections),
      '-l',
      String(seconds),
      '-p',
      '5',
      '-u',
      `${server.url}${path}`,
    ];
    const attack = execute('slowhttptest', settings, { timeout: 120_000 });
    const attacked = await load(seconds);
    const { code, stdout, stderr } = await attack;
    assert.equal(code, 0, stdout + stderr);
    // The attack did take place, and its own probes found the server available throughout.
    const opened = Math.max(
      ...[...stripVTControlCharacters(stdout).matchAll(/(?:connected|closed|pending):\s+(\d+)/gu)].map(([, count]) => Number(count)),
    );
    assert.ok(opened >= connections / 2, `only ${String(opened)} connections were opened\n${stdout}`);
    assert.match(stripVTControlCharacters(stdout), /service available:\s+YES/u);
    assert.deepEqual(attacked.failures, []);
    const slowdown = peace.perSecond / attacked.perSecond;
    console.log(`${name}: ${String(attacked.calls)} calls, 0 failed, ${slowdown.toFixed(2)} times slower than without`);
    assert.ok(slowdown < 10, `calls became ${slowdown.toFixed(1)} times slower`);
  });
}

// Four callers, each with a connection of its own, one call after the other.
async function load(duration) {
  const until = performance.now() + duration * 1000;
  const failures = [];
  let calls = 0;
  const caller = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (performance.now() < until) {
      try {
        const { status, text } = await call(agent);
        if (status !== 200 || !text.startsWith('/*')) failures.push(`${String(status)} ${text.slice(0, 100)}`);
      } catch (error) {
        failures.push(String(error));
      }
      calls++;
    }
    agent.destroy();
  };
  await Promise.all([caller(), caller(), caller(), caller()]);
  return { calls, failures, perSecond: calls / duration };
}

function call(agent) {
  return new Promise((fulfil, reject) => {
    const headers = { 'content-type': 'application/json', accept: 'text/plain', 'content-length': Buffer.byteLength(body) };
    const sent = request(`${server.url}/v1/tools/call`, { method: 'POST', headers, agent, timeout: 30_000 }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk) => (text += chunk))
        .on('end', () => fulfil({ status: response.statusCode, text }))
        .on('error', reject);
    });
    sent
      .on('timeout', () => sent.destroy(new Error('no answer within 30 s')))
      .on('error', reject)
      .end(body);
  });
}
