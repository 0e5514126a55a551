// Writes the server.json of a release: server-json.mjs <version> <bundle> <address> <output>.
// The address is that of the folder from which the bundle will be downloaded, or "".
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const [version, bundle, address, output] = process.argv.slice(2);
const text = readFileSync(new URL('../src/CrowVault.Mcp/.mcp/server.json', import.meta.url), 'utf8');
const server = JSON.parse(text.replaceAll('"0.0.0"', JSON.stringify(version)));
if (address) {
  server.packages.push({
    registryType: 'mcpb',
    identifier: `${address.replace(/\/$/u, '')}/${basename(bundle)}`,
    version,
    fileSha256: createHash('sha256').update(readFileSync(bundle)).digest('hex'),
    transport: { type: 'stdio' },
  });
}
writeFileSync(output, `${JSON.stringify(server, null, 2)}\n`);
