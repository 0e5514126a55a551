// The usage snippets as they are given, against a server that stalls, drips, refuses and fails.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { emit, stripTypes } from '../lib/emit.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';

let url;
let open = 0;
let most = 0;
const server = createServer((request, response) => {
  open += 1;
  most = Math.max(most, open);
  response.on('close', () => (open -= 1));
  const json = { 'content-type': 'application/json' };
  if (request.url === '/stall') response.writeHead(200, json).write('{');
  else if (request.url === '/drip') {
    response.writeHead(200, json).write('{');
    setTimeout(() => response.end('"ok":true}'), 40);
  } else if (request.url === '/429') response.writeHead(429, { ...json, 'retry-after': '1' }).end('{"busy":true}');
  else response.writeHead(Number(request.url.slice(1)), json).end('{"status":true}');
});
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String(server.address().port)}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** The usage beside its source, with the address replaced and nothing else. */
async function usageOf(tool, args, path) {
  const { files, usage } = emit(tool, args);
  const folder = temporaryFolder('field-usage');
  const source = files.find(({ role }) => role === 'source');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, source.path.replace(/ts$/u, 'js')), stripTypes(source.content));
  const address = /https:\/\/[^']+/u.exec(usage)[0];
  const own = usage.replaceAll(address, `${url}${path}`).replaceAll(/(from '\.\/[^']+)\.ts'/gu, "$1.js'");
  writeFileSync(join(folder, 'usage.js'), stripTypes(own));
  return import(pathToFileURL(join(folder, 'usage.js')).href);
}
const operations = { read: 2_000 };
const short = { read: 150 };

for (const [tool, args, entries] of [
  ['generate_timeout_config', { operations }, ['withTimeout']],
  ['generate_timeout_config', { operations, withFetch: true }, ['withTimeout', 'timeoutFetch']],
  ['generate_bulkhead', { partitions: { orders: 2 } }, ['withBulkhead']],
]) {
  test(`${tool} ${JSON.stringify(args)}: each entry function shows how it is called, the last as the usage does`, () => {
    const { files, usage } = emit(tool, args);
    const source = files[0].content;
    const examples = [...source.matchAll(/ \* @example\n \* ```ts\n([\s\S]*?) \* ```\n \*\/\nexport (?:async )?function (\w+)/gu)];
    assert.deepEqual(
      examples.map(([, , name]) => name),
      entries,
    );
    const shown = examples
      .at(-1)[1]
      .replaceAll(/^ \* ?/gmu, '')
      .trimEnd();
    assert.equal(shown, usage);
  });
}

test('withTimeout: a body that stalls ends with the limit', async () => {
  const { load } = await usageOf('generate_timeout_config', { operations: short }, '/stall');
  await assert.rejects(load(), { code: 'TIMEOUT', operation: 'read', timeoutMs: 150 });
});

test('withTimeout: the body is there when the call is over', async () => {
  const { load } = await usageOf('generate_timeout_config', { operations }, '/drip');
  assert.deepEqual(await load(), { ok: true });
});

test('timeoutFetch: a body that stalls ends with the limit', async () => {
  const { load } = await usageOf('generate_timeout_config', { operations: short, withFetch: true }, '/stall');
  const response = await load();
  await assert.rejects(response.text(), { code: 'TIMEOUT' });
});

test('timeoutFetch: status, Retry-After and body arrive as fetch gives them', async () => {
  for (const [path, status] of [
    ['/429', 429],
    ['/404', 404],
    ['/503', 503],
  ]) {
    const { load } = await usageOf('generate_timeout_config', { operations, withFetch: true }, path);
    const response = await load();
    assert.equal(response.status, status);
    assert.equal(response.headers.get('retry-after'), status === 429 ? '1' : null);
    assert.ok(await response.json());
  }
});

test('withBulkhead: the service never has more answers in progress than there are slots', async () => {
  const { load } = await usageOf('generate_bulkhead', { partitions: { orders: 2 }, maxWaitMs: 60_000 }, '/drip');
  most = 0;
  const bodies = await Promise.all(Array.from({ length: 8 }, async () => (await load()).json()));
  assert.deepEqual(bodies[7], { ok: true });
  assert.equal(most, 2);
});

test('a caller that leaves ends the body, in each of them', async () => {
  for (const [tool, args] of [
    ['generate_timeout_config', { operations }],
    ['generate_timeout_config', { operations, withFetch: true }],
    ['generate_bulkhead', { partitions: { orders: 2 } }],
  ]) {
    const { load } = await usageOf(tool, args, '/stall');
    const caller = new AbortController();
    const text = load(caller.signal).then((response) => response.text());
    setTimeout(() => caller.abort(new Error('left')), 50);
    await assert.rejects(text);
    while (open > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
