// Builds the release into a temporary folder, runs every suite on it, and ends with one counted line.
//
//   node run.mjs            everything but a second release and other platforms than linux-x64
//   node run.mjs --full     also these, and builds the release again in another folder and compares every byte
//   node run.mjs NAME...    only the suites whose name contains a NAME
//
// CROWVAULT_RELEASE names the folder of the release; one that holds a release is taken as it is.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../shared/runner.mjs';
import { startRegistry } from './lib/registry.mjs';
import { inRepository, temporary } from './lib/release.mjs';

const given = process.argv.slice(2);
process.env.CROWVAULT_PACKAGES = given.includes('--full') ? 'full' : 'default';
process.env.TMPDIR = temporary(); // the SDK leaves folders behind
process.env.CROWVAULT_RELEASE ??= join(temporary(), 'release');
mkdirSync(process.env.CROWVAULT_RELEASE, { recursive: true });
const platforms = given.includes('--full') ? [] : ['--platforms', 'linux-x64'];
const since = performance.now();
let built = 0;

if (!existsSync(join(process.env.CROWVAULT_RELEASE, 'SHA256SUMS'))) {
  const registry = await startRegistry();
  const child = spawn(inRepository('scripts/release.sh'), [...platforms, process.env.CROWVAULT_RELEASE], {
    env: { ...process.env, ...registry.environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise((ended) => child.once('exit', ended));
  await registry.stop();
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  if (code !== 0) {
    console.log(`FAIL scripts/release.sh ended with ${String(code)} (${seconds} s)\n0 passed, 1 failed`);
    process.exit(1);
  }
  built = 1;
  console.log(`ok   scripts/release.sh builds everything into one folder (${seconds} s)`);
}

const names = given.filter((each) => !each.startsWith('--'));
const folder = fileURLToPath(new URL('suites', import.meta.url));
const files = readdirSync(folder)
  .filter((each) => each.endsWith('.test.mjs') && (names.length === 0 || names.some((name) => each.includes(name))))
  .sort()
  .map((each) => join(folder, each));
const count = await runTests(files, { folder, concurrency: 2 });
finish({ ...count, passed: count.passed + built });
