// Runs Stryker, which wants a newer Node than the suites, over one emitted module: `node mutation.child.mjs <folder>`.
// The folder holds settings.json and the module; result.json is written beside them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

const folder = process.argv[2];
const { file, ranges, behaviour } = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'));
process.chdir(folder);
const results = await new Stryker({
  configFile: undefined,
  mutate: ranges === undefined ? [file] : ranges.map(([first, last]) => `${file}:${String(first)}-${String(last)}`),
  plugins: [fileURLToPath(new URL('mutation.runner.mjs', import.meta.url))],
  appendPlugins: [],
  testRunner: 'behaviour',
  behaviour,
  coverageAnalysis: 'off',
  concurrency: 2,
  // A mutant may wait for ever; one that is merely slowed down by a busy machine must not be taken for it.
  timeoutMS: 5_000,
  timeoutFactor: 4,
  checkers: [],
  reporters: [],
  allowConsoleColors: false,
  disableTypeChecks: false,
  symlinkNodeModules: false,
  cleanTempDir: 'always',
  logLevel: 'warn',
  warnings: { unknownOptions: false },
}).runMutationTest();
const keep = ({ status, mutatorName, location, replacement, killedBy, statusReason }) => ({
  status,
  mutatorName,
  location,
  replacement,
  killedBy,
  statusReason,
});
writeFileSync(join(folder, 'result.json'), JSON.stringify(results.map(keep)));
