// Draws docs/plots/*.svg: what the page draws for the tools' own defaults, and the storm of docs/STACK.md, by running what the program
// emits.
//
//   node scripts/plots.mjs [PROGRAM]            writes them; the program is the Release build unless it is given
//   node scripts/plots.mjs --check [PROGRAM]    writes nothing; exit code 1 when one of them is not what it would write
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programUnderTest } from '../tests/shared/program.mjs';
import { knobsOf, simulate, worldOf, wrap } from '../web/src/simulate/index.js';
import { svgOf } from '../web/src/simulate/svg.js';

const { transform } = createRequire(new URL('../web/package.json', import.meta.url))('sucrase');
const folder = fileURLToPath(new URL('../docs/plots/', import.meta.url));

const TOOLS = [
  ['circuit-breaker', 'generate_circuit_breaker', {}, 'A circuit breaker over an outage'],
  ['retry', 'generate_retry_policy', {}, 'Retries over a time of trouble'],
  ['rate-limiter', 'generate_rate_limiting', { store: 'memory', framework: 'fetch' }, 'A rate limiter under changing traffic'],
  [
    'timeouts',
    'generate_timeout_config',
    { operations: [{ name: 'orders.get', timeoutMs: 2000 }] },
    'A time-out and the latencies it meets',
  ],
  ['bulkhead', 'generate_bulkhead', { partitions: [{ name: 'orders', maxConcurrent: 20 }] }, 'Slots and queue in a slow spell'],
];

const STORM = {
  circuitBreaker: { failureThreshold: 10, recoveryTimeMs: 5000 },
  retryPolicy: { maxRetries: 3 },
  timeoutConfig: { operations: { 'orders.get': 1000 } },
  bulkhead: { partitions: { orders: 8 }, maxQueue: 8, maxWaitMs: 200 },
  stack: {},
};

const given = process.argv.slice(2);
const { command, args } = given.find((each) => !each.startsWith('--')) ? { command: given.at(-1), args: [] } : programUnderTest();
const run = (more, options = {}) =>
  execFileSync(command, [...args, ...more], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], ...options });

const { properties: sections } = JSON.parse(run(['stack', '--schema']));

async function plotOf(tool, own, title) {
  const section = tool.replace('generate_', '').replaceAll(/_(\w)/gu, (_, letter) => letter.toUpperCase());
  const defaults = Object.entries(sections[section].properties).filter(([, property]) => property.default !== undefined);
  const all = { ...Object.fromEntries(defaults.map(([name, property]) => [name, property.default])), ...own };
  const { files } = JSON.parse(run(['call', tool, JSON.stringify(own), '--json']));
  const factories = Object.fromEntries(
    files.map(({ path, content }) => {
      const { code } = transform(content, { transforms: ['typescript', 'imports'], disableESTransforms: true });
      return [path, new Function(`return ${wrap(code)}`)()];
    }),
  );
  const result = await simulate(tool, factories, all, worldOf(knobsOf(tool, all), {}));
  return svgOf(result, title);
}

/** The storm by the command that the documents name. */
function storm() {
  const cwd = mkdtempSync(join(tmpdir(), 'plots-'));
  try {
    writeFileSync(join(cwd, 'resilience.json'), JSON.stringify(STORM));
    run(['simulate', '--scenario', 'brown-out', '--svg', 'storm.svg'], { cwd });
    return readFileSync(join(cwd, 'storm.svg'), 'utf8');
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

const plots = [['storm', storm()]];
for (const [name, tool, own, title] of TOOLS) plots.push([name, await plotOf(tool, own, title)]);
mkdirSync(folder, { recursive: true });
for (const [name, svg] of plots) {
  const path = join(folder, `${name}.svg`);
  if (!given.includes('--check')) {
    writeFileSync(path, svg);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== svg) {
    console.error(`docs/plots/${name}.svg is not what the emitted code does now; run node scripts/plots.mjs.`);
    process.exitCode = 1;
  }
}
