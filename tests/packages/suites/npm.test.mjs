// The npm packages, installed without network and without scripts.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { dotnetFolder, npmFolder } from '../lib/installed.mjs';
import { program, temporary, version } from '../lib/release.mjs';
import { converse, execute, serve, succeed } from '../lib/server.mjs';

let expected;
let both;
before(async () => {
  expected = await converse({ command: program() });
  both = await npmFolder();
});

test('npx starts the native program, which serves', async () => {
  const offline = { ...both.env, npm_config_offline: 'true', PATH: pathWithoutDotnet() };
  assert.equal(await converse({ command: 'npx', args: ['-y', '@crowvault/mcp'], cwd: both.cwd, env: offline }), expected);
  const printed = await succeed('npx', ['-y', '@crowvault/mcp', 'generate', 'circuit-breaker', '--with-metrics'], {
    cwd: both.cwd,
    env: offline,
  });
  assert.equal(printed, expected);
});

test('Arguments, exit code and signals go through the starter', async () => {
  const starter = join(both.cwd, 'node_modules/.bin/crowvault-mcp');
  const wrong = await execute(starter, ['generate', 'circuit-breaker', '--failure-threshold', '0'], both);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /failureThreshold: 0 is out of range/);
  const server = await serve(starter);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.equal(await server.stop(), 0);
  await assert.rejects(fetch(`${server.url}/healthz`));
});

test('Without the package of the platform the starter goes on with dotnet dnx', async () => {
  const npm = await npmFolder(['npm']);
  assert.ok(!existsSync(join(npm.cwd, 'node_modules/@crowvault/mcp-linux-x64')));
  const folder = dotnetFolder();
  const { cwd } = folder;
  const env = { ...folder.env, CROWVAULT_MCP_SOURCE: folder.source };
  const starter = join(npm.cwd, 'node_modules/.bin/crowvault-mcp');
  assert.equal(await converse({ command: starter, cwd, env }), expected);
  assert.equal((await succeed(starter, ['--version'], { cwd, env })).trim(), version);
});

test('Without either it says what to install', async () => {
  const npm = await npmFolder(['npm']);
  const starter = join(npm.cwd, 'node_modules/.bin/crowvault-mcp');
  const { code, stdout, stderr } = await execute(starter, [], { cwd: npm.cwd, env: { ...npm.env, PATH: pathWithoutDotnet() } });
  assert.equal(code, 127);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /The package @crowvault\/mcp-linux-x64 is missing: install @crowvault\/mcp again, with its optional dependencies\. Or install the \.NET 10 SDK\./,
  );
});

/** A path on which node and the shell are, and dotnet is not. */
function pathWithoutDotnet() {
  const folder = join(temporary(), 'bin');
  mkdirSync(folder);
  for (const name of ['sh', 'env']) symlinkSync(`/bin/${name}`, join(folder, name));
  symlinkSync(process.execPath, join(folder, 'node'));
  for (const each of (process.env.PATH ?? '').split(':')) {
    for (const name of ['npx', 'npm']) {
      if (existsSync(join(each, name)) && !existsSync(join(folder, name))) symlinkSync(join(each, name), join(folder, name));
    }
  }
  return folder;
}
