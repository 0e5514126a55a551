import { wrap, type ModuleFactory } from './simulate/module.js';
import { answer, type Reply, type Request } from './simulate/worker.js';
import type { Result } from './simulate/result.js';
import type { EmittedFile } from './server.js';
import { stripTypes } from './strip.js';
import simulation from 'virtual:simulation';

type Listener = (result: Result, done: boolean) => void;

/**
 * Runs emitted files. They become the text of a worker of their own, beside the simulation: no `eval`, so the page's policy
 * can forbid it, and code that runs for ever takes only its worker with it.
 */
export class Runner {
  readonly #start: string;
  #worker: Worker | undefined;
  #factories: Record<string, ModuleFactory> | undefined;
  #request = 0;
  #latest: Request | undefined;
  #listener: Listener = () => undefined;
  readonly #onError: (message: string) => void;

  constructor(files: readonly EmittedFile[], onError: (message: string) => void) {
    this.#onError = onError;
    const modules = files
      .filter(({ role }) => role === 'source')
      .map(({ path, content }) => `${JSON.stringify(path)}: ${wrap(stripTypes(content))}`);
    this.#start = `{${modules.join(',\n')}}`;
    try {
      const text = `${simulation}\nCrowVaultSimulation.serve(${this.#start}, self);`;
      const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      this.#worker = new Worker(trusted(address));
      this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        URL.revokeObjectURL(address);
        this.#receive(data);
      };
      this.#worker.onerror = (event) => {
        event.preventDefault();
        URL.revokeObjectURL(address);
        this.#runHere();
      };
    } catch {
      this.#runHere();
    }
  }

  run(tool: string, args: Record<string, unknown>, world: Record<string, unknown>, listener: Listener): void {
    this.#request += 1;
    this.#listener = listener;
    this.#latest = { id: this.#request, tool, args, world };
    if (this.#worker !== undefined) {
      this.#worker.postMessage(this.#latest);
    } else if (this.#factories !== undefined) {
      const { id } = this.#latest;
      void answer(this.#factories, this.#latest, (reply) => { this.#receive(reply); }, () => id !== this.#request);
    }
  }

  end(): void {
    this.#listener = () => undefined;
    this.#worker?.terminate();
  }

  #receive({ id, result, error, done }: Reply): void {
    if (id !== this.#request) {
      return;
    }
    if (error !== undefined) {
      this.#onError(error);
    } else if (result !== undefined) {
      this.#listener(result, done);
    }
  }

  /** For hosts whose policy lets no worker start, but inline scripts: those of MCP Apps. */
  #runHere(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
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
    } else if (this.#latest !== undefined) {
      const { tool, args, world } = this.#latest;
      this.run(tool, args, world, this.#listener);
    }
  }
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
