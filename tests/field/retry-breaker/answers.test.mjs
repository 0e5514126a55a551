// What becomes of an answer: read to its end, ended by its caller, or given back, whichever client it came from.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Agent as HttpAgent, get } from 'node:http';
import { test } from 'node:test';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import axios from 'axios';
import nodeFetch, { Request as NodeFetchRequest } from 'node-fetch';
import { Agent, fetch as undiciFetch, request as undiciRequest } from 'undici';
import { binary } from '../../generated/lib/binaries.mjs';
import { BREAKER, breakers, fast, fileOf, load, rejection, retries, RETRY, served, sleep, within } from './cases.mjs';

const long = 'x'.repeat(300_000);
const flaky = () => {
  let requests = 0;
  return (_, response) => {
    response.statusCode = ++requests % 2 === 1 ? 503 : 200;
    response.end(long);
  };
};

const received = (url, agent) => new Promise((resolve, reject) => get(url, { agent }, resolve).on('error', reject));

// Each leaves the answer unread, in a pool of one connection.
const clients = {
  undici: (url, pool) => undiciFetch(url, { dispatcher: pool }),
  'undici.request': (url, pool) => undiciRequest(url, { dispatcher: pool }),
  'node-fetch': (url, _, agent) => nodeFetch(url, { agent }),
  'node:http': (url, _, agent) => received(url, agent),
  'axios, stream': (url, _, agent) => axios.get(url, { httpAgent: agent, responseType: 'stream' }),
  'node-fetch 2, which pipes the body on': async (url, _, agent) => {
    const answer = await received(url, agent);
    return { status: answer.statusCode, headers: answer.headers, body: answer.pipe(new PassThrough()).pipe(new PassThrough()) };
  },
  'an SDK of AWS': async (url, _, agent) => {
    const answer = await received(url, agent);
    return { statusCode: answer.statusCode, headers: answer.headers, Body: answer };
  },
};

async function pooled(use) {
  const pool = new Agent({ connections: 1 });
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
  try {
    return await use((client, url) => clients[client](url, pool, agent));
  } finally {
    agent.destroy();
    await pool.destroy();
  }
}

for (const client of Object.keys(clients)) {
  test(`${client}: a refused answer gives its connection to the next attempt`, () =>
    served(flaky(), (url) =>
      pooled(async (call) => {
        for (const args of Object.values(retries)) {
          const { withRetry } = await load(RETRY, args);
          const answer = withRetry(() => call(client, url), { ...fast, maxRetries: 1 });
          const ended = await within(3_000, answer);
          assert.notEqual(ended, 'still waiting');
          assert.equal(ended.statusCode ?? ended.status, 200);
          const body = ended.body ?? ended.Body ?? ended.data ?? ended;
          await (body.cancel === undefined ? new Promise((resolve) => body.resume().on('end', resolve)) : body.cancel());
        }
      }),
    ));

  test(`${client}: an answer that comes after its caller has left gives its connection back`, () =>
    served(
      (request, response) => void setTimeout(() => response.end(request.url === '/next' ? 'ok' : long), request.url === '/next' ? 0 : 60),
      (url) =>
        pooled(async (call) => {
          const { withRetry } = await load(RETRY);
          const { CircuitBreaker } = await load(BREAKER);
          const probing = new CircuitBreaker({ recoveryTimeMs: 1, probeTimeoutMs: 20 });
          probing.trip();
          await sleep(5);
          const ways = {
            abort: () => withRetry(() => call(client, url), { signal: AbortSignal.timeout(20), maxRetries: 0 }),
            'total time': () => withRetry(() => call(client, url), { totalTimeoutMs: 20 }),
            'closed circuit': () => new CircuitBreaker().call(() => call(client, url), { signal: AbortSignal.timeout(20) }),
            probe: () => probing.call(() => call(client, url)),
          };
          for (const [way, start] of Object.entries(ways)) {
            assert.notEqual(await rejection(start()), undefined, way);
            await sleep(120);
            const next = call(client, `${url}next`);
            next.catch(() => undefined);
            const ended = await within(3_000, next);
            assert.notEqual(ended, 'still waiting', way);
            const body = ended.body ?? ended.Body ?? ended.data ?? ended;
            await (ended.text?.() ?? body.text?.() ?? new Promise((resolve) => body.resume().on('end', resolve)));
          }
        }),
    ));
}

