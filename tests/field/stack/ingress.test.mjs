// ingress.ts in each framework as it is: the limiter is mounted, refusals are answered, a client that has left ends its calls.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from '@hono/node-server';
import { Controller, Get, Module, Param, Req, Res } from '@nestjs/common';
import { BaseExceptionFilter, NestFactory } from '@nestjs/core';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import Koa from 'koa';
import { compile, emitted, layers } from './emit.mjs';

const manifestOf = (framework) => ({
  ...layers,
  rateLimiting: { store: 'memory', algorithm: 'fixed-window', requestsPerWindow: 3, framework },
  stack: { ingress: true },
});

// What the routes do, given the limits of the request twice.
async function routesOf(load) {
  const { upstreams } = await load('upstreams');
  const { answerErrors } = await load('ingress');
  assert.equal(typeof answerErrors, 'function');
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const gone = { ...resolvers(), started: resolvers() };
  const shared = { started: resolvers(), joined: resolvers() };
  const routes = {
    ok: () => 'fine',
    down: (limits) => upstreams.down.call('down.get', () => Promise.reject(Object.assign(new Error('secret'), { status: 503 })), limits),
    full: async (limits) => {
      const first = upstreams.full.call('full.get', () => held);
      const second = upstreams.full.call('full.get', () => 'never', limits);
      await second.finally(() => (release(), first));
    },
    late: (limits) => upstreams.late.call('late.get', () => new Promise(() => {}), { ...limits, retry: false }),
    bug: () => Promise.reject(new TypeError('a mistake')),
    text: () => {
      throw 'no error';
    },
    limits: (limits, again) => `${String(limits === again)} ${String(limits.deadline.remaining())}`,
    gone: (limits) =>
      upstreams.up.call(
        'up.get',
        (signal) => {
          gone.started.resolve();
          return new Promise((_, reject) => signal.addEventListener('abort', () => (gone.resolve(signal.reason), reject(signal.reason))));
        },
        limits,
      ),
    // One call for all who ask meanwhile, under the limits of the first.
    shared: (limits) => {
      if (shared.call !== undefined) shared.joined.resolve();
      shared.call ??= upstreams.up.call(
        'up.get',
        (signal) => {
          shared.started.resolve();
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        },
        { signal: limits.signal },
      );
      return shared.call;
    },
  };
  return { routes, gone, shared, upstreams };
}

function resolvers() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}

const portOf = (server) => server.address().port;

/** Serves the routes; resolves with `{ port, close }`. */
const frameworks = {
  async express({ answerErrors, limitRequests, limitsOf }, routes) {
    const app = express();
    app.use(limitRequests());
    app.get('/:route', async (request, response) => {
      response.send(await routes[request.params.route](limitsOf(request, response), limitsOf(request, response)));
    });
    app.use(answerErrors);
    app.use((_error, _request, response, _next) => response.status(500).end());
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: portOf(server), close: () => (server.closeAllConnections(), server.close()) };
  },
  async fastify({ answerErrors, limitRequests, limitsOf }, routes) {
    const app = fastify();
    app.addHook('onRequest', limitRequests());
    app.setErrorHandler(answerErrors);
    app.get('/:route', async (request, reply) => routes[request.params.route](limitsOf(request, reply), limitsOf(request, reply)));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: portOf(app.server), close: () => (app.server.closeAllConnections(), app.close()) };
  },
  async koa({ answerErrors, limitRequests, limitsOf }, routes) {
    const app = new Koa({ silent: true });
    app.silent = true;
    app.use(answerErrors);
    app.use(limitRequests());
    app.use(async (context) => {
      context.body = await routes[context.path.slice(1)](limitsOf(context), limitsOf(context));
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: portOf(server), close: () => (server.closeAllConnections(), server.close()) };
  },
  async nest({ answerErrors, limitRequests, limitsOf }, routes) {
    class Routes {
      async route(name, request, response) {
        response.send(await routes[name](limitsOf(request, response), limitsOf(request, response)));
      }
    }
    Get(':route')(Routes.prototype, 'route', Object.getOwnPropertyDescriptor(Routes.prototype, 'route'));
    [Param('route'), Req(), Res()].forEach((decorate, index) => decorate(Routes.prototype, 'route', index));
    Controller()(Routes);
    class App {}
    Module({ controllers: [Routes] })(App);
    const app = await NestFactory.create(App, { logger: false });
    app.useGlobalGuards(limitRequests());
    app.useGlobalFilters(answerErrors(new BaseExceptionFilter(app.getHttpAdapter())));
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer();
    return { port: portOf(server), close: () => (server.closeAllConnections(), app.close()) };
  },
  async hono({ answerErrors, limitRequests, limitsOf }, routes) {
    const app = new Hono();
    app.use(limitRequests());
    app.onError(answerErrors);
    app.get('/:route', async (context) => context.text(await routes[context.req.param('route')](limitsOf(context), limitsOf(context))));
    return serving(app.fetch);
  },
  async fetch({ answerErrors, limitRequests, limitsOf }, routes) {
    const limit = limitRequests();
    const handle = answerErrors((request) =>
      limit(request, async () => new Response(await routes[new URL(request.url).pathname.slice(1)](limitsOf(request), limitsOf(request)))),
    );
    return serving((request) => handle(request).catch(() => new Response(null, { status: 500 })));
  },
};

