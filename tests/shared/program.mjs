// Finds the program under test: CROWVAULT_MCP (split at spaces), else the Release build of this checkout.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// A program that a test ends by force would leave the runtime's debugger pipes in the temporary folder.
process.env.DOTNET_EnableDiagnostics ??= '0';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** `{ command, args }` that starts the program. */
export function programUnderTest() {
  const given = process.env.CROWVAULT_MCP;
  if (given) {
    const [command, ...args] = given.split(' ').filter(Boolean);
    return { command, args };
  }
  return { command: managedProgram(), args: [] };
}

/** The Release build of this checkout, on the .NET runtime. */
export function managedProgram() {
  const bin = join(repository, 'src/CrowVault.Mcp/bin/Release');
  for (const target of existsSync(bin) ? readdirSync(bin) : []) {
    const executable = join(bin, target, 'CrowVault.Mcp');
    if (existsSync(executable)) return executable;
  }
  throw new Error('No program found: build it (dotnet build -c Release) or set CROWVAULT_MCP to its command line.');
}
