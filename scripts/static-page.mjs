// Writes the page as one HTML file that needs no server: its schemas, and the code for the defaults of each tool and for one argument
// changed at a time, are in the document. It works from a disk or any static host, and asks nobody for anything.
//
//   node scripts/static-page.mjs PROGRAM FILE    PROGRAM is split at spaces
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { serve } from '../tests/shared/processes.mjs';

const EXAMPLES = {
  generate_timeout_config: {
    operations: [
      { name: 'orders.get', timeoutMs: 2000 },
      { name: 'payments.charge', timeoutMs: 5000 },
    ],
  },
  generate_bulkhead: {
    partitions: [
      { name: 'orders', maxConcurrent: 20 },
      { name: 'payments', maxConcurrent: 10 },
    ],
  },
};
const MANIFEST = {
  circuitBreaker: { failureThreshold: 10, recoveryTimeMs: 1000 },
  retryPolicy: { maxRetries: 3 },
  timeoutConfig: { operations: [{ name: 'orders.get', timeoutMs: 1000 }] },
  bulkhead: { partitions: [{ name: 'orders', maxConcurrent: 8 }], maxQueue: 8, maxWaitMs: 200 },
  stack: {},
};

const [program = '', file] = process.argv.slice(2);
const [command, ...before] = program.split(' ');
const server = await serve(command, [...before, 'serve', '--transport', 'http']);
const get = async (path, accept) => (await fetch(`${server.url}/${path}`, { headers: { accept } })).text();
const post = async (path, body) => {
  const response = await fetch(`${server.url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  return response.ok ? response.json() : undefined;
};

/** The values of one argument that are carried: every choice, and numbers around the default. */
function valuesOf({ type, enum: choices, default: usual, minimum = 0, maximum = Infinity }) {
  if (choices !== undefined) return choices;
  if (type === 'boolean') return [true, false];
  if (type !== 'integer') return [];
  const around =
    usual === undefined || usual === 0
      ? [1000, 5000, 30_000]
      : [0.2, 0.4, 0.6, 0.8, 1.2, 1.4, 2, 3, 4, 6, 10].map((factor) => Math.round(usual * factor));
  return [...new Set(around)].filter((value) => value >= minimum && value <= maximum);
}

// Files are runs of lines that are in a table: most of a file stands there already, from the answer before.
const lines = [];
const places = new Map();
function runsOf(content) {
  const text = content.split('\n');
  const runs = [];
  const lengthAt = (place, from) => {
    let length = 0;
    while (from + length < text.length && lines[place + length] === text[from + length]) length += 1;
    return length;
  };
  for (let at = 0; at < text.length;) {
    const found = (places.get(text[at]) ?? []).map((place) => [place, lengthAt(place, at)]);
    const [place, length] = found.reduce((best, each) => (each[1] > best[1] ? each : best), [-1, 0]);
    // A line alone is sooner said again than pointed to, where the lines around it are new as well.
    if (length > 1 || (length === 1 && text[at].length > 12)) {
      runs.push(place, length);
      at += length;
      continue;
    }
    places.set(text[at], [...(places.get(text[at]) ?? []).slice(-200), lines.length]);
    if (runs.at(-2) + runs.at(-1) === lines.length) runs[runs.length - 1] += 1;
    else runs.push(lines.length, 1);
    lines.push(text[at]);
    at += 1;
  }
  return runs;
}

const answers = [];
const carry = (tool, args, answer) => {
  if (answer === undefined) return;
  const { files, usage, notes, warnings, command } = answer;
  answers.push({
    tool,
    args,
    emission: { usage, notes, warnings, command },
    files: files.map(({ path, role, content }) => ({ path, role, runs: runsOf(content) })),
  });
};

const html = await get('', 'text/html');
const { tools } = JSON.parse(await get('v1/tools', 'application/json'));
const { properties: sections } = JSON.parse(await get('v1/stack', 'application/schema+json'));
const shown = tools.map((tool) => {
  const section = sections[tool.name.replace('generate_', '').replaceAll(/_(\w)/gu, (_, letter) => letter.toUpperCase())];
  const properties = Object.entries(section.properties).map(([name, { anyOf: [form] = [], ...rest }]) => [name, { ...form, ...rest }]);
  const { name, title, description } = tool;
  return { name, title, description, inputSchema: { ...section, properties: Object.fromEntries(properties) } };
});
for (const { name: tool, inputSchema } of shown) {
  const base = EXAMPLES[tool] ?? {};
  const sets = [base];
  for (const [name, property] of Object.entries(inputSchema.properties)) {
    for (const value of valuesOf(property)) if (value !== property.default) sets.push({ ...base, [name]: value });
  }
  const known = new Set();
  const add = async (args) => {
    const slim = Object.fromEntries(Object.entries(args).filter(([name, value]) => inputSchema.properties[name]?.default !== value));
    const key = JSON.stringify(Object.entries(slim).sort());
    if (known.has(key)) return;
    known.add(key);
    carry(tool, slim, await post('v1/tools/call', { tool, args: slim }));
  };
  for (const args of sets) {
    await add(args);
    if (tool === 'generate_rate_limiting') {
      // What the page runs: the same limit, kept in memory.
      const { redisClient: _client, onStoreError: _policy, storeTimeoutMs: _limit, withTests: _tests, ...kept } = args;
      await add({ ...kept, runtime: 'node', store: 'memory', framework: 'fetch' });
    }
  }
}
carry('stack', MANIFEST, await post('v1/stack', MANIFEST));
await server.stop();

const [, script] = /<script type="module">(.*?)<\/script>/su.exec(html);
const [, style] = /<style>(.*?)<\/style>/su.exec(html);
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const policy = `default-src 'none'; script-src ${hash(script)} 'strict-dynamic'; style-src ${hash(style)}; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
const data = JSON.stringify({ tools: shown, lines, answers }).replaceAll('<', '\\u003c');
writeFileSync(
  file,
  html
    .replace('<head>', () => `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`)
    .replace('<div id="app">', () => `<script type="application/json" id="crowvault-carried">${data}</script>\n    <div id="app">`),
);
console.log(`${file}: ${String(answers.length)} answers, ${String(data.length)} bytes of data`);
