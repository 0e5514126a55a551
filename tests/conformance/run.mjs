// Runs every suite on a Node that the official tools accept, and ends with one counted line.
//
//   node run.mjs            everything
//   node run.mjs --quick    fewer cases of the comparison of the doors
//   node run.mjs --full     longer attacks
//   node run.mjs NAME...    only the suites whose name contains a NAME
import { readdirSync } from 'node:fs';
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
  .sort()
  .map((each) => join(folder, each));

finish(await runTests(files, { folder, concurrency: 2 }));
