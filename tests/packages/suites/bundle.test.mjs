// The bundle for Claude Desktop: valid for the official tool, and started as its manifest says.
import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { inRepository, json, list, pathOf, program, temporary, unpack, version } from '../lib/release.mjs';
import { converse, execute, succeed, toolNames } from '../lib/server.mjs';

const mcpb = inRepository('scripts/node_modules/.bin/mcpb');
let folder;
let manifest;
before(() => {
  folder = unpack(pathOf('bundle'));
  manifest = json(join(folder, 'manifest.json'));
});

test('The official tool takes the manifest and refuses a broken one', async () => {
  await succeed(mcpb, ['validate', join(folder, 'manifest.json')]);
  const broken = join(temporary(), 'manifest.json');
  writeFileSync(broken, JSON.stringify({ ...manifest, server: { ...manifest.server, type: 'program' } }));
  assert.notEqual((await execute(mcpb, ['validate', broken])).code, 0);
});

test('The bundle holds the program, its assemblies and the licence, and names its tools', () => {
  const files = list(folder);
  assert.ok(files.includes('LICENSE') && files.includes(manifest.server.entry_point));
  assert.ok(!files.some((each) => /\.(pdb|dbg|xml)$/.test(each)), files.join());
  assert.equal(statSync(join(folder, 'server/linux-x64/crowvault-mcp')).mode & 0o777, 0o755);
  assert.equal(manifest.version, version);
  assert.deepEqual(
    manifest.tools.map(({ name }) => name),
    toolNames,
  );
});

for (const platform of ['linux', 'darwin']) {
  test(`It starts as the manifest says for ${platform}`, async () => {
    const { platform_overrides: overrides, ...usual } = manifest.server.mcp_config;
    const config = { ...usual, ...overrides?.[platform] };
    const fill = (text) => text.replaceAll('${__dirname}', folder);
    const command = fill(config.command);
    if (platform === 'linux') assert.ok(existsSync(command));
    if (platform === 'darwin' && overrides.darwin !== undefined) {
      // Its programs run on a Mac alone: what is here starts the right one of them.
      assert.deepEqual([command, config.args], ['/bin/sh', ['${__dirname}/server/darwin.sh']]);
      for (const each of ['osx-arm64', 'osx-x64']) assert.ok(existsSync(join(folder, 'server', each, 'crowvault-mcp')));
      return;
    }
    assert.equal(await converse({ command, args: config.args.map(fill), env: config.env ?? {} }), await converse({ command: program() }));
  });
}
