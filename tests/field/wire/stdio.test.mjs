// How clients begin, stop reading and leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { handshake, rpc, stdio } from '../lib/server.mjs';

const within = (promise, seconds) => Promise.race([promise, wait(seconds * 1000, 'still there', { ref: false })]);
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'field', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const listen = (id) => rpc('subscriptions/listen', { _meta: meta, notifications: { toolsListChanged: true } }, id);
const calls = Array.from({ length: 600 }, (_, id) => rpc('tools/call', { name: 'generate_retry_policy', arguments: {} }, id));

for (const [name, leave] of [
  ['the end of input', (server) => server.child.stdin.end()],
  ['SIGTERM', (server) => server.child.kill('SIGTERM')],
  ['SIGINT', (server) => server.child.kill('SIGINT')],
]) {
  test(`a client that stops reading does not keep the server past ${name}`, async () => {
    const server = stdio({ reads: false });
    server.send(...calls);
    await wait(1000);
    leave(server);
    assert.equal(await within(server.exited, 40), 0);
  });

  test(`an open subscription does not keep the server past ${name}`, async () => {
    const server = stdio({ shakes: false });
    server.send(listen('listen'), rpc('server/discover', { _meta: meta }, 'discover'));
    assert.ok((await server.answerTo('discover')).result);
    for (let n = 0; n < 1000 && server.all.length < 2; n++) await wait(10);
    assert.ok(server.all.some(({ method }) => method === 'notifications/subscriptions/acknowledged'));
    leave(server);
    assert.equal(await within(server.exited, 20), 0);
  });

  test(`what was asked before ${name} is answered`, async () => {
    const server = stdio();
    await server.answerTo('hello');
    await server.send(...calls.slice(0, 100));
    leave(server);
    assert.equal(await within(server.exited, 40), 0);
    assert.equal(server.all.length, 101);
  });
}

test('a client that closes its end of standard output ends the server, though it sends nothing more', async () => {
  for (const lines of [[], [rpc('ping')]]) {
    const server = stdio();
    await server.answerTo('hello');
    server.child.stdout.destroy();
    await server.send(...lines);
    assert.equal(await within(server.exited, 20), 0);
  }
});

test('a byte order mark, white space and a missing last line feed are no obstacle', async () => {
  for (const text of [`\ufeff${handshake[0]}`, `\r\n\n  ${handshake[0]}  \r`, `\ufeff\n${handshake[0]}`]) {
    const server = stdio();
    await server.answerTo('hello');
    server.answers.clear();
    server.child.stdin.end(text);
    assert.equal(await within(server.exited, 20), 0);
    assert.ok(server.answers.get('hello').result);
  }
});

test('an answer is never answered, whatever its form', async () => {
  const server = stdio();
  await server.answerTo('hello');
  server.send(
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"unread"}}',
    '{"jsonrpc":"2.0","error":{"code":-32700,"message":"unread"}}',
    '{"jsonrpc":"2.0","id":7,"error":"no"}',
    '{"jsonrpc":"1.0","id":7,"result":{}}',
    '{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}',
    rpc('ping', undefined, 'last'),
  );
  await server.answerTo('last');
  assert.equal(server.all.length, 2);
  server.child.stdin.end();
  await server.exited;
});

test('a cancellation of what never came is not let loose on what comes', async () => {
  const server = stdio();
  await server.answerTo('hello');
  const cancel = (requestId) => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
  const ids = Array.from({ length: 50 }, (_, index) => (index % 2 ? index : `n${index}`));
  server.send(...ids.flatMap((id) => [cancel(id), rpc('ping', undefined, id)]));
  for (const id of ids) assert.deepEqual((await server.answerTo(id)).result, {});
  server.child.stdin.end();
  await server.exited;
});

test('faulty parameters are named, and what only describes a client is not one of them', async () => {
  const server = stdio();
  const client = { name: 'field', version: '1', title: 5, icons: [{ src: 'x', sizes: '48x48' }], websiteUrl: [] };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: client };
  const faulty = [
    ['initialize', { ...params, capabilities: { roots: true } }, 'capabilities.roots'],
    ['initialize', { ...params, capabilities: { extensions: [] } }, 'capabilities.extensions'],
    ['subscriptions/listen', { _meta: meta }, 'notifications'],
    ['subscriptions/listen', { _meta: meta, notifications: { toolsListChanged: 'yes' } }, 'notifications.toolsListChanged'],
    ['tools/call', { name: 'generate_retry_policy', inputResponses: 5 }, 'inputResponses'],
    ['prompts/get', { name: 'choose_pattern', requestState: {} }, 'requestState'],
    ['prompts/get', { name: '' }, 'name: there is no prompt ""; the prompts are defence_in_depth'],
    ['tools/call', { name: 'generate_retry_policy', args: { maxRetries: 2 } }, 'args'],
    ['tools/call', { name: 'generate_retry_policy', arguments: {}, maxRetries: 2 }, 'maxRetries'],
  ];
  server.send(rpc('initialize', params, 'odd'), ...faulty.map(([method, given], id) => rpc(method, given, id)));
  assert.equal((await server.answerTo('odd')).result.serverInfo.name, 'api-mcp');
  for (const [id, [method, , name]] of faulty.entries()) {
    const { error } = await server.answerTo(id);
    assert.equal(error?.code, -32602, method);
    assert.ok(error.message.startsWith(name.includes(': ') ? name : `${name}: `), error.message);
  }
  server.send(
    '{"jsonrpc":"2.0","id":"none","method":"ping","params":{"_meta":{"progressToken":null}}}',
    '{"jsonrpc":"2.0","id":"whole","method":"tools/call","params":{"name":"generate_retry_policy","_meta":{"progressToken":1.0}}}',
  );
  assert.deepEqual((await server.answerTo('none')).result, {});
  assert.ok((await server.answerTo('whole')).result.content.length > 0);
  server.child.stdin.end();
  await server.exited;
});

