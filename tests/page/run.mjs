// Builds the page anew and compares it, then tests it in Chromium and its simulations in Node.
//
//   node run.mjs            a sample of argument sets
//   node run.mjs --full     200 argument sets for each tool
//   node run.mjs NAME...    only the test files whose name contains a NAME
//
// Needs chromium (CHROMIUM names another executable).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../shared/runner.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const given = process.argv.slice(2);
process.env.CROWVAULT_PROOF = given.includes('--full') ? 'full' : 'default';
const names = given.filter((each) => !each.startsWith('--'));

for (const home of [folder, join(folder, '../../web')]) {
  if (process.env.CI === 'true' || !existsSync(join(home, 'node_modules'))) {
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: home,
      stdio: 'inherit',
    });
    if (status !== 0) {
      console.log(`FAIL the packages of ${home} could not be installed`);
      finish({ passed: 0, failed: 1 });
    }
  }
}
const files = readdirSync(folder)
  .filter((each) => each.endsWith('.test.mjs') && (names.length === 0 || names.some((name) => each.includes(name))))
  // The longest first, so that two are at work to the end.
  .sort((a, b) => Number(b === 'page.test.mjs') - Number(a === 'page.test.mjs') || a.localeCompare(b))
  .map((each) => join(folder, each));
// 200 sets for each tool and 2,000 runs for each forecast take half an hour on two busy cores.
finish(await runTests(files, { folder, concurrency: 2, ...(process.env.CROWVAULT_PROOF === 'full' && { timeout: 5_400_000 }) }));
