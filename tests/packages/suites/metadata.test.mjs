// What the packages say about themselves: names, versions, licences, server.json, bill of materials, checksums.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import * as CycloneDX from '@cyclonedx/cyclonedx-library';
import {
  files,
  inRepository,
  json,
  list,
  pathOf,
  platform,
  platforms,
  release,
  sha256,
  temporary,
  unpack,
  version,
} from '../lib/release.mjs';
import { execute, succeed } from '../lib/server.mjs';
import { serverSchema } from '../lib/server-schema.mjs';

const ajv = addFormats(new Ajv({ allErrors: true, strict: false }));
const server = json(pathOf('server'));
const mcpName = 'ai.crowvault/api-mcp';
const marker = `<!-- mcp-name: ${mcpName} -->`;

test('The folder of the release holds exactly what is published, and none of it is empty', () => {
  assert.deepEqual(readdirSync(release).sort(), Object.values(files).sort());
  for (const name of Object.values(files)) assert.ok(statSync(join(release, name)).size > 500, name);
});

test('The checksums name every file and are right; a changed byte is found', async () => {
  await succeed('sha256sum', ['--check', '--strict', '--quiet', files.checksums], { cwd: release });
  const named = readFileSync(pathOf('checksums'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ [ *]/)[1]);
  assert.deepEqual(
    named.sort(),
    Object.values(files)
      .filter((name) => name !== files.checksums)
      .sort(),
  );
  const folder = temporary();
  writeFileSync(join(folder, files.server), readFileSync(pathOf('server')).fill(0x20, 0, 1));
  writeFileSync(join(folder, files.checksums), readFileSync(pathOf('checksums')));
  const { code } = await execute('sha256sum', ['--check', '--ignore-missing', files.checksums], { cwd: folder });
  assert.notEqual(code, 0);
});

test('server.json follows the rules of the MCP registry; a broken one does not', () => {
  const validate = ajv.compile(serverSchema);
  for (const document of [server, json(inRepository('src/CrowVault.Mcp/.mcp/server.json'))]) {
    assert.ok(validate(document), ajv.errorsText(validate.errors));
    assert.equal(document.name, mcpName);
    assert.deepEqual(
      document.packages.map(({ registryType, identifier }) => `${registryType}:${identifier}`),
      ['nuget:CrowVault.Mcp', 'npm:@crowvault/mcp'],
    );
  }
  for (const broken of [
    { ...server, description: 'x'.repeat(101) },
    { ...server, name: 'api-mcp' },
    { ...server, version: '^1.0.0' },
    { ...server, packages: [{ ...server.packages[0], version: 'latest' }] },
    { ...server, packages: [{ ...server.packages[0], transport: {} }] },
    { ...server, packages: [{ ...server.packages[0], registryType: 'mcpb' }] },
    { ...server, discription: 'x' },
  ]) {
    assert.equal(validate(broken), false, JSON.stringify(broken));
  }
});

test('One version and one name everywhere', () => {
  const npm = json(join(unpack(pathOf('npm')), 'package/package.json'));
  const npmNative = json(join(unpack(pathOf('npmNative')), 'package/package.json'));
  const manifest = json(join(unpack(pathOf('bundle')), 'manifest.json'));
  const versions = {
    server: server.version,
    ...Object.fromEntries(server.packages.map((each) => [each.registryType, each.version])),
    npmPackage: npm.version,
    npmNative: npmNative.version,
    npmOptional: npm.optionalDependencies[npmNative.name],
    bundle: manifest.version,
    bom: json(pathOf('bom')).metadata.component.version,
  };
  assert.deepEqual(versions, Object.fromEntries(Object.keys(versions).map((key) => [key, version])));
  assert.equal(npm.mcpName, mcpName);
  assert.equal(
    manifest.description,
    npm.description.replace(
      'MCP server that writes resilience code in plain TypeScript:',
      'Writes resilience code in plain TypeScript that you own:',
    ),
  );
});

test('The .NET packages are MCP servers whose README carries the name that the registry looks for', () => {
  // The package that people install is the server; those of the platforms are its parts.
  const expected = { pointer: ['DotnetTool', 'McpServer'], native: ['DotnetToolRidPackage'], any: ['DotnetToolRidPackage'] };
  for (const name of Object.keys(expected)) {
    const folder = unpack(pathOf(name));
    const nuspec = readFileSync(
      join(
        folder,
        list(folder).find((each) => each.endsWith('.nuspec')),
      ),
      'utf8',
    );
    const kinds = [...nuspec.matchAll(/<packageType name="(\w+)"/g)].map((match) => match[1]);
    assert.deepEqual(kinds, expected[name], name);
    assert.match(nuspec, new RegExp(`<version>${version.replaceAll('.', '\\.')}</version>`));
    assert.match(nuspec, /<license type="expression">MIT<\/license>/);
    assert.match(nuspec, /<readme>README\.md<\/readme>/);
    assert.ok(readFileSync(join(folder, 'README.md'), 'utf8').includes(marker), `${name}: README.md without ${marker}`);
    assert.deepEqual(json(join(folder, '.mcp/server.json')), server);
    assert.deepEqual(
      list(join(folder, 'tools')).filter((each) => /\.(pdb|dbg|xml)$/.test(each) && !each.endsWith('/DotnetToolSettings.xml')),
      [],
      name,
    );
  }
});

