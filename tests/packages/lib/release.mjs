// What scripts/release.sh made: its folder, the names in it, and ways to take it apart.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repository } from '../../shared/program.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';

export { repository };

export const workspace = dirname(dirname(fileURLToPath(import.meta.url)));
export const platform = 'linux-x64';
export const version = /<Version>(.+)<\/Version>/.exec(readFileSync(join(repository, 'Directory.Build.props'), 'utf8'))[1];

/** The platforms of the release, as .NET and as npm calls them; the default run builds the first alone. */
export const everyPlatform = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-musl-x64': 'linux-x64-musl',
  'osx-arm64': 'darwin-arm64',
  'osx-x64': 'darwin-x64',
  'win-x64': 'win32-x64',
};
export const platforms = process.env.CROWVAULT_PACKAGES === 'full' ? everyPlatform : { [platform]: platform };

/** The folder of the release; run.mjs builds it and names it. */
export const release = process.env.CROWVAULT_RELEASE ?? '';

export const files = {
  pointer: `CrowVault.Mcp.${version}.nupkg`,
  native: `CrowVault.Mcp.${platform}.${version}.nupkg`,
  any: `CrowVault.Mcp.any.${version}.nupkg`,
  program: `crowvault-mcp-${version}-${platform}.tar.gz`,
  symbols: `crowvault-mcp-${version}-${platform}.symbols.tar.gz`,
  npm: `crowvault-mcp-${version}.tgz`,
  npmNative: `crowvault-mcp-${platform}-${version}.tgz`,
  registry: `crowvault-mcp-${version}-registry.tar.gz`,
  bundle: `crowvault-mcp-${version}.mcpb`,
  image: `crowvault-mcp-${version}-image.tar.gz`,
  page: `crowvault-mcp-${version}-page.html`,
  bom: `crowvault-mcp-${version}.cdx.json`,
  provenance: `crowvault-mcp-${version}.intoto.json`,
  server: 'server.json',
  checksums: 'SHA256SUMS',
  ...Object.fromEntries(
    Object.entries(platforms)
      .filter(([each]) => each !== platform)
      .flatMap(([each, npm]) => [
        [`native ${each}`, `CrowVault.Mcp.${each}.${version}.nupkg`],
        [`program ${each}`, `crowvault-mcp-${version}-${each}.tar.gz`],
        [`npm ${each}`, `crowvault-mcp-${npm}-${version}.tgz`],
      ]),
  ),
};

export const pathOf = (name) => join(release, files[name]);
export const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
export const inRepository = (path) => join(repository, path);
export const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A folder of its own for a test, which everyone may enter; it is gone when the process ends. */
export function temporary() {
  const folder = temporaryFolder('packages');
  chmodSync(folder, 0o755);
  return folder;
}

/** Unpacks a .tar, .tar.gz, .tgz, .nupkg or .mcpb into a folder. */
export function unpack(archive, folder = temporary()) {
  mkdirSync(folder, { recursive: true });
  // A layer is called .tar even when it is compressed; tar sees for itself.
  if (/(gz|tar)$/.test(archive)) execFileSync('tar', ['-xf', archive, '-C', folder]);
  else execFileSync('unzip', ['-q', archive, '-d', folder]);
  return folder;
}

/** The native program, unpacked once for each process. */
export function program() {
  unpacked ??= join(unpack(pathOf('program')), 'crowvault-mcp');
  return unpacked;
}
let unpacked;

/** Paths of all files below a folder, sorted, relative to it. */
export function list(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => !each.isDirectory())
    .map((each) => join(each.parentPath ?? each.path, each.name).slice(folder.length + 1))
    .sort();
}
