// The same arguments through every door: the same bytes, or the same faults.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { execute, program, programArguments, serve } from '../lib/server.mjs';

// The native program, which starts at once, is asked 300 times in any case.
const isNative = process.env.CROWVAULT_MCP !== undefined;
const cases = { quick: 40, full: 300 }[process.env.CROWVAULT_CONFORMANCE] ?? (isNative ? 300 : 40);
const random = generator(20261123);

let server;
let clients;
let tools;

before(async () => {
  server = await serve('sse', { 'Logging__LogLevel__CrowVault.Mcp.Calls': 'None' });
  clients = {
    stdio: new StdioClientTransport({ command: program, args: programArguments, stderr: 'ignore' }),
    http: new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)),
    sse: new SSEClientTransport(new URL(`${server.url}/sse`)),
  };
  for (const [door, transport] of Object.entries(clients)) {
    clients[door] = new Client({ name: 'crowvault-doors', version: '1.0.0' });
    await clients[door].connect(transport);
  }
  ({ tools } = await clients.http.listTools());
});
after(async () => {
  for (const client of Object.values(clients)) await client.close();
  assert.equal(await server.stop(), 0);
});

test(`REST, HTTP, SSE, stdio and the command line agree on ${String(cases)} calls`, async () => {
  let good = 0;
  const work = Array.from({ length: cases }, (_, index) => {
    const tool = tools[index % tools.length];
    return { tool: tool.name, args: argumentsFor(tool.inputSchema, index < tools.length) };
  });
  const next = work.values();
  const worker = async () => {
    for (const { tool, args } of next) if (await compare(tool, args)) good++;
  };
  await Promise.all([worker(), worker()]);
  assert.ok(good > cases / 3, `only ${String(good)} of ${String(cases)} calls were accepted`);
});

// True when the call was accepted.
async function compare(tool, args) {
  const said = `${tool} ${JSON.stringify(args)}`;
  const [rest, source, cli, ...mcp] = await Promise.all([
    post(tool, args, 'application/json'),
    post(tool, args, 'text/plain'),
    execute(program, [...programArguments, 'call', tool, JSON.stringify(args), '--json']),
    ...Object.values(clients).map((client) => client.callTool({ name: tool, arguments: args })),
  ]);
  if (rest.status !== 200) {
    assert.equal(rest.status, 400, said);
    const faults = JSON.parse(rest.body).errors.map((error) => error.detail);
    for (const result of mcp) {
      assert.equal(result.isError, true, said);
      assert.deepEqual(result, mcp[0], said);
    }
    const text = mcp[0].content[0].text;
    assert.deepEqual(text.split('\n').slice(0, faults.length), faults, said);
    assert.equal(cli.code, 2, said);
    // There the corrected call is a command.
    const corrected = cli.stderr.trimEnd().replace(/^Corrected call: crowvault-mcp call (\S+) '(.*)' --json$/mu, (_, name, json) => {
      return `Corrected call: ${name} ${json.replaceAll("'\\''", "'")}`;
    });
    assert.equal(corrected, text.trimEnd(), said);
    return false;
  }
  const expected = JSON.parse(rest.body);
  for (const { content } of mcp) {
    const [{ text }, ...files] = content;
    assert.deepEqual(
      files.map((block) => block.text),
      expected.files.map((file) => file.content),
      said,
    );
    assert.ok(text.includes(`\n${expected.command}\n`) && text.includes(`\n${expected.usage}\n`), said);
    for (const remark of [...expected.notes, ...expected.warnings]) assert.ok(text.includes(`: ${remark}`), said);
  }
  assert.equal(cli.code, 0, said);
  assert.equal(cli.stdout.trimEnd(), rest.body, said);
  assert.equal(source.body, expected.files[0].content, said);
  return true;
}

async function post(tool, args, accept) {
  const answer = await fetch(`${server.url}/v1/tools/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ server: 'api-mcp', tool, args }),
  });
  return { status: answer.status, body: await answer.text() };
}

// Some of the arguments, most of them valid.
function argumentsFor(schema, onlyRequired) {
  const required = new Set(schema.required ?? []);
  return Object.fromEntries(
    Object.entries(schema.properties)
      .filter(([name]) => name !== 'withCode')
      .filter(([name]) => required.has(name) || (!onlyRequired && random(100) < 40))
      .map(([name, property]) => [name, random(100) < 2 ? 'nonsense' : valueFor(property)]),
  );
}

function valueFor(property) {
  if (property.enum) return property.enum[random(property.enum.length)];
  switch (property.type) {
    case 'boolean':
      return random(2) === 0;
    case 'integer': {
      const { minimum, maximum } = property;
      return [minimum, maximum, minimum + 1, minimum + random(Math.min(1000, maximum - minimum + 1))][random(4)];
    }
    case 'array':
      return Array.from({ length: 1 + random(3) }, () => valueFor(property.items));
    case 'object':
      return Object.fromEntries(
        Object.entries(property.properties)
          .filter(([name]) => property.required.includes(name) || random(2) === 0)
          .map(([name, member]) => [name, name === 'name' ? `name${String(random(1_000_000))}` : valueFor(member)]),
      );
    default:
      return 'nonsense';
  }
}

// mulberry32
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
