// Cases from the field: what people reported about such software, tried on this one where its users stand.
//
//   node run.mjs            every area
//   node run.mjs --quick    a sample
//   node run.mjs --full     with the long cases
//   node run.mjs [--...] NAME...   only the test files whose path contains a NAME
//
// A folder is an area. One that has a package.json brings the peers that its cases need; they are installed before it runs, and with
// --quick it is left out where that takes longer than a quick run ("quick": false).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../shared/runner.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const given = process.argv.slice(2);
const mode = given.includes('--full') ? 'full' : given.includes('--quick') ? 'quick' : 'default';
const names = given.filter((each) => !each.startsWith('--'));
process.env.CROWVAULT_PROOF = mode;

const jestCache = join(tmpdir(), `jest_${(process.getuid?.() ?? 0).toString(36)}`);
const hadJestCache = existsSync(jestCache);

const total = { passed: 0, failed: 0, skipped: 0 };
for (const area of readdirSync(folder, { withFileTypes: true })) {
  if (!area.isDirectory() || area.name === 'lib' || area.name === 'node_modules') continue;
  const files = readdirSync(join(folder, area.name))
    .filter((each) => each.endsWith('.test.mjs'))
    .sort()
    .map((each) => join(folder, area.name, each))
    .filter((file) => names.length === 0 || names.some((name) => file.slice(folder.length).includes(name)));
  if (files.length === 0) continue;
  const home = join(folder, area.name);
  if (mode === 'quick' && manifestOf(home).quick === false) continue;
  if (existsSync(join(home, 'package.json')) && (process.env.CI === 'true' || !existsSync(join(home, 'node_modules')))) {
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: home,
      stdio: 'inherit',
    });
    if (status !== 0) {
      console.log(`FAIL ${area.name}: its packages could not be installed`);
      total.failed++;
      continue;
    }
  }
  const count = await runTests(files, { folder, concurrency: 2 });
  for (const key of Object.keys(total)) total[key] += count[key];
}
// Jest keeps its cache in the temporary folder.
if (!hadJestCache) rmSync(jestCache, { recursive: true, force: true });
finish(total);

function manifestOf(home) {
  const path = join(home, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}
