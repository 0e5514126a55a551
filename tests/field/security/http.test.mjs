// What callers without a right, or with too little of one, can take: places, time, memory, lines of the log.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { execute } from '../../shared/processes.mjs';
import { programUnderTest } from '../../shared/program.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { ask, json, open, raw, rpc, serve, statuses, token } from '../lib/server.mjs';

const full = process.env.CROWVAULT_PROOF === 'full';

test('the page of another site takes no stream of a server without tokens', async () => {
  const server = await serve({ transport: 'sse', env: { CROWVAULT_HTTP_SSE_SESSIONS_PER_TOKEN: '2' } });
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    { accept: 'image/avif,image/webp,*/*;q=0.8' },
    { accept: 'text/html' },
    { origin: 'https://evil.example' },
  ]) {
    for (let n = 0; n < 3; n++) assert.ok([403, 406].includes((await open(server.port, headers)).status), JSON.stringify(headers));
  }
  for (const headers of [{}, { accept: 'text/event-stream' }]) assert.equal((await open(server.port, headers)).status, 200);
  await server.stop();
});

test('streams are given back when their peers leave, and their peers are asked whether they are there', async () => {
  const server = await serve({ transport: 'sse', env: { CROWVAULT_HTTP_SSE_SESSIONS: '3' } });
  for (let round = 0; round < 5; round++) {
    const streams = await Promise.all([1, 2, 3].map(() => open(server.port)));
    assert.deepEqual(
      streams.map(({ status }) => status),
      [200, 200, 200],
    );
    for (const stream of streams) {
      // By a reset, by an end of both sides, by an end of one.
      if (round % 3 === 0) stream.response.socket.resetAndDestroy();
      else if (round % 3 === 1) stream.close();
      else stream.response.socket.end();
    }
    await wait(500);
  }
  if (full) {
    const quiet = await open(server.port);
    const length = quiet.text.length;
    await wait(20_000);
    assert.ok(quiet.text.length > length);
  }
  await server.stop();
});

