// Runs every suite on a Node that the official tools accept, and ends with one counted line.
//
//   node run.mjs            everything
//   node run.mjs --quick    fewer cases of the comparison of the doors
//   node run.mjs NAME...    only the suites whose name contains a NAME
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { modernNode } from './lib/server.mjs';

// The conformance suite and Inspector need Node 22; the packages bring one along.
if (Number(process.versions.node.split('.')[0]) < 22) {
  const { status } = spawnSync(modernNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const given = process.argv.slice(2);
process.env.CROWVAULT_CONFORMANCE = given.includes('--quick') ? 'quick' : 'default';
const names = given.filter((each) => !each.startsWith('--'));
const folder = fileURLToPath(new URL('suites', import.meta.url));
const files = readdirSync(folder)
  .filter((each) => each.endsWith('.test.mjs') && (names.length === 0 || names.some((name) => each.includes(name))))
  .sort()
  .map((each) => join(folder, each));

let passed = 0;
let failed = 0;
let skipped = 0;
const stream = run({ files, concurrency: 1, timeout: 1_200_000 });
const isContainer = (data) => data.details.type === 'suite' || data.name.endsWith('.test.mjs');
stream.on('test:pass', (data) => {
  if (isContainer(data)) return;
  if (data.skip !== undefined && data.skip !== false) {
    skipped++;
    console.log(`skip ${data.name}: ${String(data.skip)}`);
    return;
  }
  passed++;
  console.log(`ok   ${data.name} (${(data.details.duration_ms / 1000).toFixed(1)} s)`);
});
stream.on('test:fail', (data) => {
  if (isContainer(data) && data.details.error?.failureType === 'subtestsFailed') return;
  failed++;
  const error = data.details.error?.cause ?? data.details.error;
  console.log(`FAIL ${data.name}\n     ${String(error?.stack ?? error).replaceAll('\n', '\n     ')}`);
});
stream.on('test:stdout', (data) => process.stdout.write(data.message));
stream.on('test:stderr', (data) => process.stderr.write(data.message));
stream.once('end', () => {
  console.log(`${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
});
stream.resume();
