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
    const server = stdio();
    await server.answerTo('hello');
    server.send(
      rpc('subscriptions/listen', { _meta: meta, notifications: { toolsListChanged: true } }, 'listen'),
      rpc('ping', undefined, 'ping'),
    );
    await server.answerTo('ping');
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
