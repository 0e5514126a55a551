// What clients, proxies and browsers send over HTTP, within the protocol and beside it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ask, json, open, raw, rpc, serve, statuses, token } from '../lib/server.mjs';

let server;
before(async () => (server = await serve({ transport: 'sse' })));
after(() => server.stop());
const hello = rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'field', version: '1' } });
const post = (body, headers = {}, path = '/mcp') => ask(server.port, path, { method: 'POST', headers: { ...json, ...headers }, body });

test('every Accept that one of the two forms fits is served in that form', async () => {
  for (const [accept, type] of [
    ['application/json', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['*/*', 'application/json'],
    ['application/*;q=0.5', 'application/json'],
    ['text/html, application/json;q=0.1', 'application/json'],
    ['text/event-stream;q=0, application/json', 'application/json'],
    ['application/json, text/event-stream', 'text/event-stream'],
    ['application/json; charset=utf-8', 'application/json'],
    ['text/event-stream;q=0.1, application/json', 'application/json'],
    ['application/json;q=0, */*', 'text/event-stream'],
    ['text/*', 'text/event-stream'],
  ]) {
    const answer = await post(rpc('tools/list'), { accept });
    assert.equal(answer.status, 200, accept);
    assert.ok(answer.headers['content-type'].startsWith(type), accept);
    if (type === 'application/json') assert.ok(JSON.parse(answer.text).result.tools.length > 0);
  }
  const none = await ask(server.port, '/mcp', { method: 'POST', headers: { 'content-type': 'application/json' }, body: hello });
  assert.equal(JSON.parse(none.text).result.serverInfo.name, 'api-mcp');
  const code = await post('{"tool":"generate_retry_policy"}', { accept: 'text/plain; charset=utf-8' }, '/v1/tools/call');
  assert.equal(code.status, 200);
  assert.ok(code.headers['content-type'].startsWith('text/plain'));
  for (const accept of ['text/html', 'application/json;q=0', 'image/*']) assert.equal((await post(hello, { accept })).status, 406, accept);
});

test('spellings of the type, of no coding and of UTF-8', async () => {
  for (const type of ['application/json;charset=utf8', 'application/json; charset="UTF-8"', 'APPLICATION/JSON'])
    assert.equal((await post(hello, { 'content-type': type })).status, 200, type);
  for (const type of ['text/plain', 'application/json; charset=latin1', 'application/jsonp'])
    assert.equal((await post(hello, { 'content-type': type })).status, 415, type);
  assert.equal((await post(hello, { 'content-encoding': 'Identity' })).status, 200);
  for (const coding of ['gzip', 'identity, gzip', 'br'])
    assert.equal((await post(hello, { 'content-encoding': coding })).status, 415, coding);
  assert.equal((await post(`\ufeff${hello}`)).status, 200);
});

test('a session of a server before this one is served', async () => {
  for (const id of ['of-before', 'x'.repeat(500), '1']) assert.equal((await post(rpc('tools/list'), { 'mcp-session-id': id })).status, 200);
});

test('a batch of protocol 2025-03-26 is answered as one', async () => {
  const list = [
    rpc('ping', undefined, 1),
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    rpc('no/such', undefined, 'two'),
    rpc('tools/list', { cursor: '' }, 3),
    '7',
  ];
  for (const headers of [{}, { 'mcp-protocol-version': '2025-03-26' }, { accept: 'application/json' }]) {
    const { status, text } = await post(`[${list.join(',')}]`, headers);
    assert.equal(status, 200);
    const answers = JSON.parse(text);
    assert.deepEqual(
      answers.map(({ id, error }) => [id, error?.code]),
      [
        [1, undefined],
        ['two', -32601],
        [3, undefined],
        [null, -32600],
      ],
    );
  }
  assert.equal((await post(`[${list[1]}]`)).status, 202);
  for (const body of ['[]', `[${Array(51).fill(list[0]).join(',')}]`]) assert.equal((await post(body)).status, 400);
  assert.equal((await post(`[${list[0]}]`, { 'mcp-protocol-version': '2025-06-18' })).status, 400);
});

test('a batch counts as what it holds', async () => {
  const one = token('one');
  const strict = await serve({
    env: { CROWVAULT_HTTP_TOKENS: one.entry, CROWVAULT_HTTP_CALLS_PER_SECOND: '1', CROWVAULT_HTTP_CALL_BURST: '60' },
  });
  const send = () =>
    ask(strict.port, '/mcp', {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${one.text}` },
      body: `[${Array(50).fill(rpc('ping')).join(',')}]`,
    });
  assert.equal((await send()).status, 200);
  assert.equal((await send()).status, 429);
  await strict.stop();
});

test('a Host that is none is refused, and a dot of the root is not', async () => {
  const status = async (host) => statuses(await raw(server.port, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`))[0];
  for (const host of [
    '127.0.0.1:99999',
    '[::1]:65536',
    '.localhost',
    'localhost..',
    '[::1',
    '127.0.0.1:80:80',
    '127.0.0.1:-1',
    '127.0.0.1:0x50',
    'xn--lcalhost-',
    'xn--',
  ]) {
    assert.ok([400, 403].includes(await status(host)), host);
  }
  for (const host of ['localhost.', 'LOCALHOST', '127.0.0.1:1', '[::1]:65535']) assert.equal(await status(host), 200, host);
  assert.doesNotMatch(server.log(), /fail:/);
});

test('a query of JSON that cannot be read whole is the fault of the caller', async () => {
  for (const value of ['{"\\ud800":1}', '[{"name":"\\udc00","maxConcurrent":1}]', '{"a":1,"a":2}', '{"a":'.repeat(100)]) {
    const { status, text } = await ask(server.port, `/r/bulkhead.json?partitions=${encodeURIComponent(value)}`);
    assert.equal(status, 400, value);
    assert.match(JSON.parse(text).detail, /^partitions/);
  }
  assert.doesNotMatch(server.log(), /fail:/);
});

test('chunks whose size no number holds, and bodies that end early, are the fault of the caller', async () => {
  const head = 'POST /v1/tools/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  for (const body of [
    'Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}\r\n',
    'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n',
    'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
  ]) {
    assert.equal(statuses(await raw(server.port, head + body))[0], 400, body);
  }
  for (const rest of ['Content-Length: 50\r\n\r\n{}', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n']) {
    assert.notEqual(statuses(await raw(server.port, head + rest, { half: true }))[0], 500, rest);
  }
  assert.doesNotMatch(server.log(), /fail:/);
});

