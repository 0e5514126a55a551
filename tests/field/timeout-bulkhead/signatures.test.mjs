// What people write compiles beside the emitted files, under the strictest settings.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../../shared/program.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { sourceOf } from '../lib/emit.mjs';

const folder = temporaryFolder('field-signatures');
writeFileSync(join(folder, 'timeouts.ts'), sourceOf('generate_timeout_config', { operations: { 'orders.get': 2000 }, withFetch: true }));
writeFileSync(join(folder, 'bulkhead.ts'), sourceOf('generate_bulkhead', { partitions: { orders: 2 } }));
const imports = `import { bulkheadOf, drainAll, withBulkhead } from './bulkhead.ts';
import { Deadline, DEADLINE_HEADER, timeoutFetch, withTimeout } from './timeouts.ts';
interface Row { readonly id: number }
declare const client: { from(table: string): { select(): PromiseLike<{ data: Row[] | null }> } };
declare const headers: Readonly<Record<string, string | string[] | undefined>>;
declare const signal: AbortSignal | undefined;
declare const operation: string;
declare const url: string;
`;
const good = {
  'a plain value':
    "export const a: Promise<number> = withTimeout('orders.get', () => 5); export const b: Promise<number> = withBulkhead('orders', () => 5);",
  'a builder':
    "export const a: Promise<{ data: Row[] | null }> = withTimeout('orders.get', () => client.from('t').select()); export const b: Promise<{ data: Row[] | null }> = withBulkhead('orders', () => client.from('t').select());",
  'the signal of the guard in fetch':
    "export const a = withTimeout('orders.get', (signal) => fetch(url, { signal })); export const b = withBulkhead('orders', (signal) => fetch(url, { signal }));",
  'a signal that may be undefined':
    "export const a = withTimeout('orders.get', () => 5, { signal }); export const b = withBulkhead('orders', () => 5, { signal });",
  'an operation read at run time':
    'export const a = withTimeout(operation, () => 5); export const b = timeoutFetch(operation, url, { signal: signal ?? null }, { idleTimeoutMs: 5 });',
  'a deadline with and without an operation':
    "const deadline = new Deadline(5); export const a: Promise<number> = deadline.run(() => 5); export const b: Promise<string> = deadline.run('orders.get', async () => 'b', { signal }); export const c = fetch(url, { signal: deadline.signal, headers: { [DEADLINE_HEADER]: deadline.toHeader() } });",
  'a header of Node or of fetch':
    "export const a = Deadline.fromHeader(headers['x-request-deadline-ms']); export const b = Deadline.fromHeader(new Headers().get(DEADLINE_HEADER));",
  'a bulkhead that is resized and drained':
    "bulkheadOf('orders').resize(5); export const a: Promise<void> = bulkheadOf('orders').drain({ signal }); export const b: Promise<void> = drainAll(); export const c: number = bulkheadOf('orders').stats().longestWaitMs;",
  'timers of the platform':
    "const timers = { set: setTimeout, clear: clearTimeout }; export const a = withTimeout('orders.get', () => 5, { timers });",
};
const bad = {
  'a partition that is not there': "export const a = withBulkhead('order', () => 5);",
  'a result of another type': "export const a: Promise<string> = withTimeout('orders.get', () => 5);",
  'a misspelt option': "export const a = withTimeout('orders.get', () => 5, { timeout: 5 });",
};
const block = ([name, text]) => `// ${name}\n{\n${text.replaceAll('export ', '').replaceAll('; const', ';\nconst')}\n}`;
const refused = ([name, text]) => block([name, text]).replace('\nconst', '\n// @ts-expect-error\nconst');

// All in one file, because the compiler takes longer to start than to read it.
test('what is right compiles, and what is wrong does not', () => {
  writeFileSync(
    join(folder, 'case.ts'),
    [imports, ...Object.entries(good).map(block), ...Object.entries(bad).map(refused), 'export {};\n'].join('\n'),
  );
  const settings =
    '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noImplicitOverride --target es2022 --module esnext --moduleResolution bundler --allowImportingTsExtensions --lib es2022,dom,dom.iterable';
  const tsc = join(repository, 'tests/generated/node_modules/typescript-7.0/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, ...settings.split(' '), join(folder, 'case.ts')], { encoding: 'utf8' });
  assert.equal(stdout, '');
});