// Nothing, a byte, a line, and a head that lacks its end.
for (const said of ['', 'G', 'GET /healthz HTTP/1.1\r\n', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: y']) {
  test(`connections that have said ${JSON.stringify(said)} keep nobody out`, async () => {
    const server = await serve({ env: { CROWVAULT_HTTP_MAX_CONNECTIONS: '50', CROWVAULT_HTTP_HEADER_SECONDS: '2' } });
    // One that was answered keeps its place.
    const before = net.connect(server.port, '127.0.0.1');
    const ask = () => before.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let answers = '';
    before.setEncoding('latin1').on('data', (data) => (answers += data));
    ask();
    for (let n = 0; n < 500 && !answers.includes('"ok"'); n++) await wait(10);
    let closed = 0;
    const silent = Array.from({ length: 120 }, () =>
      net
        .connect(server.port, '127.0.0.1', function () {
          this.write(said);
        })
        .on('error', () => {})
        .on('close', () => closed++)
        .resume(),
    );
    for (let n = 0; n < 500 && closed < 71; n++) await wait(10);
    assert.equal(statuses(await raw(server.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'))[0], 200);
    assert.ok(closed >= 70, `${String(closed)} closed`);
    ask();
    for (let n = 0; n < 500 && statuses(answers).length < 2; n++) await wait(10);
    assert.deepEqual(statuses(answers), [200, 200]);
    before.destroy();
    for (let n = 0; n < 100 && closed < silent.length; n++) await wait(100);
    assert.equal(closed, silent.length);
    await server.stop();
  });
}

test('nor do those that have only been told to show a token', async () => {
  const { text, entry } = token('caller');
  const server = await serve({ env: { CROWVAULT_HTTP_MAX_CONNECTIONS: '50', CROWVAULT_HTTP_TOKENS: entry } });
  const told = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const [answer] = await once(socket, 'data');
      return String(answer).slice(9, 12);
    }),
  );
  assert.deepEqual(new Set(told), new Set(['401']));
  const call = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${text}\r\nConnection: close\r\n\r\n`;
  assert.equal(statuses(await raw(server.port, call))[0], 200);
  await server.stop();
});

// Refused by what it asks for or comes from, answered without a token, or with one: a connection that waits for its next request has had its turn.
for (const [name, head, env] of [
  ['a foreign host', () => 'GET /healthz HTTP/1.1\r\nHost: evil.example\r\n', {}],
  ['a page of another site', () => 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n', {}],
  ['a probe', () => 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n', { CROWVAULT_HTTP_PUBLIC_PROBES: 'true' }],
  [
    'a preflight',
    () => 'OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: https://x.example\r\nAccess-Control-Request-Method: POST\r\n',
    { CROWVAULT_HTTP_CORS: 'true', CROWVAULT_HTTP_ALLOWED_ORIGINS: 'https://x.example' },
  ],
  ['nothing at its address', (bearer) => `GET /nothing HTTP/1.1\r\nHost: localhost\r\n${bearer}`, {}],
  ['another token', (bearer) => `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${bearer}`, {}],
]) {
  test(`nor do those that have asked with ${name}`, async () => {
    const [busy, caller, before] = [token('busy'), token('caller'), token('before')];
    const bearer = ({ text }) => `Authorization: Bearer ${text}\r\n`;
    const server = await serve({
      env: {
        CROWVAULT_HTTP_MAX_CONNECTIONS: '30',
        CROWVAULT_HTTP_TOKENS: [busy, caller, before].map(({ entry }) => entry).join('\n'),
        ...env,
      },
    });
    const ask = async (text) => {
      const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
      socket.write(text);
      const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      return { socket, status: String(answer).slice(9, 12) };
    };
    const call = (who) => `HEAD /v1/tools HTTP/1.1\r\nHost: localhost\r\n${bearer(who)}`;
    // A caller's own, which waits the longest, goes last but for those of callers.
    const own = await ask(`${call(before)}\r\n`);
    const asked = [];
    for (let n = 0; n < 60; n++) asked.push(await ask(`${head(bearer(busy))}\r\n`));
    assert.equal(new Set(asked.map(({ status }) => status)).size, 1);
    assert.equal(statuses(await raw(server.port, `${call(caller)}Connection: close\r\n\r\n`))[0], 200);
    if (!head('token').includes('token')) {
      own.socket.write(`${call(before)}\r\n`);
      const [again] = await Promise.race([once(own.socket, 'data'), once(own.socket, 'close')]);
      assert.equal(String(again).slice(9, 12), '200');
    }
    for (const { socket } of [own, ...asked]) socket.destroy();
    await server.stop();
  });
}

test('a refusal is at most 64 KiB and four times what was sent', async () => {
  const server = await serve();
  const large = 'x'.repeat(500_000);
  const many = Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`m${String(n)}`, 0]));
  for (const [path, body] of [
    ['/v1/tools/call', JSON.stringify({ tool: 'generate_circuit_breaker', ...many })],
    ['/v1/tools/call', JSON.stringify({ tool: large })],
    ['/v1/tools/call', JSON.stringify({ [large]: 1 })],
    ['/mcp', rpc(large)],
    ['/mcp', rpc('tools/call', { name: large })],
    ['/mcp', rpc('ping', undefined, large)],
    ['/mcp', rpc('resources/read', { uri: large })],
    ['/mcp', rpc('prompts/get', { name: large })],
  ]) {
    const { text } = await ask(server.port, path, { method: 'POST', headers: json, body });
    assert.ok(text.length < 65_536 && text.length < 4 * body.length, `${path} ${body.slice(0, 60)}: ${String(text.length)}`);
  }
  await server.stop();
});

test('what callers write reaches the log as bounded, plain text', async () => {
  const server = await serve();
  for (const text of ['a\u001b[2Jb', '\u0007', 'x'.repeat(4_000), '\u202eabc', 'a\r\nfail: forged']) {
    await ask(server.port, '/mcp', { method: 'POST', headers: json, body: rpc('tools/call', { name: text }) });
    await ask(server.port, '/mcp', { method: 'POST', headers: json, body: rpc(text) });
    await ask(server.port, '/v1/tools/call', { method: 'POST', headers: json, body: JSON.stringify({ tool: text }) });
    await ask(server.port, `/${encodeURIComponent(text)}`, {});
  }
  await server.stop();
  assert.doesNotMatch(server.log(), /[\u0007\u001b\r\u202e]|forged|xxxx/);
  assert.ok(
    Math.max(
      ...server
        .log()
        .split('\n')
        .map(({ length }) => length),
    ) < 600,
  );
});

test('a flood of refusals does not flood the log', async () => {
  const one = token('one');
  const server = await serve({ env: { CROWVAULT_HTTP_TOKENS: one.entry } });
  for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 100 }, () => ask(server.port, '/v1/tools')));
  await server.stop();
  assert.ok(server.log().split('\n').length < 400);
  assert.match(server.log(), /Refused with 401/);
});

test('a pipe or a device in the place of a file of settings or of tokens is refused, not waited for', async () => {
  const home = temporaryFolder('pipes');
  const pipe = join(home, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const { command, args } = programUnderTest();
  const start = [...args, 'serve', '--transport', 'http', '--port', '0'];
  for (const path of [pipe, '/dev/zero', '/dev/full']) {
    for (const [more, env] of [
      [['--settings', path], {}],
      [[], { CROWVAULT_HTTP_TOKENS_FILE: path }],
    ]) {
      const { code, stderr } = await execute(command, [...start, ...more], { env: { ...process.env, ...env }, timeout: 30_000 });
      assert.equal(code, 2, `${path}: ${stderr}`);
      assert.match(stderr, /cannot be read/);
    }
  }
});
