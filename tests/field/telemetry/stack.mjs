// A folder that the command `stack` emits, with a module of JavaScript beside each file.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programUnderTest } from '../../shared/program.mjs';
import { stripTypes, work } from '../lib/emit.mjs';

export const MANIFEST = {
  withMetrics: true,
  importExtension: 'ts',
  testRunner: 'node',
  circuitBreaker: { failureThreshold: 2, recoveryTimeMs: 20 },
  retryPolicy: { maxRetries: 1, baseDelayMs: 1, maxDelayCapMs: 1 },
  rateLimiting: { requestsPerWindow: 60, burstCapacity: 2, keyStrategy: 'global', framework: 'fetch', storeTimeoutMs: 20 },
  timeoutConfig: { operations: { 'orders.get': 30, 'payments.charge': 1000 } },
  bulkhead: { partitions: { orders: 1, payments: 2 }, maxQueue: 1, maxWaitMs: 20 },
  upstreams: { payments: { circuitBreaker: { recoveryTimeMs: 5000 } } },
};

let serial = 0;

/** A new folder with the manifest in it, and what runs `stack` on that: `stack(...args)` gives `{ status, stderr, stdout }`. */
export function folderOf(manifest = MANIFEST) {
  const folder = join(work, `stack-${String(++serial)}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'resilience.json'), JSON.stringify(manifest));
  const { command, args } = programUnderTest();
  const stack = (...more) =>
    spawnSync(command, [...args, 'stack', '-c', join(folder, 'resilience.json'), '-o', folder, ...more], { cwd: folder, encoding: 'utf8' });
  return { folder, stack };
}

/** The modules of a folder, each loaded by its name. */
export function modulesOf(folder) {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
    const text = stripTypes(readFileSync(join(folder, name), 'utf8'));
    writeFileSync(join(folder, name.replace(/\.ts$/u, '.mjs')), text.replace(/from '(\.\/[\w.-]+)\.ts'/gu, "from '$1.mjs'"));
  }
  return (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);
}
