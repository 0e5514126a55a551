// The program of every platform: an executable of the right kind with everything in it, in packages that name their platform; run where this machine can run it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  everyPlatform,
  inRepository,
  json,
  list,
  pathOf,
  platform,
  platforms,
  program,
  sha256,
  temporary,
  unpack,
  version,
} from '../lib/release.mjs';
import { succeed } from '../lib/server.mjs';

const archiveOf = (each, kind) =>
  pathOf(each === platform ? { native: 'native', program: 'program', npm: 'npmNative' }[kind] : `${kind} ${each}`);
const nameOf = (each) => (each.startsWith('win') ? 'crowvault-mcp.exe' : 'crowvault-mcp');

/** Format, processor and what it needs to be loaded, from the head of an executable. */
function kindOf(bytes) {
  if (bytes.readUInt32BE(0) === 0x7f454c46) {
    const loader = /\/lib(?:64)?\/ld-[a-z0-9_-]+\.so\.\d/u.exec(bytes.subarray(0, 8192).toString('latin1'))?.[0];
    return `ELF ${{ 0x3e: 'x64', 0xb7: 'arm64' }[bytes.readUInt16LE(18)]} ${loader}`;
  }
  if (bytes.readUInt32LE(0) === 0xfeedfacf) {
    let at = 32;
    let isSigned = false;
    for (let i = 0; i < bytes.readUInt32LE(16); i += 1, at += bytes.readUInt32LE(at + 4)) isSigned ||= bytes.readUInt32LE(at) === 0x1d;
    return `Mach-O ${{ 0x01000007: 'x64', 0x0100000c: 'arm64' }[bytes.readUInt32LE(4)]} ${isSigned ? 'signed' : 'unsigned'}`;
  }
  if (bytes.toString('latin1', 0, 2) === 'MZ') {
    const at = bytes.readUInt32LE(0x3c);
    assert.equal(bytes.toString('latin1', at, at + 4), 'PE\0\0');
    return `PE ${{ 0x8664: 'x64', 0xaa64: 'arm64' }[bytes.readUInt16LE(at + 4)]}`;
  }
  return 'no executable';
}

const kinds = {
  'linux-x64': 'ELF x64 /lib64/ld-linux-x86-64.so.2',
  'linux-arm64': 'ELF arm64 /lib/ld-linux-aarch64.so.1',
  'linux-musl-x64': 'ELF x64 /lib/ld-musl-x86_64.so.1',
  // An arm64 Mac starts nothing that is not signed, if only by itself.
  'osx-arm64': 'Mach-O arm64 signed',
  'osx-x64': 'Mach-O x64 signed',
  'win-x64': 'PE x64',
};

// Before the mark of a .NET bundle stands where its list of files begins; 0 when nothing is bundled.
const mark = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
const isNative = (each) => each === 'linux-x64' || each === 'linux-arm64';

test('The list of platforms is that of the npm package', () => {
  const { name, optionalDependencies } = json(inRepository('packages/npm/mcp/package.json'));
  assert.deepEqual(
    Object.values(everyPlatform).sort(),
    Object.keys(optionalDependencies)
      .map((each) => each.slice(name.length + 1))
      .sort(),
  );
});

for (const [each, npm] of Object.entries(platforms)) {
  test(`The packages for ${each} hold one and the same executable of the right kind, and are under 20 MB`, () => {
    const [folder, packed, tool] = ['program', 'npm', 'native'].map((kind) => unpack(archiveOf(each, kind)));
    const path = join(folder, nameOf(each));
    const bytes = readFileSync(path);
    assert.equal(kindOf(bytes), kinds[each]);
    if (isNative(each)) assert.ok(bytes.length < 25e6, `${String(bytes.length)} bytes`);
    else {
      const at = bytes.indexOf(mark);
      assert.ok(at > 8, 'no bundle');
      const header = Number(bytes.readBigInt64LE(at - 8));
      assert.ok(header > at && header < bytes.length, 'nothing is bundled');
    }
    const manifest = json(join(packed, 'package/package.json'));
    assert.equal(manifest.name, `@crowvault/mcp-${npm}`);
    assert.equal(manifest.version, version);
    const [system, processor, libc] = npm.split('-');
    assert.ok(manifest.os.includes(system) && manifest.cpu.includes(processor));
    if (system === 'linux') assert.deepEqual(manifest.libc, [libc ?? 'glibc']);
    assert.equal(sha256(join(packed, 'package', nameOf(each))), sha256(path));
    assert.equal(json(join(unpack(pathOf('npm')), 'package/package.json')).sha256[npm], sha256(path));
    assert.ok(
      list(tool).some((name) => name.endsWith(each.startsWith('win') ? 'CrowVault.Mcp.exe' : '/CrowVault.Mcp')),
      list(tool).join(),
    );
    for (const kind of ['program', 'npm', 'native']) assert.ok(statSync(archiveOf(each, kind)).size < 20e6, kind);
  });
}

// How a program of another platform is started here: what stands before it, and its environment; undefined where it cannot be.
const runners = {
  'linux-arm64': () =>
    existsSync('/usr/bin/qemu-aarch64-static') &&
    existsSync('/usr/aarch64-linux-gnu/lib') && { before: ['/usr/bin/qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'] },
  'linux-musl-x64': () => existsSync('/lib/ld-musl-x86_64.so.1') && { before: [], env: { LD_LIBRARY_PATH: librariesForMusl() } },
  'win-x64': () => {
    const wine = ['/usr/bin/wine64', '/usr/lib/wine/wine64'].find((each) => existsSync(each));
    return wine && { before: [wine] };
  },
};

/** Debian has musl without a C++ library for it; its own one does, with what musl lacks beside it. */
function librariesForMusl() {
  const folder = temporary();
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
    symlinkSync(join(existsSync(`/usr/lib/x86_64-linux-gnu/${name}`) ? '/usr/lib' : '/lib', 'x86_64-linux-gnu', name), join(folder, name));
  }
  const compiler = ['clang', 'gcc', 'cc'].find((each) => spawnSync(each, ['--version']).status === 0);
  const source = inRepository('tests/packages/lib/musl.c');
  const { status, stderr } = spawnSync(compiler, ['-shared', '-fPIC', '-nostdlib', '-o', join(folder, 'ld-linux-x86-64.so.2'), source], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return folder;
}

for (const [each, runner] of Object.entries(runners)) {
  const isBuilt = each in platforms;
  const starter = isBuilt ? runner() : undefined;
  const skip = starter ? false : isBuilt ? 'nothing here runs it' : 'not built in this run; node run.mjs --full builds it';
  test(`The program for ${each} gives the bytes of the one for ${platform}`, { skip }, async () => {
    const call = ['generate', 'rate-limiting', '--store', 'memory', '--framework', 'hono'];
    const path = join(unpack(archiveOf(each, 'program')), nameOf(each));
    const [command, ...first] = [...starter.before, path];
    const env = { ...process.env, WINEPREFIX: temporary(), WINEDEBUG: '-all', DOTNET_EnableDiagnostics: '0', ...starter.env };
    const { stdout, status, stderr } = spawnSync(command, [...first, ...call], { encoding: 'utf8', env, timeout: 300_000 });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, await succeed(program(), call));
  });
}