async function serving(fetch) {
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' });
  if (!server.listening) await once(server, 'listening');
  return { port: portOf(server), close: () => (server.closeAllConnections(), server.close()) };
}

let key = 0;
for (const [framework, mount] of Object.entries(frameworks)) {
  test(`${framework}: refusals are answered, limits follow the request, a client that has left ends its calls`, async () => {
    const { load } = emitted({ ...manifestOf(framework), language: 'javascript' });
    const { routes, gone, shared, upstreams } = await routesOf(load);
    const { port, close } = await mount(await load('ingress'), routes);
    const ask = (path, headers = { 'x-api-key': `key-${String(++key)}` }) => fetch(`http://127.0.0.1:${String(port)}/${path}`, { headers });
    try {
      assert.deepEqual([(await ask('ok')).status, await (await ask('ok')).text()], [200, 'fine']);
      await ask('down'); // opens the circuit
      for (const [path, status, retryAfter, code] of [
        ['down', 503, '3', 'CIRCUIT_OPEN'],
        ['full', 503, '1', 'BULKHEAD_FULL'],
        ['late', 504, null, 'TIMEOUT'],
      ]) {
        const answer = await ask(path);
        assert.deepEqual(
          [answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type').split(';')[0]],
          [status, retryAfter, 'application/problem+json'],
          path,
        );
        const problem = await answer.json();
        assert.deepEqual([problem.type, problem.status, problem.code], ['about:blank', status, code]);
        assert.doesNotMatch(JSON.stringify(problem), /secret|down|full\b|late/u);
      }
      assert.deepEqual([(await ask('bug')).status, (await ask('text')).status], [500, 500]);

      // One deadline for all calls of a request, as the client gave it or as the manifest has it.
      const [same, left] = (await (await ask('limits', { 'x-api-key': 'a', 'X-Request-Deadline-Ms': '700' })).text()).split(' ');
      assert.equal(same, 'true');
      assert.ok(Number(left) > 0 && Number(left) <= 700, left);
      assert.ok(Number((await (await ask('limits')).text()).split(' ')[1]) > 700);

      // The limiter of the manifest.
      const statuses = [];
      for (let n = 0; n < 4; n++) statuses.push((await ask('ok', { 'x-api-key': 'one' })).status);
      assert.deepEqual(statuses, [200, 200, 200, 429]);
      const refused = await ask('ok', { 'x-api-key': 'one' });
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      assert.equal((await refused.json()).status, 429);

      const request = http.get({ port, host: '127.0.0.1', path: '/gone', headers: { 'x-api-key': 'gone' } });
      request.once('error', () => {});
      await gone.started.promise;
      request.destroy();
      const reason = await gone.promise;
      if (!['hono', 'fetch'].includes(framework)) assert.equal(reason.code, 'CLIENT_GONE');
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([upstreams.up.health().state, upstreams.up.health().active], ['CLOSED', 0]);

      // That the client of another request has left is an error like any other, and no reason not to answer.
      const first = http.get({ port, host: '127.0.0.1', path: '/shared', headers: { 'x-api-key': 'first' } });
      first.once('error', () => {});
      await shared.started.promise;
      const second = ask('shared');
      await shared.joined.promise;
      first.destroy();
      assert.equal((await second).status, 500);
    } finally {
      await close();
    }
  });
}

test('Nest: an answer that had begun when its call was refused is ended', async () => {
  const { load } = emitted({ ...manifestOf('nest'), language: 'javascript' });
  const { answerErrors } = await load('ingress');
  class Routes {
    begun(response) {
      response.write('begun');
      throw Object.assign(new Error('refused'), { code: 'CIRCUIT_OPEN' });
    }
  }
  Get('begun')(Routes.prototype, 'begun', Object.getOwnPropertyDescriptor(Routes.prototype, 'begun'));
  Res()(Routes.prototype, 'begun', 0);
  Controller()(Routes);
  class App {}
  Module({ controllers: [Routes] })(App);
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalFilters(answerErrors(new BaseExceptionFilter(app.getHttpAdapter())));
  await app.listen(0, '127.0.0.1');
  try {
    const answer = await fetch(`http://127.0.0.1:${String(portOf(app.getHttpServer()))}/begun`);
    assert.equal(await answer.text(), 'begun');
  } finally {
    app.getHttpServer().closeAllConnections();
    await app.close();
  }
});

test('HTTP/2: a client that resets its request ends its calls, and one that has its answer ends nothing', async () => {
  const servers = {
    async fastify(handle, limitsOf) {
      const app = fastify({ http2: true });
      app.get('/', async (request, reply) => handle(limitsOf(request, reply)));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return app.server;
    },
    async koa(handle, limitsOf) {
      const app = new Koa().use(async (context) => {
        context.body = await handle(limitsOf(context));
      });
      const server = http2.createServer(app.callback()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    },
    // Nest hands out what Fastify has.
    async nest(handle, limitsOf) {
      return servers.fastify(handle, limitsOf);
    },
  };
  for (const [framework, serve2] of Object.entries(servers)) {
    const { limitsOf } = await emitted({ ...manifestOf(framework), language: 'javascript' }).load('ingress');
    const limits = [];
    let isOver = resolvers();
    const handle = async (given) => {
      limits.push(given);
      if (limits.length === 2) await new Promise((resolve) => given.signal.addEventListener('abort', resolve));
      isOver.resolve();
      return 'fine';
    };
    const server = await serve2(handle, limitsOf);
    const client = http2.connect(`http://127.0.0.1:${String(portOf(server))}`);
    const whole = client.request();
    whole.resume().end();
    await once(whole, 'close');
    isOver = resolvers();
    const reset = client.request();
    reset.on('error', () => undefined).end();
    while (limits.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    reset.close(http2.constants.NGHTTP2_CANCEL);
    await isOver.promise;
    assert.equal(limits[1].signal.reason.code, 'CLIENT_GONE', framework);
    assert.equal(limits[0].signal.aborted, false, framework);
    client.close();
    server.close();
  }
});

test('fields of the answer that has failed do not describe the refusal; those that every answer has stay', async () => {
  const refused = () => Promise.reject(Object.assign(new Error('open'), { code: 'CIRCUIT_OPEN', retryAfterMs: 1500 }));
  const fields = {
    'Content-Length': '5',
    'Content-Encoding': 'gzip',
    'Cache-Control': 'public',
    ETag: '"1"',
    'Content-Security-Policy': 'x',
    'X-Own': '1',
  };
  const ingressOf = (framework) => emitted({ ...manifestOf(framework), language: 'javascript' }).load('ingress');
  const answers = {
    async express() {
      const app = express().get('/', (_request, response) => refused(response.set(fields)));
      const server = app.use((await ingressOf('express')).answerErrors).listen(0, '127.0.0.1');
      return { server, close: () => server.close() };
    },
    async koa() {
      const app = new Koa().use((await ingressOf('koa')).answerErrors).use((context) => refused(context.set(fields)));
      const server = app.listen(0, '127.0.0.1');
      return { server, close: () => server.close() };
    },
    async hono() {
      const app = new Hono().onError((await ingressOf('hono')).answerErrors).use(cors());
      app.get('/', (context) => {
        for (const [name, value] of Object.entries(fields)) context.header(name, value);
        return refused();
      });
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
      return { server, close: () => server.close() };
    },
    async fastify() {
      const app = fastify().setErrorHandler((await ingressOf('fastify')).answerErrors);
      app.get('/', (_request, reply) => refused(reply.headers(fields)));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return app;
    },
    async nest() {
      // As Nest's adapter of Fastify calls a filter.
      const filter = (await ingressOf('nest')).answerErrors({ catch: () => assert.fail() });
      const app = fastify();
      app.setErrorHandler((error, _request, reply) => {
        void filter.catch(error, { getType: () => 'http', switchToHttp: () => ({ getResponse: () => reply }) });
      });
      app.get('/', (_request, reply) => refused(reply.headers(fields)));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return app;
    },
  };
  for (const [name, start] of Object.entries(answers)) {
    const app = await start();
    if (!app.server.listening) await once(app.server, 'listening');
    const { status, headers, body } = await new Promise((resolve, reject) => {
      const request = http.get({ port: portOf(app.server), host: '127.0.0.1', agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk))).once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
      });
      request.once('error', reject);
    });
    assert.deepEqual([status, JSON.parse(body).code, headers['retry-after']], [503, 'CIRCUIT_OPEN', '2'], name);
    const kept = Object.keys(fields).filter((field) => !/length/i.test(field) && field.toLowerCase() in headers);
    assert.deepEqual(kept, ['Content-Security-Policy', 'X-Own'], name);
    await app.close();
  }
});

