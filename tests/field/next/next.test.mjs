// Next as it is: built by its own tools, started, and driven while the service behind it hangs, fails and recovers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { succeed } from '../../shared/processes.mjs';
import { programUnderTest } from '../../shared/program.mjs';

const isFull = process.env.CROWVAULT_PROOF === 'full';
const home = join(import.meta.dirname, '.emitted', String(process.pid));
const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));

/** What the service behind has been asked, and what became of it. */
const seen = [];
const routes = {
  ok: (response) => response.end('fine'),
  gone: (response) => response.writeHead(404).end(),
  moved: (response) => response.end('there'),
  packed: (response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/x-own' }).end(gzipSync('fine')),
  busy: (response) => response.writeHead(503).end('busy'),
  hang: (response) => response.once('close', () => seen.push('left')),
  async drip(response) {
    for (const part of ['a', 'b', 'c']) {
      response.write(part);
      await wait(20);
    }
    response.end();
  },
  async upload(response, request) {
    let length = 0;
    for await (const chunk of request) length += chunk.length;
    response.end(`${request.method} ${request.headers['content-type']} ${String(length)}`);
  },
};
const service = createServer((request, response) => {
  const route = request.url.slice(1);
  seen.push(route);
  void routes[route](response, request);
});

before(async () => {
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  env.UPSTREAM = `http://127.0.0.1:${String(service.address().port)}`;
  cpSync(join(import.meta.dirname, 'project'), home, { recursive: true });
  const { command, args } = programUnderTest();
  await succeed(command, [...args, 'stack', '-o', 'resilience'], { cwd: home });
});

after(() => {
  service.closeAllConnections();
  service.close();
});

/** Runs `next COMMAND` as a server; resolves with `{ url, output, stop }` once it is ready. */
async function started(command) {
  const child = spawn(process.execPath, [next, command, '-p', '0', '-H', '127.0.0.1'], {
    cwd: home,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close');
  let output = '';
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        const url = /(http:\/\/127\.0\.0\.1:\d+)/u.exec(output)?.[1];
        if (url !== undefined && output.includes('Ready')) resolve(url);
      });
    }
    child.once('close', (code) => reject(new Error(`next ${command} ended with ${String(code)}:\n${output}`)));
  });
  const url = await ready;
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    process.removeListener('exit', kill);
  };
  return { url, output: () => output, stop };
}

async function drive({ url, output }, { isBuilt }) {
  const ask = async (path, init) => {
    const answer = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };
  let client = 0;
  /** As a client of its own, since the limiter of the routes lets three requests of each through. */
  const alone = (path) => ask(path, { headers: { 'x-api-key': String(++client) } });
  const recovered = async (path) => {
    for (let tries = 0; (await alone(path)).status === 503 && tries < 100; tries++) await wait(100);
    const { status, body } = await alone(path);
    assert.deepEqual([status, body], [200, 'fine'], path);
  };
  const refused = (answer, status, code) => {
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [status, 'application/problem+json'], answer.body);
    assert.equal(JSON.parse(answer.body).code, code);
    assert.equal(answer.headers.has('retry-after'), status === 503);
  };

  for (const [where, path] of Object.entries({
    node: (id) => `/node/${id}`,
    edge: (id) => `/edge/${id}`,
    proxy: (id) => `/?proxy=${id}`,
  })) {
    assert.equal((await alone(path('ok'))).body, 'fine', where);
    assert.equal((await alone(path('gone'))).status, 404, where);
    assert.equal((await alone(path('drip'))).body, 'abc', where);
    assert.equal((await alone(path('packed'))).body, 'fine', where);

    // Two attempts fail, which opens the circuit.
    seen.length = 0;
    const busy = await alone(path('busy'));
    assert.deepEqual([busy.status, busy.body, ...seen], [503, 'busy', 'busy', 'busy'], where);
    seen.length = 0;
    refused(await alone(path('ok')), 503, 'CIRCUIT_OPEN');
    assert.deepEqual(seen, [], where);
    await recovered(path('ok'));

    refused(await alone(path('hang')), 504, 'TIMEOUT');
    refused(await alone(path('ok')), 503, 'CIRCUIT_OPEN');
    await recovered(path('ok'));

    // A client that leaves ends the call, which counts against nobody and is no error of the server.
    seen.length = 0;
    const caller = new AbortController();
    const leaving = fetch(`${url}${path('hang')}`, { signal: caller.signal }).catch((error) => error);
    while (!seen.includes('hang')) await wait(5);
    caller.abort();
    assert.equal((await leaving).name, 'AbortError');
    while (!seen.includes('left')) await wait(5);
    assert.equal((await alone(path('ok'))).body, 'fine', where);
  }
  assert.doesNotMatch(output(), /ResponseAborted|Edge Runtime\.|AbortError/u);

  const statuses = [];
  for (let n = 0; n < 4; n++) statuses.push((await ask('/node/ok', { headers: { 'x-api-key': 'one' } })).status);
  assert.deepEqual(statuses, [200, 200, 200, 429]);

  const type = 'application/x-own';
  const upload = await ask('/upload', { method: 'PUT', body: 'x'.repeat(200_000), headers: { 'content-type': type } });
  assert.equal(upload.body, `PUT ${type} 200000`);

  // What Next throws to leave a page is no failure of the service, and is not repeated.
  for (const [id, status] of [
    ['gone', 404],
    ['gone', 404],
    ['moved', 307],
    ['moved', 307],
  ]) {
    seen.length = 0;
    assert.equal((await ask(`/page/${id}`)).status, status);
    // While it is developed, Next makes a page more than once.
    if (isBuilt) assert.deepEqual(seen, [id]);
  }
  assert.match((await ask('/page/ok')).body, /fine, circuit CLOSED/u);
}

const build = async (...args) => {
  await succeed(process.execPath, [next, 'build', ...args], { cwd: home, env, timeout: 600_000 });
  return started('start');
};

for (const [name, { run, isBuilt, skip }] of Object.entries({
  'next build and next start': { run: () => build(), isBuilt: true, skip: false },
  'the same, by webpack': { run: () => build('--webpack'), isBuilt: true, skip: !isFull && 'left to the full run' },
  'next dev': { run: () => started('dev'), isBuilt: false, skip: !isFull && 'left to the full run' },
})) {
  test(`${name}: refusals, limits, streams, uploads, and clients that leave, on Node, edge and as a proxy`, { skip }, async () => {
    const server = await run();
    try {
      await drive(server, { isBuilt });
    } finally {
      await server.stop();
    }
  });
}
