// The rules of the MCP registry for a server.json of schema 2025-12-11, as far as this server uses them. An unknown name is refused here,
// although the registry lets it pass, so that a misspelling is found.
const text = (maxLength) => ({ type: 'string', minLength: 1, maxLength });
const uri = { type: 'string', format: 'uri' };
const specific = { ...text(255), pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$' };
const object = (properties, required) => ({ type: 'object', properties, required, additionalProperties: false });
const when = (type, then) => ({ if: { properties: { registryType: { const: type } } }, then });

export const serverSchema = object(
  {
    $schema: { const: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json' },
    name: { type: 'string', minLength: 3, maxLength: 200, pattern: '^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$' },
    title: text(100),
    description: text(100),
    version: specific,
    websiteUrl: uri,
    repository: object({ url: uri, source: text(255), id: text(255), subfolder: text(255) }, ['url', 'source']),
    packages: {
      type: 'array',
      minItems: 1,
      items: {
        ...object(
          {
            registryType: { enum: ['nuget', 'npm', 'mcpb'] },
            registryBaseUrl: uri,
            identifier: { type: 'string', minLength: 1 },
            version: specific,
            fileSha256: { type: 'string', pattern: '^[a-f0-9]{64}$' },
            runtimeHint: { type: 'string' },
            transport: object({ type: { const: 'stdio' } }, ['type']),
          },
          ['registryType', 'identifier', 'version', 'transport'],
        ),
        allOf: [
          when('mcpb', { required: ['fileSha256'], properties: { identifier: { ...uri, pattern: '^https://.*\\.mcpb$' } } }),
          when('npm', { properties: { identifier: { pattern: '^(@[a-z0-9-]+/)?[a-z0-9-]+$' }, runtimeHint: { const: 'npx' } } }),
          when('nuget', { properties: { identifier: { pattern: '^[A-Za-z0-9.]+$' }, runtimeHint: { const: 'dnx' } } }),
        ],
      },
    },
  },
  ['$schema', 'name', 'description', 'version', 'packages'],
);