test("Nest: what a resolver of GraphQL throws is GraphQL's to answer", async () => {
  const { answerErrors } = await emitted({ ...manifestOf('nest'), language: 'javascript' }).load('ingress');
  const handled = [];
  const filter = answerErrors({ catch: (error) => handled.push(error) });
  for (const error of [new RangeError('a mistake'), Object.assign(new Error('open'), { code: 'CIRCUIT_OPEN' })]) {
    // Its arguments are those of the resolver: no request, no response.
    const host = { getType: () => 'graphql', getArgByIndex: () => ({}), switchToHttp: () => ({ getResponse: () => ({}) }) };
    assert.throws(
      () => filter.catch(error, host),
      (thrown) => thrown === error,
    );
  }
  assert.deepEqual(handled, []);
});

test('what Hono answers without the error handler it answers with it, headers and middleware included', async (t) => {
  const { answerErrors } = await emitted({ ...manifestOf('hono'), language: 'javascript' }).load('ingress');
  const logged = t.mock.method(console, 'error', () => undefined);
  const answersOf = async (handle) => {
    const seen = [];
    const app = handle(new Hono());
    app.use(async (context, next) => {
      context.header('x-before', '1');
      await next();
      context.header('x-after', '1');
      seen.push(context.res.status);
    });
    app.get('/mistake', (context) => {
      context.header('x-own', '1');
      throw new RangeError('a mistake');
    });
    app.get('/own', (context) => {
      context.header('x-own', '1');
      throw new HTTPException(418, { message: 'no coffee' });
    });
    for (const path of ['/mistake', '/own', '/none']) {
      const answer = await app.request(path);
      seen.push([answer.status, await answer.text(), Object.fromEntries(answer.headers)]);
    }
    const said = logged.mock.calls.map(({ arguments: [error] }) => error.message);
    logged.mock.resetCalls();
    return { seen, said };
  };
  const without = await answersOf((app) => app);
  assert.deepEqual([without.seen[0], without.seen[1][2]['x-after'], without.said], [500, '1', ['a mistake']]);
  assert.deepEqual(await answersOf((app) => app.onError(answerErrors)), without);
});

