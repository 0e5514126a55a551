// Two clean builds in different folders give the same bytes, and the symbols lead to the sources.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { files, inRepository, list, pathOf, release, temporary, unpack } from '../lib/release.mjs';
import { startRegistry } from '../lib/registry.mjs';
import { succeed } from '../lib/server.mjs';

const flags = [
  '-c',
  'Release',
  '--nologo',
  '-v',
  'quiet',
  '-warnaserror',
  '-p:ContinuousIntegrationBuild=true',
  '-p:RestoreLockedMode=true',
];
const git = (...args) => execFileSync('git', args, { cwd: inRepository('.'), encoding: 'utf8' });
const assemblies = ['CrowVault.Emitters.dll', 'CrowVault.Mcp.dll'];

/** The sources as they are now, in another folder whose path has another length; as the same commit unless told otherwise. */
function sources({ sameCommit = true } = {}) {
  const folder = join(temporary(), 'a', 'quite', 'different', 'place');
  mkdirSync(folder, { recursive: true });
  const names = git('ls-files', '-z', '--cached', '--others', '--exclude-standard')
    .split('\0')
    .filter((name) => name && existsSync(inRepository(name)));
  const tar = execFileSync('tar', ['-C', inRepository('.'), '--null', '-T', '-', '-cf', '-'], {
    input: names.join('\0'),
    maxBuffer: 1 << 30,
  });
  execFileSync('tar', ['-C', folder, '-xf', '-'], { input: tar });
  if (sameCommit) writeFileSync(join(folder, '.git'), `gitdir: ${git('rev-parse', '--absolute-git-dir').trim()}\n`);
  return folder;
}

async function pack(folder) {
  const output = join(folder, 'artifacts/out');
  const printed = await succeed(
    'dotnet',
    // As in scripts/release.sh: analyzers change nothing that is built.
    [
      'pack',
      'src/CrowVault.Mcp',
      ...flags,
      '-p:RunAnalyzers=false',
      '-r',
      'any',
      '--artifacts-path',
      join(folder, 'artifacts/build'),
      '-o',
      output,
    ],
    {
      cwd: folder,
      env: { ...process.env, SOURCE_DATE_EPOCH: git('log', '-1', '--format=%ct').trim(), TZ: 'UTC' },
    },
  );
  assert.equal(printed.trim(), '');
  return join(output, files.any);
}

test('The managed assemblies, their symbols and their package are the same bytes when built elsewhere', async () => {
  const folder = sources();
  const [first, second] = [pathOf('any'), await pack(folder)].map((archive) => unpack(archive));
  for (const name of assemblies) {
    assert.ok(
      readFileSync(join(first, 'tools/net10.0/any', name)).equals(readFileSync(join(second, 'tools/net10.0/any', name))),
      `${name} differs`,
    );
    const symbols = name.replace('.dll', '.pdb');
    const bytes = readFileSync(join(folder, 'artifacts/build/bin/CrowVault.Mcp/release_any', symbols));
    assert.ok(readFileSync(join(unpack(pathOf('symbols')), 'any', symbols)).equals(bytes), `${symbols} differs`);
  }
  assert.deepEqual(list(first), list(second));
  assert.ok(readFileSync(pathOf('any')).equals(readFileSync(join(folder, 'artifacts/out', files.any))), `${files.any} differs`);
  rmSync(folder, { recursive: true });
});

const full = process.env.CROWVAULT_PACKAGES === 'full';

test(
  'Without a remote nothing is warned of; with one, package and symbols lead to the sources of the commit',
  { skip: full ? false : 'two more builds take minutes; node run.mjs --full makes them' },
  async () => {
    const folder = sources({ sameCommit: false });
    const inFolder = (...args) =>
      execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: folder, encoding: 'utf8' });
    inFolder('init', '--quiet', '--initial-branch=main');
    inFolder('add', '--all');
    inFolder('commit', '--quiet', '--message=Sources');
    const commit = inFolder('rev-parse', 'HEAD').trim();
    const printed = await succeed('dotnet', ['build', 'src/CrowVault.Emitters', ...flags], { cwd: folder });
    assert.doesNotMatch(printed, /warning [A-Z]+[0-9]+/u);

    inFolder('remote', 'add', 'origin', 'https://name:secret@github.com/example/crowvault-mcp.git');
    const nuspec = execFileSync('unzip', ['-p', await pack(folder), 'CrowVault.Mcp.any.nuspec'], { encoding: 'utf8' });
    const [repository] = /<repository [^>]+>/.exec(nuspec);
    assert.ok(
      repository.includes('url="https://github.com/example/crowvault-mcp.git"') && repository.includes(`commit="${commit}"`),
      repository,
    );
    for (const name of assemblies) {
      const symbols = readFileSync(join(folder, 'artifacts/build/bin/CrowVault.Mcp/release_any', name.replace('.dll', '.pdb')), 'latin1');
      assert.ok(symbols.includes(`https://raw.githubusercontent.com/example/crowvault-mcp/${commit}/*`), `${name}: no link to the sources`);
      assert.ok(!symbols.includes('secret') && !symbols.includes(folder), name);
    }
    rmSync(folder, { recursive: true });
  },
);

test(
  'Every file of the release but image and bundle is the same bytes when it is built elsewhere',
  { skip: full ? false : 'a second release takes minutes; node run.mjs --full makes it' },
  async () => {
    const folder = sources();
    const again = join(folder, 'artifacts/release');
    const registry = await startRegistry();
    try {
      await succeed(join(folder, 'scripts/release.sh'), [again], {
        cwd: folder,
        env: { ...process.env, ...registry.environment },
        timeout: 1_200_000,
      });
    } finally {
      await registry.stop();
    }
    // The SDK and mcpb write the time of packing into the image and the bundle, and the checksums tell of both.
    const timed = [files.image, files.bundle, files.checksums];
    const equal = readdirSync(release).filter((name) => !timed.includes(name));
    assert.ok(equal.length >= 9, equal.join());
    const different = equal.filter((name) => !readFileSync(join(release, name)).equals(readFileSync(join(again, name))));
    assert.deepEqual(different, []);
    rmSync(folder, { recursive: true });
  },
);
