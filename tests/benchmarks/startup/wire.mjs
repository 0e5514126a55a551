// A client that costs next to nothing itself: it writes lines and counts the lines that come back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export class Wire {
  #lines = [];
  #waiting = [];
  #rest = [];
  #count = 0;
  #target = undefined;

  constructor(command, args, environment = {}) {
    this.started = performance.now();
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...environment } });
    this.child.stdout.on('data', (chunk) => this.#read(chunk));
  }

  #read(chunk) {
    if (this.#target) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#count++;
      if (this.#count >= this.#target.count) this.#target.done();
      return;
    }
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.#rest.push(chunk.subarray(from, at));
      const line = Buffer.concat(this.#rest);
      this.#rest = [];
      from = at + 1;
      const waiter = this.#waiting.shift();
      if (waiter) waiter(line);
      else this.#lines.push(line);
    }
    if (from < chunk.length) this.#rest.push(chunk.subarray(from));
  }

  send(message) {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  /** The next line, as bytes. */
  next() {
    const line = this.#lines.shift();
    return line ? Promise.resolve(line) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async ask(message) {
    this.send(message);
    return this.next();
  }

  /** Writes all messages at once; resolves when as many lines have come back. */
  async flood(messages) {
    const text = messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join('');
    this.#count = 0;
    await new Promise((done) => {
      this.#target = { count: messages.length, done };
      this.child.stdin.write(text);
    });
    this.#target = undefined;
  }

  /** Resident memory in KiB. */
  resident() {
    return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8'))[1]);
  }

  /** Processor time used so far, of all threads, in microseconds. */
  processor() {
    const fields = readFileSync(`/proc/${String(this.child.pid)}/stat`, 'utf8')
      .split(') ')[1]
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  }

  async initialize() {
    const reply = await this.ask({
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'benchmark', version: '1.0.0' } },
    });
    this.send({ method: 'notifications/initialized' });
    return reply;
  }

  async end() {
    this.child.stdin.end();
    if (this.child.exitCode === null) await once(this.child, 'exit');
  }
}