test('subscriptions without end are refused', async () => {
  const server = stdio({ shakes: false });
  const discover = (id) => rpc('server/discover', { _meta: meta }, id);
  await server.send(...Array.from({ length: 2_000 }, (_, id) => listen(id)), discover('many'));
  assert.ok(await server.answerTo('many'));
  for (let n = 0; n < 1000 && server.all.length < 2_001; n++) await wait(10);
  const refused = server.all.filter(({ error }) => error !== undefined);
  assert.equal(refused.length, 2_000 - 100);
  assert.ok(refused.every(({ error }) => error.code === -32600 && /Too many subscriptions/u.test(error.message)));
  // One that has ended makes room.
  server.answers.clear();
  await server.send(
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } }),
    listen('last'),
    discover('end'),
  );
  assert.ok(await server.answerTo('end'));
  assert.equal(server.answers.get('last')?.error, undefined);
  server.child.stdin.end();
  assert.equal(await within(server.exited, 20), 0);
});

test('nor does one id open many, or lose one that is open', async () => {
  const server = stdio({ shakes: false });
  const discover = (id) => rpc('server/discover', { _meta: meta }, id);
  // What has the same id and is answered, or cancelled, is not the subscription.
  const same = [
    listen('same'),
    discover('same'),
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'x' } }),
  ];
  await server.send(...Array.from({ length: 300 }, () => same).flat(), discover('end'));
  assert.ok(await server.answerTo('end'));
  for (let n = 0; n < 1000 && server.all.length < 601; n++) await wait(10);
  const opened = server.all.filter(({ method }) => method === 'notifications/subscriptions/acknowledged');
  assert.equal(opened.length, 1);
  const refused = server.all.filter(({ error }) => error?.code === -32600 && /is in use/u.test(error.message));
  assert.equal(refused.length, 599);
  // Cancelled, its id is free: once it has ended, since what is sent at once is handled at once.
  await server.send(
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'same' } }),
    discover('cancelled'),
  );
  assert.ok(await server.answerTo('cancelled'));
  await wait(200);
  server.all.length = 0;
  await server.send(listen('same'), discover('again'));
  assert.ok(await server.answerTo('again'));
  for (let n = 0; n < 1000 && server.all.length < 2; n++) await wait(10);
  assert.ok(server.all.some(({ method }) => method === 'notifications/subscriptions/acknowledged'));
  server.child.stdin.end();
  assert.equal(await within(server.exited, 20), 0);
});

test('questions that nobody answers hold up neither other calls nor the end', async () => {
  const server = stdio();
  await server.answerTo('hello');
  const params = { protocolVersion: '2025-06-18', capabilities: { elicitation: {} }, clientInfo: { name: 'field', version: '1' } };
  await server.send(rpc('initialize', params, 'asks'));
  await server.answerTo('asks');
  const ask = (id) => rpc('tools/call', { name: 'generate_timeout_config', arguments: {} }, id);
  await server.send(...Array.from({ length: 700 }, (_, id) => ask(id)), rpc('ping', undefined, 'ping'));
  assert.ok(await server.answerTo('ping'));
  const isTold = ({ result }) => result?.isError;
  for (let n = 0; n < 1000 && server.all.filter(isTold).length < 700 - 16; n++) await wait(10);
  const questions = server.all.filter(({ method }) => method === 'elicitation/create');
  assert.equal(questions.length, 16);
  // Who is not asked is told what is missing.
  const told = server.all.filter(isTold);
  assert.equal(told.length, 700 - 16);
  assert.match(told[0].result.content[0].text, /operations: required/u);
  // A question that was answered makes room for the next.
  server.all.length = 0;
  const content = { operations: 'orders.get=2000' };
  await server.send(JSON.stringify({ jsonrpc: '2.0', id: questions[0].id, result: { action: 'accept', content } }), ask('next'));
  for (let n = 0; n < 1000 && server.all.length < 2; n++) await wait(10);
  assert.ok(server.all.some(({ method }) => method === 'elicitation/create'));
  assert.ok(server.all.some(({ result }) => result?.content[1]?.text.includes('orders.get')));
  server.child.stdin.end();
  assert.equal(await within(server.exited, 5), 0);
});

test('a server of some tools names no other where a tool is unknown', async () => {
  const server = stdio({ args: ['--tools', 'bulkhead'] });
  server.send(
    ...['x', 'generate_retry_polic', 'mcp__api-mcp__generate_retry_policy'].map((name, id) =>
      rpc('tools/call', { name, arguments: {} }, id),
    ),
    rpc('tools/call', { name: 'generate_retry_policy', arguments: { x: 1 } }, 3),
  );
  for (const id of [0, 1, 2]) {
    const { error } = await server.answerTo(id);
    assert.match(error.message, /^Unknown tool .*; (?:did you mean generate_bulkhead\?|the tools are generate_bulkhead\.)$/u);
  }
  assert.equal((await server.answerTo(3)).error.message, 'generate_retry_policy is not offered here; the tools are generate_bulkhead.');
  server.child.stdin.end();
  await server.exited;
});
