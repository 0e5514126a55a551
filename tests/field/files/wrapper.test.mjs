// The npm package inside a hostile repository: nothing of the opened folder chooses what runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../../shared/program.mjs';
import { newFolder } from './lib.mjs';

const platform = `${process.platform}-${process.arch}`;
const skip = process.platform === 'win32';
const { version } = JSON.parse(readFileSync(join(repository, 'packages/npm/mcp/package.json'), 'utf8'));

/** A program that says who it is, where it runs and with what. */
function fake(path, says) {
  writeFileSync(path, `#!/bin/sh\necho "${says} in $PWD for $CROWVAULT_MCP_FOLDER" "$@"\n`);
  chmodSync(path, 0o755);
}

function programPackage(scope, says, itsVersion = version) {
  const folder = join(scope, `mcp-${platform}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: `@crowvault/mcp-${platform}`, version: itsVersion }));
  fake(join(folder, 'crowvault-mcp'), says);
  return join(folder, 'crowvault-mcp');
}

/** The package installed somewhere, a repository that was opened, and a `dotnet` that only says that it was called. */
function scene() {
  const root = newFolder();
  const scope = join(root, 'cache/node_modules/@crowvault');
  mkdirSync(scope, { recursive: true });
  cpSync(join(repository, 'packages/npm/mcp'), join(scope, 'mcp'), { recursive: true });
  const repo = join(root, 'repo');
  mkdirSync(join(repo, 'node_modules/.bin'), { recursive: true });
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'tmp'));
  fake(join(root, 'bin/dotnet'), 'DOTNET');
  const start = (env = {}, cwd = repo) => {
    const PATH = env.PATH ?? join(root, 'bin');
    return spawnSync(process.execPath, [join(scope, 'mcp/crowvault-mcp.mjs'), 'x'], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: join(root, 'tmp'), ...env, PATH: `${PATH}:/usr/bin:/bin` },
    });
  };
  return { root, scope, repo, start };
}

test('the program beside the package is started in the opened folder', { skip }, () => {
  const { scope, repo, start } = scene();
  programPackage(scope, 'OURS');
  assert.match(start().stdout, new RegExp(`^OURS in ${repo} for +x$`, 'mu'));
});

test('no program of a parent folder, of NODE_PATH, of the home or of the opened folder, and none of another version', { skip }, () => {
  const { root, scope, repo, start } = scene();
  for (const place of ['cache/../node_modules', 'repo/node_modules', 'path', 'home/.node_modules', 'home/.node_libraries']) {
    programPackage(join(root, place, '@crowvault'), 'FOREIGN');
  }
  programPackage(scope, 'FOREIGN', '0.0.1');
  const { stdout } = start({ NODE_PATH: join(root, 'path'), HOME: join(root, 'home') }, repo);
  assert.doesNotMatch(stdout, /FOREIGN/u);
  assert.match(stdout, /^DOTNET/u);
});

test('a program that is not the released one is not started', { skip }, () => {
  const { scope, start } = scene();
  const program = programPackage(scope, 'OURS');
  const path = join(scope, 'mcp/package.json');
  const release = (sha256) =>
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), sha256: { [platform]: sha256 } }));
  release(createHash('sha256').update(readFileSync(program)).digest('hex'));
  assert.match(start().stdout, /^OURS/u);
  release('0'.repeat(64));
  const refused = start();
  assert.equal(refused.status, 127);
  assert.match(refused.stderr, /is not the released program/u);
  assert.equal(refused.stdout, '');
});

test('dotnet runs in a folder of its own, by explicit source and version, and no dotnet of the opened folder does', { skip }, () => {
  const { root, repo, start } = scene();
  fake(join(repo, 'dotnet'), 'FOREIGN');
  fake(join(repo, 'node_modules/.bin/dotnet'), 'FOREIGN');
  for (const PATH of ['.', '', './node_modules/.bin', repo, join(repo, 'node_modules/.bin')]) {
    const { stdout } = start({ PATH: `${PATH}:${join(root, 'bin')}` });
    assert.match(stdout, /^DOTNET/u, `PATH begins with ${PATH}`);
    const [, where] = /^DOTNET in (\S+) for/u.exec(stdout);
    assert.ok(!where.startsWith(repo), where);
    assert.ok(stdout.includes(`for ${repo} dnx CrowVault.Mcp@${version} --yes --source https://`), stdout);
    assert.match(stdout, /--configfile \S+nuget\.config -- x$/mu);
  }
  assert.deepEqual(readdirSync(join(root, 'tmp')), [], 'its folder is gone');
});
