// Runs every suite on a Node that the official tools accept, and ends with one counted line.
//
//   node run.mjs            everything
//   node run.mjs --quick    fewer cases of the comparison of the doors
//   node run.mjs --full     longer attacks, and the coding agents, which it installs
//   node run.mjs NAME...    only the suites whose name contains a NAME
import { copyFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { finish, runTests } from '../shared/runner.mjs';
import { modernNode } from './lib/server.mjs';

// The conformance suite and Inspector need Node 22; the packages bring one along.
if (Number(process.versions.node.split('.')[0]) < 22) {
  const { status } = spawnSync(modernNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const given = process.argv.slice(2);
process.env.CROWVAULT_CONFORMANCE = given.includes('--full') ? 'full' : given.includes('--quick') ? 'quick' : 'default';
const names = given.filter((each) => !each.startsWith('--'));
const folder = fileURLToPath(new URL('suites', import.meta.url));
const files = readdirSync(folder)
  .filter((each) => each.endsWith('.test.mjs') && (names.length === 0 || names.some((name) => each.includes(name))))
  .filter((each) => each !== 'agents.test.mjs' || given.includes('--full'))
  .sort()
  .map((each) => join(folder, each));
if (files.some((each) => each.endsWith('agents.test.mjs'))) install(fileURLToPath(new URL('agents', import.meta.url)));

finish(await runTests(files, { folder, concurrency: 2 }));

// More than a gigabyte, so not among the packages of the other suites. The programs come as packages for a platform: no script is run.
function install(home) {
  const [lock, mark] = [join(home, 'package-lock.json'), join(home, 'node_modules/.crowvault-lock.json')];
  if (existsSync(mark) && readFileSync(mark, 'utf8') === readFileSync(lock, 'utf8')) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (spawnSync('npm', args, { cwd: home, stdio: 'inherit' }).status !== 0) {
    console.log(`FAIL the packages of ${home} could not be installed`);
    finish({ passed: 0, failed: 1 });
  }
  copyFileSync(lock, mark);
}
