// Runs programs to their end, and servers until the tests are done with them.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';

/** Runs a program to its end; resolves with `{ code, stdout, stderr }`. */
export function execute(command, args, { input = '', ...options } = {}) {
  return new Promise((fulfil) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20, timeout: 180_000, ...options }, (error, stdout, stderr) => {
      fulfil({ code: error === null ? 0 : (error.code ?? 1), stdout, stderr });
    });
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
  });
}

/** Runs a program that must succeed; resolves with what it printed. */
export async function succeed(command, args, options) {
  const { code, stdout, stderr } = await execute(command, args, options);
  assert.equal(code, 0, `${command} ${args.join(' ')} ended with ${String(code)}:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Serves HTTP on a free port of the loopback address; resolves with `{ url, stop }` once it listens. `stop` resolves with the exit code.
 * A server that is not stopped ends with this process.
 */
export function serve(command, args, { env = {}, ...options } = {}) {
  const child = spawn(command, [...args, '--port', '0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options,
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise((done) => child.once('close', done));
  const stop = async () => {
    child.kill('SIGTERM');
    const code = await ended;
    process.removeListener('exit', kill);
    return code;
  };
  return new Promise((fulfil, reject) => {
    let output = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => {
      if (output.length < 100_000) output += text;
      const found = /Listening on (http:\/\/[0-9.]+:[0-9]+)/.exec(output);
      if (found) fulfil({ url: found[1], stop });
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The server ended with ${String(code)}: ${output}`)));
  });
}
