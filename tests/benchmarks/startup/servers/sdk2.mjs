// The least that answers initialize, tools/list and tools/call on the official TypeScript SDK 2.x: no validation, a ready answer.
import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { readFileSync } from 'node:fs';

const answer = JSON.parse(readFileSync(process.env.ANSWER, 'utf8'));
const server = new Server({ name: 'sdk2', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/list', () => ({
  tools: [{ name: 'generate', description: 'Generates code.', inputSchema: { type: 'object' } }],
}));
server.setRequestHandler('tools/call', () => answer);
await server.connect(new StdioServerTransport());
