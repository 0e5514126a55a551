// A machine without OpenSSL: the command line and the server over stdio need none. libssl and libcrypto are masked by empty files in a mount
// namespace of the process alone.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { emit } from '../lib/emit.mjs';
import { execute } from '../../shared/processes.mjs';
import { programUnderTest } from '../../shared/program.mjs';

const { command, args: first } = programUnderTest();

// Root needs no user namespace; others are given one, where the system lets them.
const unshare = process.getuid() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
const allowed = spawnSync('unshare', [...unshare, 'mount', '--bind', '/dev/null', '/etc/hostname']);
const skip = allowed.status === 0 ? false : `this system allows no mount namespace: ${String(allowed.stderr ?? allowed.error)}`;

const libraries = [
  ...new Set(
    ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib']
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => [folder, ...subfolders(folder)])
      .flatMap((folder) =>
        readdirSync(folder)
          .filter((name) => /^lib(?:ssl|crypto)\.so/.test(name))
          .map((name) => realpathSync(join(folder, name))),
      ),
  ),
];

// Debian and its kin keep libraries one level deeper, in a folder for the architecture.
function subfolders(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory() && /-linux-/.test(each.name))
    .map((each) => join(folder, each.name));
}

/** Runs the program where no library of OpenSSL can be loaded. */
function masked(args, input) {
  const script = 'for library in $LIBRARIES; do mount --bind /dev/null "$library" || exit 99; done; exec "$0" "$@"';
  return execute('unshare', [...unshare, 'sh', '-c', script, command, ...first, ...args], {
    input,
    env: { ...process.env, LIBRARIES: libraries.join(' ') },
  });
}

const calls = [
  ['generate_circuit_breaker', { withMetrics: true, withTests: true }],
  ['generate_retry_policy', { withFetch: true, withTests: true }],
  ...['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-window'].flatMap((algorithm) =>
    ['redis', 'memory'].map((store) => ['generate_rate_limiting', { algorithm, store, withTests: true }]),
  ),
  ['generate_timeout_config', { operations: { search: 500 }, withFetch: true, withTests: true }],
  ['generate_bulkhead', { partitions: { search: 10 }, withTests: true }],
];

test('Without OpenSSL, what needs it fails: the mask is real', { skip }, async (t) => {
  if (libraries.length === 0) return t.skip('no OpenSSL is installed here, so there is nothing to mask');
  const { code, stderr } = await masked(['token', 'create', '--name', 'ci']);
  assert.notEqual(code, 0);
  assert.match(stderr, /libssl/);
  // And it works where nothing is masked.
  execFileSync(command, [...first, 'token', 'create', '--name', 'ci'], { stdio: 'ignore' });
});

for (const [tool, args] of calls) {
  test(`Without OpenSSL, the command line emits ${tool} ${JSON.stringify(args)}`, { skip }, async () => {
    const { code, stdout, stderr } = await masked(['call', '--json', tool, JSON.stringify(args)]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), emit(tool, args));
  });
}

test('Without OpenSSL, the server answers every call over stdio and ends with its input', { skip }, async () => {
  const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'crowvault-field', version: '1.0.0' } };
  const input = [
    { id: 'first', method: 'initialize', params: client },
    { method: 'notifications/initialized' },
    { id: 'list', method: 'tools/list', params: {} },
    ...calls.map(([name, args], index) => ({ id: index, method: 'tools/call', params: { name, arguments: args } })),
  ];
  const { code, stdout, stderr } = await masked([], input.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''));
  assert.equal(code, 0, stderr);
  const answers = new Map(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ id, result }) => [id, result]),
  );
  assert.equal(answers.get('list').tools.length, 5);
  for (const [index, [tool, args]] of calls.entries()) {
    const { files } = emit(tool, args);
    const texts = answers.get(index).content.map(({ text }) => text);
    for (const { path, content } of files) assert.ok(texts.includes(content), `${tool}: ${path} is not in the answer`);
  }
});
