// The native program gives the bytes that the managed one gives, for the arguments of every snapshot.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { managedProgram } from '../../shared/program.mjs';
import { inRepository, json, list, program, temporary } from '../lib/release.mjs';
import { succeed, toolNames } from '../lib/server.mjs';

const snapshots = inRepository('snapshots');

// The arguments of each case: a snapshot is a file, or the difference of one from another, and shows them near its top.
const casesOf = (tool) =>
  readdirSync(join(snapshots, tool))
    .filter((name) => /^[^.]+\.verified\.(?:ts|diff)$/.test(name))
    .map((name) => JSON.parse(/^\+? \* Arguments: (.+)$/m.exec(readFileSync(join(snapshots, tool, name), 'utf8'))[1]));

// Over standard input, where a program starts once for all cases.
let client;
let managed;
before(async () => {
  [client, managed] = await Promise.all(
    [program(), managedProgram()].map(async (command) => {
      const each = new Client({ name: 'crowvault-packages', version: '1.0.0' });
      await each.connect(new StdioClientTransport({ command, args: ['--answers', 'structured'], stderr: 'ignore' }));
      return each;
    }),
  );
});
after(() => Promise.all([client.close(), managed.close()]));

for (const tool of toolNames) {
  test(`${tool} gives the bytes of the managed program in its ${String(casesOf(tool).length)} cases`, async () => {
    assert.ok(casesOf(tool).length > 0);
    for (const args of casesOf(tool)) {
      const [native, other] = await Promise.all([client, managed].map((each) => each.callTool({ name: tool, arguments: args })));
      assert.equal(JSON.stringify(native), JSON.stringify(other), JSON.stringify(args));
      assert.equal(native.structuredContent.files[0].role, 'source');
    }
  });
}

test('The stack gives the bytes of the managed program', async () => {
  assert.ok(casesOf('stack').length > 0);
  for (const section of casesOf('stack')) {
    const layers = {
      circuitBreaker: {},
      retryPolicy: {},
      timeoutConfig: { operations: { search: 500 } },
      bulkhead: { partitions: { search: 10 } },
    };
    const folders = [];
    for (const each of [program(), managedProgram()]) {
      const folder = temporary();
      writeFileSync(join(folder, 'resilience.json'), JSON.stringify({ ...layers, stack: section }));
      await succeed(each, ['stack', '-c', join(folder, 'resilience.json'), '-o', folder]);
      folders.push(Object.fromEntries(list(folder).map((path) => [path, readFileSync(join(folder, path), 'utf8')])));
    }
    assert.equal(folders[0]['resilience-stack.test.ts'] !== undefined, section.withTests);
    assert.deepEqual(folders[0], folders[1], JSON.stringify(section));
  }
});

test('The tools, their schemas and their descriptions are those of the snapshots', async () => {
  const { tools } = await client.listTools();
  // This client asks for structured answers, whose schema stands beside what everybody is told.
  for (const { outputSchema } of tools) assert.equal(outputSchema?.type, 'object');
  assert.deepEqual(
    tools.map(({ outputSchema: _schema, ...tool }) => tool),
    json(join(snapshots, 'tools-list.verified.json')).tools,
  );
});
