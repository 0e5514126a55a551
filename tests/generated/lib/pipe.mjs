// A bare JSON-RPC client over stdio that keeps many calls in flight and can send text that no SDK would.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { serverCommand, structuredAnswers } from './server.mjs';

export class Pipe {
  #child;
  #waiting = new Map();
  #free = [];
  #room;
  #id = 0;

  static async open(room = 64) {
    const pipe = new Pipe(room);
    await pipe.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'crowvault-injection', version: '1.0.0' },
    });
    pipe.#child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return pipe;
  }

  constructor(room) {
    this.#room = room;
    const { command, args } = serverCommand();
    this.#child = spawn(command, [...args, ...structuredAnswers], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the server ended with ${String(code)}`));
      this.#waiting.clear();
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      const entry = this.#waiting.get(message.id);
      if (entry === undefined) return;
      this.#waiting.delete(message.id);
      this.#free.shift()?.();
      entry.resolve(message);
    });
  }

  /** One tools/call; resolves with the whole JSON-RPC message. */
  call(tool, args) {
    return this.callText(tool, JSON.stringify(args));
  }

  /** As `call`, with the arguments as JSON text. */
  callText(tool, text) {
    return this.#send(`"method":"tools/call","params":{"name":${JSON.stringify(tool)},"arguments":${text}}`);
  }

  request(method, params) {
    return this.#send(`"method":${JSON.stringify(method)},"params":${JSON.stringify(params)}`);
  }

  async #send(rest) {
    while (this.#waiting.size >= this.#room) await new Promise((resolve) => this.#free.push(resolve));
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`{"jsonrpc":"2.0","id":${String(id)},${rest}}\n`);
    });
  }

  close() {
    this.#child.stdin.end();
  }
}
