// The adapter of each client, with the client as it is: every layer holds for its requests, and its own ways stay.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import axios from 'axios';
import ky from 'ky';
import { Agent, fetch as undiciFetch, request } from 'undici';
import { compile, emitted, layers } from './emit.mjs';

const manifestOf = (client) => ({
  ...layers,
  circuitBreaker: { failureThreshold: 4, recoveryTimeMs: 2500 },
  bulkhead: { partitions: { down: 5, full: 1, late: 5, up: 5 }, maxQueue: 0 },
  stack: { client },
});

// /status/503 answers with that status; /once fails the first time; /stall begins a body and leaves it; /hang never answers.
let server;
let base;
let seen;
before(async () => {
  server = createServer((incoming, response) => {
    incoming.resume();
    seen.push(`${incoming.method} ${incoming.url}`);
    const [, what, status] = incoming.url.split('/');
    if (what === 'status') response.writeHead(Number(status)).end('{}');
    else if (what === 'once') response.writeHead(seen.length === 1 ? 503 : 200, { 'content-type': 'application/json' }).end('{"id":1}');
    else if (what === 'stall') response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    else if (what !== 'hang') response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":1}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String(server.address().port)}`;
});
beforeEach(() => (seen = []));
after(() => {
  server.closeAllConnections();
  server.close();
});

const rejection = (promise) =>
  promise.then(
    () => assert.fail('resolved'),
    (error) => error,
  );

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** How each client sends `method path` through an operation: `{ status, id }` of its answer. */
const clients = {
  async axios(load, upstream, operation) {
    const { axiosAdapter } = await load('upstreams-axios');
    const client = axios.create({ baseURL: base, adapter: axiosAdapter(axios, upstream, operation) });
    return async (method, path, { signal, headers, body } = {}) => {
      const { status, data } = await client.request({ method, url: path, signal, headers, data: body, validateStatus: null });
      return { status, id: data.id };
    };
  },
  async ky(load, upstream, operation) {
    const { kyOptions } = await load('upstreams-ky');
    const client = ky.create({ prefixUrl: base, throwHttpErrors: false, ...kyOptions(upstream, operation) });
    return async (method, path, { signal, headers, body } = {}) => {
      const answer = await client(path.slice(1), { method, signal, headers, body });
      return { status: answer.status, id: (await answer.json()).id };
    };
  },
  async undici(load, upstream, operation) {
    const { undiciRequest } = await load('upstreams-undici');
    const send = undiciRequest(request, upstream, operation);
    const dispatcher = new Agent();
    return async (method, path, { signal, headers, body } = {}) => {
      const answer = await send(`${base}${path}`, { method, headers, body, dispatcher }, { signal });
      return { status: answer.statusCode, id: JSON.parse(new TextDecoder().decode(answer.body)).id };
    };
  },
  async 'undici, composed'(load, upstream, operation) {
    const { undiciInterceptor } = await load('upstreams-undici');
    const dispatcher = new Agent().compose(undiciInterceptor(upstream, operation));
    return async (method, path, { signal, headers, body } = {}) => {
      const answer = await request(`${base}${path}`, { method, headers, body, dispatcher, signal });
      return { status: answer.statusCode, id: (await answer.body.json()).id };
    };
  },
};

test('undici, composed: fetch goes through the layers too', async () => {
  const { load } = emitted({ ...manifestOf('undici'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { undiciInterceptor } = await load('upstreams-undici');
  const dispatcher = new Agent().compose(undiciInterceptor(upstreams.up, 'up.get'));
  const answer = await undiciFetch(`${base}/once`, { dispatcher });
  assert.deepEqual([answer.status, await answer.json()], [200, { id: 1 }]);
  assert.equal(seen.length, 2);
  const agent = new Agent();
  const late = agent.compose(undiciInterceptor(upstreams.late, 'late.get'));
  const error = await rejection(undiciFetch(`${base}/stall`, { dispatcher: late, method: 'POST', body: '{}' }));
  assert.equal(error.cause?.code, 'TIMEOUT');
  await until(() => upstreams.late.health().active === 0);
  // What is still on its way to the server would be seen by the next test.
  await agent.destroy();
  await until(() => seen.includes('POST /stall'));
});

test('undici, composed: the fields of an answer are there as they came too, where fetch of undici 8 reads them', async () => {
  const { load } = emitted({ ...manifestOf('undici'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { undiciInterceptor } = await load('upstreams-undici');
  const dispatcher = new Agent().compose(undiciInterceptor(upstreams.up, 'up.get'));
  const text = (fields) => fields.map((field) => field.toString('latin1').toLowerCase());
  const [fields, trailers] = await new Promise((resolve, reject) => {
    let head;
    dispatcher.dispatch(
      { origin: base, path: '/up', method: 'GET' },
      {
        onRequestStart() {},
        onResponseStart: ({ rawHeaders }) => void (head = text(rawHeaders)),
        onResponseData() {},
        onResponseEnd: ({ rawTrailers }) => resolve([head, text(rawTrailers)]),
        onResponseError: (_, error) => reject(error),
      },
    );
  });
  assert.equal(fields[fields.indexOf('content-type') + 1], 'application/json');
  assert.deepEqual(trailers, []);
});

test('undici 6, composed: says what it needs, in place of an answer that never comes', async () => {
  const { load } = emitted({ ...manifestOf('undici'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { undiciInterceptor } = await load('upstreams-undici');
  // The handlers of undici 6 have other members.
  const dispatch = undiciInterceptor(upstreams.up, 'up.get')(() => assert.fail('sent'));
  assert.throws(() => dispatch({ method: 'GET', path: '/', origin: base }, { onConnect() {}, onHeaders() {} }), /undici 7/u);
});

test('fetch of an upstream: what its arguments mean to fetch, and who may end its body', async () => {
  const { load } = emitted({ ...manifestOf('fetch'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const get = (...args) => upstreams.up.fetch('up.get', ...args);
  const up = `${base}/up`;
  for (const [expected, init] of [
    ['GET /up', null],
    ['POST /up', new Request(up, { method: 'POST', body: '{}' })],
    ['PUT /up', Object.create({ method: 'PUT', body: '{}' })],
    ['GET /up', { signal: null }],
  ]) {
    seen = [];
    await (await get(init?.signal === null ? new Request(up, { signal: AbortSignal.abort() }) : up, init)).text();
    assert.deepEqual(seen, [expected]);
  }
  // A stream in node-fetch's Request is read once, since its clones wait for each other.
  const read = [];
  const streaming = {
    ...{ method: 'PUT', url: `${base}/once`, headers: {}, body: new Readable() },
    arrayBuffer: async () => new TextEncoder().encode(`read ${String(read.push(1))}`).buffer,
    clone: () => assert.fail('cloned'),
  };
  const sent = [];
  const send = (input, init) => {
    sent.push(new TextDecoder().decode(init.body));
    return fetch(input.url, { method: input.method, ...init });
  };
  seen = [];
  assert.equal((await get(streaming, undefined, { fetch: send })).status, 200);
  assert.deepEqual([seen.length, sent], [2, ['read 1', 'read 1']]);
  const streams = [
    () => Readable.from(['{}']),
    () => new Blob(['{}']).stream(),
    async function* () {
      yield new TextEncoder().encode('{}');
    },
  ];
  for (const stream of streams) {
    seen = [];
    const answer = await get(`${base}/once`, { method: 'PUT', body: stream(), duplex: 'half' });
    assert.deepEqual([answer.status, seen.length], [503, 1]);
  }
  for (const path of ['/hang', '/stall']) {
    for (const whose of ['init', 'options', 'request']) {
      const callers = { init: new AbortController(), options: new AbortController(), request: new AbortController() };
      const input = whose === 'request' ? new Request(base + path, { signal: callers.request.signal }) : base + path;
      const init = whose === 'request' ? {} : { signal: callers.init.signal };
      seen = [];
      const text = get(input, init, { signal: callers.options.signal }).then((answer) => answer.text());
      await until(() => seen.length > 0);
      setTimeout(() => callers[whose].abort(new Error('left')), 20);
      assert.equal((await rejection(text)).message, 'left', `${path} ${whose}`);
    }
  }
  await until(() => upstreams.up.health().active === 0);
  // A signal that lives longer than the calls keeps nothing of them.
  const { signal } = new AbortController();
  for (let calls = 0; calls < 3; calls += 1) await (await get(up, { signal }, { signal })).text();
  await until(() => getEventListeners(signal, 'abort').length === 0);
});

test('undici: the signal among its own options ends the call, beside one of the limits too', async () => {
  const { load } = emitted({ ...manifestOf('undici'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { undiciRequest } = await load('upstreams-undici');
  const send = undiciRequest(request, upstreams.up, 'up.get');
  for (const [whose, limits] of [
    [0, undefined],
    [0, {}],
    [1, {}],
  ]) {
    const callers = [new AbortController(), new AbortController()];
    seen = [];
    const call = send(`${base}/hang`, { signal: callers[0].signal }, limits && { signal: callers[1].signal });
    await until(() => seen.length > 0);
    callers[whose].abort(new Error('left'));
    assert.equal((await rejection(call)).message, 'left');
  }
});

test('undici: twenty calls share both of their signals, and nobody is warned of a leak', async () => {
  const { load } = emitted({ ...manifestOf('undici'), bulkhead: { partitions: { up: 20 } }, language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { undiciRequest } = await load('upstreams-undici');
  const send = undiciRequest(async (_, { signal }) => request(`${base}/`, { signal }), upstreams.up, 'up.get');
  const warned = [];
  const onWarning = ({ message }) => void warned.push(message);
  process.on('warning', onWarning);
  const [own, caller] = [new AbortController(), new AbortController()];
  await Promise.all(Array.from({ length: 20 }, () => send(base, { signal: own.signal }, { signal: caller.signal })));
  // A warning is told of in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  assert.deepEqual(warned, []);
});

test('a graceful stop waits for upstreams that were evicted, and lets no new key in', async () => {
  const { load } = emitted({ ...manifestOf('fetch'), stack: { maxKeys: 2 }, language: 'javascript' });
  const { drainUpstreams, upstreamFor } = await load('upstreams');
  let finished = 0;
  const finish = [];
  const work = () => new Promise((resolve) => finish.push(resolve)).then(() => (finished += 1));
  const calls = ['a', 'b', 'c', 'd'].map((key) => upstreamFor(key).call('up.get', work));
  await until(() => finish.length === 4);
  const drained = drainUpstreams();
  assert.equal((await rejection(upstreamFor('e').call('up.get', work))).code, 'BULKHEAD_FULL');
  for (const each of finish) each();
  await drained;
  assert.equal(finished, 4);
  await Promise.all(calls);
});

for (const [name, make] of Object.entries(clients)) {
  test(`${name}: retries, timeouts with the body, slots, circuits, and a caller's abort`, async () => {
    const { load } = emitted({ ...manifestOf(name.split(',')[0]), language: 'javascript' });
    const { upstreams } = await load('upstreams');
    const up = await make(load, upstreams.up, 'up.get');
    assert.deepEqual(await up('GET', '/once'), { status: 200, id: 1 });
    assert.deepEqual(seen, ['GET /once', 'GET /once']);

    // What may not be sent twice is sent once, unless it has a key.
    for (const [method, options, times] of [
      ['POST', { body: '{}' }, 1],
      ['PATCH', { body: '{}' }, 1],
      ['POST', { body: '{}', headers: { 'Idempotency-Key': 'a' } }, 2],
      ['PUT', { body: '{}' }, 2],
    ]) {
      seen = [];
      assert.equal((await up(method, '/once', options)).status, times === 1 ? 503 : 200, method);
      assert.equal(seen.length, times, `${method} ${JSON.stringify(options)}`);
    }
    assert.equal((await up('GET', '/status/404')).status, 404);
    assert.deepEqual([upstreams.up.health().state, upstreams.up.health().active], ['CLOSED', 0]);

    const late = await make(load, upstreams.late, 'late.get');
    for (const path of ['/hang', '/stall']) {
      assert.match(String((await rejection(late('POST', path, { body: '{}' }))).code), /^TIMEOUT$/u, path);
    }
    await until(() => upstreams.late.health().active === 0);

    const full = await make(load, upstreams.full, 'full.get');
    const caller = new AbortController();
    const held = rejection(full('GET', '/hang', { signal: caller.signal }));
    await until(() => seen.at(-1) === 'GET /hang');
    assert.equal(upstreams.full.health().active, 1);
    assert.equal((await rejection(full('GET', '/up'))).code, 'BULKHEAD_FULL');
    const reason = new Error('left');
    caller.abort(reason);
    const ended = await held;
    assert.ok(ended === reason || ['AbortError', 'CanceledError'].includes(ended.name) || ended.cause === reason, String(ended));
    assert.equal(upstreams.full.health().state, 'CLOSED');

    const down = await make(load, upstreams.down, 'down.get');
    seen = [];
    assert.equal((await down('GET', '/status/503')).status, 503);
    await down('GET', '/status/503').catch(() => undefined);
    assert.equal(upstreams.down.health().state, 'OPEN');
    const before = seen.length;
    assert.equal(before, 4);
    assert.equal((await rejection(down('GET', '/up'))).code, 'CIRCUIT_OPEN');
    assert.equal(seen.length, before);
  });
}

test('ky: an answer that it throws away holds no slot, and can still be read', async () => {
  const { load } = emitted({ ...manifestOf('ky'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { kyOptions } = await load('upstreams-ky');
  const client = ky.create({ prefixUrl: base, ...kyOptions(upstreams.up, 'up.get') });
  for (const status of [404, 304, 429]) {
    const error = await rejection(client.get(`status/${String(status)}`));
    assert.deepEqual([error.name, error.response.status, upstreams.up.health().active], ['HTTPError', status, 0]);
    assert.equal(await error.response.text(), status === 304 ? '' : '{}');
  }
});

test('axios: the deadline of a request and a fallback reach the call, the signal is its own', async () => {
  const { load } = emitted({ ...manifestOf('axios'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { Deadline } = await load('timeouts');
  const { axiosAdapter } = await load('upstreams-axios');
  const send = (options, config) => axios.get(`${base}/hang`, { adapter: axiosAdapter(axios, upstreams.up, 'up.get', options), ...config });
  assert.equal((await rejection(send({ deadline: new Deadline(30) }))).code, 'TIMEOUT');
  assert.equal((await send({ retry: false, deadline: new Deadline(30), fallback: () => ({ data: 'none' }) })).data, 'none');
  const caller = new AbortController();
  setTimeout(() => caller.abort(), 10);
  assert.equal((await rejection(send({}, { signal: caller.signal }))).code, 'ERR_CANCELED');
});

test('axios: what an interceptor sends again has the signal of its caller, who can still end it', async () => {
  const { load } = emitted({ ...manifestOf('axios'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { axiosAdapter } = await load('upstreams-axios');
  const client = axios.create({ adapter: axiosAdapter(axios, upstreams.up, 'up.get') });
  const { signal } = new AbortController();
  const error = await rejection(client.get(`${base}/status/401`, { signal }));
  const answer = await client.get(`${base}/up`, { signal });
  for (const { config } of [error, error.response, answer]) assert.equal(config.signal, signal);
  assert.equal((await client.get(`${base}/up`)).config.signal, undefined);
});

test('axios: a cancel token ends a wait for a slot and for the next attempt, and keeps no listener', async () => {
  const retryPolicy = { maxRetries: 2, baseDelayMs: 60_000, maxDelayCapMs: 60_000, withJitter: false };
  const waiting = { bulkhead: { partitions: { full: 1, up: 5 }, maxQueue: 5, maxWaitMs: 60_000 }, retryPolicy };
  const timeoutConfig = { operations: { 'full.get': 60_000, 'up.get': 60_000 } };
  const { load } = emitted({ ...manifestOf('axios'), ...waiting, timeoutConfig, language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { axiosAdapter } = await load('upstreams-axios');
  const send = (upstream, operation, path, config) =>
    rejection(axios.get(base + path, { adapter: axiosAdapter(axios, upstream, operation), ...config }));
  let finish;
  const held = upstreams.full.call('full.get', () => new Promise((resolve) => (finish = resolve)));
  for (const [upstream, operation, path] of [
    [upstreams.full, 'full.get', '/up'],
    [upstreams.up, 'up.get', '/status/503'],
  ]) {
    for (const whose of ['token', 'signal']) {
      const source = axios.CancelToken.source();
      const caller = new AbortController();
      const call = send(upstream, operation, path, { cancelToken: source.token, signal: caller.signal });
      await until(() => upstream.health().queued === 1 || seen.length > 0);
      // Until the answer is there, the transport itself would end the request.
      await until(() => upstream.health().queued === 1 || upstream.health().active === 0);
      if (whose === 'token') source.cancel('left');
      else caller.abort();
      const error = await call;
      assert.deepEqual([axios.isCancel(error), error.message], [true, whose === 'token' ? 'left' : 'canceled']);
      assert.deepEqual([source.token._listeners ?? [], getEventListeners(caller.signal, 'abort').length], [[], 0]);
      seen = [];
    }
  }
  finish();
  await held;
});

test('axios: says what it needs where it is given an instance, or a version without adapters by name', async () => {
  const { load } = emitted({ ...manifestOf('axios'), language: 'javascript' });
  const { upstreams } = await load('upstreams');
  const { axiosAdapter } = await load('upstreams-axios');
  for (const other of [axios.create(), { defaults: {} }]) {
    assert.throws(() => axiosAdapter(other, upstreams.up, 'up.get'), /^TypeError: axiosAdapter: needs axios 1\.5/u);
  }
});

test('axios and undici: the deadline of a request is told to the service, beside the headers that were given', async () => {
  const [ofAxios, ofUndici] = ['axios', 'undici'].map((client) => emitted({ ...manifestOf(client), language: 'javascript' }).load);
  const told = [];
  const service = createServer((incoming, answer) => {
    told.push([incoming.headers['x-own'], Number(incoming.headers['x-request-deadline-ms'])]);
    answer.end('here');
  });
  await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String(service.address().port)}`;
  try {
    const { axiosAdapter } = await ofAxios('upstreams-axios');
    const [own, undicis] = [(await ofAxios('upstreams')).upstreams.up, (await ofUndici('upstreams')).upstreams.up];
    const axiosDeadline = new (await ofAxios('timeouts')).Deadline(3000);
    const adapter = axiosAdapter(axios, own, 'up.get', { deadline: axiosDeadline });
    await axios.get(url, { adapter, headers: { 'X-Own': 'a' } });
    const load = (await ofUndici('upstreams-undici')).undiciRequest(request, undicis, 'up.get');
    const deadline = new (await ofUndici('timeouts')).Deadline(3000);
    for (const headers of [{ 'x-own': 'a' }, ['x-own', 'a'], new Map([['x-own', 'a']]), new Headers({ 'x-own': 'a' })]) {
      await load(url, { headers }, { deadline });
    }
    await load(url, undefined, { deadline });
    await load(url);
  } finally {
    service.closeAllConnections();
    service.close();
  }
  assert.deepEqual(
    told.map(([header]) => header),
    ['a', 'a', 'a', 'a', 'a', undefined, undefined],
  );
  for (const [, left] of told.slice(0, 6)) assert.ok(left > 0 && left <= 3000, String(left));
  assert.ok(Number.isNaN(told[6][1]));
});

test('Nest: a module hands out the upstreams, and waits for their calls when the application ends', async () => {
  const { load } = emitted({ ...manifestOf('nest'), language: 'javascript' });
  const { UPSTREAMS, upstreamsModule } = await load('upstreams-nest');
  class App {}
  Module({ imports: [upstreamsModule()] })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const upstreams = app.get(UPSTREAMS);
  assert.equal(upstreams, (await load('upstreams')).upstreams);
  let finish;
  const running = upstreams.up.call('up.get', () => new Promise((resolve) => (finish = resolve)));
  let finishKeyed;
  const ofKey = (await load('upstreams')).upstreamFor('tenant').call('up.get', () => new Promise((resolve) => (finishKeyed = resolve)));
  let isClosed = false;
  const closing = app.close().then(() => (isClosed = true));
  const turn = () => new Promise((resolve) => setTimeout(resolve, 30));
  await turn();
  assert.equal(isClosed, false);
  finish('done');
  assert.equal(await running, 'done');
  await turn();
  assert.equal(isClosed, false);
  finishKeyed('done');
  assert.equal(await ofKey, 'done');
  await closing;
  // Another application of the process, as tests start one after the other, is served.
  const next = await NestFactory.createApplicationContext(App, { logger: false });
  assert.equal(await next.get(UPSTREAMS).up.call('up.get', () => 'served'), 'served');
  await next.close();
});

test('upstreamFor: a key that an upstream is called is another one by name too, and an operation of no upstream keeps its retry: false', async () => {
  const operations = [
    { name: 'up.get', timeoutMs: 1000 },
    { name: 'late.get', timeoutMs: 1000 },
    { name: 'tenant.charge', timeoutMs: 1000, retry: false },
  ];
  const manifest = { ...manifestOf('fetch'), timeoutConfig: { operations }, withMetrics: true, language: 'javascript' };
  const { upstreams, upstreamFor, onResilienceEvent } = await emitted(manifest).load('upstreams');
  const named = new Set();
  onResilienceEvent(({ name }) => named.add(name));
  const failing = Object.assign(new Error('down'), { status: 503 });
  let attempts = 0;
  const fail = () => {
    attempts += 1;
    throw failing;
  };
  assert.equal(await rejection(upstreamFor('up').call('tenant.charge', fail)), failing);
  assert.equal(attempts, 1);
  assert.equal(await rejection(upstreamFor('up').call('up.get', fail)), failing);
  assert.deepEqual([attempts, [...named], upstreamFor('up').name], [4, ['key:up'], 'key:up']);
  assert.match((await rejection(upstreamFor('up').call('up.get', fail))).message, /key:up/u);
  assert.equal(upstreams.up.health().state, 'CLOSED');
  assert.equal(upstreamFor('toString').name, 'toString');
});

test('the lines that use them compile', () => {
  const uses = {
    axios: `import axios from 'axios';
import { axiosAdapter } from './upstreams-axios.ts';
export const client = axios.create({ adapter: axiosAdapter(axios, upstreams.up, 'up.get') });
// @ts-expect-error: no operation of this upstream
axiosAdapter(axios, upstreams.up, 'late.get');`,
    ky: `import ky from 'ky';
import { kyOptions } from './upstreams-ky.ts';
export const client = ky.create({ prefixUrl: 'https://api.example', ...kyOptions(upstreams.up, 'up.get') });
// @ts-expect-error: no operation of this upstream
kyOptions(upstreams.up, 'late.get');`,
    undici: `import { Agent, request } from 'undici';
import { undiciInterceptor, undiciRequest } from './upstreams-undici.ts';
export const composed = new Agent().compose(undiciInterceptor(upstreams.up, 'up.get'));
const send = undiciRequest(request, upstreams.up, 'up.get');
export async function load(signal: AbortSignal): Promise<unknown> {
  const { statusCode, body, headers } = await send('https://api.example', { dispatcher: new Agent() }, { signal });
  return statusCode === 200 ? JSON.parse(new TextDecoder().decode(body)) : headers['retry-after'];
}`,
    nest: `import { Inject, Injectable, Module } from '@nestjs/common';
import { UPSTREAMS, upstreamsModule } from './upstreams-nest.ts';
import type { Upstreams } from './upstreams-nest.ts';
export class Orders {
  constructor(private readonly all: Upstreams) {}
  load(id: string): Promise<Response> {
    return this.all.up.fetch('up.get', id);
  }
}
Injectable()(Orders);
Inject(UPSTREAMS)(Orders, undefined, 0);
export class App {}
Module({ imports: [upstreamsModule()], providers: [Orders] })(App);
void upstreams;`,
  };
  compile(
    Object.entries(uses).map(([client, text]) => {
      const { folder } = emitted(manifestOf(client));
      writeFileSync(join(folder, 'app.ts'), `import { upstreams } from './upstreams.ts';\n${text}\n`);
      return join(folder, 'app.ts');
    }),
  );
});
