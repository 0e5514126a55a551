import { App, type McpUiHostContext } from '@modelcontextprotocol/ext-apps';
import { same, withoutDefaults, type Arguments, type Schema, type Tool } from './schema.js';
import { withDefaults, type Answer, type Emission, type Fault, type Server } from './server.js';

/** The conversation around an MCP App. */
export interface Host {
  readonly server: Server;
  /** The call that the app was opened for. */
  readonly opened: Promise<{ readonly tool: string; readonly args: Arguments }>;
  onTheme(listener: (dark: boolean) => void): void;
  /** Hands changed arguments back to the conversation; gives what a person is told. */
  handBack(tool: string, args: Arguments): Promise<string>;
}

const FILES: Readonly<Record<string, string>> = {
  generate_circuit_breaker: 'circuit-breaker.ts',
  generate_retry_policy: 'retry.ts',
  generate_rate_limiting: 'rate-limiter.ts',
  generate_timeout_config: 'timeouts.ts',
  generate_bulkhead: 'bulkhead.ts',
};

/** How long to wait for a host that has not said that it takes messages. */
const PATIENCE_MS = 3_000;

/** What a call of a tool gave. */
type Result = Parameters<NonNullable<App['ontoolresult']>>[0];

const textsOf = ({ content }: Result): string[] => content.flatMap((block) => (block.type === 'text' ? [block.text] : []));

/** Speaks with the host that frames the page (extension io.modelcontextprotocol/ui). */
export function connectHost(): Host {
  const app = new App({ name: 'crowvault-preview', version: '1.0.0' }, {}, { autoResize: true });
  const themes: ((dark: boolean) => void)[] = [];
  const tell = (context: McpUiHostContext | undefined): void => {
    if (context?.theme !== undefined) {
      for (const listener of themes) {
        listener(context.theme === 'dark');
      }
    }
  };
  app.onhostcontextchanged = (context) => {
    tell(context as McpUiHostContext);
  };
  let onInput: (args: Arguments) => void = () => undefined;
  const input = new Promise<Arguments>((resolve) => {
    onInput = resolve;
  });
  app.ontoolinput = ({ arguments: args }) => {
    onInput(args ?? {});
  };
  // A host need not say which tool was called, but hands on what it answered.
  const answered = new Promise<Result>((resolve) => {
    app.ontoolresult = resolve;
    app.ontoolcancelled = () => {
      onInput({});
      resolve({ content: [] });
    };
  });
  // There is nothing to save, and a host waits for the answer before it takes the frame away.
  app.onteardown = () => ({});
  const connected = app.connect();
  const opened = connected.then(async () => {
    const args = await input;
    return { args, tool: app.getHostContext()?.toolInfo?.tool.name ?? textsOf(await answered).map(toolIn).find(Boolean) ?? '' };
  });
  return {
    server: new HostServer(app, opened, answered),
    opened,
    onTheme: (listener) => {
      themes.push(listener);
      tell(app.getHostContext());
    },
    handBack: async (tool, args) => {
      const text = `Call ${tool} with ${JSON.stringify(args)}`;
      const content = [{ type: 'text' as const, text }];
      const { message, updateModelContext } = app.getHostCapabilities() ?? {};
      try {
        if (message === undefined && updateModelContext !== undefined) {
          // A host says what it can take beside text.
          await app.updateModelContext({ content, ...(updateModelContext.structuredContent === undefined ? {} : { structuredContent: { tool, arguments: args } }) });
          return 'The arguments are in the conversation.';
        }
        // Inspector and hosts made of mcp-ui take messages and do not say so; one that takes none answers with an error.
        const { isError } = await app.sendMessage({ role: 'user', content }, message === undefined ? { timeout: PATIENCE_MS } : undefined);
        if (isError !== true) {
          return 'The arguments are in the conversation.';
        }
      } catch {
        // Told below: a person can still hand them on.
      }
      return `This host takes no arguments back; paste this into the conversation: ${text}`;
    },
  };
}