test('a client of fetch and Hono that has left is no error of the server, whatever else goes wrong', async () => {
  const ingressOf = (framework) => emitted({ ...manifestOf(framework), language: 'javascript' }).load('ingress');
  const handlers = {
    async fetch(fail) {
      return (await ingressOf('fetch')).answerErrors(fail);
    },
    async hono(fail) {
      const app = new Hono().onError((await ingressOf('hono')).answerErrors);
      app.get('/', () => fail());
      return (request) => app.fetch(request);
    },
  };
  for (const [name, make] of Object.entries(handlers)) {
    const reason = new Error('left');
    for (const [error, status] of [
      [reason, 499],
      [new Error('a call', { cause: reason }), 499],
      [Object.assign(new Error('open'), { code: 'CIRCUIT_OPEN' }), 503],
      [new Error('a mistake'), name === 'hono' ? 500 : undefined],
    ]) {
      const client = new AbortController();
      const request = new Request('http://127.0.0.1/', { signal: client.signal });
      const handle = await make(() => {
        client.abort(reason);
        throw error;
      });
      const answer = await (async () => handle(request))().catch((thrown) => ({ thrown }));
      assert.deepEqual([answer.status, answer.thrown], [status, status === undefined ? error : undefined], `${name}: ${error.message}`);
    }
  }
});

