// The container image, built without a daemon on the base that this workspace's registry serves: what it is, and that its program runs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { passwd } from '../lib/registry.mjs';
import { inRepository, json, list, pathOf, program, temporary, unpack, version } from '../lib/release.mjs';
import { converse, converseOver, serve, succeed } from '../lib/server.mjs';

let folder;
let entry;
let image;
let root;
before(() => {
  folder = unpack(pathOf('image'));
  [entry] = json(join(folder, 'manifest.json'));
  image = json(join(folder, entry.Config));
  root = temporary();
  for (const layer of entry.Layers) unpack(join(folder, layer), root);
});

test('The image runs as a user without rights, starts the program and says which port it serves', () => {
  const { config } = image;
  assert.equal(config.User, '1654:1654');
  assert.deepEqual(config.Entrypoint, ['/app/CrowVault.Mcp']);
  assert.equal(config.Cmd?.length ?? 0, 0);
  assert.deepEqual(Object.keys(config.ExposedPorts), ['8080/tcp']);
  assert.deepEqual([image.os, image.architecture], ['linux', 'amd64']);
  assert.deepEqual(entry.RepoTags, [`crowvault/mcp:${version}`]);
  const { Labels } = config;
  assert.equal(Labels['io.modelcontextprotocol.server.name'], 'ai.crowvault/api-mcp');
  assert.equal(Labels['org.opencontainers.image.version'], version);
  assert.equal(Labels['org.opencontainers.image.licenses'], 'MIT');
  assert.match(Labels['org.opencontainers.image.title'], /\S/);
  assert.match(Labels['org.opencontainers.image.base.name'], /^localhost:[0-9]+\/base:1$/);
});

test('The layers are the base and the program alone, readable to that user, and each has the digest that the image names', () => {
  assert.equal(entry.Layers.length, 2);
  const digests = entry.Layers.map((layer) =>
    createHash('sha256')
      .update(gunzipSync(readFileSync(join(folder, layer))))
      .digest('hex'),
  );
  assert.deepEqual(
    image.rootfs.diff_ids,
    digests.map((digest) => `sha256:${digest}`),
  );
  assert.equal(readFileSync(join(root, 'etc/passwd'), 'utf8'), passwd);
  assert.deepEqual(list(join(root, 'app')), ['CrowVault.Mcp']);
  assert.equal(statSync(join(root, 'app/CrowVault.Mcp')).mode & 0o005, 0o005);
  assert.deepEqual(readFileSync(join(root, 'app/CrowVault.Mcp')), readFileSync(program()));
});

test('The entry point serves, over standard input and over HTTP, as that user', async () => {
  const command = join(root, image.config.Entrypoint[0]);
  // Only root can become another user; anyone else has no more rights than that user already.
  const identity =
    process.getuid() === 0 ? Object.fromEntries(['uid', 'gid'].map((id, index) => [id, Number(image.config.User.split(':')[index])])) : {};
  const expected = await converse({ command: program() });
  assert.equal(await converse({ command }), expected);
  const printed = await succeed(command, ['generate', 'circuit-breaker', '--with-metrics'], { ...identity, cwd: root });
  assert.equal(printed, expected);
  const server = await serve(command, { ...identity, cwd: root });
  try {
    assert.equal(await converseOver(`${server.url}/mcp`), expected);
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

test('Its base is a chiselled image unless the command line says otherwise', async () => {
  const query = ['msbuild', inRepository('src/CrowVault.Mcp'), '-getProperty:ContainerBaseImage', '-p:RuntimeIdentifier=linux-x64'];
  assert.equal((await succeed('dotnet', query)).trim(), 'mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled');
  assert.equal((await succeed('dotnet', [...query, '-p:ContainerBaseImage=localhost/base:1'])).trim(), 'localhost/base:1');
});
