// Runs test files with node:test, prints a line for each test that failed or was skipped or took long, and counts.
import { relative } from 'node:path';
import { run } from 'node:test';

/**
 * Resolves with `{ passed, failed, skipped }`.
 *
 * - `folder`: what paths are shown relative to.
 * - `concurrency`: files at once.
 * - `shows(path, seconds)`: whether a test that passed has a line of its own.
 */
export function runTests(files, { folder, concurrency = 1, timeout = 1_200_000, shows = () => true }) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) return Promise.resolve(count);
  // The processes of the files are given the arguments of this one.
  process.execArgv.push('--import', new URL('ends.mjs', import.meta.url).href);
  return new Promise((resolve) => {
    const stream = run({ files, concurrency, timeout });
    const path = (data) => (data.file === undefined ? '' : relative(folder, data.file));
    stream.on('test:pass', (data) => {
      if (isContainer(data)) return;
      if (data.skip !== undefined && data.skip !== false) {
        count.skipped++;
        console.log(`skip ${path(data)}: ${data.name}: ${String(data.skip)}`);
        return;
      }
      count.passed++;
      const seconds = data.details.duration_ms / 1000;
      if (shows(path(data), seconds)) console.log(`ok   ${path(data)}: ${data.name} (${seconds.toFixed(1)} s)`);
    });
    stream.on('test:fail', (data) => {
      if (isContainer(data) && data.details.error?.failureType === 'subtestsFailed') return;
      count.failed++;
      const error = data.details.error?.cause ?? data.details.error;
      console.log(`FAIL ${path(data)}: ${data.name}\n     ${String(error?.stack ?? error).replaceAll('\n', '\n     ')}`);
    });
    stream.on('test:stdout', (data) => process.stdout.write(data.message));
    stream.on('test:stderr', (data) => process.stderr.write(data.message));
    stream.once('end', () => resolve(count));
    stream.resume();
  });
}

/** Prints the closing line and ends the process with it. */
export function finish({ passed, failed, skipped = 0 }) {
  console.log(`${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

// A describe block and the entry of a whole file are not tests.
function isContainer(data) {
  return data.details.type === 'suite' || data.name === data.file || data.name.endsWith('.test.mjs');
}
