// What a client loads into its model's context before the first call. Counted with the tokenizer of a current model (o200k).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { program, programArguments } from '../lib/server.mjs';

const tokens = (value) => encode(typeof value === 'string' ? value : JSON.stringify(value)).length;
const client = new Client({ name: 'crowvault-budget', version: '1.0.0' });
let tools;

before(async () => {
  await client.connect(new StdioClientTransport({ command: program, args: programArguments, stderr: 'inherit' }));
  ({ tools } = await client.listTools());
});
after(() => client.close());

test('there are exactly the five tools, in the order of the documentation', () => {
  assert.deepEqual(
    tools.map((tool) => tool.name),
    ['generate_circuit_breaker', 'generate_retry_policy', 'generate_rate_limiting', 'generate_timeout_config', 'generate_bulkhead'],
  );
});

test('the list of tools is under 3,500 tokens', () => {
  const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const counted = tokens({ tools });
  console.log(`     ${String(counted)} tokens in tools/list, of which ${String(tokens(read))} are names, descriptions and input schemas`);
  assert.ok(counted < 3_500, `${String(counted)} tokens`);
});

const required = {
  generate_timeout_config: { operations: [{ name: 'orders.get', timeoutMs: 2000 }] },
  generate_bulkhead: { partitions: [{ name: 'orders', maxConcurrent: 10 }] },
};

test('an answer costs at most 450 tokens beside its code, and under 450 without it', async () => {
  for (const { name } of tools) {
    const full = await client.callTool({ name, arguments: required[name] ?? {} });
    const [said, ...files] = full.content.map((block) => block.text);
    const whole = tokens([said, ...files].join('\n'));
    const code = tokens(files.join('\n'));
    const bare = await client.callTool({ name, arguments: { ...required[name], withCode: false } });
    const without = tokens(bare.content.map((block) => block.text).join('\n'));
    console.log(`     ${name}: ${String(whole)} tokens, of which ${String(code)} are code; ${String(without)} without it`);
    assert.ok(files.length === 1 && bare.content.length === 1);
    assert.ok(whole <= code + 450, `${name}: ${String(whole - code)} tokens beside the code`);
    assert.ok(without < 450, `${name}: ${String(without)} tokens`);
  }
});

// The longest answers: as many and as long names as are allowed, every option that adds code.
const names = Array.from({ length: 200 }, (_, index) => `${'o'.repeat(61)}${String(index + 100)}`);
const longest = {
  generate_circuit_breaker: { tripOn: 'failure-rate', slowCallMs: 100 },
  generate_retry_policy: {},
  generate_rate_limiting: { algorithm: 'sliding-window', framework: 'express', onStoreError: 'local', withOperations: true },
  generate_timeout_config: { operations: names.map((name) => ({ name, timeoutMs: 600_000, retry: true })) },
  generate_bulkhead: { partitions: names.map((name) => ({ name, maxConcurrent: 1_000, maxQueue: 1_000, maxWaitMs: 60_000 })) },
};

test('a tool says how long its answers are where they are longer than Claude Code takes unasked', async () => {
  for (const { name, _meta } of tools) {
    const most = _meta['anthropic/maxResultSizeChars'];
    const answer = await client.callTool({
      name,
      arguments: { ...longest[name], withTests: true, withMetrics: true, testRunner: 'vitest' },
    });
    assert.equal(answer.isError, undefined, JSON.stringify(answer.content));
    const length = answer.content.reduce((sum, { text }) => sum + text.length, 0);
    console.log(`     ${name}: ${String(length)} characters at most, ${String(most ?? 50_000)} stated or assumed`);
    assert.ok(length < (most ?? 50_000), `${name}: ${String(length)} characters`);
    assert.equal(most !== undefined, length > 50_000, name);
  }
});

test('the instructions are under 170 tokens and state the order of layers', () => {
  const instructions = client.getInstructions();
  assert.ok(tokens(instructions) < 170, `${String(tokens(instructions))} tokens`);
  const layers = ['rate limiter', 'circuit breaker', 'retry', 'timeout', 'bulkhead'].map((layer) => instructions.indexOf(layer));
  assert.ok(layers[0] >= 0);
  assert.deepEqual(
    layers,
    layers.toSorted((a, b) => a - b),
  );
});

test('each tool has a title, an icon and annotations', () => {
  for (const tool of tools) {
    assert.ok(tool.title && tool.icons[0].src.startsWith('data:image/svg+xml,') && tool.outputSchema === undefined, tool.name);
    assert.deepEqual(tool.annotations, { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false });
    assert.equal(tool.inputSchema.additionalProperties, false);
  }
});