/** The server behind the host. A host lists no schemas, so they stand in the page itself. */
class HostServer implements Server {
  readonly stack = undefined;
  readonly manifest = undefined;
  readonly #app: App;
  readonly #opened: Host['opened'];
  readonly #answered: Promise<Result>;

  constructor(app: App, opened: Host['opened'], answered: Promise<Result>) {
    this.#app = app;
    this.#opened = opened;
    this.#answered = answered;
  }

  tools(): Promise<readonly Tool[]> {
    const read = (id: string): unknown => JSON.parse(document.querySelector(`#crowvault-${id}`)?.textContent ?? '{}');
    const { tools = [] } = read('tools') as { tools?: readonly Tool[] };
    return Promise.resolve(withDefaults(tools, read('schema') as Schema));
  }

  async emit(tool: string, args: Arguments): Promise<Answer> {
    const result =
      this.#app.getHostCapabilities()?.serverTools === undefined
        ? await this.#answerTo(tool, args)
        : await this.#app.callServerTool({ name: tool, arguments: { ...args } });
    if (result === undefined) {
      const detail = 'This host lets no app call the server, so only the call that it was opened for is drawn; hand these arguments back for another.';
      return { refusal: { faults: [{ path: [], detail }], corrected: undefined } };
    }
    const texts = textsOf(result);
    if (result.isError === true) {
      return { refusal: readRefusal(texts.join('\n')) };
    }
    return { emission: (result.structuredContent as Emission | undefined) ?? readTexts(tool, texts) };
  }

  /** What the host has been answered already, for the same call. */
  async #answerTo(tool: string, args: Arguments): Promise<Result | undefined> {
    const opened = await this.#opened;
    const schema = (await this.tools()).find(({ name }) => name === tool)?.inputSchema ?? {};
    if (opened.tool !== tool || !same(withoutDefaults(schema, opened.args), withoutDefaults(schema, args))) {
      return undefined;
    }
    const result = await this.#answered;
    return result.isError === true || textsOf(result).some((text) => text.startsWith('/*')) ? result : undefined;
  }
}

/** The tool that an answer comes from: named in its command, in the corrected call of a refusal, or in the header of the code. */
function toolIn(text: string): string {
  const name = /\bgenerate[ _]([a-z]+(?:[-_][a-z]+)*)/u.exec(text)?.[1]?.replaceAll('-', '_') ?? '';
  return Object.hasOwn(FILES, `generate_${name}`) ? `generate_${name}` : '';
}

/** Text blocks as one emission: files begin with their header, the rest is said about them. */
function readTexts(tool: string, texts: readonly string[]): Emission {
  const source = FILES[tool] ?? 'emitted.ts';
  const codes = texts.filter((text) => text.startsWith('/*'));
  const lines = texts.filter((text) => !text.startsWith('/*')).join('\n').split('\n');
  const after = (word: string): string[] => lines.filter((line) => line.startsWith(`${word}: `)).map((line) => line.slice(word.length + 2));
  return {
    files: codes.map((content, index) => (index === 0 ? { path: source, role: 'source', content } : { path: source.replace(/\.ts$/u, '.test.ts'), role: 'test', content })),
    usage: '',
    notes: after('Note'),
    warnings: after('Warning'),
    command: lines.find((line) => line.startsWith('npx ')),
  };
}

function readRefusal(text: string): { faults: Fault[]; corrected: Arguments | undefined } {
  const faults: Fault[] = [];
  let corrected: Arguments | undefined;
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const call = /^Corrected call: \w+ (\{.*\})$/u.exec(line)?.[1];
    if (call !== undefined) {
      corrected = JSON.parse(call) as Arguments;
    } else {
      const name = /^[A-Za-z_$][\w$]*/u.exec(line)?.[0];
      faults.push({ detail: line, path: name === undefined ? [] : [name] });
    }
  }
  return { faults, corrected };
}