test('a cause is found, however deep, and what is no refusal has no answer', async () => {
  const { load } = emitted({ ...manifestOf('fetch'), language: 'javascript' });
  const { refusalOf } = await load('ingress');
  const coded = (code, more = {}) => Object.assign(new Error('x'), { code, ...more });
  for (const [error, status, retryAfter] of [
    [new Error('a', { cause: new AggregateError([coded('BULKHEAD_TIMEOUT')]) }), 503, '1'],
    [coded('RATE_LIMITED', { retryAfterMs: 1001 }), 429, '2'],
    [coded('RATE_LIMITED', { retryAfterMs: 1001, statusCode: 503 }), 503, '2'],
    [coded('CIRCUIT_OPEN', { retryAfterMs: 0, cause: coded('TIMEOUT') }), 503, '1'],
    [coded('CIRCUIT_OPEN', { retryAfterMs: NaN }), 503, '1'],
    [coded('RETRY_TIMEOUT'), 504],
    [coded('PROBE_TIMEOUT'), 504],
    [coded('UND_ERR_HEADERS_TIMEOUT'), 504],
    [coded('ETIMEDOUT'), 504],
    [AbortSignal.abort(new DOMException('late', 'TimeoutError')).reason, 504],
    // axios and superagent, which have the same code for what a caller ends.
    [Object.assign(new Error('timeout of 50ms exceeded'), { name: 'AxiosError', code: 'ECONNABORTED' }), 504],
    [Object.assign(new Error('Timeout of 50ms exceeded'), { code: 'ECONNABORTED' }), 504],
    [Object.assign(new Error('Request aborted'), { name: 'AxiosError', code: 'ECONNABORTED' }), undefined],
    // OpenAI names the class alone, gRPC nothing.
    [new (class APIConnectionTimeoutError extends Error {})('Request timed out.'), 504],
    [Object.assign(new Error('4 DEADLINE_EXCEEDED: Deadline exceeded after 0.05s'), { code: 4 }), 504],
    [new Error('keepAliveTimeout'), undefined],
  ]) {
    const refusal = refusalOf(error);
    assert.deepEqual([refusal?.status, refusal?.headers['Retry-After']], [status, retryAfter], String(error.code));
  }
  const circular = new Error('a');
  circular.cause = circular;
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('no');
      },
    },
  );
  for (const error of [circular, hostile, undefined, null, 7, 'TIMEOUT', new TypeError('x'), coded('ECONNREFUSED'), { status: 503 }]) {
    assert.equal(refusalOf(error), undefined);
  }
});

test('the lines that mount it compile', () => {
  const apps = {
    express: `import express from 'express';
const app = express();
app.use(limitRequests());
app.get('/orders/:id', async (request, response) => {
  const answer = await upstreams.up.fetch('up.get', request.params.id, {}, limitsOf(request, response));
  response.send(await answer.text());
});
app.use(answerErrors);`,
    fastify: `import { fastify } from 'fastify';
const app = fastify();
app.addHook('onRequest', limitRequests());
app.get('/', async (request, reply) => (await upstreams.up.fetch('up.get', '/', {}, limitsOf(request, reply))).text());
app.setErrorHandler(answerErrors);`,
    hono: `import { Hono } from 'hono';
const app = new Hono();
app.use(limitRequests());
app.get('/', (context) => upstreams.up.fetch('up.get', '/', {}, limitsOf(context)));
app.onError(answerErrors);`,
    koa: `import Koa from 'koa';
const app = new Koa();
app.use(answerErrors);
app.use(limitRequests());
app.use(async (context) => { context.body = await upstreams.up.call('up.get', () => 'x', limitsOf(context)); });`,
    nest: `import type { INestApplication } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
export const onFastify = (request: FastifyRequest, reply: FastifyReply) =>
  upstreams.up.fetch('up.get', '/', {}, limitsOf(request, reply));
export function mount(app: INestApplication): void {
  app.useGlobalGuards(limitRequests());
  app.useGlobalFilters(answerErrors(new BaseExceptionFilter(app.getHttpAdapter())));
}
export const load = (request: IncomingMessage, response: ServerResponse) =>
  upstreams.up.fetch('up.get', '/', {}, limitsOf(request, response));`,
    fetch: `const limit = limitRequests();
export const GET = answerErrors((request: Request, context: { params: Promise<{ id: string }> }) =>
  limit(request, async () => upstreams.up.fetch('up.get', (await context.params).id, {}, limitsOf(request))));
// That of Next is a class of its own.
class PageRequest extends Request { readonly nextUrl = new URL(this.url); }
const page = (request: PageRequest): Response => new Response(request.nextUrl.search);
export const POST = answerErrors((request: PageRequest) => limit(request, page));
export const PUT = (request: PageRequest): Promise<Response> =>
  limit(request, (counted) => new Response(counted.nextUrl.search + String(counted.rateLimit?.remaining)));`,
  };
  compile(
    Object.entries(apps).map(([framework, text]) => {
      const { folder } = emitted(manifestOf(framework));
      const imports = `import { answerErrors, limitRequests, limitsOf } from './ingress.ts';\nimport { upstreams } from './upstreams.ts';\n`;
      writeFileSync(join(folder, 'app.ts'), `${imports}${text}\n`);
      return join(folder, 'app.ts');
    }),
  );
});
