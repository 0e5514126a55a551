// The npm package inside a hostile repository: nothing of the opened folder chooses what runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

for (const native of [true, false]) {
  test(`what ${native ? 'the program' : 'dotnet'} starts is not looked for in the opened folder`, { skip }, () => {
    const { root, scope, repo, start } = scene();
    const program = native ? programPackage(scope, 'OURS') : join(root, 'bin/dotnet');
    writeFileSync(program, '#!/bin/sh\necho "$PATH"\n');
    for (const folder of ['repo/tools', 'node_modules/.bin', 'repo/packages/one']) mkdirSync(join(root, folder), { recursive: true });
    symlinkSync(join(repo, 'tools'), join(root, 'linked'));
    const foreign = ['.', '', 'tools', './node_modules/.bin', join(repo, 'node_modules/.bin'), join(repo, 'tools'), repo];
    const PATH = [...foreign, join(root, 'node_modules/.bin'), join(root, 'linked'), join(root, 'bin')].join(':');
    assert.equal(start({ PATH }).stdout.trim(), `${join(root, 'bin')}:/usr/bin:/bin`);
  });
}

test('what stands in the home folder is found when that is the one that is open', { skip }, () => {
  const { root, start } = scene();
  const home = join(root, 'home');
  mkdirSync(join(home, '.dotnet'), { recursive: true });
  fake(join(home, '.dotnet/dotnet'), 'HOME');
  assert.match(start({ HOME: home, PATH: join(home, '.dotnet') }, home).stdout, /^HOME/u);
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

test('a program that was taken away, a working directory or a temporary folder that is gone: one sentence', { skip }, () => {
  const { root, scope, repo, start } = scene();
  rmSync(programPackage(scope, 'OURS'));
  const says = ({ status, stdout, stderr }, sentence) => {
    assert.deepEqual([status, stdout], [127, '']);
    assert.match(stderr, sentence);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  };
  says(start(), /crowvault-mcp cannot be read \(ENOENT\); a virus scanner may have taken it away\. Reinstall @crowvault\/mcp\.$/mu);

  rmSync(join(scope, `mcp-${platform}`), { recursive: true });
  says(start({ TMPDIR: join(root, 'none') }), /no folder can be made in .*none \(ENOENT\); let TMPDIR/u);

  programPackage(scope, 'OURS');
  const wrapper = join(scope, 'mcp/crowvault-mcp.mjs');
  mkdirSync(join(repo, 'gone'));
  const gone = spawnSync('sh', ['-c', 'cd "$1" && rmdir "$1" && exec "$2" "$3"', 'sh', join(repo, 'gone'), process.execPath, wrapper], {
    encoding: 'utf8',
  });
  says(gone, /the working directory is not there any more; change to another\.$/mu);
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

/** Starts the package as on another platform; `says` is the platform whose program is there. */
function startOn(system, arch, glibc, says) {
  const { root, scope, repo } = scene();
  if (says !== undefined) {
    const folder = join(scope, `mcp-${says}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: `@crowvault/mcp-${says}`, version }));
    fake(join(folder, system === 'win32' ? 'crowvault-mcp.exe' : 'crowvault-mcp'), says);
  }
  const pretend = join(root, 'pretend.mjs');
  writeFileSync(
    pretend,
    `for (const [name, value] of [['platform', ${JSON.stringify(system)}], ['arch', ${JSON.stringify(arch)}]])
       Object.defineProperty(process, name, { value });
     process.report.getReport = () => ({ header: { glibcVersionRuntime: ${JSON.stringify(glibc)} } });`,
  );
  return spawnSync(process.execPath, ['--import', pretend, join(scope, 'mcp/crowvault-mcp.mjs')], {
    cwd: repo,
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: join(root, 'tmp'), PATH: join(root, 'nothing') },
  });
}

test('each platform starts the program that is its own', { skip }, () => {
  for (const [system, arch, glibc, its] of [
    ['linux', 'x64', '2.36', 'linux-x64'],
    ['linux', 'x64', undefined, 'linux-x64-musl'],
    ['linux', 'arm64', '2.36', 'linux-arm64'],
    ['darwin', 'arm64', undefined, 'darwin-arm64'],
    ['darwin', 'x64', undefined, 'darwin-x64'],
    ['win32', 'x64', undefined, 'win32-x64'],
    ['win32', 'arm64', undefined, 'win32-x64'],
  ]) {
    assert.match(startOn(system, arch, glibc, its).stdout, new RegExp(`^${its} in`, 'u'));
    const without = startOn(system, arch, glibc, its === 'linux-x64' ? 'linux-x64-musl' : 'linux-x64');
    assert.equal(without.status, 127);
    assert.match(without.stderr, new RegExp(`The package @crowvault/mcp-${its} is missing: install @crowvault/mcp again`, 'u'));
  }
});

test('when the SDK stands in and fails, it is said what is missing, and only then', { skip }, () => {
  const { root, start } = scene();
  const missing = new RegExp(`the package @crowvault/mcp-${platform} is missing: install @crowvault/mcp again`, 'u');
  assert.equal(start().stderr, '');
  writeFileSync(join(root, 'bin/dotnet'), '#!/bin/sh\nexit 1\n');
  const { status, stdout, stderr } = start();
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, missing);
});

test('a platform without a program is told which have one', { skip }, () => {
  const { status, stderr } = startOn('freebsd', 'x64');
  assert.equal(status, 127);
  assert.match(
    stderr,
    /no program for freebsd-x64 could be started\. Install the \.NET 10 SDK, or run it on darwin-arm64, .*linux-x64-musl, win32-x64\./u,
  );
});
