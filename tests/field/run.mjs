// Cases from the field: what people reported about such software, tried on this one where its users stand.
//
//   node run.mjs            every area
//   node run.mjs --quick    a sample
//   node run.mjs --full     with the long cases
//   node run.mjs [--...] NAME...   only the test files whose path contains a NAME
//   node run.mjs [--...] --install   only installs the peers
//
// A folder is an area. One that has a package.json brings the peers that its cases need; they are installed before it runs, and with
// --quick it is left out where that takes longer than a quick run ("quick": false), as are the test files that wait longest.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../shared/runner.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const given = process.argv.slice(2);
const mode = given.includes('--full') ? 'full' : given.includes('--quick') ? 'quick' : 'default';
const names = given.filter((each) => !each.startsWith('--'));
process.env.CROWVAULT_PROOF = mode;

const LONG = [
  'platform/openssl',
  'recipes/recipes',
  'retry-breaker/inner',
  'retry-breaker/limits',
  'security/amplification',
  'security/http',
  'security/neighbours',
  'security/repository',
  'wire/stdio',
].map((name) => `${name}.test.mjs`);

const total = { passed: 0, failed: 0, skipped: 0 };
if (names.length === 0) compareWithTable();
const areas = readdirSync(folder, { withFileTypes: true })
  .filter((each) => each.isDirectory() && each.name !== 'lib' && each.name !== 'node_modules')
  .map(({ name }) => ({ name, home: join(folder, name), files: filesOf(name) }))
  .filter(({ home, files }) => files.length > 0 && (mode !== 'quick' || manifestOf(home).quick !== false));

const missing = areas.filter(({ home }) => existsSync(join(home, 'package.json')) && !isInstalled(home));
const install = async () => {
  for (let area = missing.shift(); area !== undefined; area = missing.shift()) {
    if ((await npmCi(area.home)) !== 0) {
      console.log(`FAIL ${area.name}: its packages could not be installed`);
      total.failed++;
      areas.splice(areas.indexOf(area), 1);
    }
  }
};
await Promise.all([install(), install()]);
if (given.includes('--install')) process.exit(total.failed === 0 ? 0 : 1);

const jestCache = join(tmpdir(), `jest_${(process.getuid?.() ?? 0).toString(36)}`);
const hadJestCache = existsSync(jestCache);
// Three or four at once on two cores: most of them wait more than they compute, those of a quick run above all.
const count = await runTests(
  areas.flatMap(({ files }) => files).filter((file) => mode !== 'quick' || !LONG.includes(file.slice(folder.length))),
  { folder, concurrency: mode === 'quick' ? 4 : 3, ...(mode === 'full' && { timeout: 5_400_000 }) },
);
for (const key of Object.keys(total)) total[key] += count[key];
// Jest keeps its cache in the temporary folder.
if (!hadJestCache) rmSync(jestCache, { recursive: true, force: true });
finish(total);

/** Whether the table of the README names all test files, and no others. */
function compareWithTable() {
  const rows = readFileSync(join(folder, 'README.md'), 'utf8').match(/^\|.*$/gmu) ?? [];
  const named = new Set(rows.flatMap((row) => [...row.matchAll(/`([\w-]+\/[\w-]+)`/gu)].map(([, name]) => `${name}.test.mjs`)));
  const there = readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory() && each.name !== 'node_modules')
    .flatMap(({ name }) => filesOf(name).map((path) => `${name}/${basename(path)}`));
  const differ = [...there.filter((path) => !named.has(path)), ...[...named].filter((path) => !there.includes(path))];
  for (const path of differ) console.log(`FAIL README.md: ${path} ${named.has(path) ? 'is gone' : 'is in no row'}`);
  total[differ.length === 0 ? 'passed' : 'failed']++;
}

function filesOf(area) {
  return readdirSync(join(folder, area))
    .filter((each) => each.endsWith('.test.mjs'))
    .sort()
    .map((each) => join(folder, area, each))
    .filter((file) => names.length === 0 || names.some((name) => file.slice(folder.length).includes(name)));
}

function manifestOf(home) {
  const path = join(home, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

/** Whether the packages are those of the lock file as it is. */
function isInstalled(home) {
  const mark = join(home, 'node_modules/.crowvault-lock.json');
  return existsSync(mark) && readFileSync(mark, 'utf8') === readFileSync(join(home, 'package-lock.json'), 'utf8');
}

function npmCi(home) {
  const options = { cwd: home, stdio: 'inherit' };
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], options);
  return new Promise((fulfil) => {
    npm.once('error', () => fulfil(1));
    npm.once('close', (code) => {
      if (code === 0) copyFileSync(join(home, 'package-lock.json'), join(home, 'node_modules/.crowvault-lock.json'));
      fulfil(code);
    });
  });
}
