// Starts the built server; every process that is started here ends with the test file.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const workspace = dirname(dirname(fileURLToPath(import.meta.url)));
const repository = resolve(workspace, '../..');

/** A Node that the conformance suite and Inspector accept. */
export const modernNode =
  Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : join(workspace, 'node_modules/node24/bin/node');

/** The command line of the server: CROWVAULT_MCP (split at spaces), else the Release build. */
export const [program, ...programArguments] = (() => {
  if (process.env.CROWVAULT_MCP) return process.env.CROWVAULT_MCP.split(' ').filter(Boolean);
  const bin = join(repository, 'src/CrowVault.Mcp/bin/Release');
  for (const target of existsSync(bin) ? readdirSync(bin) : []) {
    const executable = join(bin, target, 'CrowVault.Mcp');
    if (existsSync(executable)) return [executable];
  }
  throw new Error('No server found: build it (dotnet build -c Release) or set CROWVAULT_MCP to its command line.');
})();

/** Serves HTTP on a free port; resolves with `{ url, stop }` once it listens. */
export function serve(transport, environment = {}) {
  const child = spawn(program, [...programArguments, 'serve', '--transport', transport, '--port', '0'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return new Promise((fulfil, reject) => {
    let output = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => {
      if (output.length < 100_000) output += text;
      const found = /Listening on (http:\/\/[0-9.]+:[0-9]+)/.exec(output);
      if (found) fulfil({ url: found[1], stop });
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${String(code)}: ${output}`)));
    function stop() {
      process.removeListener('exit', kill);
      return new Promise((ended) => {
        child.once('exit', (code) => ended(code));
        child.kill('SIGTERM');
      });
    }
  });
}

/** Runs a program to its end; resolves with `{ code, stdout, stderr }`. */
export function execute(command, args, options = {}) {
  return new Promise((fulfil) => {
    execFile(command, args, { maxBuffer: 64 << 20, timeout: 120_000, ...options }, (error, stdout, stderr) => {
      fulfil({ code: error === null ? 0 : (error.code ?? 1), stdout, stderr });
    });
  });
}