/** A server whose answers begin and do not end; `open` holds those that its clients still read. */
const streaming = (use) => {
  const open = new Set();
  return served(
    (_, response) => {
      open.add(response);
      response.on('close', () => open.delete(response));
      response.writeHead(200).write('first');
    },
    (url) => use(url, open),
  );
};

async function endsBody(start, open) {
  const caller = new AbortController();
  const { body } = await start(caller.signal);
  const reader = body.getReader();
  await reader.read();
  const rest = rejection(reader.read());
  caller.abort(new Error('stop'));
  assert.equal((await within(2_000, rest))?.message, 'stop');
  for (let turns = 0; turns < 50 && open.size > 0; turns += 1) {
    await sleep(10);
  }
  assert.equal(open.size, 0);
}

test('an abort after the headers ends the body, through retryFetch however the signal came', () =>
  streaming(async (url, open) => {
    const quiet = new AbortController().signal;
    for (const args of [{ withFetch: true }, { withFetch: true, totalTimeoutMs: 30_000 }]) {
      const { retryFetch, withRetry } = await load(RETRY, args);
      await endsBody((signal) => retryFetch(url, { signal }), open);
      await endsBody((signal) => retryFetch(url, {}, { signal }), open);
      await endsBody((signal) => retryFetch(new Request(url, { signal })), open);
      await endsBody((signal) => retryFetch(new Request(url, { signal: quiet }), {}, { signal }), open);
      await endsBody((signal) => retryFetch(url, { signal }, { signal: quiet }), open);
      await endsBody((signal) => withRetry((own) => fetch(url, { signal: own }), { signal }), open);
    }
  }));

for (const [name, args] of Object.entries(breakers)) {
  test(`an abort after the headers ends the body, through a breaker closed and half open, ${name}`, () =>
    streaming(async (url, open) => {
      const { CircuitBreaker } = await load(BREAKER, args);
      const breaker = new CircuitBreaker({ recoveryTimeMs: 1 });
      await endsBody((signal) => breaker.call((own) => fetch(url, { signal: own }), { signal }), open);
      breaker.trip();
      await sleep(5);
      await endsBody((signal) => breaker.call((own) => fetch(url, { signal: own }), { signal }), open);
    }));
}

