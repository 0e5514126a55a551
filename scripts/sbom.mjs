// Writes a CycloneDX 1.6 bill of materials of the program from its NuGet lock files: sbom.mjs <version> <platform> <output>.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [version, platform, output] = process.argv.slice(2);
const self = `pkg:nuget/CrowVault.Mcp@${version}`;
const purl = (name, resolved) => `pkg:nuget/${name}@${resolved}`;

const components = new Map();
const edges = new Map([[self, new Set()]]);
for (const project of ['CrowVault.Mcp', 'CrowVault.Emitters']) {
  const lock = JSON.parse(readFileSync(join(root, 'src', project, `packages.${platform}.lock.json`), 'utf8'));
  const merged = Object.assign({}, ...Object.values(lock.dependencies));
  for (const [name, entry] of Object.entries(merged)) {
    if (entry.type === 'Project') continue;
    const ref = purl(name, entry.resolved);
    components.set(ref, {
      type: 'library',
      'bom-ref': ref,
      name,
      version: entry.resolved,
      // The compiler and the linker are needed to build; what they add of the runtime is in the program.
      scope: /^(Microsoft\.NET\.ILLink|Microsoft\.DotNet\.ILCompiler)/u.test(name) ? 'excluded' : 'required',
      purl: ref,
      ...(entry.contentHash && {
        hashes: [{ alg: 'SHA-512', content: Buffer.from(entry.contentHash, 'base64').toString('hex') }],
      }),
    });
    if (entry.type === 'Direct') edges.get(self).add(ref);
    const needs = edges.get(ref) ?? new Set();
    for (const each of Object.keys(entry.dependencies ?? {})) {
      if (merged[each]?.resolved) needs.add(purl(each, merged[each].resolved));
    }
    edges.set(ref, needs);
  }
}

const sorted = [...components.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
const digest = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
const bom = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  // The same locks give the same number and no date, so that two builds are equal.
  serialNumber: `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
  version: 1,
  metadata: {
    component: {
      type: 'application',
      'bom-ref': self,
      name: 'CrowVault.Mcp',
      version,
      licenses: [{ license: { id: 'MIT' } }],
      purl: self,
    },
  },
  components: sorted,
  dependencies: [...edges].map(([ref, needs]) => ({ ref, dependsOn: [...needs].sort() })).sort((a, b) => (a.ref < b.ref ? -1 : 1)),
};
writeFileSync(output, `${JSON.stringify(bom, null, 2)}\n`);
