// The official clients, old and new, and MCP Inspector.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from '@modelcontextprotocol/client';
import { Validator } from '@seriousme/openapi-schema-validator';
import { execute, modernNode, program, programArguments, serve, workspace } from '../lib/server.mjs';

const inspector = join(workspace, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const info = { name: 'crowvault-conformance', version: '1.0.0' };
const call = { name: 'generate_circuit_breaker', arguments: { failureThreshold: 3 } };

let open;
let closed;
let token;

before(async () => {
  const created = await execute(program, [...programArguments, 'token', 'create', '--name', 'clients', '--json']);
  const { token: made, entry } = JSON.parse(created.stdout);
  token = made;
  open = await serve('sse');
  closed = await serve('sse', { CROWVAULT_HTTP_TOKENS: entry });
});
after(async () => {
  assert.deepEqual([await open.stop(), await closed.stop()], [0, 0]);
});

async function use(client, transport) {
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    assert.ok(tools.some((tool) => tool.name === call.name));
    const result = await client.callTool(call);
    assert.match(result.content[1].text, /^\/\*\n \* Circuit breaker\./);
    assert.equal(result.structuredContent, undefined);
    const refused = await client.callTool({ name: call.name, arguments: { failureTreshold: 3 } });
    assert.equal(refused.isError, true);
    assert.match(refused.content[0].text, /did you mean failureThreshold\?/);
  } finally {
    await client.close();
  }
}

const bearer = () => ({ requestInit: { headers: { Authorization: `Bearer ${token}` } } });

test('TypeScript SDK 1.x over Streamable HTTP', () => use(new Client(info), new StreamableHTTPClientTransport(new URL(`${open.url}/mcp`))));
test('TypeScript SDK 1.x over Streamable HTTP with a token', () =>
  use(new Client(info), new StreamableHTTPClientTransport(new URL(`${closed.url}/mcp`), bearer())));
test('TypeScript SDK 1.x over SSE', () => use(new Client(info), new SSEClientTransport(new URL(`${open.url}/sse`))));
test('TypeScript SDK 1.x over SSE with a token', () =>
  use(
    new Client(info),
    new SSEClientTransport(new URL(`${closed.url}/sse`), {
      ...bearer(),
      eventSourceInit: { fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }) },
    }),
  ));
test('TypeScript SDK 1.x is told that it needs a token', async () => {
  await assert.rejects(
    new Client(info).connect(new StreamableHTTPClientTransport(new URL(`${closed.url}/mcp`))),
    /401|Unauthorized|token/i,
  );
});
test('TypeScript SDK 2.x over Streamable HTTP', () => use(new NewClient(info), new NewTransport(new URL(`${open.url}/mcp`))));
test('TypeScript SDK 2.x over Streamable HTTP with a token', () =>
  use(new NewClient(info), new NewTransport(new URL(`${closed.url}/mcp`), bearer())));

const inspect = async (target, ...options) => {
  const { code, stdout, stderr } = await execute(modernNode, [inspector, '--cli', ...target, ...options], { cwd: workspace });
  assert.equal(code, 0, stdout + stderr);
  return JSON.parse(stdout.slice(stdout.indexOf('{')));
};
for (const [door, target] of [
  ['stdio', () => [program, ...programArguments]],
  ['http', () => [`${open.url}/mcp`, '--transport', 'http']],
  ['sse', () => [`${open.url}/sse`, '--transport', 'sse']],
]) {
  test(`Inspector lists and calls tools over ${door}`, async () => {
    const { tools } = await inspect(target(), '--method', 'tools/list');
    assert.ok(tools.some((tool) => tool.name === call.name));
    const result = await inspect(target(), '--method', 'tools/call', '--tool-name', call.name, '--tool-arg', 'failureThreshold=3');
    assert.match(result.content[0].text, /"failureThreshold":3/);
  });
}

test('The OpenAPI document is valid', async () => {
  for (const [server, headers] of [
    [open, {}],
    [closed, { Authorization: `Bearer ${token}` }],
  ]) {
    const document = await (await fetch(`${server.url}/openapi.json`, { headers })).json();
    const { valid, errors } = await new Validator().validate(document);
    assert.ok(valid, JSON.stringify(errors, null, 2));
  }
});

test("the repository's mcp.json works with Inspector --config", async () => {
  const repository = join(workspace, '../..');
  const args = [inspector, '--cli', '--config', 'mcp.json', '--server', 'api-mcp', '--method', 'tools/list', '--connect-timeout', '110000'];
  const { code, stdout, stderr } = await execute(modernNode, args, { cwd: repository });
  assert.equal(code, 0, stdout + stderr);
  assert.ok(JSON.parse(stdout).tools.some((tool) => tool.name === call.name));
});
