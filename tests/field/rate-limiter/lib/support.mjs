// What the cases of the rate limiter share: emitted limiters, servers on loopback, Redis as it is.
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { startRedis } from '../../../generated/lib/redis.mjs';
import { load } from '../../lib/emit.mjs';

export { emit, load, sourceOf } from '../../lib/emit.mjs';
export { sleep, startRedis };
export const tool = 'generate_rate_limiting';
export const isFull = process.env.CROWVAULT_PROOF === 'full';

export const algorithms = {
  'token-bucket': { stem: 'TokenBucket', bucket: true },
  'leaky-bucket': { stem: 'LeakyBucket', bucket: true },
  'fixed-window': { stem: 'FixedWindow', bucket: false },
  'sliding-window': { stem: 'SlidingWindow', bucket: false },
};

// Emitted once a file: each call of the program takes its time.
const modules = new Map();
function moduleOf(args) {
  const key = JSON.stringify(args);
  if (!modules.has(key)) modules.set(key, load(tool, args));
  return modules.get(key);
}

export async function limiterClass(algorithm, args = {}) {
  const module = await moduleOf({ algorithm, ...args });
  return module[`${algorithms[algorithm].stem}Limiter`];
}

export async function middlewareOf(algorithm, args = {}) {
  const module = await moduleOf({ algorithm, ...args });
  const { stem } = algorithms[algorithm];
  return module[`${stem[0].toLowerCase()}${stem.slice(1)}${args.framework === 'nest' ? 'Guard' : 'Middleware'}`];
}

/** Clients as the usage makes them, ready. */
export const clients = {
  async ioredis(url, options = {}) {
    const client = new Redis(url, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (attempts) => Math.min(attempts * 50, 1000),
      ...options,
    });
    client.on('error', () => {});
    await once(client, 'ready');
    return { client, close: () => client.disconnect() };
  },
  async 'node-redis'(url) {
    const client = createClient({ url, disableOfflineQueue: true });
    client.on('error', () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

export async function admittedOf(limiter, key, amount, cost) {
  let admitted = 0;
  for (let i = 0; i < amount; i++) if ((await limiter.consume(key, cost)).allowed) admitted++;
  return admitted;
}

/** Runs with `console[method]` noted down instead of printed. */
export async function withConsole(method, run) {
  const was = console[method];
  const lines = [];
  console[method] = (...parts) => lines.push(parts.join(' '));
  try {
    await run(lines);
  } finally {
    console[method] = was;
  }
  return lines;
}

/** A server on a free port of the loopback; `listener` is whatever has `listen`. */
export async function listen(listener) {
  const server = listener.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String(server.address().port)}`;
  return {
    ask: (path = '/', init = {}) => fetch(url + path, init),
    close: () => {
      server.close();
      server.closeAllConnections?.();
    },
  };
}

/**
 * A proxy before a port. `state.drop` makes a connection swallow everything, `state.cutAfter` cuts it between a command that matches and
 * the answer, `state.port` is where new connections go.
 */
export async function proxyTo(port) {
  const state = { port, drop: false, cutAfter: undefined };
  const sockets = new Set();
  const server = createServer((socket) => {
    const upstream = connect(state.port, '127.0.0.1');
    let dead = false;
    for (const each of [socket, upstream]) {
      sockets.add(each);
      each.on('error', () => {});
    }
    socket.on('data', (data) => {
      if (state.drop) dead = true;
      if (dead) return;
      upstream.write(data);
      if (state.cutAfter?.test(data.toString('latin1'))) {
        // Redis decides, and nobody hears of it.
        state.cutAfter = undefined;
        dead = true;
        upstream.once('data', () => socket.destroy());
      }
    });
    upstream.on('data', (data) => {
      if (!dead && !socket.destroyed) socket.write(data);
    });
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    state,
    url: `redis://127.0.0.1:${String(server.address().port)}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Until `probe` says yes, at most `ms` long. */
export async function until(probe, ms = 10_000) {
  const end = performance.now() + ms;
  while (!(await probe())) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}
