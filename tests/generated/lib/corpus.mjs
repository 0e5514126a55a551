// What the built program emits, for the compilers, linters and runtimes: read from its own schemas, nothing is listed by hand.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { all, count, covering } from './combinations.mjs';
import { randomOf } from './random.mjs';
import { call, serverCommand, tools, workspace } from './server.mjs';

export const mode = process.env.CROWVAULT_PROOF ?? 'default';

const samples = {
  operations: { 'users.get': 800, 'orders.create': 2500, search_all: 1200, constructorOf: 1 },
  partitions: { payments: 20, 'search-index': 10, users_db: 5 },
  limits: [
    { name: 'day', requests: 1000, seconds: 86400 },
    { name: 'per.month-of-30-days', requests: 1_000_000_000, seconds: 2_592_000 },
  ],
};

// What changes no line of the source; suites of their own try it.
const style = new Set(['withCode', 'testRunner', 'importExtension']);

/**
 * The values by which one argument changes the shape of the code. An integer from 0 is a switch (0 = off), an optional argument without
 * default another; `undefined` means omitted.
 */
export function domainsOf(tool) {
  const domains = {};
  const required = new Set(tool.inputSchema.required ?? []);
  for (const [name, schema] of Object.entries(tool.inputSchema.properties)) {
    if (style.has(name)) continue;
    if (schema.type === 'boolean') domains[name] = [false, true];
    // The default stands for itself when it is omitted; given, it may be refused beside what has no use for it.
    else if (schema.enum) domains[name] = [undefined, ...schema.enum.filter((each) => each !== schema.default)];
    else if (schema.type === 'integer' && schema.minimum === 0)
      domains[name] = [0, Math.min(schema.maximum, Math.max(1, 2 * (schema.default ?? 500)))];
    else if (schema.type === 'integer' && schema.default === undefined && !required.has(name))
      domains[name] = [undefined, Math.min(schema.maximum, 1000)];
    else if (schema.items?.type === 'object' && !required.has(name)) domains[name] = [undefined, samples[name]];
  }
  return domains;
}

/** Arguments that must be there, with values that make sense. */
export function requiredOf(tool) {
  return Object.fromEntries(
    (tool.inputSchema.required ?? []).map((name) => {
      if (samples[name] === undefined) throw new Error(`${tool.name}: no sample for the required argument ${name}`);
      return [name, samples[name]];
    }),
  );
}

const clean = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

/** Random calls: every argument may be there, with a value at or between its bounds. */
export function randomCalls(tool, amount, seed) {
  const random = randomOf(seed);
  const base = requiredOf(tool);
  return Array.from({ length: amount }, () => {
    const args = { ...base };
    for (const [name, schema] of Object.entries(tool.inputSchema.properties)) {
      if (style.has(name) || name in base || random.next() < 0.5) continue;
      if (schema.type === 'boolean') args[name] = random.next() < 0.5;
      else if (schema.enum) args[name] = random.pick(schema.enum);
      else if (schema.type === 'integer') {
        const { minimum, maximum } = schema;
        args[name] = random.pick([
          minimum,
          maximum,
          schema.default ?? minimum,
          random.between(minimum, Math.min(maximum, minimum + 100000)),
        ]);
      } else if (schema.type === 'array') {
        const chosen = new Set(Array.from({ length: random.between(1, 5) }, () => random.between(400, 599)));
        args[name] = [...chosen];
      }
    }
    return args;
  });
}

/**
 * Combinations of one tool: all of them where there are fewer than `limit`, else as many as show every pair of values that the tool accepts;
 * in full, every pair on every runtime, with and without tests. Then random calls with numbers at and between their bounds.
 */
async function callsOf(tool, level = mode) {
  const domains = domainsOf(tool);
  const base = requiredOf(tool);
  const limit = { quick: 0, default: 200, full: 2_000 }[level];
  const rowOf = (row) => ({ ...base, ...clean(row) });
  const candidates = count(domains) <= 4_000 || level === 'full' ? [...all(domains)] : some(domains, 4_000, 7);
  const rows = count(domains) < limit ? candidates : chosen(await accepted(tool.name, candidates, rowOf), level);
  return [{ ...base }, ...rows.map(rowOf), ...randomCalls(tool, { quick: 10, default: 60, full: 400 }[level], 11)];
}

function chosen(rows, level) {
  if (level !== 'full') return covering(rows);
  const groups = new Map();
  for (const row of rows) {
    const key = `${String(row.runtime)} ${String(row.withTests)}`;
    if (groups.has(key)) groups.get(key).push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].flatMap(covering);
}

