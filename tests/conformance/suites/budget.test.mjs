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

test('what a model reads of all five tools is under 2,000 tokens', () => {
  const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const counted = tokens(read);
  console.log(
    `     ${String(counted)} tokens of names, descriptions and input schemas; ${String(tokens({ tools }))} in the whole of tools/list`,
  );
  assert.ok(counted < 2_000, `${String(counted)} tokens`);
});

test('the instructions are under 150 tokens and state the order of layers', () => {
  const instructions = client.getInstructions();
  assert.ok(tokens(instructions) < 150, `${String(tokens(instructions))} tokens`);
  const layers = ['rate limiter', 'circuit breaker', 'retry', 'timeout', 'bulkhead'].map((layer) => instructions.indexOf(layer));
  assert.ok(layers[0] >= 0);
  assert.deepEqual(
    layers,
    layers.toSorted((a, b) => a - b),
  );
});

test('each tool has a title, an icon, annotations and an output schema', () => {
  for (const tool of tools) {
    assert.ok(tool.title && tool.icons[0].src.startsWith('data:image/svg+xml,') && tool.outputSchema.type === 'object', tool.name);
    assert.deepEqual(tool.annotations, { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false });
    assert.equal(tool.inputSchema.additionalProperties, false);
  }
});
