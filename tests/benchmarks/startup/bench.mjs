// Start-up, memory and throughput of the server and its peers, in one run, in turn.
//
//   node bench.mjs --program PATH [--dll PATH] [--rounds 15] [--calls 2000] [--check]
//
// --program is the native program, --dll the framework-dependent build; --check fails when a promise of the README does not hold.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Wire } from './wire.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string' },
    dll: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    calls: { type: 'string', default: '2000' },
    check: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const calls = Number(options.calls);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'crowvault-startup-'));
const answer = join(folder, 'answer.json');

const generate = { name: 'generate_circuit_breaker', arguments: { withMetrics: true } };
const ready = { name: 'generate', arguments: { withMetrics: true } };
const servers = [
  { name: 'CrowVault.Mcp, native', command: options.program, args: [], call: generate },
  ...(options.dll ? [{ name: 'CrowVault.Mcp, on the .NET runtime', command: 'dotnet', args: [options.dll], call: generate }] : []),
  { name: 'TypeScript SDK 1.x, ready answer', command: process.execPath, args: [here('servers/sdk1.mjs')], call: ready, peer: true },
  { name: 'TypeScript SDK 2.x, ready answer', command: process.execPath, args: [here('servers/sdk2.mjs')], call: ready, peer: true },
  {
    name: 'server-everything, echo',
    command: process.execPath,
    args: [here('node_modules/@modelcontextprotocol/server-everything/dist/index.js')],
    call: { name: 'echo', arguments: { message: 'hello' } },
    peer: true,
    // A dozen bytes where the others send the whole result.
    short: true,
  },
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const call = (server, id) => ({ id, method: 'tools/call', params: server.call });

async function start(server) {
  const wire = new Wire(server.command, server.args, { ANSWER: answer });
  await wire.initialize();
  const initialized = performance.now() - wire.started;
  await wire.ask({ id: 1, method: 'tools/list' });
  const listed = performance.now() - wire.started;
  const reply = JSON.parse(await wire.ask(call(server, 2)));
  const called = performance.now() - wire.started;
  if (!reply.result || reply.result.isError) throw new Error(`${server.name}: ${JSON.stringify(reply)}`);
  return { wire, reply, figures: { initialized, listed, called, resident: wire.resident() / 1024 } };
}

async function load({ wire }, server) {
  for (let id = 0; id < calls / 4; id++) await wire.ask(call(server, 100 + id));
  let from = performance.now();
  for (let id = 0; id < calls / 2; id++) await wire.ask(call(server, 10_000 + id));
  const sequential = calls / 2 / ((performance.now() - from) / 1000);
  const messages = Array.from({ length: calls }, (_, id) => call(server, 100_000 + id));
  await wire.flood(messages);
  const used = wire.processor();
  from = performance.now();
  await wire.flood(messages);
  const pipelined = calls / ((performance.now() - from) / 1000);
  return { sequential, pipelined, processor: (wire.processor() - used) / calls, loaded: wire.resident() / 1024 };
}

// The peers answer with the very result that the server gives, ready made.
const first = await start(servers[0]);
writeFileSync(answer, JSON.stringify(first.reply.result));
await first.wire.end();

const samples = new Map(servers.map((server) => [server, []]));
for (let round = 0; round < rounds; round++) {
  for (const server of servers) {
    const started = await start(server);
    const loaded = round < 3 ? await load(started, server) : {};
    samples.get(server).push({ ...started.figures, ...loaded });
    await started.wire.end();
  }
}
rmSync(folder, { recursive: true });

const columns = ['initialized', 'listed', 'called', 'resident', 'loaded', 'sequential', 'pipelined', 'processor'];
const rows = servers.map((server) => {
  const of = (column) =>
    samples
      .get(server)
      .map((sample) => sample[column])
      .filter((value) => value !== undefined);
  return { server, ...Object.fromEntries(columns.map((column) => [column, median(of(column))])) };
});

console.log(`Medians of ${String(rounds)} starts and of 3 runs of ${String(calls)} calls, Node ${process.versions.node}.\n`);
console.log(
  '| Server | initialize, ms | tools/list, ms | first tools/call, ms | memory, MiB | after load, MiB | calls/s in turn | calls/s at once | processor, us a call |',
);
console.log('|---|--:|--:|--:|--:|--:|--:|--:|--:|');
for (const row of rows) {
  const cells = columns.map((column) => row[column].toFixed(column.endsWith('ed') && row[column] < 100 ? 1 : 0));
  console.log(`| ${row.server.name} | ${cells.join(' | ')} |`);
}

// What a first call of each tool costs more than a later one.
const wire = new Wire(options.program, []);
await wire.initialize();
const { tools } = JSON.parse(await wire.ask({ id: 1, method: 'tools/list' })).result;
await wire.end();
const required = { generate_timeout_config: { operations: { example: 1000 } }, generate_bulkhead: { partitions: { example: 10 } } };
const extra = [];
for (const { name } of tools) {
  const differences = [];
  for (let round = 0; round < 5; round++) {
    const each = new Wire(options.program, []);
    await each.initialize();
    await each.ask({ id: 1, method: 'tools/list' });
    const durations = [];
    for (let id = 0; id < 21; id++) {
      const from = performance.now();
      await each.ask({ id: 10 + id, method: 'tools/call', params: { name, arguments: required[name] ?? {} } });
      durations.push(performance.now() - from);
    }
    differences.push(durations[0] - median(durations.slice(1)));
    await each.end();
  }
  extra.push({ name, difference: median(differences) });
  console.log(`\n${name}: the first call takes ${median(differences).toFixed(1)} ms more than a later one.`);
}

const [native] = rows;
const peers = rows.filter((row) => row.server.peer);
const best = (column, pick) => pick(...peers.map((row) => row[column]));
const alike = peers.filter((row) => !row.server.short);
const short = peers.find((row) => row.server.short);
const size = statSync(options.program).size / 1e6;
const promises = [
  ['start to first code, of the fastest peer', native.called / best('called', Math.min), 0.25, 'most'],
  ['memory, of the smallest peer', native.resident / best('resident', Math.min), 0.5, 'most'],
  [
    'calls per second at once, of the fastest peer with the same answer',
    native.pipelined / Math.max(...alike.map((row) => row.pipelined)),
    2,
    'least',
  ],
  ['size of the program in MB', size, 25, 'most'],
  ...extra.map(({ name, difference }) => [`extra cost of the first ${name} in ms`, difference, 10, 'most']),
];
let failed = 0;
console.log(
  `\nNo promise: calls per second at once, of the peer that sends a dozen bytes: ${(native.pipelined / short.pipelined).toFixed(2)}\n`,
);
for (const [what, value, limit, kind] of promises) {
  const holds = kind === 'most' ? value <= limit : value >= limit;
  if (!holds) failed++;
  console.log(`${holds ? 'holds' : 'FAILS'}: ${what}: ${value.toFixed(2)} (at ${kind} ${String(limit)})`);
}
if (options.check && failed > 0) process.exitCode = 1;