test('nothing is asked of globals that a test environment may lack', async () => {
  const kept = { ReadableStream, FinalizationRegistry, throwIfAborted: AbortSignal.prototype.throwIfAborted, any: AbortSignal.any };
  delete globalThis.ReadableStream;
  delete globalThis.FinalizationRegistry;
  delete AbortSignal.prototype.throwIfAborted;
  delete AbortSignal.any;
  try {
    for (const args of Object.values(retries)) {
      const { withRetry } = await load(RETRY, args);
      let attempts = 0;
      assert.equal(await withRetry(() => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok'), fast), 'ok');
      const error = await rejection(withRetry(() => 'ok', { signal: AbortSignal.abort('left'), totalTimeoutMs: 1_000 }));
      assert.equal(error, 'left');
      attempts = 0;
      const busy = { status: 503, headers: {}, body: {} };
      assert.equal(await withRetry(() => (++attempts < 2 ? busy : 'ok'), fast), 'ok');
    }
    for (const args of Object.values(breakers)) {
      const { CircuitBreaker } = await load(BREAKER, args);
      const breaker = new CircuitBreaker({ recoveryTimeMs: 1 });
      breaker.trip();
      await sleep(5);
      assert.equal(await breaker.call(() => 'up', { signal: new AbortController().signal }), 'up');
    }
  } finally {
    Object.assign(globalThis, { ReadableStream: kept.ReadableStream, FinalizationRegistry: kept.FinalizationRegistry });
    AbortSignal.prototype.throwIfAborted = kept.throwIfAborted;
    if (kept.any !== undefined) AbortSignal.any = kept.any;
  }
});

test('retryFetch needs no Headers where somebody else has brought the fetch', async () => {
  const { Headers: kept } = globalThis;
  delete globalThis.Headers;
  try {
    for (const args of Object.values(retries)) {
      const { retryFetch } = await load(RETRY, { ...args, withFetch: true });
      for (const [headers, sent] of [
        [{ 'Idempotency-Key': 'a' }, 2],
        [[['idempotency-key', 'a']], 2],
        [{ accept: '*/*' }, 1],
      ]) {
        const answers = [
          { ok: false, status: 503 },
          { ok: true, status: 200 },
        ];
        const fetch = () => Promise.resolve(answers.shift());
        const answer = await retryFetch('https://orders.example/', { method: 'POST', headers }, { ...fast, fetch });
        assert.deepEqual([answer.ok, 2 - answers.length], [sent === 2, sent]);
      }
    }
  } finally {
    globalThis.Headers = kept;
  }
});

test("a stream in node-fetch's Request is repeated, though its clones wait for each other", () => {
  let asked = 0;
  return served(
    async (request, response) => {
      let bytes = 0;
      for await (const part of request) bytes += part.length;
      response.writeHead((asked += 1) < 2 ? 503 : 200).end(String(bytes));
    },
    async (url) => {
      const { retryFetch } = await load(RETRY, { withFetch: true });
      const parts = Array.from({ length: 10 }, () => Buffer.alloc(50_000));
      const request = new NodeFetchRequest(url, { method: 'PUT', body: Readable.from(parts) });
      const answer = await within(3_000, retryFetch(request, undefined, { ...fast, fetch: nodeFetch }));
      assert.deepEqual([answer.status, await answer.text(), asked], [200, '500000', 2]);
    },
  );
});

test('a limit is told from a caller that leaves where an AbortController keeps no reason, as in React Native', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  const { Deadline, withTimeout } = await load('generate_timeout_config', { operations: { read: 10 } });
  const hang = () => new Promise(() => undefined);
  const { AbortController: kept } = globalThis;
  globalThis.AbortController = class {
    signal = Object.assign(new EventTarget(), { aborted: false });
    abort() {
      this.signal.aborted = true;
      this.signal.dispatchEvent(new Event('abort'));
    }
  };
  try {
    assert.equal((await rejection(withRetry(hang, { totalTimeoutMs: 10 }))).code, 'RETRY_TIMEOUT');
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeMs: 1, probeTimeoutMs: 10 });
    await rejection(withTimeout('read', (signal) => breaker.call(hang, { signal })));
    assert.equal(breaker.state, 'OPEN');
    await sleep(5);
    assert.equal((await rejection(breaker.call(hang))).code, 'PROBE_TIMEOUT');
    assert.equal(breaker.state, 'OPEN');
    const alive = setTimeout(() => undefined, 60_000);
    assert.equal((await rejection(withRetry(hang, { signal: new Deadline(10).signal }))).code, 'TIMEOUT');
    clearTimeout(alive);
    const caller = new AbortController();
    const left = rejection(new CircuitBreaker({ failureThreshold: 1 }).call(hang, { signal: caller.signal }));
    caller.abort();
    assert.equal((await left).name, 'AbortError');
  } finally {
    globalThis.AbortController = kept;
  }
});

