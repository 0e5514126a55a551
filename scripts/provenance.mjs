// Says of which commit and by what the files of a release were made: provenance.mjs <version> <folder> <output>.
// An in-toto statement with SLSA provenance, unsigned: it is made without network and key. The same commit and tools give the same bytes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [version, folder, output] = process.argv.slice(2);
const root = new URL('..', import.meta.url);
const first = (command, ...args) => execFileSync(command, args, { cwd: root, encoding: 'utf8' }).split('\n')[0].trim();
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

let commit;
try {
  commit = first('git', 'rev-parse', 'HEAD');
} catch {
  // From an archive of the sources, which names no commit.
}

const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: readdirSync(folder)
    .filter((name) => !name.endsWith('.intoto.json') && name !== 'SHA256SUMS')
    .sort()
    .map((name) => ({ name, digest: { sha256: sha256(join(folder, name)) } })),
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'https://crowvault.ai/build/release.sh/v1',
      externalParameters: { version, script: 'scripts/release.sh' },
      resolvedDependencies: [
        ...(commit === undefined ? [] : [{ name: 'source', digest: { gitCommit: commit } }]),
        ...['Directory.Packages.props', 'src/CrowVault.Mcp/packages.lock.json', 'scripts/package-lock.json'].map((name) => ({
          name,
          digest: { sha256: sha256(new URL(name, root)) },
        })),
      ],
    },
    runDetails: {
      builder: {
        id: 'https://crowvault.ai/build/release.sh',
        version: { dotnet: first('dotnet', '--version'), node: process.versions.node },
      },
    },
  },
};
writeFileSync(output, `${JSON.stringify(statement, null, 2)}\n`);
