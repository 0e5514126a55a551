// Publishing says what it would do, in an order in which nothing points to what is not there yet, and does it for a whole release only.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { everyPlatform, inRepository, temporary, version } from '../lib/release.mjs';
import { execute } from '../lib/server.mjs';

const script = inRepository('scripts/publish.sh');

/** A folder that looks like a release of some platforms, and programs that only say how they were called; `there`: GitHub has it already. */
function scene(platforms = Object.keys(everyPlatform), there = false) {
  const folder = temporary();
  const release = join(folder, 'release');
  const bin = join(folder, 'bin');
  for (const each of [release, bin, join(folder, 'package')]) mkdirSync(each);
  for (const each of ['dotnet', 'npm', 'gh']) {
    writeFileSync(
      join(bin, each),
      `#!/bin/sh\ncase "$1 $2" in ${there ? '"release view") exit 0' : '*view*) exit 1'} ;; view*) exit 1 ;; esac\necho "RAN ${each} $*"\n`,
    );
    chmodSync(join(bin, each), 0o755);
  }
  for (const each of [...platforms, 'any']) writeFileSync(join(release, `CrowVault.Mcp.${each}.${version}.nupkg`), each);
  writeFileSync(join(release, `CrowVault.Mcp.${version}.nupkg`), 'pointer');
  for (const name of ['', ...platforms.map((each) => `-${everyPlatform[each]}`)]) {
    writeFileSync(join(folder, 'package/package.json'), `{\n  "name": "@crowvault/mcp${name}",\n  "version": "${version}"\n}\n`);
    execFileSync('tar', ['-C', folder, '-czf', join(release, `crowvault-mcp${name}-${version}.tgz`), 'package']);
  }
  writeFileSync(join(release, 'server.json'), '{}');
  execFileSync('bash', ['-c', 'sha256sum -- * >../sums && mv ../sums SHA256SUMS'], { cwd: release });
  const publish = (...args) =>
    execute(script, [...args, 'release'], {
      cwd: folder,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, NUGET_API_KEY: 'very-secret' },
    });
  return { release, publish };
}

test('By default it says what it would push where, pushes nothing, and shows no key', async () => {
  const { code, stdout } = await scene().publish();
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('would run: dotnet nuget push ')).length, 8);
  assert.equal(lines.filter((line) => line.startsWith('would run: npm publish ')).length, 7);
  assert.equal(lines.filter((line) => line.startsWith('would run: gh release create ')).length, 1);
  assert.doesNotMatch(stdout, /RAN|very-secret/u);
});

test('With --really it runs the same, what others point to first', async () => {
  const { publish } = scene();
  const said = (await publish()).stdout.split('\n').filter((line) => line.startsWith('would run: '));
  const { code, stdout } = await publish('--really');
  assert.equal(code, 0);
  const ran = stdout.split('\n').filter((line) => line.startsWith('RAN '));
  assert.deepEqual(
    ran.map((line) => line.slice(4).replace('very-secret', '$NUGET_API_KEY')),
    said.map((line) => line.slice(11)),
  );
  const last = (kind) => ran.filter((line) => line.startsWith(`RAN ${kind}`)).at(-1);
  assert.match(last('dotnet'), new RegExp(`/CrowVault\\.Mcp\\.${version}\\.nupkg `, 'u'));
  assert.match(last('npm'), new RegExp(`/crowvault-mcp-${version}\\.tgz `, 'u'));
});

test('A release that lacks a platform, or was changed, is not published', async () => {
  const part = await scene(['linux-x64']).publish('--really');
  assert.equal(part.code, 2);
  assert.match(part.stderr, /nothing of .* for linux-arm64; build all platforms/u);
  const { release, publish } = scene();
  writeFileSync(join(release, 'server.json'), '{ }');
  const changed = await publish('--really');
  assert.notEqual(changed.code, 0);
  assert.doesNotMatch(changed.stdout, /RAN/u);
});

test('A second run leaves out the release of the repository that is there', async () => {
  const { code, stdout } = await scene(undefined, true).publish('--really');
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /RAN gh/u);
  assert.match(stdout, /RAN npm publish [\s\S]*mcp-publisher publish/u);
});

test('A release is built over a release or into an empty folder, never over anything else', async () => {
  const folder = temporary();
  mkdirSync(join(folder, 'photos'));
  writeFileSync(join(folder, `crowvault-mcp-${version}.tgz`), '');
  writeFileSync(join(folder, 'photos/.hidden'), '');
  for (const [where, cwd, found] of [
    ['.', folder, 'photos'],
    ['photos', folder, '.hidden'],
    [folder, '/', 'photos'],
  ]) {
    const { code, stdout, stderr } = await execute(inRepository('scripts/release.sh'), ['--platforms', 'linux-x64', where], { cwd });
    assert.equal(code, 2, stdout);
    assert.ok(stderr.endsWith(`holds something else than a release: ${found}; give another folder\n`), stderr);
  }
  assert.deepEqual(readdirSync(folder).sort(), [`crowvault-mcp-${version}.tgz`, 'photos']);
});