test('an abort that has no reason, as that of some stand-ins, still rejects with an error', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  const hang = () => new Promise(() => undefined);
  for (const call of [(options) => new CircuitBreaker().call(hang, options), (options) => withRetry(hang, options)]) {
    for (const when of ['before', 'during']) {
      const signal = Object.assign(new EventTarget(), { aborted: when === 'before' });
      const ended = rejection(call({ signal }));
      signal.aborted = true;
      signal.dispatchEvent(new Event('abort'));
      assert.equal((await ended)?.name, 'AbortError', when);
    }
  }
});

// What `fetch` does with the same arguments is the measure, on the runtime that runs it.
const compare = (url) => `
  const { retryFetch } = await import('${pathToFileURL(fileOf(RETRY, { withFetch: true })).href}');
  const made = (method = 'POST') => new Request('${url}', { method, headers: { authorization: 'Bearer t', 'x-kind': 'field' }, body: 'order 17' });
  const read = async (response) => await response.text();
  const calls = {
    'a Request': () => [made()],
    'a Request and a signal': () => [made(), { signal: new AbortController().signal }],
    'a Request and headers': () => [made(), { headers: { 'x-kind': 'other' } }],
    'a Request as init': () => ['${url}other', made()],
    'signal null': () => ['${url}', { signal: null, method: 'PUT', body: 'x' }],
    'a URL': () => [new URL('${url}'), { method: 'DELETE' }],
    nothing: () => ['${url}'],
  };
  const wrong = [];
  for (const [name, args] of Object.entries(calls)) {
    let wanted;
    // Node before 20.10 loses the headers of a Request beside a signal; there retryFetch does better.
    const plain = name === 'a Request and a signal' ? [made()] : args();
    try { wanted = await read(await fetch(...plain)); } catch (error) { wanted = error.name; }
    let seen;
    try { seen = await read(await retryFetch(...args(), ...(args().length < 2 ? [undefined] : []), { maxRetries: 0 })); } catch (error) { seen = error.name; }
    if (seen !== wanted) wrong.push([name, seen, wanted]);
  }
  const sent = async (method) => {
    let count = 0;
    await retryFetch(made(method), undefined, { baseDelayMs: 1, maxDelayCapMs: 1, maxRetries: 2, fetch: async (input, init) => { count += 1; await (await fetch(input, init)).text(); return new Response(null, { status: 503 }); } });
    return count;
  };
  if ((await sent('PUT')) !== 3) wrong.push(['a PUT with a body as Request is repeated']);
  if ((await sent('POST')) !== 1) wrong.push(['a POST is sent once']);
  console.log(JSON.stringify(wrong));
`;

const packaged = (name) => fileURLToPath(new URL(`node_modules/${name}/bin/node`, import.meta.url));
const runtimes = {
  'Node 20.0': [packaged('node-20.0'), '--input-type=module', '-e'],
  'Node 20.9': [packaged('node-20.9'), '--input-type=module', '-e'],
  'Node 22': [binary('node22'), '--input-type=module', '-e'],
  'Node 24': [binary('node24'), '--input-type=module', '-e'],
  Deno: [binary('deno'), 'eval'],
  Bun: [binary('bun'), '-e'],
};

for (const [runtime, [program, ...flags]] of Object.entries(runtimes)) {
  const skip = program === undefined || !existsSync(program) ? 'not to be had on this platform' : false;
  test(`${runtime}: retryFetch sends what fetch sends`, { skip }, () =>
    served(
      async (request, response) => {
        let body = '';
        for await (const part of request) body += part;
        const { authorization, 'x-kind': kind } = request.headers;
        response.end(JSON.stringify([request.method, request.url, authorization, kind, body]));
      },
      async (url) => {
        const { stdout, stderr } = await new Promise((resolve) => {
          execFile(program, [...flags, compare(url)], { timeout: 60_000 }, (_, out, err) => resolve({ stdout: out, stderr: err }));
        });
        assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) || JSON.stringify(stderr)), []);
      },
    ),
  );
}
