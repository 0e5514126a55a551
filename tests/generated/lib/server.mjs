// Speaks to the program under test over stdio with the official TypeScript SDK client.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { programUnderTest } from '../../shared/program.mjs';

export { repository } from '../../shared/program.mjs';

export const workspace = dirname(dirname(fileURLToPath(import.meta.url)));

/** `{ command, args }` of the program under test. */
export const serverCommand = programUnderTest;

let connection;

/** What makes the server's answers hold the files apart. */
export const structuredAnswers = ['--answers', 'structured'];

/** The one client of this process; its server ends with it. */
export function client() {
  connection ??= connect();
  return connection;
}

async function connect() {
  const { command, args } = serverCommand();
  const transport = new StdioClientTransport({
    command,
    args: [...args, ...structuredAnswers],
    stderr: process.env.CROWVAULT_MCP_STDERR ? 'inherit' : 'ignore',
    env: { ...process.env },
  });
  const opened = new Client({ name: 'crowvault-generated-tests', version: '1.0.0' });
  await opened.connect(transport);
  // The pipes must not keep a test process alive once its tests are done.
  const child = transport._process;
  child?.unref();
  child?.stdin?.unref?.();
  child?.stdout?.unref?.();
  child?.stderr?.unref?.();
  process.once('exit', () => child?.kill());
  hold(opened, child);
  return opened;
}

// While a request is in flight the pipe must keep the process alive again.
function hold(opened, child) {
  let inFlight = 0;
  const request = opened.request.bind(opened);
  opened.request = async (...args) => {
    if (inFlight++ === 0) child?.stdout?.ref?.();
    try {
      return await request(...args);
    } finally {
      if (--inFlight === 0) child?.stdout?.unref?.();
    }
  };
}

/** Ends the server of this process. */
export async function disconnect() {
  const opened = connection;
  connection = undefined;
  const { transport } = (await opened) ?? {};
  if (transport === undefined) return;
  transport._process?.ref(); // or this process would end before its server
  await transport.close();
}

/** The tools as tools/list gives them, with the defaults that their descriptions state. */
export async function tools() {
  const { tools: listed } = await (await client()).listTools();
  for (const schema of listed.flatMap(({ inputSchema }) => Object.values(inputSchema.properties))) {
    const stated = /\bdefault ([^;]+)\.$/iu.exec(schema.description)?.[1];
    if (stated === undefined) continue;
    if (schema.enum?.includes(stated)) schema.default = stated;
    else if (schema.type !== 'string') schema.default = JSON.parse(stated);
  }
  return listed;
}

/** The raw result of tools/call, refusals (`isError`) included. */
export async function call(tool, args = {}) {
  return (await client()).callTool({ name: tool, arguments: args });
}
