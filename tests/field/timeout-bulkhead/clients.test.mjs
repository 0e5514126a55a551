// Answers that nobody reads, of the clients that people use: a pool of one connection must not hang behind them.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import axios from 'axios';
import nodeFetch, { Request as NodeFetchRequest } from 'node-fetch';
import { load } from '../lib/emit.mjs';

let url;
const server = createServer((request, response) => {
  if (request.url === '/key') return response.end(request.headers['x-key']);
  if (request.url === '/small') return response.end('small');
  if (request.url === '/empty') return response.writeHead(201, { 'content-length': 0 }).end();
  if (request.url === '/none') return response.writeHead(204).end();
  response.writeHead(request.url === '/503' ? 503 : 200);
  // More than any buffer takes, so that the connection is free only when somebody reads or closes it.
  for (let i = 0; i < 200; i += 1) response.write('x'.repeat(65_536));
  return response.end();
});
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String(server.address().port)}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const get = (path, agent) =>
  new Promise((resolve, reject) => {
    httpRequest(`${url}${path}`, { agent }, resolve).on('error', reject).end();
  });
// Each answers with a body that is a stream, or fails with an error that carries one; none obeys a signal.
const clients = {
  'axios, a stream': (path, agent) => axios.get(`${url}${path}`, { httpAgent: agent, responseType: 'stream', proxy: false }),
  'axios, an error with a stream': (_, agent) => axios.get(`${url}/503`, { httpAgent: agent, responseType: 'stream', proxy: false }),
  'node-fetch': (path, agent) => nodeFetch(`${url}${path}`, { agent }),
  'node:http': get,
  'node-fetch 2, which pipes the body on': async (path, agent) => ({
    body: (await get(path, agent)).pipe(new PassThrough()).pipe(new PassThrough()),
  }),
  'an SDK of AWS': async (path, agent) => ({ Body: await get(path, agent) }),
};
const { withTimeout, timeoutFetch } = await load('generate_timeout_config', { operations: { read: 60_000 }, withFetch: true });
const { Bulkhead } = await load('generate_bulkhead', { partitions: { own: 1 } });

for (const [name, client] of Object.entries(clients)) {
  test(`${name}: late for its timeout`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let over;
    const isOver = new Promise((resolve) => (over = resolve));
    const late = async () => {
      const answer = await client('/large', agent).catch((error) => error);
      await isOver;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    await assert.rejects(withTimeout('read', late, { timeoutMs: 1 }), { code: 'TIMEOUT' });
    over();
    const next = await get('/small', agent);
    next.resume();
    assert.equal(next.statusCode, 200);
    agent.destroy();
  });

  test(`${name}: its caller has left the bulkhead`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const bulkhead = new Bulkhead('own', 1);
    const caller = new AbortController();
    const call = bulkhead.run(() => client('/large', agent), { signal: caller.signal });
    caller.abort(new Error('left'));
    await assert.rejects(call, { message: 'left' });
    const next = await bulkhead.run(() => get('/small', agent));
    next.resume();
    assert.equal(next.statusCode, 200);
    agent.destroy();
  });
}

for (const name of ['axios, a stream', 'node-fetch', 'node:http', 'an SDK of AWS']) {
  test(`${name}: the slot is held until the stream has been read`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const bulkhead = new Bulkhead('own', 1);
    const answer = await bulkhead.run(() => clients[name]('/large', agent), { holdBody: true });
    assert.equal(bulkhead.stats().active, 1);
    let bytes = 0;
    for await (const chunk of answer.data ?? answer.body ?? answer.Body ?? answer) bytes += chunk.length;
    assert.equal(bytes, 200 * 65_536);
    while (bulkhead.stats().active > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    agent.destroy();
  });
}

test('an answer without a body keeps neither slot nor timer, though nobody reads it', async () => {
  for (const path of ['/empty', '/none']) {
    for (const send of [fetch, nodeFetch]) {
      const bulkhead = new Bulkhead('own', 1);
      const answer = await bulkhead.run(() => send(`${url}${path}`), { holdBody: true });
      assert.equal(await bulkhead.run(() => 'next'), 'next');
      assert.equal(await answer.text(), '');
    }
    let ended = 0;
    await timeoutFetch('read', `${url}${path}`, {}, { onEnd: () => (ended += 1) });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, 1);
  }
});

