// A real redis-server on a free loopback port; ended by its own process id.
import { execFileSync, spawn } from 'node:child_process';
import { freePort } from '../../shared/port.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { binary } from './binaries.mjs';

export const redisServer = binary('redis-server');

const running = new Set();
process.once('exit', () => running.forEach((each) => each.kill('SIGKILL')));

/** Starts a server; `settings` are lines of redis.conf as arguments, such as `['--maxmemory', '3mb']`. */
export async function startRedis(settings = [], port = undefined) {
  const own = port ?? (await freePort());
  const folder = temporaryFolder('redis');
  // A write beyond `limitFiles` fails as one to a full disk does, in place of ending the server.
  const child = spawn(
    'env',
    [
      '--ignore-signal=XFSZ',
      redisServer,
      ...['--port', String(own), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder, ...settings],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  running.add(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`redis-server has ended:\n${output}`)));
    child.once('error', reject);
  });
  return {
    port: own,
    url: `redis://127.0.0.1:${String(own)}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    /** How long a file of the server may become, in bytes, or 'unlimited'. */
    limitFiles: (most) => execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${String(most)}:unlimited`]),
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
      running.delete(child);
    },
  };
}
