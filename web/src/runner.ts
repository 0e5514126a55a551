import { wrap, type ModuleFactory } from './simulate/module.js';
import { answer, type Reply, type Request } from './simulate/worker.js';
import type { Result } from './simulate/result.js';
import type { EmittedFile } from './server.js';
import { stripTypes } from './strip.js';
import simulation from 'virtual:simulation';

type Listener = (result: Result, done: boolean) => void;

/** Time that a worker has to end what nobody waits for any more, before it is ended itself. */
const PATIENCE_MS = 3_000;

/** A worker that has the simulation, and lasts longer than the modules that it is given to run. */
interface Seat {
  readonly worker: Worker;
  /** The request that it has not answered yet. */
  pending: number | undefined;
}

/** Workers that nobody uses, warm and ready. */
const idle: Seat[] = [];

/** Whether this host's policy lets a worker load modules; found out by the first. */
let mayLoad = true;

let requests = 0;

/**
 * Runs emitted files. They become a script that a worker loads beside the simulation: no `eval`, so the page's policy can forbid it, and
 * code that runs for ever takes only its worker with it.
 */
export class Runner {
  readonly #start: string;
  readonly #modules: string;
  #seat: Seat | undefined;
  #factories: Record<string, ModuleFactory> | undefined;
  #latest: Request | undefined;
  #listener: Listener = () => undefined;
  #timer = 0;
  readonly #onError: (message: string) => void;

  constructor(files: readonly EmittedFile[], onError: (message: string) => void) {
    this.#onError = onError;
    const modules = files
      .filter(({ role }) => role === 'source')
      .map(({ path, content }) => `${JSON.stringify(path)}: ${wrap(stripTypes(content))}`);
    this.#start = `{${modules.join(',\n')}}`;
    this.#modules = addressOf(`modulesLoaded(${this.#start});`);
    this.#take(mayLoad ? idle.pop() : undefined);
  }

  run(tool: string, args: Record<string, unknown>, world: Record<string, unknown>, listener: Listener): void {
    requests += 1;
    this.#listener = listener;
    this.#latest = { id: requests, modules: mayLoad ? this.#modules : undefined, tool, args, world };
    if (this.#seat !== undefined) {
      this.#post(this.#seat, this.#latest);
    } else if (this.#factories !== undefined) {
      const { id } = this.#latest;
      void answer(this.#factories, this.#latest, (reply) => { this.#receive(reply); }, () => id !== this.#latest?.id);
    }
  }

  end(): void {
    this.#listener = () => undefined;
    this.#latest = undefined;
    clearTimeout(this.#timer);
    URL.revokeObjectURL(this.#modules);
    if (this.#seat !== undefined && mayLoad && idle.length < 2) {
      idle.push(this.#seat);
    } else {
      this.#seat?.worker.terminate();
    }
    this.#seat = undefined;
  }

  /** Sits down at a worker, a new one if none is free. */
  #take(seat = this.#newSeat()): void {
    this.#seat = seat;
    if (seat === undefined) {
      this.#runHere();
      return;
    }
    seat.worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      clearTimeout(this.#timer);
      if (data.done && data.id === seat.pending) {
        seat.pending = undefined;
      }
      this.#receive(data);
    };
    seat.worker.onerror = (event) => {
      event.preventDefault();
      this.#runHere();
    };
  }

  #newSeat(): Seat | undefined {
    const given = mayLoad ? '' : `, ${this.#start}`;
    const address = addressOf(`${simulation}\nCrowVaultSimulation.serve(self${given});`);
    try {
      return { worker: new Worker(trusted(address)), pending: undefined };
    } catch {
      return undefined;
    } finally {
      setTimeout(() => { URL.revokeObjectURL(address); }, PATIENCE_MS);
    }
  }

  #post(seat: Seat, request: Request): void {
    if (seat.pending !== undefined) {
      // What it does for others should end soon; if it never does, neither would this.
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => {
        seat.worker.terminate();
        this.#take();
        this.#again();
      }, PATIENCE_MS);
    }
    seat.pending = request.id;
    seat.worker.postMessage(request);
  }

  #again(): void {
    if (this.#latest !== undefined) {
      const { tool, args, world } = this.#latest;
      this.run(tool, args, world, this.#listener);
    }
  }

  #receive({ id, result, error, mayNotLoad, done }: Reply): void {
    if (id !== this.#latest?.id) {
      return;
    }
    if (mayNotLoad === true) {
      mayLoad = false;
      this.#seat?.worker.terminate();
      this.#take();
      this.#again();
    } else if (error !== undefined) {
      this.#onError(error);
    } else if (result !== undefined) {
      this.#listener(result, done);
    }
  }

  /** For hosts whose policy lets no worker start, but inline scripts: those of MCP Apps. */
  #runHere(): void {
    this.#seat?.worker.terminate();
    this.#seat = undefined;
    const key = `crowvault-${String(Math.random()).slice(2)}`;
    const script = document.createElement('script');
    try {
      script.textContent = trustedScript(`window[${JSON.stringify(key)}] = ${this.#start};`);
      document.head.append(script);
    } catch {
      // The policy forbids this as well.
    }
    script.remove();
    const scope = window as unknown as Record<string, unknown>;
    this.#factories = scope[key] as Record<string, ModuleFactory> | undefined;
    delete scope[key];
    if (this.#factories === undefined) {
      this.#onError('This host lets the page run neither workers nor scripts, so nothing can be drawn.');
    } else {
      this.#again();
    }
  }
}

function addressOf(text: string): string {
  return URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
}

interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createScriptURL(text: string): string; createScript(text: string): string }): {
    createScriptURL(text: string): string;
    createScript(text: string): string;
  };
}

const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes;
const policy = factory?.createPolicy('crowvault', {
  // The one address ever made into a script's: a blob of this page.
  createScriptURL: (text) => (text.startsWith('blob:') ? text : ''),
  createScript: (text) => text,
});

function trusted(address: string): string {
  return policy?.createScriptURL(address) ?? address;
}

function trustedScript(text: string): string {
  return policy?.createScript(text) ?? text;
}
