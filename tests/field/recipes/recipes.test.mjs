// The recipes of the site as a reader takes them: their files, their code, a compiler, and services that fail.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { recipes } from '../../../site/recipes.mjs';
import { startRedis } from '../../generated/lib/redis.mjs';
import { repository } from '../../shared/program.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { emit, stripTypes } from '../lib/emit.mjs';

const peers = join(repository, 'tests/generated/node_modules');

/** A project with what the commands of a recipe write, and its code; `change` is what a test has to put in another place. */
function projectOf(name, change = (code) => code) {
  const { calls, file, code } = recipes.find((each) => each.name === name);
  const folder = temporaryFolder('field-recipe');
  symlinkSync(peers, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    const javascript = stripTypes(change(text)).replaceAll(/(from '\.[^']+)\.ts'/gu, "$1.js'");
    writeFileSync(join(folder, path.replace(/ts$/u, 'js')), javascript);
  };
  for (const { tool, args } of calls) for (const { path, content } of emit(tool, args).files) write(`src/resilience/${path}`, content);
  write(file, `${code}\n`);
  return { folder, file: join(folder, file), load: () => import(pathToFileURL(join(folder, file.replace(/ts$/u, 'js'))).href) };
}

/** A service on loopback, until the test ends. */
async function serve(context, listener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String(server.address().port)}`;
}

const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

test('The code of each compiles beside its files under the strictest settings', () => {
  const options = {
    ...{ strict: true, noEmit: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', lib: ['es2022'], types: ['node'] },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true },
    ...{ noUnusedLocals: true, noUnusedParameters: true, verbatimModuleSyntax: true, allowImportingTsExtensions: true },
    ...{ skipLibCheck: true, esModuleInterop: true, typeRoots: [join(peers, '@types')] },
  };
  const folder = temporaryFolder('field-recipes');
  const files = recipes.map(({ name }) => projectOf(name).file);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  const { status, stdout } = spawnSync(process.execPath, [join(peers, 'typescript/lib/tsc.js'), '-p', folder], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('login: an address and a name have their limits, and a name that does not exist has one too', async (context) => {
  const redis = await startRedis();
  context.after(() => redis.stop());
  const clients = [];
  process.env.REDIS_URL = redis.url;
  const { Redis } = createRequire(join(peers, 'x.js'))('ioredis');
  const { connect } = Redis.prototype;
  context.mock.method(Redis.prototype, 'connect', function (...given) {
    clients.push(this);
    return connect.apply(this, given);
  });
  context.after(() => clients.forEach((each) => each.disconnect()));
  // A busy machine is no outage.
  const { app } = await projectOf('login', (text) => text.replace('storeTimeoutMs = 100', 'storeTimeoutMs = 30_000')).load();
  const origin = await serve(context, app);
  const attempt = async (address, user) => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
    const response = await fetch(`${origin}/login`, { method: 'POST', headers, body: JSON.stringify({ user, password: 'x' }) });
    await response.text();
    return response.status;
  };

  const fromOne = [];
  for (let i = 0; i < 12; i++) fromOne.push(await attempt('192.0.2.1', `user-${String(i)}`));
  assert.deepEqual(fromOne, [...Array(10).fill(401), 429, 429]);
  const ofOne = [];
  for (let i = 0; i < 22; i++) ofOne.push(await attempt(`198.51.100.${String(i)}`, i % 2 ? 'Nobody ' : 'nobody'));
  assert.deepEqual(ofOne, [...Array(20).fill(401), 429, 429]);
  assert.equal(await attempt('203.0.113.1', 'somebody'), 401);
  assert.equal(clients.length, 1);
});

test('llm-api: a POST is tried again, and never more than eight are there at once', async (context) => {
  let [now, most, asked] = [0, 0, 0];
  const refused = new Set();
  const origin = await serve(context, async (request, response) => {
    now += 1;
    asked += 1;
    most = Math.max(most, now);
    const { n } = JSON.parse(await bodyOf(request));
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
    if (refused.has(n)) return response.writeHead(200).end(`"${request.method} ${String(n)}"`);
    refused.add(n);
    return response.writeHead(429, { 'retry-after': '0' }).end('{"error":"busy"}');
  });
  context.mock.method(Math, 'random', () => 0); // No wait between attempts.
  const { complete } = await projectOf('llm-api', (code) => code.replace('https://llm.example', origin)).load();

  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => complete({ n })));
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body]),
    answers.map((_, n) => [200, `"POST ${String(n)}"`]),
  );
  assert.equal(asked, 60);
  assert.ok(most <= 8, String(most));
});

test('webhook: what failed is delivered again with its id, and a receiver that is down takes no retries from another', async (context) => {
  const seen = [];
  const up = await serve(context, async (request, response) => {
    seen.push([request.headers['webhook-id'], await bodyOf(request)]);
    response.writeHead(seen.length % 3 === 0 ? 204 : 500).end();
  });
  let calls = 0;
  const down = await serve(context, (_, response) => {
    calls += 1;
    response.writeHead(503).end('no');
  });
  context.mock.method(Math, 'random', () => 0);
  const { deliver } = await projectOf('webhook').load();

  const lost = [];
  for (let i = 0; i < 200; i++) lost.push(await deliver(new URL(down), `lost-${String(i)}`, {}).catch(({ code }) => code));
  assert.equal(lost[0], 503);
  assert.equal(lost.at(-1), 'CIRCUIT_OPEN');
  assert.equal(calls, 10);
  for (const id of ['a', 'b']) assert.equal(await deliver(new URL(up), id, { id }), 204);
  assert.deepEqual(
    seen,
    ['a', 'a', 'a', 'b', 'b', 'b'].map((id) => [id, JSON.stringify({ id })]),
  );
});

test('database-pool: reports take nothing from pages, and a slot is taken as long as its connection is', async () => {
  const { query } = await projectOf('database-pool').load();
  const open = [];
  const hangs = () => new Promise((resolve) => open.push(resolve));
  const caller = new AbortController();
  const reports = Array.from({ length: 4 }, () => query('reports', 'report.query', hangs, caller.signal).catch(({ name }) => name));
  const waits = query('reports', 'report.query', () => Promise.resolve('late'));
  assert.equal(await query('pages', 'page.query', (ms) => Promise.resolve(ms)), 1000);
  assert.equal(open.length, 4);

  caller.abort();
  assert.deepEqual(await Promise.all(reports), Array(4).fill('AbortError'));
  assert.equal(await Promise.race([waits, Promise.resolve('still waiting')]), 'still waiting');
  open[0]();
  assert.equal(await waits, 'late');
  open.forEach((end) => end());
});
