// Calls per second and memory of the HTTP door beside a minimal server on the official TypeScript SDK: same machine, same run, same size of
// result, one after the other in turns. Ends with 1 when the door is less than four times as fast or needs more than half the memory.
//
//   node run.mjs                     needs wrk (apt-get install wrk)
//   node run.mjs --soak 10           ten minutes at 64 connections instead: errors and growth of memory
//
// The server is CROWVAULT_MCP, else the Release build; what users install is the native one:
//   dotnet publish src/CrowVault.Mcp -c Release -r linux-x64 -o out && CROWVAULT_MCP=out/CrowVault.Mcp node run.mjs
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const varied = 77_777; // stands for a number that changes with every call
const connections = 64;
const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = 8;
const warmUp = 12;
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' };
const scripts = mkdtempSync(join(tmpdir(), 'crowvault-bench-'));
const run = promisify(execFile);
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scripts, { recursive: true, force: true });
});

const program =
  process.env.CROWVAULT_MCP ?? fileURLToPath(new URL('../../../src/CrowVault.Mcp/bin/Release/net10.0/CrowVault.Mcp', import.meta.url));
const serve = ['serve', '--transport', 'http', '--port', '0'];
const ours = await start('CrowVault.Mcp', program, serve, '', 'generate_circuit_breaker', { withMetrics: true });
const soak = process.argv.indexOf('--soak');
process.exitCode = soak > 0 ? await endure(Number(process.argv[soak + 1])) : await compare();
for (const child of children) child.kill('SIGTERM');

async function compare() {
  const result = await once(ours);
  const peer = await start(
    'TypeScript SDK',
    process.execPath,
    [fileURLToPath(new URL('peer.mjs', import.meta.url))],
    JSON.stringify(result),
    'generate',
    {},
  );
  // Asked for what it has never made before: how much of the lead is the memory of recent answers?
  const fresh = await start('CrowVault.Mcp, arguments never seen before', program, serve, '', 'generate_circuit_breaker', {
    withMetrics: true,
    recoveryTimeMs: varied,
  });
  const servers = [ours, peer, fresh];
  for (const server of servers) {
    const size = JSON.stringify(await once(server)).length;
    if (Math.abs(size - JSON.stringify(result).length) > 100) throw new Error('The results differ in size.');
    await load(server, warmUp);
  }
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const before = processorSeconds(server);
      const { rate, calls, errors } = await load(server, seconds);
      server.rates.push(rate);
      server.calls += calls;
      server.processor += processorSeconds(server) - before;
      server.errors += errors;
    }
  }
  for (const server of servers) {
    server.rate = server.rates.sort((a, b) => a - b)[Math.floor(rounds / 2)];
    server.resident = memory(server, 'VmRSS');
    console.log(
      `${server.name}: ${server.rate.toFixed(0)} calls/s (${server.rates.map((rate) => rate.toFixed(0)).join(', ')}), ` +
        `${(server.calls / server.processor).toFixed(0)} calls per second of processor time, ${server.resident.toFixed(0)} MiB resident, ${String(server.errors)} errors`,
    );
  }
  const speed = ours.rate / peer.rate;
  const work = ours.calls / ours.processor / (peer.calls / peer.processor);
  const share = ours.resident / peer.resident;
  console.log(
    `${speed.toFixed(1)} times the calls per second (at least 4 wanted), ${work.toFixed(1)} times per second of processor time, ${(share * 100).toFixed(0)}% of the memory (at most 50% wanted)`,
  );
  console.log(`No promise: ${(fresh.rate / peer.rate).toFixed(1)} times the calls per second with arguments never seen before`);
  return speed >= 4 && share <= 0.5 && ours.errors === 0 ? 0 : 1;
}

async function endure(minutes) {
  await load(ours, 30);
  const before = memory(ours, 'VmRSS');
  let errors = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const { rate, errors: found } = await load(ours, 60);
    errors += found;
    console.log(
      `minute ${String(minute)}: ${rate.toFixed(0)} calls/s, ${memory(ours, 'VmRSS').toFixed(0)} MiB resident, ${String(found)} errors`,
    );
  }
  const growth = memory(ours, 'VmRSS') - before;
  console.log(`${String(errors)} errors, ${growth.toFixed(0)} MiB of growth after warm-up`);
  return errors === 0 && growth < 16 ? 0 : 1;
}

function start(name, command, args, input, tool, toolArguments) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, 'Logging__LogLevel__CrowVault.Mcp.Calls': 'None' },
  });
  children.push(child);
  child.stdin.end(input);
  return new Promise((fulfil, reject) => {
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
      const found = /Listening on (http:\/\/[0-9.]+:[0-9]+)/.exec(output);
      if (found)
        fulfil({
          name,
          pid: child.pid,
          url: `${found[1]}/mcp`,
          ...plan(tool, toolArguments),
          rates: [],
          calls: 0,
          processor: 0,
          errors: 0,
        });
    });
    child.once('exit', () => reject(new Error(output)));
  });
}

// What is sent: the body of one call, and the script of wrk that sends it. A number that varies makes each call another one.
function plan(tool, toolArguments) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: toolArguments } });
  const [before, after] = body.split(String(varied));
  const lines = Object.entries(headers).map(([header, value]) => `wrk.headers["${header}"] = "${value}"`);
  const request =
    after === undefined
      ? `wrk.body = '${body}'`
      : `local n = 0\nfunction request()\n  n = n % 9999 + 1\n  return wrk.format(nil, nil, nil, '${before}' .. n .. '${after}')\nend`;
  const script = join(scripts, `${tool}${after === undefined ? '' : '-varied'}.lua`);
  writeFileSync(script, ['wrk.method = "POST"', ...lines, request, ''].join('\n'));
  return { script, body };
}

async function once(server) {
  const text = await (await fetch(server.url, { method: 'POST', headers, body: server.body })).text();
  return JSON.parse(text.slice(text.indexOf('data: ') + 6)).result;
}

async function load(server, duration) {
  const { stdout } = await run('wrk', [
    '-t1',
    `-c${String(connections)}`,
    `-d${String(duration)}s`,
    '--timeout',
    '30s',
    '-s',
    server.script,
    server.url,
  ]);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  const broken = (/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  const calls = Number(/(\d+) requests in/.exec(stdout)[1]);
  return { calls, rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), errors: broken.reduce((sum, each) => sum + each, refused) };
}

// Unlike calls per second, hardly touched by what else the machine does.
function processorSeconds(server) {
  const fields = readFileSync(`/proc/${String(server.pid)}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function memory(server, field) {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${String(server.pid)}/status`, 'utf8'))[1]) / 1024;
}