test('timeoutFetch on node-fetch: its own Request, its own bodies', async () => {
  const options = { fetch: nodeFetch };
  const request = new NodeFetchRequest(`${url}/key`, { headers: { 'x-key': 'kept' } });
  assert.equal(await (await timeoutFetch('read', request, {}, options)).text(), 'kept');
  const cut = await timeoutFetch('read', `${url}/large`, {}, { ...options, timeoutMs: 300 });
  await assert.rejects(new Promise((_, reject) => cut.body.on('error', reject)));
  const caller = new AbortController();
  const left = await timeoutFetch('read', `${url}/large`, { signal: caller.signal }, options);
  caller.abort();
  await assert.rejects(left.text());
});

test('a body that nobody holds any more gives its slot back', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const bulkhead = new Bulkhead('orders', 3);
  const refused = async () => {
    const { ok } = await bulkhead.run((signal) => fetch(`${url}/503`, { signal }), { holdBody: true });
    if (!ok) throw new Error('refused');
  };
  for (let calls = 0; calls < 3; calls += 1) await assert.rejects(refused(), { message: 'refused' });
  assert.equal(bulkhead.stats().admitted, 3);
  for (let turns = 0; turns < 100 && bulkhead.stats().active > 0; turns += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(bulkhead.stats().active, 0);
});

test('what a bulkhead tells of a wait comes in the context of the caller that waited', async () => {
  const { Bulkhead: Reporting } = await load('generate_bulkhead', { partitions: { own: 1 }, withMetrics: true });
  const callers = new AsyncLocalStorage();
  const heard = [];
  const onEvent = ({ type }) => heard.push([type, callers.getStore()]);
  const bulkhead = new Reporting('orders', 1, { maxQueue: 1, maxWaitMs: 30_000, onEvent });
  let finish;
  const held = callers.run('first', () => bulkhead.run(() => new Promise((resolve) => (finish = resolve))));
  const waiting = callers.run('second', () => bulkhead.run(() => 'done'));
  await assert.rejects(
    callers.run('third', () => bulkhead.run(() => 'done')),
    { code: 'BULKHEAD_FULL' },
  );
  callers.run('fourth', finish);
  await Promise.all([held, waiting]);
  assert.deepEqual(heard, [
    ['refused', 'third'],
    ['waited', 'second'],
  ]);
});

test('no options at all, written as null, are none', async () => {
  const { Deadline } = await load('generate_timeout_config', { operations: { read: 60_000 } });
  assert.equal(await withTimeout('read', () => 1, null), 1);
  assert.equal(await (await timeoutFetch('read', 'data:,read', null, null)).text(), 'read');
  assert.equal(await new Deadline(60_000, null).run(() => 1, null), 1);
  assert.equal(Deadline.fromHeader('0', null).remaining(), 0);
  const bulkhead = new Bulkhead('orders', 1, null);
  assert.equal(await bulkhead.run(() => 1, null), 1);
  await bulkhead.drain(null);
});

test('an abort that has no reason, where there is no DOMException either, still rejects with an error', async () => {
  const { DOMException: kept } = globalThis;
  delete globalThis.DOMException;
  try {
    for (const call of [
      (options) => withTimeout('read', () => new Promise(() => undefined), options),
      (options) => new Bulkhead('orders', 1).run(() => 1, options),
    ]) {
      const signal = Object.assign(new EventTarget(), { aborted: true });
      await assert.rejects(call({ signal }), { name: 'AbortError' });
    }
  } finally {
    globalThis.DOMException = kept;
  }
});

test('calls that each start the next let go of those that have ended', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const { Bulkhead } = await load('generate_bulkhead', { partitions: { own: 1 } });
  const own = new Bulkhead('own', 1);
  let started = 0;
  const used = [];
  await new Promise((resolve) => {
    const next = () =>
      own.run(() => {
        started++;
        if (started % 20_000 === 0) {
          collect();
          used.push(process.memoryUsage().heapUsed);
        }
        if (started < 100_000) setImmediate(next);
        else resolve();
      });
    next();
  });
  // What the engine itself keeps at times is not kept by each 20,000 calls.
  const left = Math.min(...used.slice(1).map((each, index) => each - used[index]));
  assert.ok(left < 400_000, `each 20,000 calls have left ${String(left)} bytes`);
});
