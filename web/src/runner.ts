import engine from 'virtual:engine';
import type { EmittedFile } from './server.js';
import type { Result } from './simulate/result.js';
import type { Factories, Reply, Request } from './simulate/worker.js';

type Engine = typeof import('./engine.js');
type Listener = (result: Result, done: boolean) => void;

/** Time that a worker has to end what nobody waits for any more, before it is ended itself. */
const PATIENCE_MS = 3_000;

/** A worker that has the engine, and lasts longer than the modules that it is given to run. */
interface Seat {
  readonly worker: Worker;
  /** Whether it was started with the modules of one runner, and can run no others. */
  readonly isOwn: boolean;
  /** The request that it has not answered yet. */
  pending: number | undefined;
  /** Whether it could not start. */
  hasFailed: boolean;
}

/** Workers that nobody uses, warm and ready. */
const idle: Seat[] = [];

let requests = 0;
let runners = 0;

/** Starts a worker ahead of what it is to run. */
export function warmUp(): void {
  const seat = newSeat();
  if (seat !== undefined) {
    idle.push(seat);
  }
}

/** Runs emitted files in a worker: code that runs for ever takes only its worker with it. */
export class Runner {
  readonly #number = ++runners;
  readonly #files: readonly EmittedFile[];
  readonly #onError: (message: string) => void;
  #seat: Seat | undefined;
  #factories: Factories | undefined;
  #latest: Request | undefined;
  #listener: Listener = () => undefined;
  #timer = 0;

  constructor(files: readonly EmittedFile[], onError: (message: string) => void) {
    this.#files = files;
    this.#onError = onError;
    this.#take(idle.pop() ?? newSeat());
  }

  run(tool: string, args: Record<string, unknown>, world: Record<string, unknown>, listener: Listener): void {
    requests += 1;
    this.#listener = listener;
    this.#latest = { id: requests, tool, args, world };
    this.#ask();
  }

  end(): void {
    this.#listener = () => undefined;
    this.#latest = undefined;
    clearTimeout(this.#timer);
    this.#leave();
  }

  /** Sits down at a worker. */
  #take(seat: Seat | undefined): void {
    this.#seat = seat;
    if (seat === undefined || seat.hasFailed) {
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
      seat.hasFailed = true;
      seat.worker.terminate();
      this.#runHere();
    };
  }

  /** For others, if they can use it. */
  #leave(): void {
    const seat = this.#seat;
    this.#seat = undefined;
    if (seat !== undefined && !seat.isOwn && idle.length < 2) {
      idle.push(seat);
    } else {
      seat?.worker.terminate();
    }
  }

  #ask(): void {
    const request = this.#latest;
    if (request === undefined) {
      return;
    }
    const seat = this.#seat;
    if (seat !== undefined) {
      this.#post(seat, seat.isOwn ? request : { ...request, modules: this.#number, files: this.#files });
    } else if (this.#factories !== undefined) {
      void engineHere()?.answer(this.#factories, request, (reply) => { this.#receive(reply); }, () => request.id !== this.#latest?.id);
    }
  }

  #post(seat: Seat, request: Request): void {
    if (seat.pending !== undefined) {
      // What it does for others should end soon; if it never does, neither would this.
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => {
        seat.worker.terminate();
        this.#take(newSeat());
        this.#ask();
      }, PATIENCE_MS);
    }
    seat.pending = request.id;
    seat.worker.postMessage(request);
  }

  #receive({ id, result, error, mayNotLoad, done }: Reply): void {
    if (id !== this.#latest?.id) {
      return;
    }
    if (mayNotLoad !== undefined) {
      // It can do this much for others too; what it has made of the files, one of their own can start with.
      this.#leave();
      this.#take(newSeat(mayNotLoad));
      this.#ask();
    } else if (error !== undefined) {
      this.#onError(error);
    } else if (result !== undefined) {
      this.#listener(result, done);
    }
  }

  /** For hosts whose policy lets no worker start, but inline scripts: those of MCP Apps. */
  #runHere(): void {
    this.#seat = undefined;
    const modules = engineHere()?.modulesOf(this.#files);
    this.#factories = modules === undefined ? undefined : (evaluate(modules) as Factories | undefined);
    if (this.#factories === undefined) {
      this.#onError('This host lets the page run neither workers nor scripts, so nothing can be drawn.');
    } else {
      this.#ask();
    }
  }
}

/** A worker, with modules if it can load none later; undefined where a policy forbids workers. */
function newSeat(modules?: string): Seat | undefined {
  const given = modules === undefined ? '' : `, ${modules}`;
  const address = URL.createObjectURL(new Blob([`${engine}\nCrowVaultEngine.serve(self${given});`], { type: 'text/javascript' }));
  try {
    const worker = new Worker(policy?.createScriptURL(address) ?? address);
    const seat: Seat = { worker, isOwn: modules !== undefined, pending: undefined, hasFailed: false };
    worker.onerror = (event) => {
      // Some policies are told of late.
      event.preventDefault();
      seat.hasFailed = true;
    };
    return seat;
  } catch {
    return undefined;
  } finally {
    setTimeout(() => { URL.revokeObjectURL(address); }, PATIENCE_MS);
  }
}

let here: Engine | undefined;

/** The engine in the page itself. */
function engineHere(): Engine | undefined {
  here ??= evaluate(`(() => { ${engine}\nreturn CrowVaultEngine; })()`) as Engine | undefined;
  return here;
}

/** The value of an expression, by an inline script; undefined where a policy forbids that. */
function evaluate(expression: string): unknown {
  const key = `crowvault-${String(Math.random()).slice(2)}`;
  const script = document.createElement('script');
  try {
    const text = `window[${JSON.stringify(key)}] = ${expression};`;
    script.textContent = policy?.createScript(text) ?? text;
    document.head.append(script);
  } catch {
    // The policy forbids this as well.
  }
  script.remove();
  const scope = window as unknown as Record<string, unknown>;
  const value = scope[key];
  delete scope[key];
  return value;
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
