// What each client takes as the configuration of a server, from its own documentation; what it does not know is refused.
const text = { type: 'string', minLength: 1 };
const strings = { type: 'array', items: { type: 'string' } };
const map = { type: 'object', additionalProperties: { type: 'string' } };
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required, additionalProperties: false });
const type = (...names) => ({ enum: names });
const https = { type: 'string', pattern: '^https://' };

const program = (more = {}, required = []) => object({ command: text, args: strings, env: map, ...more }, ['command', ...required]);
const address = (more, required) => object({ url: https, headers: map, ...more }, required);
const servers = (key, entry, more = {}) =>
  object({ [key]: { type: 'object', minProperties: 1, additionalProperties: entry }, ...more }, [key]);

export const clientSchemas = {
  'Claude Desktop': servers('mcpServers', program()),
  'VS Code': servers(
    'servers',
    { oneOf: [program({ type: type('stdio') }, ['type']), address({ type: type('http', 'sse') }, ['type', 'url'])] },
    {
      inputs: { type: 'array', items: object({ id: text, type: type('promptString'), description: text, password: { type: 'boolean' } }) },
    },
  ),
  Cursor: servers('mcpServers', { oneOf: [program({ type: type('stdio') }), address({}, ['url'])] }),
  Windsurf: servers('mcpServers', { oneOf: [program(), object({ serverUrl: https, headers: map }, ['serverUrl'])] }),
  'Copilot CLI': servers('mcpServers', {
    oneOf: [
      program({ type: type('local', 'stdio'), tools: strings }, ['type', 'tools']),
      address({ type: type('http', 'sse'), tools: strings }, ['type', 'url', 'tools']),
    ],
  }),
  'From a clone': servers('mcpServers', program({ type: type('stdio') })),
  'A server over HTTP': servers('mcpServers', address({ type: type('http') }, ['type', 'url'])),
};
