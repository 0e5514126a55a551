import type { Arguments, Schema, Tool } from './schema.js';

export interface EmittedFile {
  readonly path: string;
  readonly role: string;
  readonly content: string;
}

export interface Emission {
  readonly files: readonly EmittedFile[];
  readonly usage: string;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly command: string | undefined;
}

/** One fault of a call: which argument, and the server's own sentence. */
export interface Fault {
  readonly path: readonly string[];
  readonly detail: string;
}

export interface Refusal {
  readonly faults: readonly Fault[];
  readonly corrected: Arguments | undefined;
}

export type Answer = { readonly emission: Emission } | { readonly refusal: Refusal };

/** Where schemas and code come from: the server that served the page, or the host of an MCP App. */
export interface Server {
  tools(): Promise<readonly Tool[]>;
  /** The schema of a manifest, once `tools` has been answered and where it is known. */
  readonly manifest: Schema | undefined;
  emit(tool: string, args: Arguments): Promise<Answer>;
  /** All files of a manifest; undefined where the server offers no such thing. */
  readonly stack: ((manifest: unknown) => Promise<Answer>) | undefined;
}

/** The tool's name of a whole manifest. */
export const STACK = 'stack';

/**
 * Tools with the schemas that a manifest has for them: what models are told says defaults in words only.
 */
export function withDefaults(tools: readonly Tool[], manifest: Schema): Tool[] {
  return tools.map((tool) => {
    const schema = manifest.properties?.[sectionOf(tool.name)];
    return schema === undefined ? tool : { ...tool, inputSchema: firstForms(schema) };
  });
}

/** Of an argument that comes in several forms, the first: it can say all that the others can. */
function firstForms(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]): [string, Schema] => {
    const { anyOf: [form] = [], ...rest } = property;
    return [name, form === undefined ? property : { ...form, ...rest }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** `generate_circuit_breaker` is the section `circuitBreaker` of a manifest. */
export function sectionOf(tool: string): string {
  return tool.replace(/^generate_/u, '').replaceAll(/_(\w)/gu, (_, letter: string) => letter.toUpperCase());
}

/** REST, at the address that the page came from. */
export class HttpServer implements Server {
  manifest: Schema | undefined;

  readonly stack = (manifest: unknown): Promise<Answer> => post('stack', manifest);

  async tools(): Promise<readonly Tool[]> {
    const [response, manifest] = await Promise.all([
      fetch(addressOf('tools'), { headers: { accept: 'application/json' } }),
      fetch(addressOf('stack'), { headers: { accept: 'application/schema+json' } }),
    ]);
    if (!response.ok) {
      throw new Error(`The server answered ${String(response.status)}.`);
    }
    const { tools } = (await response.json()) as { tools: readonly Tool[] };
    this.manifest = manifest.ok ? ((await manifest.json()) as Schema) : undefined;
    return withDefaults(tools, this.manifest ?? {});
  }

  emit(tool: string, args: Arguments): Promise<Answer> {
    return post('tools/call', { tool, args });
  }
}

/** Behind a proxy the page may have a path, with a slash at its end or without. */
function addressOf(path: string): string {
  return `${location.pathname.replace(/\/?$/u, '/')}v1/${path}`;
}

interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly { readonly detail: string; readonly pointer?: string }[];
  readonly correctedCall?: { readonly args?: Arguments };
}

async function post(path: string, body: unknown): Promise<Answer> {
  const response = await fetch(addressOf(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) {
    return { emission: readEmission(await response.json()) };
  }
  const problem = (await response.json().catch(() => ({}))) as ProblemDetails;
  const said = problem.errors ?? [{ detail: problem.detail ?? `The server answered ${String(response.status)}.` }];
  return {
    refusal: {
      faults: said.map(({ detail, pointer }) => ({ detail, path: pathOf(pointer) })),
      corrected: problem.correctedCall?.args,
    },
  };
}

/** A JSON pointer as names, without the member of the body that holds the arguments. */
function pathOf(pointer = ''): string[] {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return path[0] === 'args' || path[0] === 'manifest' ? path.slice(1) : path;
}

function readEmission(json: unknown): Emission {
  const { files, usage, notes, warnings, command } = json as Emission;
  return { files, usage, notes, warnings, command };
}