test('The npm packages hold what they need, run nothing when installed, and depend on nothing else', () => {
  const [main, native] = ['npm', 'npmNative'].map((name) => join(unpack(pathOf(name)), 'package'));
  assert.deepEqual(list(main), ['LICENSE', 'README.md', 'crowvault-mcp.mjs', 'package.json']);
  assert.deepEqual(list(native), ['LICENSE', 'crowvault-mcp', 'package.json']);
  assert.equal(statSync(join(native, 'crowvault-mcp')).mode & 0o777, 0o755);
  for (const folder of [main, native]) {
    const declared = json(join(folder, 'package.json'));
    assert.equal(declared.scripts, undefined);
    assert.equal(declared.dependencies, undefined);
    assert.equal(declared.license, 'MIT');
  }
  const { mcpName: named, optionalDependencies, sha256: sums } = json(join(main, 'package.json'));
  assert.equal(named, mcpName);
  assert.deepEqual(
    Object.keys(optionalDependencies).sort(),
    Object.values(platforms)
      .map((each) => `@crowvault/mcp-${each}`)
      .sort(),
  );
  assert.deepEqual(Object.keys(sums).sort(), Object.values(platforms).sort());
  assert.ok(readFileSync(join(main, 'README.md'), 'utf8').includes(marker));
});

test('The bill of materials is valid CycloneDX 1.6 and lists exactly what the lock files hold', async () => {
  const text = readFileSync(pathOf('bom'), 'utf8');
  const validator = new CycloneDX.Validation.JsonStrictValidator(CycloneDX.Spec.Version.v1dot6);
  assert.equal(await validator.validate(text), null);
  assert.notEqual(await validator.validate(text.replace('"type": "library"', '"type": "book"')), null, 'the validator refuses nothing');

  const locked = new Map();
  for (const project of ['CrowVault.Mcp', 'CrowVault.Emitters']) {
    for (const group of Object.values(json(inRepository(`src/${project}/packages.${platform}.lock.json`)).dependencies)) {
      for (const [name, { type, resolved, contentHash }] of Object.entries(group)) {
        if (type !== 'Project') locked.set(`pkg:nuget/${name}@${resolved}`, Buffer.from(contentHash, 'base64').toString('hex'));
      }
    }
  }
  const { components, dependencies, metadata } = JSON.parse(text);
  assert.ok(locked.size > 20, 'the lock files were not read');
  assert.deepEqual(
    Object.fromEntries(components.map((each) => [each.purl, each.hashes?.[0].content])),
    Object.fromEntries([...locked].sort()),
  );
  const known = new Set([metadata.component['bom-ref'], ...locked.keys()]);
  for (const { ref, dependsOn } of dependencies) for (const each of [ref, ...dependsOn]) assert.ok(known.has(each), each);
});

test('No package tells where it was built', async () => {
  const root = inRepository('.').replace(/\/$/, '');
  const search = (folder) => execute('grep', ['-rlaF', root, folder]);
  for (const name of ['native', 'any', 'npm', 'npmNative', 'bundle', 'symbols']) {
    const { code, stdout } = await search(unpack(pathOf(name)));
    assert.equal(code, 1, `${name}: ${root} occurs in ${stdout}`);
  }
  const telling = temporary();
  writeFileSync(join(telling, 'file'), `\0${root}\0`);
  assert.equal((await search(telling)).code, 0, 'the search finds nothing');
});

test('The listing for the registry names the bundle by its address and checksum once the release has an address', async () => {
  const { code, stdout } = await execute('sha256sum', [pathOf('bundle')]);
  assert.equal(code, 0);
  assert.equal(stdout.split(' ')[0], sha256(pathOf('bundle')));
  const folder = temporary();
  const output = join(folder, 'server.json');
  await succeed(process.execPath, [
    inRepository('scripts/server-json.mjs'),
    version,
    pathOf('bundle'),
    'https://example.com/releases/download/v0/',
    output,
  ]);
  const listed = json(output);
  const validate = ajv.compile(serverSchema);
  assert.ok(validate(listed), ajv.errorsText(validate.errors));
  assert.deepEqual(listed.packages.at(-1), {
    registryType: 'mcpb',
    identifier: `https://example.com/releases/download/v0/${files.bundle}`,
    version,
    fileSha256: stdout.split(' ')[0],
    transport: { type: 'stdio' },
  });
});
