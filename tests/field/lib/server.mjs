// The program under test as a server: over standard input and output, and over HTTP on a free port of the loopback address.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { after } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { programUnderTest } from '../../shared/program.mjs';

// What a test that failed has left running.
const started = new Set();
after(() => started.forEach((child) => child.kill('SIGKILL')));

function start(args, options) {
  const { command, args: first } = programUnderTest();
  const child = spawn(command, [...first, ...args], options);
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

/** One line of JSON-RPC. */
export const rpc = (method, params, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params });

/** What a client says first. */
export const handshake = [
  rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'field', version: '1' } }, 'hello'),
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
];

/** A server over stdio, which has shaken hands unless `shakes` is false, as with protocol 2026-07-28. `answers` has what it said, parsed; `exited` resolves with its exit code. */
export function stdio({ reads = true, shakes = true, args = [] } = {}) {
  const child = start(args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const state = { child, answers: new Map(), all: [], longest: 0, stderr: '', exited: once(child, 'exit').then(([code]) => code) };
  child.stdin.on('error', () => {});
  child.stderr.on('data', (data) => (state.stderr += data));
  if (reads) {
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        state.longest = Math.max(state.longest, line.length);
        const answer = JSON.parse(line);
        state.all.push(answer);
        state.answers.set(answer.id, answer);
      }
    });
  }
  state.send = async (...lines) => {
    if (
      !child.stdin.write(
        lines
          .map((line) => (typeof line === 'string' ? `${line}\n` : Buffer.concat([line, Buffer.from('\n')])))
          .reduce((all, each) => Buffer.concat([all, Buffer.from(each)]), Buffer.alloc(0)),
      )
    ) {
      await Promise.race([once(child.stdin, 'drain'), state.exited]);
    }
  };
  state.answerTo = async (id, seconds = 30) => {
    for (let n = 0; n < seconds * 100 && !state.answers.has(id) && child.exitCode === null; n++) await wait(10);
    return state.answers.get(id);
  };
  if (shakes) state.send(...handshake);
  return state;
}

/** A server over HTTP. */
export async function serve({ transport = 'http', env = {}, args = [], cwd } = {}) {
  const child = start(['serve', '--transport', transport, '--port', '0', ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (data) => (log += data));
  child.stdout.on('data', (data) => (log += data));
  const exited = once(child, 'exit').then(([code]) => code);
  for (let n = 0; n < 2000 && !/Listening on/.test(log); n++) {
    if (child.exitCode !== null) throw new Error(`The server has ended: ${log}`);
    await wait(10);
  }
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(log)[1]);
  return {
    child,
    port,
    log: () => log,
    memory: () => memory(child.pid),
    mostMemory: () => memory(child.pid, 'VmHWM'),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** Resident memory of a process in MB: now, or with VmHWM the most that it ever had. */
export const memory = (pid, field = 'VmRSS') =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))[1]) / 1024;

/** `{ text, entry }` of a new token. */
export function token(name, expires = '') {
  const text = `cvmcp_${randomBytes(32).toString('base64url')}`;
  return { text, entry: `${name} sha256:${createHash('sha256').update(text).digest('hex')} ${expires}`.trim() };
}

export const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** One request; resolves with `{ status, headers, text }`, and with what came so far of an answer that does not end within `ms`. */
export function ask(port, path, { method = 'GET', headers = {}, body, agent, ms = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, method, headers, agent }, (response) => {
      let text = '';
      const answer = () => ({ status: response.statusCode, headers: response.headers, text });
      const timer = setTimeout(() => {
        response.destroy();
        resolve(answer());
      }, ms);
      response.setEncoding('utf8').on('data', (data) => (text += data));
      response.once('error', reject).once('end', () => {
        clearTimeout(timer);
        resolve(answer());
      });
    });
    request.once('error', reject).end(body);
  });
}

/** Bytes as they are; resolves with all that came until the other side closes or `ms` are over. */
export function raw(port, data, { half = false, ms = 5000 } = {}) {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1', () => (half ? socket.end(data, 'latin1') : socket.write(data, 'latin1')));
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.setEncoding('latin1').on('data', (more) => (text += more));
    socket
      .on('error', () => {})
      .once('close', () => {
        clearTimeout(timer);
        resolve(text);
      });
  });
}

/** Statuses of the answers in a raw text. */
export const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));

/** Opens an event stream; resolves with its status, and the path to post to. */
export function open(port, headers = {}, path = '/sse') {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const stream = { status: response.statusCode, text: '', close: () => request.destroy(), response };
      response.on('error', () => {});
      if (stream.status !== 200) {
        response.resume();
        resolve(stream);
        return;
      }
      response.setEncoding('utf8').on('data', (data) => {
        stream.text += data;
        stream.endpoint ??= /data: (\S*\/message\S+)/.exec(stream.text)?.[1];
        if (stream.endpoint !== undefined) resolve(stream);
      });
    });
    request.once('error', reject);
  });
}

/** Numbers in [0, 1) that are the same in each run (mulberry32). */
export function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
