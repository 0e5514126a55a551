// A port for a server that is told where to listen.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** A port that nobody listens on, below those that systems give to outgoing connections: one of them could be taken before the server has it. */
export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    const port = randomInt(10_000, 32_768);
    probe.once('error', () => resolve(freePort()));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
}
