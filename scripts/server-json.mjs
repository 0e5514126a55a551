// Writes the server.json of a release: server-json.mjs <bundle> <address of the folder that it will be downloaded from, or ""> <output>.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const [bundle, address, output] = process.argv.slice(2);
const server = JSON.parse(readFileSync(new URL('../src/CrowVault.Mcp/.mcp/server.json', import.meta.url), 'utf8'));
if (address) {
  server.packages.push({
    registryType: 'mcpb',
    identifier: `${address.replace(/\/$/u, '')}/${basename(bundle)}`,
    version: server.version,
    fileSha256: createHash('sha256').update(readFileSync(bundle)).digest('hex'),
    transport: { type: 'stdio' },
  });
}
writeFileSync(output, `${JSON.stringify(server, null, 2)}\n`);
