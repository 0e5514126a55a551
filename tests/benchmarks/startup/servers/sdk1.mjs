// The least that answers initialize, tools/list and tools/call on the official TypeScript SDK 1.x: no validation, a ready answer.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { readFileSync } from 'node:fs';

const answer = JSON.parse(readFileSync(process.env.ANSWER, 'utf8'));
const server = new Server({ name: 'sdk1', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: [{ name: 'generate', description: 'Generates code.', inputSchema: { type: 'object' } }],
}));
server.setRequestHandler(CallToolRequestSchema, () => answer);
await server.connect(new StdioServerTransport());