test('a peer that ends its side gets all its answers', async () => {
  const body = '{"tool":"generate_circuit_breaker"}';
  const call = `POST /v1/tools/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`;
  const chunked = `POST /v1/tools/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  for (const [requests, count] of [
    ['GET /v1/tools HTTP/1.1\r\nHost: localhost\r\n\r\n', 1],
    [call, 1],
    [chunked, 1],
    [call.repeat(20), 20],
  ]) {
    assert.deepEqual(statuses(await raw(server.port, requests, { half: true })), Array(count).fill(200));
  }
});

test('refusals are in the log with their reason, and without what was sent', async () => {
  // A second with refusals of its own: only so many of one are logged.
  await wait(1100);
  const log = server.log().length;
  await post(hello, { accept: 'text/secret-canary' });
  await post('{', { 'content-type': 'text/canary' });
  await ask(server.port, '/canary', { headers: { host: 'canary.example' } });
  for (let n = 0; n < 300 && !server.log().includes('Refused with 403: GET', log); n++) await wait(10);
  const lines = server.log().slice(log);
  for (const status of [406, 415, 403]) assert.match(lines, new RegExp(`Refused with ${String(status)}: `));
  assert.doesNotMatch(lines, /canary/);
});

test('a prefix of the public address stands before the address to post to, and may arrive', async () => {
  const one = token('one');
  const behind = await serve({
    transport: 'sse',
    env: { CROWVAULT_HTTP_TOKENS: one.entry, CROWVAULT_HTTP_PUBLIC_URL: 'https://tools.example/api/mcp-1/' },
  });
  const headers = { ...json, host: 'tools.example', authorization: `Bearer ${one.text}` };
  for (const path of ['/sse', '/api/mcp-1/sse']) {
    const stream = await open(behind.port, { host: headers.host, authorization: headers.authorization }, path);
    assert.match(stream.endpoint, /^\/api\/mcp-1\/message\?sessionId=/);
    for (const [id, target] of [stream.endpoint, stream.endpoint.slice('/api/mcp-1'.length)].entries()) {
      assert.equal((await ask(behind.port, target, { method: 'POST', headers, body: rpc('ping', undefined, id) })).status, 202);
    }
    stream.close();
  }
  await behind.stop();
});

test('/llms.txt names every tool and where to call it', async () => {
  const { status, headers, text } = await ask(server.port, '/llms.txt');
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/plain/);
  const { tools } = JSON.parse((await ask(server.port, '/v1/tools')).text);
  for (const { name } of tools) assert.ok(text.includes(`- ${name}: `), name);
});

const head = (lines, body = rpc('ping')) =>
  `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${lines}\r\n${body}`;
const chunked = `${rpc('ping').length.toString(16)}\r\n${rpc('ping')}\r\n0\r\n\r\n`;

test('a head whose body another reader would end elsewhere is refused, and its connection closed', async () => {
  const length = rpc('ping').length;
  for (const [lines, body, status] of [
    [`Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n`, chunked, 400],
    [`transfer-encoding: CHUNKED\r\ncontent-length: 5\r\n`, chunked, 400],
    [`Transfer-Encoding: chunked\r\nContent-Length: 5\r\nX-Content-Length: 5\r\n`, chunked, 400],
    [`Content-Length: +${length}\r\n`, undefined, 400],
    ['Transfer-Encoding: chunked, chunked\r\n', chunked, 400],
    ['Transfer-Encoding: gzip, chunked\r\n', chunked, 501],
  ])
    for (const before of ['', '\r\n', head(`Content-Length: ${length}\r\n`), 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n']) {
      const answer = await raw(server.port, `${before}${head(lines, body)}`);
      assert.deepEqual(statuses(answer), [...(before.length > 2 ? [200] : []), status], lines);
    }
  const old = head('Transfer-Encoding: chunked\r\n', chunked).replace('HTTP/1.1', 'HTTP/1.0');
  assert.deepEqual(statuses(await raw(server.port, old)), [400]);
  assert.doesNotMatch(server.log(), /Exception/);
});

test('what a peer has sent whole is answered before what it has not', async () => {
  const whole = head(`Content-Length: ${rpc('ping').length}\r\n`);
  assert.deepEqual(statuses(await raw(server.port, whole + whole + whole.slice(0, -3), { half: true })), [200, 200, 400]);
  for (const [path, status] of [
    ['/mcp', 400],
    ['/v1/tools/call', 400],
    ['/nowhere', 404],
    ['/healthz', 405],
  ])
    assert.deepEqual(statuses(await raw(server.port, whole.replace('/mcp', path).slice(0, -3), { half: true })), [status], path);
  assert.doesNotMatch(server.log(), /Exception/);
});

test('the handshake agrees on a version, whatever the header says', async () => {
  for (const version of ['2031-01-01', '2025-03-26', '2026-07-28', 'latest']) {
    const { status, text } = await post(hello, { 'mcp-protocol-version': version, accept: 'application/json' });
    assert.equal(status, 200, version);
    assert.equal(JSON.parse(text).result.protocolVersion, '2025-06-18');
  }
  assert.equal((await post(rpc('ping'), { 'mcp-protocol-version': '2031-01-01' })).status, 400);
});

test('a version that is not spoken is answered with all that are', async () => {
  const server = await serve();
  const post = (version, method, params = {}) =>
    ask(server.port, '/mcp', { method: 'POST', headers: { ...json, 'mcp-protocol-version': version }, body: rpc(method, params, 'id') });
  const supported = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
  for (const version of ['2099-01-01', '2025-06-17', 'x'.repeat(5_000)]) {
    const { status, text } = await post(version, 'tools/list');
    const { id, error } = JSON.parse(text);
    assert.equal(status, 400);
    assert.equal(id, 'id');
    assert.equal(error.code, -32022);
    assert.deepEqual(error.data.supported, supported);
    assert.ok(version.startsWith(error.data.requested.replace(/\.\.\.$/u, '')) && text.length < 1_024);
  }
  for (const version of supported.slice(0, -1)) assert.equal((await post(version, 'tools/list')).status, 200, version);
  assert.equal(await server.stop(), 0);
});
