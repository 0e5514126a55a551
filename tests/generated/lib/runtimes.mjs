// Each runtime with its own test runner: `run(files)` gives { passed, failed, output }.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { existsSync } from 'node:fs';
import { binary } from './binaries.mjs';
import { run } from './compile.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { workspace } from './server.mjs';

const replay = { CROWVAULT_REPLAY: '1', NO_COLOR: '1' };
const number = (text, pattern) => [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
const here = (file) => relative(workspace, file);

async function nodeTest(node, files, flags = []) {
  const { output, errors } = await run(node, [...flags, '--test', '--test-reporter=tap', ...files.map(here)], workspace, replay);
  return {
    passed: number(output, /^# pass (\d+)$/gmu),
    failed: number(output, /^# (?:fail|cancelled) (\d+)$/gmu),
    output: faultsOf(output) + errors,
  };
}

// Of a TAP report only what failed, each with its details.
function faultsOf(tap) {
  return (tap.match(/^ *not ok .*\n(?: +.*\n)*/gmu) ?? []).join('');
}

async function denoTest(deno, files, flags) {
  const { output, errors, code } = await run(deno, ['test', '-A', '--no-lock', '--quiet', ...flags, ...files.map(here)], workspace, replay);
  const failed = number(output, /\| (\d+) failed/gu);
  return { passed: number(output, /\b(\d+) passed/gu), failed: failed || (code === 0 ? 0 : 1), output: output + errors };
}

async function bunTest(bun, files) {
  const { output, errors, code } = await run(
    bun,
    ['test', '--timeout', '120000', ...files.map((file) => `./${here(file)}`)],
    workspace,
    replay,
  );
  const text = output + errors;
  const failed = number(text, /^ *(\d+) fail$/gmu);
  return { passed: number(text, /^ *(\d+) pass$/gmu), failed: failed || (code === 0 ? 0 : 1), output: text };
}

async function vitest(config, files) {
  const report = join(temporaryFolder('vitest'), 'report.json');
  const { output, errors } = await run(
    binary('node24') ?? process.execPath,
    [join(workspace, 'node_modules/vitest/vitest.mjs'), 'run', '--config', `runtimes/${config}.config.mjs`],
    workspace,
    { CROWVAULT_INCLUDE: files.map(here).join(','), CROWVAULT_REPORT: report },
  );
  if (!existsSync(report)) return { passed: 0, failed: 1, output: output + errors };
  const json = JSON.parse(readFileSync(report, 'utf8'));
  const broken = json.testResults.filter((each) => each.status === 'failed');
  const lines = broken.flatMap((file) => [
    `${file.name}: ${file.message}`,
    ...file.assertionResults
      .filter((each) => each.status === 'failed')
      .map((each) => `  ${each.fullName}: ${each.failureMessages.join('\n').slice(0, 1500)}`),
  ]);
  const missing = files.length - json.testResults.length;
  if (missing > 0) lines.push(`${String(missing)} files did not run`);
  const loadFaults = broken.filter((each) => !each.assertionResults.some((one) => one.status === 'failed')).length;
  return { passed: json.numPassedTests, failed: json.numFailedTests + loadFaults + Math.max(0, missing), output: lines.join('\n') };
}

const chromium = process.env.CROWVAULT_CHROMIUM ?? '/usr/bin/chromium';
const firstLine = async (...command) => (await run(command[0], command.slice(1), workspace)).output.split('\n')[0].trim();
const node = (name, flags = []) => ({
  name,
  runtime: 'node',
  available: () => binary(name) !== undefined,
  version: async () => `Node ${await firstLine(binary(name), '--version')}`,
  emitted: (files) => nodeTest(binary(name), files, flags),
  behaviour: (files) => nodeTest(binary(name), files),
  // Clocks and sockets are real there: one file at a time.
  behaviourOnNode: (files) => nodeTest(binary(name), files, ['--test-concurrency=1']),
});

/** `emitted` runs test files as `withTests` gave them, `behaviour` those of this workspace. */
export const runtimes = [
  node('node20', ['--import', 'tsx']), // no type stripping of its own
  node('node22'),
  node('node24'),
  {
    name: 'deno',
    runtime: 'deno',
    available: () => binary('deno') !== undefined,
    version: async () => `Deno ${(await firstLine(binary('deno'), '--version')).replace(/^deno /u, '')}`,
    emitted: (files) => denoTest(binary('deno'), files, []), // type-checks, too
    behaviour: (files) => denoTest(binary('deno'), files, ['--no-check']),
  },
  {
    name: 'bun',
    runtime: 'bun',
    available: () => binary('bun') !== undefined,
    version: async () => `Bun ${await firstLine(binary('bun'), '--version')}`,
    emitted: (files) => bunTest(binary('bun'), files),
    behaviour: (files) => bunTest(binary('bun'), files),
  },
  {
    name: 'workers',
    runtime: 'workers',
    available: () => existsSync(join(workspace, 'node_modules/workerd')),
    version: async () => firstLine(join(workspace, 'node_modules/.bin/workerd'), '--version'),
    emitted: (files) => vitest('workers', files),
    behaviour: (files) => vitest('workers', files),
  },
  {
    name: 'browser',
    runtime: 'browser',
    available: () => existsSync(chromium),
    version: async () => firstLine(chromium, '--version'),
    emitted: (files) => vitest('browser', files),
    behaviour: (files) => vitest('browser', files),
  },
];
