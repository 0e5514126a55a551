// What runs beside the page, in a worker where a host allows one: it makes emitted files into modules, and runs them.
import type { EmittedFile } from './server.js';
import { wrap } from './simulate/module.js';
import { newStripper, stripTypes } from './simulate/strip.js';
import { serve as serveRequests, type Factories } from './simulate/worker.js';

export { answer } from './simulate/worker.js';

/** Files of a manifest stay as they are when another of them changes. */
const MOST_KEPT = 16;

/** A little of what emitted code is made of: what strips it is compiled while the page still waits for the server. */
const SAMPLE = `
import { type A, b } from './other.js';
export interface C<T> { readonly d?: T; e(f: string): Promise<void> }
type G = 'h' | 'i';
export const J = Object.freeze({ k: 1 } as const satisfies Record<string, number>);
export class L extends Error {
  static readonly m: number = 1;
  readonly #n: Map<string, C<G>> = new Map();
  constructor(private o: unknown, readonly p?: AbortSignal) { super(\`q \${String(o)}\`); }
  get r(): number | undefined { return this.#n.get('s')?.d === undefined ? undefined : J.k; }
  async t<U extends object>(u: () => Promise<U>, { v = 1 }: { v?: number } = {}): Promise<U> {
    for (let w = 0; w < v; w += 1) { try { return await u(); } catch (x: unknown) { if (!(x instanceof L)) throw x; } }
    return b(this.o as U)!;
  }
}
export default function y(this: void, ...z: readonly string[]): asserts z is string[] {}
`;

const kept = new Map<string, string>();
const strip = newStripper();

/** A script's text: an object of the files' modules, each a function that `wrap` describes. */
export function modulesOf(files: readonly EmittedFile[]): string {
  const modules = files
    .filter(({ role }) => role === 'source')
    .map(({ path, content }) => {
      const module = kept.get(content) ?? wrap(strip(path, content));
      kept.delete(content);
      kept.set(content, module);
      return `${JSON.stringify(path)}: ${module}`;
    });
  for (const content of [...kept.keys()].slice(0, -MOST_KEPT)) {
    kept.delete(content);
  }
  return `{${modules.join(',\n')}}`;
}

/** Serves a worker, which lasts longer than the modules that it is given to run. */
export function serve(scope: Parameters<typeof serveRequests>[0], atStart?: Factories): void {
  serveRequests(scope, modulesOf, atStart);
  stripTypes(SAMPLE);
}
