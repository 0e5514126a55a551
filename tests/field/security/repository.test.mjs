// Started inside a repository that somebody else has filled: nothing of it chooses what runs, and none of it is read.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { programUnderTest, repository } from '../../shared/program.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { handshake, rpc } from '../lib/server.mjs';

const skip = process.platform === 'win32';

function write(path, text, mode) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  if (mode !== undefined) chmodSync(path, mode);
}

async function run(command, args, { cwd, env, input = '' }) {
  const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (data) => (said += data));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, said };
}

/** A repository that has a file for every tool that reads one. */
function hostile(folder) {
  const foreign = 'http://127.0.0.1:9/';
  const fake = `#!/bin/sh\necho FOREIGN >>"${folder}/ran"\necho FOREIGN\n`;
  for (const name of ['dotnet', 'node', 'npx', 'sh', 'crowvault-mcp', 'node_modules/.bin/crowvault-mcp', 'node_modules/.bin/node'])
    write(join(folder, name), fake, 0o755);
  write(
    join(folder, 'node_modules/@crowvault/mcp/package.json'),
    '{"name":"@crowvault/mcp","version":"1.0.0","bin":{"crowvault-mcp":"x.mjs"}}',
  );
  write(join(folder, 'node_modules/@crowvault/mcp/x.mjs'), `#!/usr/bin/env node\nconsole.log('FOREIGN');\n`, 0o755);
  write(join(folder, 'package.json'), '{"name":"x","scripts":{"preinstall":"echo FOREIGN"},"bin":{"crowvault-mcp":"x.mjs"}}');
  write(
    join(folder, '.npmrc'),
    `registry=${foreign}\n@crowvault:registry=${foreign}\nscript-shell=${folder}/sh\nnode-options=--import=${folder}/import.mjs\n`,
  );
  write(join(folder, 'import.mjs'), `console.log('FOREIGN');\n`);
  write(join(folder, 'global.json'), '{"sdk":{"version":"99.0.100","paths":["."],"errorMessage":"FOREIGN"}}');
  write(
    join(folder, 'nuget.config'),
    `<configuration><packageSources><clear/><add key="x" value="${folder}"/></packageSources></configuration>`,
  );
  for (const name of ['appsettings.json', 'appsettings.Production.json', 'CrowVault.Mcp.runtimeconfig.json', '.env'])
    write(
      join(folder, name),
      '{"CrowVault":{"Http":{"Tokens":["FOREIGN"],"Urls":"FOREIGN"}},"Logging":{"LogLevel":{"Default":"FOREIGN"}}}',
    );
}

test('the program reads no file of the folder and starts nothing in it', { skip }, async () => {
  const root = temporaryFolder('repository');
  const repo = join(root, 'repo');
  hostile(repo);
  const { command, args } = programUnderTest();
  const env = { ...process.env, PATH: `.:${join(repo, 'node_modules/.bin')}:${process.env.PATH}` };
  const call = rpc('tools/call', { name: 'generate_circuit_breaker', arguments: {} }, 'call');
  const { code, said } = await run(command, args, { cwd: repo, env, input: `${[...handshake, call].join('\n')}\n` });
  assert.equal(code, 0);
  assert.doesNotMatch(said, /FOREIGN/u);
  assert.equal(said.trim().split('\n').length, 2);
  const generated = await run(command, [...args, 'generate', 'circuit-breaker'], { cwd: repo, env });
  assert.equal(generated.code, 0);
  assert.doesNotMatch(generated.said, /FOREIGN/u);
  assert.ok(!existsSync(join(repo, 'ran')));
});

const manifest = JSON.stringify({
  circuitBreaker: {},
  retryPolicy: {},
  bulkhead: { partitions: { orders: 20 } },
  timeoutConfig: { operations: { 'orders.get': 300 } },
  stack: {},
});

/** A folder that was opened, with a manifest and a program for every name of a runtime. */
function opened() {
  const root = temporaryFolder('simulate');
  const repo = join(root, 'repo');
  write(join(repo, 'resilience.json'), manifest);
  for (const folder of ['.', 'tools', 'node_modules/.bin'])
    for (const name of ['node', 'deno', 'bun'])
      write(join(repo, folder, name), `#!/bin/sh\necho ${name} of ${folder} >>"${root}/ran"\nexec "${process.execPath}" "$@"\n`, 0o755);
  mkdirSync(join(root, 'bin'));
  symlinkSync(join(repo, 'tools'), join(root, 'linked'));
  return { root, repo };
}

test('simulate starts no program of the opened folder', { skip }, async () => {
  const { root, repo } = opened();
  const { command, args } = programUnderTest();
  symlinkSync(process.execPath, join(root, 'bin/node'));
  const own = [join(root, 'bin'), '/usr/bin', '/bin'].join(':');
  for (const first of [
    '',
    '.',
    'tools',
    'node_modules/.bin',
    repo,
    join(repo, 'tools'),
    join(repo, 'node_modules/.bin'),
    join(root, 'linked'),
  ]) {
    const env = { ...process.env, HOME: root, PATH: `${first}:${own}` };
    const { code, said } = await run(command, [...args, 'simulate', '--json'], { cwd: repo, env });
    assert.equal(code, 0, said);
    assert.ok(!existsSync(join(root, 'ran')), `PATH begins with ${first}`);
  }
  // Where no other is there, none is.
  rmSync(join(root, 'bin/node'));
  const alone = { ...process.env, HOME: root, PATH: [join(root, 'bin'), '.', join(repo, 'tools')].join(':') };
  const { code, said } = await run(command, [...args, 'simulate'], { cwd: repo, env: alone });
  assert.equal(code, 2);
  assert.match(said, /needs node, deno or bun on the PATH, outside of the open folder/u);
  assert.ok(!existsSync(join(root, 'ran')));
  // One's home is one's own.
  const home = { ...process.env, HOME: repo, PATH: join(repo, 'tools') };
  assert.equal((await run(command, [...args, 'simulate', '--json'], { cwd: repo, env: home })).code, 0);
  assert.equal(readFileSync(join(root, 'ran'), 'utf8'), 'node of tools\n');
});

test('a runtime that reads the folder it is started in is not started in the opened one', { skip }, async () => {
  const { root, repo } = opened();
  const { command, args } = programUnderTest();
  for (const name of ['deno', 'bun']) {
    rmSync(join(root, 'bin'), { recursive: true });
    write(join(root, 'bin', name), `#!/bin/sh\npwd >"${root}/${name}"\nexec /bin/cat >/dev/null\n`, 0o755);
    await run(command, [...args, 'simulate'], { cwd: repo, env: { ...process.env, HOME: root, PATH: join(root, 'bin') } });
    const place = readFileSync(join(root, name), 'utf8').trim();
    assert.ok(place !== '' && !place.startsWith(repo), place);
  }
});

test('the bundle names its own program, and dotnet only with a file that it brings', () => {
  const { server } = JSON.parse(readFileSync(join(repository, 'packages/mcpb/manifest.json'), 'utf8'));
  for (const { command, args = [], env } of [server.mcp_config, ...Object.values(server.mcp_config.platform_overrides ?? {})]) {
    if (command === 'dotnet') assert.match(args[0], /^\$\{__dirname\}\/\S+\.dll$/u);
    else assert.ok(command.startsWith('${__dirname}/'), command);
    assert.equal(env, undefined);
  }
});
