// The peer: a minimal stateless MCP server on the official TypeScript SDK. Its one tool answers at once with a result that it made before.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const result = JSON.parse(readFileSync(0, 'utf8'));

// As in the SDK's own stateless example: a server and a transport for each request.
const listener = createServer(async (request, response) => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  server.registerTool('generate', { description: 'Answers with a file.' }, () => result);
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on('close', () => {
    void transport.close();
    void server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response);
});
listener.listen(0, '127.0.0.1', () => console.error(`Listening on http://127.0.0.1:${String(listener.address().port)}`));
