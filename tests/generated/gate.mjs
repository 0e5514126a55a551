// All compilers and linters over TypeScript files that are not emitted yet, while a template is being written:
//   node gate.mjs path/to/circuit-breaker.ts path/to/circuit-breaker.test.ts ...
// Files of one folder are seen together. The platform comes from --platform (default: both "node" and "dom" for sources).
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { check, compilers, place, profiles } from './lib/compile.mjs';
import { biome, eslint, prettier } from './lib/lint.mjs';
import { workspace } from './lib/server.mjs';

const given = process.argv.slice(2);
const flag = given.indexOf('--platform');
const asked = flag < 0 ? undefined : given.splice(flag, 2)[1];
const quick = given.includes('--quick') ? given.splice(given.indexOf('--quick'), 1).length > 0 : false;
if (given.length === 0) {
  console.error('usage: node gate.mjs [--quick] [--platform node|dom|workers|bun|deno] FILE...');
  process.exit(2);
}
const folder = `gate-${String(process.pid)}`;
const files = place(folder, Object.fromEntries(given.map((path) => [basename(path), readFileSync(path, 'utf8')])));
const sources = files.filter((file) => !file.endsWith('.test.ts'));
let faults = 0;
const report = (what, findings) => {
  faults += findings.length;
  console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${what}`);
  for (const each of findings.slice(0, 20)) {
    console.log(`     ${basename(each.file)}:${String(each.line ?? '')} ${each.code ?? each.rule}: ${each.message}`);
  }
};
for (const file of files) {
  const bad = /[^\n\x20-\x7e]/u.exec(readFileSync(file, 'utf8'));
  if (bad) report(`ASCII ${basename(file)}`, [{ file, rule: 'ascii', message: `at offset ${String(bad.index)}` }]);
}
report('prettier', await prettier(files));
report('biome', await biome(files));
report('eslint', await eslint(files, asked ?? 'node'));
for (const version of quick ? ['5.9', '7.0'] : compilers) {
  for (const profile of quick ? ['strictest, bundler'] : Object.keys(profiles)) {
    report(
      `TypeScript ${version} ${profile}, ${asked ?? 'node'}`,
      (await check(version, profile, asked ?? 'node', files, { suffix: folder })).errors,
    );
    if (!asked)
      report(`TypeScript ${version} ${profile}, dom, sources`, (await check(version, profile, 'dom', sources, { suffix: folder })).errors);
  }
}
rmSync(join(workspace, '.emitted', folder), { recursive: true, force: true });
console.log(`${String(faults)} findings`);
process.exitCode = faults === 0 ? 0 : 1;