function some(domains, amount, seed) {
  const random = randomOf(seed);
  return Array.from({ length: amount }, () =>
    Object.fromEntries(Object.entries(domains).map(([name, values]) => [name, random.pick(values)])),
  );
}

async function accepted(tool, rows, rowOf) {
  const found = [];
  for (let start = 0; start < rows.length; start += 100) {
    const batch = rows.slice(start, start + 100);
    const answers = await Promise.all(batch.map((row) => call(tool, rowOf(row))));
    found.push(...batch.filter((_, index) => !answers[index].isError));
  }
  return found;
}

/** Everything after the header comment's blank line. */
export function bodyOf(content) {
  const end = content.indexOf('*/\n\n');
  return end < 0 ? content : content.slice(end + 4);
}

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');

// Made once per run and shared by the suites; a new build of the server makes it stale.
function isFresh() {
  if (!existsSync(file)) return false;
  const { command, args } = serverCommand();
  const parts = [command, ...args, join(dirname(command), 'CrowVault.Emitters.dll'), import.meta.filename].filter(
    (each) => each && existsSync(each),
  );
  return parts.every((each) => statSync(each).mtimeMs < statSync(file).mtimeMs);
}

const file = join(workspace, '.emitted', `corpus-${mode}.json`);

/** `{ emitted: [{ tool, args, result }], refused: [{ tool, args, message }] }`, made once per run. */
export async function corpus() {
  if (isFresh()) return JSON.parse(readFileSync(file, 'utf8'));
  const emitted = [];
  const refused = [];
  for (const tool of await tools()) {
    const calls = await callsOf(tool);
    for (let start = 0; start < calls.length; start += 50) {
      const batch = calls.slice(start, start + 50);
      const answers = await Promise.all(batch.map((args) => call(tool.name, args)));
      answers.forEach((answer, index) => {
        const entry = { tool: tool.name, args: batch[index] };
        if (answer.isError) refused.push({ ...entry, message: answer.content[0].text });
        else emitted.push({ ...entry, result: answer.structuredContent });
      });
    }
  }
  const result = { emitted, refused };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(result));
  return result;
}

/**
 * The corpus on disk, each different text once: `[{ folder, tool, args, runtimes, source, test?, usage, imports }]`. Two files differ when
 * their text after the header differs; `runtimes` are all those for which the text was emitted. `shapeIsNew` tells whether a source differs
 * from those before it by more than its figures.
 */
export async function units() {
  const { emitted } = await corpus();
  const seen = new Map();
  const found = [];
  // Calls with tests first: a source that stands beside its test needs no folder of its own.
  const withTest = (each) => (each.result.files.some((one) => one.role === 'test') ? 0 : 1);
  for (const { tool, args, result } of [...emitted].sort((a, b) => withTest(a) - withTest(b))) {
    const source = result.files.find((each) => each.role === 'source');
    const test = result.files.find((each) => each.role === 'test');
    const sourceKey = sha256(tool + bodyOf(source.content));
    const key = test ? sha256(sourceKey + bodyOf(test.content)) : sourceKey;
    const runtime = args.runtime ?? 'node';
    if (seen.has(key)) {
      seen.get(key).add(runtime);
      continue;
    }
    const sourceIsNew = !seen.has(sourceKey);
    const runtimes = new Set([runtime]);
    seen.set(key, runtimes);
    if (sourceIsNew) seen.set(sourceKey, new Set());
    const shapeKey = sha256(tool + bodyOf(source.content).replace(/[\d_]+/gu, '0'));
    const shapeIsNew = !seen.has(shapeKey);
    if (shapeIsNew) seen.set(shapeKey, new Set());
    const folder = join(workspace, '.emitted', 'corpus', `${tool.replace('generate_', '')}-${key.slice(0, 12)}`);
    mkdirSync(folder, { recursive: true });
    const place = (name, text) => {
      const path = join(folder, name);
      // Another suite may be reading it.
      if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
      return path;
    };
    found.push({
      folder,
      tool,
      args,
      sourceIsNew,
      shapeIsNew,
      runtimes,
      source: place(source.path, source.content),
      test: test && place(test.path, test.content),
      usage: sourceIsNew ? place('usage.ts', result.usage) : undefined,
      imports: [...source.content.matchAll(/^(?:import|export) .* from '([^']+)';$/gmu)].map((match) => match[1]),
    });
  }
  return found;
}

/** Which platform's declarations a test file needs. */
export const testPlatform = { node: 'node', deno: 'deno', bun: 'bun', workers: 'vitest', browser: 'vitest' };
