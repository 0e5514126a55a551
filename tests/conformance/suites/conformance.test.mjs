// The official conformance suite: every server scenario that needs no fixtures of its own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { execute, modernNode, serve, workspace } from '../lib/server.mjs';

const suite = join(workspace, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'conformance', version: '1.0.0' } },
};

let server;
let capabilities;

before(async () => {
  server = await serve('http');
  const answer = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(initialize),
  });
  const text = await answer.text();
  capabilities = JSON.parse(text.slice(text.indexOf('{'))).result.capabilities;
});
after(async () => {
  assert.equal(await server.stop(), 0);
});

// The others call tools, prompts and resources by names that only a server written for the suite has.
for (const [scenario, capability] of [
  ['server-initialize'],
  ['ping'],
  ['logging-set-level'],
  ['tools-list', 'tools'],
  ['resources-list', 'resources'],
  ['prompts-list', 'prompts'],
  ['dns-rebinding-protection'],
]) {
  test(`conformance: ${scenario}`, async (t) => {
    if (capability !== undefined && capabilities[capability] === undefined) {
      t.skip(`the server has no ${capability}`);
      return;
    }
    const { code, stdout, stderr } = await execute(modernNode, [suite, 'server', '--url', `${server.url}/mcp`, '--scenario', scenario]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout + stderr, /Passed: (\d+)\/\1, 0 failed/);
  });
}
