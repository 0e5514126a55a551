// The folder that `stack` writes for a manifest, below this one, so that the packages of the cases are found.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programUnderTest } from '../../shared/program.mjs';

const root = join(import.meta.dirname, '.emitted', String(process.pid));
process.once('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));

let serial = 0;

/** Writes the files of a manifest; gives the folder and what loads a module of it. */
export function emitted(manifest) {
  const folder = join(root, String(++serial));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'resilience.json');
  writeFileSync(file, JSON.stringify({ importExtension: manifest.language === 'javascript' ? 'js' : 'ts', ...manifest }));
  const { command, args } = programUnderTest();
  execFileSync(command, [...args, 'stack', '-c', file, '-o', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { folder, load: (name) => import(pathToFileURL(join(folder, `${name}.js`)).href) };
}

/** Layers with small figures: a circuit that opens at the first failure, one slot without a queue, a timeout that is soon over. */
export const layers = {
  circuitBreaker: { failureThreshold: 1, recoveryTimeMs: 2500 },
  retryPolicy: { maxRetries: 2, baseDelayMs: 1, maxDelayCapMs: 1 },
  timeoutConfig: {
    operations: { 'down.get': 1000, 'full.get': 1000, 'late.get': 30, 'up.get': 1000, 'up.add': 1000 },
    totalTimeoutMs: 4000,
  },
  bulkhead: { partitions: { down: 5, full: 1, late: 5, up: 5 }, maxQueue: 0 },
  upstreams: {},
};

/** Type-checks files of emitted folders as the strict part of a project would. */
export function compile(files) {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const flags =
    '--strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noUnusedLocals --noEmit --module nodenext --target es2022 --skipLibCheck --allowImportingTsExtensions --types node';
  try {
    execFileSync(process.execPath, [compiler, ...flags.split(' '), ...files], { cwd: import.meta.dirname, encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  }
}
