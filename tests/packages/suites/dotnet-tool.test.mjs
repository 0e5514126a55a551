// The .NET tool, installed from the folder of the release and started as a client starts it.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { dotnetFolder } from '../lib/installed.mjs';
import { list, pathOf, platforms, program, unpack, version } from '../lib/release.mjs';
import { converse, execute, succeed } from '../lib/server.mjs';

let expected;
before(async () => {
  expected = await converse({ command: program() });
});

test('dotnet tool install gives the native program, which serves', async () => {
  const { cwd, source, env } = dotnetFolder(undefined, false);
  const tools = join(cwd, 'tools');
  await succeed('dotnet', ['tool', 'install', 'CrowVault.Mcp', '--add-source', source, '--tool-path', tools], { cwd, env });
  const command = join(tools, 'crowvault-mcp');
  assert.equal(await converse({ command, env }), expected);
  assert.equal((await succeed(command, ['--version'], { env })).trim(), version);
  const installed = list(tools).filter((each) => /CrowVault\.Mcp(\.dll)?$/.test(each));
  assert.equal(installed.length, 1, installed.join());
  assert.ok(installed[0].includes('linux-x64'), installed[0]);
  assert.deepEqual(readFileSync(join(tools, installed[0])), readFileSync(program()));
});

test('dotnet dnx starts the server without installing it', async () => {
  const { cwd, env } = dotnetFolder();
  assert.equal(await converse({ command: 'dotnet', args: ['dnx', 'CrowVault.Mcp', '--yes'], env, cwd }), expected);
  const printed = await succeed(
    'dotnet',
    ['dnx', `CrowVault.Mcp@${version}`, '--yes', '--', 'generate', 'circuit-breaker', '--with-metrics'],
    { cwd, env },
  );
  assert.equal(printed, expected);
});

test('The entry that setup writes for dotnet dnx starts nothing of the folder that is open', async () => {
  const { cwd, env } = dotnetFolder();
  const home = join(cwd, 'home');
  const open = join(cwd, 'open');
  for (const folder of [home, open]) mkdirSync(folder, { recursive: true });
  // The home folder has the configuration of its user, and the open one an SDK and packages of its own.
  cpSync(join(cwd, 'NuGet.config'), join(home, 'NuGet.config'));
  cpSync(join(cwd, 'source'), join(home, 'source'), { recursive: true });
  mkdirSync(join(open, 'sdk/sdk/99.9.999'), { recursive: true });
  writeFileSync(join(open, 'global.json'), JSON.stringify({ sdk: { version: '99.9.999', paths: ['sdk'] } }));
  writeFileSync(join(open, 'nuget.config'), '<configuration><packageSources><clear /></packageSources></configuration>');
  const there = { env: { ...env, HOME: home }, cwd: open };
  assert.notEqual((await execute('dotnet', ['dnx', 'CrowVault.Mcp', '--yes', '--', '--version'], there)).code, 0);

  const configuration = join(cwd, 'mcp.json');
  await succeed(program(), ['setup', '--client', 'cursor', '--start', 'dnx', '--config', configuration], there);
  const { command, args } = JSON.parse(readFileSync(configuration, 'utf8')).mcpServers['api-mcp'];
  assert.equal(await converse({ command, args, ...there }), expected);
});

test('For other platforms there is the program for the installed runtime, and the tool points to it', async () => {
  const settings = readFileSync(join(unpack(pathOf('pointer')), 'tools/any/any/DotnetToolSettings.xml'), 'utf8');
  const pointers = [...settings.matchAll(/RuntimeIdentifier="(.+?)" Id="(.+?)"/g)].map(([, platform, id]) => `${platform} ${id}`);
  assert.deepEqual(
    pointers,
    [...Object.keys(platforms), 'any'].map((each) => `${each} CrowVault.Mcp.${each}`),
  );
  const { cwd, source, env } = dotnetFolder(['any'], false);
  const tools = join(cwd, 'tools');
  await succeed('dotnet', ['tool', 'install', 'CrowVault.Mcp.any', '--add-source', source, '--tool-path', tools], { cwd, env });
  assert.ok(list(tools).some((each) => each.endsWith('/CrowVault.Mcp.dll')));
  assert.equal(await converse({ command: join(tools, 'crowvault-mcp'), env }), expected);
});

test('Without the package of the platform the installation fails and leaves nothing', async () => {
  const { cwd, source, env } = dotnetFolder(['pointer']);
  const tools = join(cwd, 'tools');
  const { code } = await execute('dotnet', ['tool', 'install', 'CrowVault.Mcp', '--add-source', source, '--tool-path', tools], {
    cwd,
    env,
  });
  assert.notEqual(code, 0);
  assert.ok(!existsSync(join(tools, 'crowvault-mcp')));
});
