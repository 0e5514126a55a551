import { complete, same, withoutDefaults, type Arguments, type Schema, type Tool } from './schema.js';
import { STACK, type Answer, type Emission, type Server } from './server.js';

/** What a page without a server carries: scripts/static-page.mjs writes it into the document. */
export interface Carried {
  readonly tools: readonly Tool[];
  /** Every line of every file, once. */
  readonly lines: readonly string[];
  readonly answers: readonly CarriedAnswer[];
}

interface CarriedAnswer {
  readonly tool: string;
  readonly args: Arguments;
  readonly emission: Omit<Emission, 'files'>;
  /** Lines as runs: where each begins in the table, and its length. */
  readonly files: readonly { readonly path: string; readonly role: string; readonly runs: readonly number[] }[];
}

const WAY_OUT = 'for anything else start the server: npx -y @crowvault/mcp serve --transport http';

/** The data of this document; undefined where a server stands behind the page. */
export function carried(): Carried | undefined {
  const text = document.querySelector('#crowvault-carried')?.textContent;
  return text === undefined || text === null ? undefined : (JSON.parse(text) as Carried);
}

/** Answers from what the document carries: the defaults, and one argument changed at a time. */
export class StaticServer implements Server {
  readonly #carried: Carried;

  constructor(data: Carried) {
    this.#carried = data;
  }

  readonly manifest = undefined;

  readonly stack = (manifest: unknown): Promise<Answer> => this.emit(STACK, manifest as Arguments);

  tools(): Promise<readonly Tool[]> {
    return Promise.resolve(this.#carried.tools);
  }

  emit(tool: string, args: Arguments): Promise<Answer> {
    const schema = this.#carried.tools.find(({ name }) => name === tool)?.inputSchema;
    const slim = schema === undefined ? args : withoutDefaults(schema, args);
    const answers = this.#carried.answers.filter((each) => each.tool === tool);
    const found = answers.find((each) => keyOf(each.args) === keyOf(slim));
    return Promise.resolve(found === undefined ? refuse(schema, slim, answers) : { emission: this.#emission(found) });
  }

  #emission({ emission, files }: CarriedAnswer): Emission {
    return {
      ...emission,
      files: files.map(({ path, role, runs }) => {
        const lines: string[] = [];
        for (let index = 0; index < runs.length; index += 2) {
          const from = runs[index] ?? 0;
          lines.push(...this.#carried.lines.slice(from, from + (runs[index + 1] ?? 0)));
        }
        return { path, role, content: lines.join('\n') };
      }),
    };
  }
}

/** Arguments come in any order. */
function keyOf(args: Arguments): string {
  return JSON.stringify(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Says what is carried for the argument that was changed. */
function refuse(schema: Schema | undefined, args: Arguments, answers: readonly CarriedAnswer[]): Answer {
  const base = answers[0]?.args ?? {};
  const all = schema === undefined ? args : complete(schema, args);
  const changed = Object.keys({ ...base, ...args }).filter((name) => !same(args[name], base[name]));
  const [name = ''] = changed;
  const values = answers
    .filter((each) => Object.keys({ ...base, ...each.args }).every((other) => other === name || same(each.args[other], base[other])))
    .map((each) => (schema === undefined ? each.args : complete(schema, each.args))[name])
    .filter((value) => value !== undefined && typeof value !== 'object')
    .map(String);
  const known = [...new Set(values)].sort((a, b) => Number(a) - Number(b));
  return {
    refusal: {
      corrected: undefined,
      faults: [
        changed.length === 1 && known.length > 1
          ? { path: [name], detail: `${name}: this page has no server and carries the code for ${known.join(', ')}, not ${String(all[name])}; ${WAY_OUT}` }
          : { path: [], detail: `This page has no server and carries the code for ${answers.length === 1 ? 'the example' : 'the defaults and for one changed argument at a time'}; ${WAY_OUT}` },
      ],
    },
  };
}
