// What the middleware costs a request that it lets through, and what it does to HTTP around it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import express from 'express';
import express4 from 'express4';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import Koa from 'koa';
import { binary } from '../../generated/lib/binaries.mjs';
import { stripTypes, work } from '../lib/emit.mjs';
import { startWorker } from '../lib/workers.mjs';
import { listen, load, middlewareOf, sourceOf, tool } from './lib/support.mjs';

const { build } = createRequire(new URL('../../generated/package.json', import.meta.url))('esbuild');

const memory = { store: 'memory' };
const peer = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };

describe('the cost of a decision in memory', () => {
  test('Express goes on before the middleware returns', async () => {
    const middleware = (await middlewareOf('token-bucket', memory))();
    let next = 0;
    const response = { getHeader: () => undefined, setHeader: () => undefined };
    middleware({ method: 'GET', headers: { 'x-api-key': 'a' } }, response, () => next++);
    assert.equal(next, 1);
  });

  test('so does Fastify', async () => {
    const hook = (await middlewareOf('sliding-window', { ...memory, framework: 'fastify' }))();
    let done = 0;
    const reply = { getHeader: () => undefined, header: () => reply };
    hook({ method: 'GET', headers: { 'x-api-key': 'a' } }, reply, () => done++);
    assert.equal(done, 1);
  });

  test('so does a guard of Nest', async () => {
    const guard = (await middlewareOf('fixed-window', { ...memory, framework: 'nest' }))();
    const http = {
      getRequest: () => ({ method: 'GET', headers: { 'x-api-key': 'a' } }),
      getResponse: () => ({ getHeader: () => undefined, setHeader: () => undefined }),
    };
    assert.equal(guard.canActivate({ getType: () => 'http', switchToHttp: () => http }), true);
  });

  for (const framework of ['express', 'fastify', 'hono', 'koa', 'nest', 'fetch']) {
    test(`${framework}: nothing is hashed that stays in the process`, () => {
      assert.doesNotMatch(sourceOf(tool, { ...memory, framework }), /createHash|subtle/u);
    });
  }

  for (const redisClient of ['ioredis', 'node-redis']) {
    test(`${redisClient}: an API key is hashed at once, without a promise`, async () => {
      const { keyOf } = await load(tool, { redisClient });
      const key = keyOf({ headers: { 'x-api-key': 'secret' } });
      assert.equal(key, `key:${createHash('sha256').update('secret').digest('hex')}`);
    });
  }
});

describe('one request, one count', () => {
  for (const [name, make] of Object.entries({ 'Express 5': express, 'Express 4': express4 })) {
    test(`${name}: an application and its router share a middleware`, async () => {
      const limit = (await middlewareOf('token-bucket', memory))(10, 1 / 3600);
      const app = make();
      app.use(limit);
      const router = make.Router();
      router.use(limit, limit);
      router.get('/', (_request, response) => response.send('hello'));
      app.use('/api', router);
      const { ask, close } = await listen(app);
      const response = await ask('/api');
      assert.match(response.headers.get('ratelimit'), /^"default";r=9;/u);
      close();
    });
  }

  test('Hono: an application and a route', async () => {
    const limit = (await middlewareOf('token-bucket', { ...memory, framework: 'hono' }))(10, 1 / 3600);
    const app = new Hono();
    app.use(limit);
    app.get('/', limit, (context) => context.text('hello'));
    assert.match((await app.request('/', {}, peer)).headers.get('ratelimit'), /^"default";r=9;t=\d+$/u);
  });

  test('Koa: twice in a row; the decision is in the state', async () => {
    const limit = (await middlewareOf('token-bucket', { ...memory, framework: 'koa' }))(10, 1 / 3600);
    const app = new Koa();
    app.use(limit);
    app.use(limit);
    app.use((context) => {
      context.body = { remaining: context.state.rateLimit.remaining };
    });
    const { ask, close } = await listen(createServer(app.callback()));
    const response = await ask();
    assert.match(response.headers.get('ratelimit'), /^"default";r=9;t=\d+$/u);
    assert.deepEqual(await response.json(), { remaining: 9 });
    close();
  });

  test('fetch: nested handlers', async () => {
    const limit = (await middlewareOf('token-bucket', { ...memory, framework: 'fetch' }))(10, 1 / 3600);
    const response = await limit(new Request('http://localhost/'), (request) => limit(request, () => new Response('hello')));
    assert.match(response.headers.get('ratelimit'), /^"default";r=9;t=\d+$/u);
  });

  test('two limiters are two counts', async () => {
    const make = await middlewareOf('fixed-window', { ...memory, framework: 'hono' });
    const app = new Hono();
    app.use(make(5, 60, { name: 'minute' }), make(100, 3600, { name: 'hour' }));
    app.get('/', (context) => context.text('hello'));
    const { headers } = await app.request('/', {}, peer);
    assert.equal(headers.get('ratelimit-policy'), '"hour";q=100;w=3600, "minute";q=5;w=60');
    assert.match(headers.get('ratelimit'), /^"hour";r=99;t=\d+, "minute";r=4;t=\d+$/u);
  });
});

// Express knows the middleware for errors by its four parameters.
const answerWith = (textOf) => (error, _request, response, next) =>
  response.headersSent ? next(error) : response.status(500).send(textOf(error));

describe('errors', () => {
  for (const [name, make] of Object.entries({ 'Express 5': express, 'Express 4': express4 })) {
    for (const args of [memory, {}]) {
      test(`${name}, ${args.store ?? 'redis'}: what fails inside reaches the error middleware`, async () => {
        const middleware = await middlewareOf('token-bucket', args);
        const store = { evalsha: () => Promise.resolve([1, 0]), eval: () => assert.fail() };
        const options = {
          keyOf: () => {
            throw new Error('session lost');
          },
        };
        const app = make();
        app.use(args.store ? middleware(20, 1, options) : middleware(store, 20, 1, options));
        app.use(answerWith((error) => error.message));
        const { ask, close } = await listen(app);
        const response = await ask();
        assert.deepEqual([response.status, await response.text()], [500, 'session lost']);
        close();
      });
    }

    test(`${name}: a cost that cannot be counted is an error, not a wait for ever`, async () => {
      const middleware = await middlewareOf('token-bucket', {});
      const store = { evalsha: () => Promise.resolve([1, 0]), eval: () => assert.fail() };
      const app = make();
      app.use(middleware(store, 20, 1, { cost: () => 21 }));
      app.use(answerWith((error) => error.name));
      const { ask, close } = await listen(app);
      assert.equal(await (await ask()).text(), 'RangeError');
      close();
    });
  }

  for (const [algorithm, args] of [
    ['token-bucket', memory],
    ['sliding-window', { ...memory, limits: [{ name: 'day', requests: 1000, seconds: 86_400 }] }],
  ]) {
    test(`${algorithm}: a limit of a request's own that is none is named as it was written`, async () => {
      const middleware = await middlewareOf(algorithm, args);
      for (const [limit, shown] of [
        [null, 'null'],
        [NaN, 'NaN'],
        [0, '0'],
        [1.5, '1.5'],
        ['5', '"5"'],
      ]) {
        const app = express().use(middleware(20, 60, { limitOf: () => limit }));
        app.use(answerWith((error) => error.message));
        const { ask, close } = await listen(app);
        assert.equal(await (await ask()).text(), `limitOf: ${shown} is out of range; use a whole number from 1 to 1000000000.`);
        close();
      }
    });
  }

  test('Fastify: an error handler of the application makes the refusal', async () => {
    const hook = (await middlewareOf('fixed-window', { ...memory, framework: 'fastify' }))(1, 60);
    const app = fastify();
    app.setErrorHandler((error, _request, reply) => reply.code(error.statusCode).send({ own: error.code, after: error.retryAfterMs }));
    app.addHook('onRequest', hook);
    app.get('/', () => 'hello');
    await app.inject('/');
    const refused = await app.inject('/');
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.headers['retry-after'], '60');
    const { own, after } = refused.json();
    assert.equal(own, 'RATE_LIMITED');
    assert.ok(after > 0 && after <= 60_000);
    await app.close();
  });

  test('Fastify: without one it is a problem document', async () => {
    const hook = (await middlewareOf('fixed-window', { ...memory, framework: 'fastify' }))(1, 60);
    const app = fastify();
    app.addHook('onRequest', hook);
    app.get('/', () => 'hello');
    await app.inject('/');
    const refused = await app.inject('/');
    assert.match(refused.headers['content-type'], /^application\/problem\+json/u);
    assert.equal(refused.json().status, 429);
    await app.close();
  });
});

describe('a preflight', () => {
  for (const framework of ['express', 'fastify', 'hono', 'koa']) {
    test(`${framework}: does not use up the request that it asks for`, async () => {
      const limit = (await middlewareOf('fixed-window', { ...memory, framework }))(1, 3600);
      const apps = {
        express: async () => {
          const app = express();
          app.use(limit);
          app.all('/', (_request, response) => response.send('hello'));
          return listen(app);
        },
        fastify: async () => {
          const app = fastify();
          app.addHook('onRequest', limit);
          app.route({ method: ['GET', 'OPTIONS'], url: '/', handler: () => 'hello' });
          await app.ready();
          return {
            ask: async (_path, init = {}) => ({ status: (await app.inject({ method: init.method ?? 'GET', url: '/' })).statusCode }),
            close: () => app.close(),
          };
        },
        hono: () => {
          const app = new Hono();
          app.use(limit);
          app.all('/', (context) => context.text('hello'));
          return { ask: (path = '/', init = {}) => app.request(path, init, peer), close: () => undefined };
        },
        koa: () => {
          const app = new Koa();
          app.use(limit);
          app.use((context) => {
            context.body = 'hello';
          });
          return listen(createServer(app.callback()));
        },
      };
      const { ask, close } = await apps[framework]();
      const statuses = [];
      for (const method of ['OPTIONS', 'GET', 'OPTIONS', 'GET']) statuses.push((await ask('/', { method })).status);
      assert.deepEqual(statuses, [200, 200, 200, 429]);
      await close();
    });
  }
});

describe('what the caller decides', () => {
  test("key, cost, skip and a limit of a request's own", async () => {
    const make = await middlewareOf('token-bucket', { ...memory, framework: 'fetch' });
    const decisions = [];
    const limit = make(10, 1 / 3600, {
      keyOf: (request) => request.headers.get('tenant'),
      cost: (request) => Number(request.headers.get('cost') ?? 1),
      skip: (request) => request.url.endsWith('/health'),
      limitOf: (request) => (request.headers.get('plan') === 'pro' ? 100 : undefined),
      onDecision: (decision) => {
        decisions.push(decision);
        throw new Error('a listener that fails changes nothing');
      },
    });
    const ask = (headers, path = '/') => limit(new Request(`http://localhost${path}`, { headers }), () => new Response('hello'));
    assert.match((await ask({ tenant: 'a', cost: '4' })).headers.get('ratelimit'), /;r=6;/u);
    assert.match((await ask({ tenant: 'b' })).headers.get('ratelimit'), /;r=9;/u);
    assert.equal((await ask({ tenant: 'a' }, '/health')).headers.get('ratelimit'), null);
    const pro = await ask({ tenant: 'c', plan: 'pro' });
    assert.match(pro.headers.get('ratelimit'), /;r=99;/u);
    assert.match(pro.headers.get('ratelimit-policy'), /;q=100;w=36000$/u);
    assert.equal(decisions.length, 3);
    assert.deepEqual([decisions[0].decidedBy, decisions[0].policy, decisions[0].remaining], ['count', 'default', 6]);
  });

  /** What a limiter makes of a request: the status, or the name of what it throws. */
  const seenBy = {
    express: async (limit) => {
      const response = {
        statusCode: 200,
        headersSent: false,
        getHeader: () => undefined,
        setHeader: () => undefined,
        end: () => undefined,
      };
      limit({ method: 'GET', headers: { 'x-api-key': 'a' } }, response, () => undefined);
      return response.statusCode;
    },
    fastify: (limit) => {
      const app = fastify().addHook('onRequest', limit);
      app.setErrorHandler((error, _request, reply) => reply.code(error.statusCode ?? 500).send(error.name));
      app.get('/', (_request, reply) => reply.send('hello'));
      return app.inject('/').then(({ statusCode, body }) => (statusCode === 500 ? body : statusCode));
    },
    hono: async (limit) => {
      const app = new Hono().use(limit).get('/', (context) => context.text('hello'));
      app.onError((error, context) => context.text(error.name, 500));
      const answer = await app.request('/', {}, peer);
      return answer.status === 500 ? answer.text() : answer.status;
    },
    koa: async (limit) => {
      const app = new Koa().use((context, next) =>
        next().catch((error) => Object.assign(context, { status: error.status ?? 500, body: error.name })),
      );
      app.use(limit).use((context) => (context.body = 'hello'));
      const { ask, close } = await listen(createServer(app.callback()));
      const answer = await ask();
      close();
      return answer.status === 500 ? answer.text() : answer.status;
    },
    nest: async (guard) => {
      const response = { getHeader: () => undefined, setHeader: () => undefined, status: () => response, json: () => undefined };
      const request = { method: 'GET', headers: { 'x-api-key': 'a' } };
      const http = { getRequest: () => request, getResponse: () => response };
      await guard.canActivate({ getType: () => 'http', switchToHttp: () => http });
      return 200;
    },
    fetch: async (limit) => (await limit(new Request('http://localhost/'), () => new Response('hello'), { address: '192.0.2.1' })).status,
  };
  for (const [framework, see] of Object.entries(seenBy)) {
    const outcomes = async (skip) => {
      const limit = (await middlewareOf('fixed-window', { ...memory, framework }))(1, 60, { skip });
      const seen = [];
      for (let n = 0; n < 2; n++) {
        seen.push(await see(limit).then(String, ({ name, statusCode }) => (name === 'TypeError' ? name : String(statusCode))));
      }
      return seen;
    };

    test(`${framework}: a skip that gives a promise is an error, not a request that counts all the same`, async () => {
      assert.deepEqual(await outcomes(() => Promise.resolve(true)), ['TypeError', 'TypeError']);
    });

    test(`${framework}: what a skip of JavaScript gives is read as JavaScript does`, async () => {
      assert.deepEqual(await outcomes(() => 'yes'), ['200', '200']);
      for (const nothing of [undefined, null, '']) assert.deepEqual(await outcomes(() => nothing), ['200', '429']);
    });
  }

  test('fields by a name of another library are an error when the middleware is made', async () => {
    const make = await middlewareOf('fixed-window', memory);
    assert.throws(() => make(1, 60, { headers: 'draft-7' }), { name: 'RangeError', message: /^headers: "draft-7" .*use draft, legacy/u });
  });

  for (const framework of ['express', 'hono', 'koa', 'fetch']) {
    test(`${framework}: an answer of the caller's own to a refusal`, async () => {
      const answers = {
        express: (_request, response) => response.status(302).set('Location', '/slow').end(),
        hono: (context) => context.redirect('/slow'),
        koa: (context) => context.redirect('/slow'),
        fetch: () => new Response(null, { status: 302, headers: { Location: '/slow' } }),
      };
      const limit = (await middlewareOf('fixed-window', { ...memory, framework }))(1, 60, { onRefused: answers[framework] });
      const apps = {
        express: () => listen(express().use(limit)),
        hono: () => {
          const app = new Hono().use(limit);
          return { ask: (path = '/') => app.request(path, {}, peer), close: () => undefined };
        },
        koa: () => listen(createServer(new Koa().use(limit).callback())),
        fetch: () => ({ ask: () => limit(new Request('http://localhost/'), () => new Response('hello')), close: () => undefined }),
      };
      const { ask, close } = await apps[framework]();
      await ask('/', { redirect: 'manual' });
      const refused = await ask('/', { redirect: 'manual' });
      assert.equal(refused.status, 302);
      assert.equal(refused.headers.get('location'), '/slow');
      assert.equal(refused.headers.get('retry-after'), '60');
      close();
    });
  }

  test('Fastify: an answer that is returned is sent', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'fastify' }))(1, 60, {
      onRefused: async (_request, reply) => {
        reply.code(429);
        return Promise.resolve({ slow: 'down' });
      },
    });
    const app = fastify();
    app.addHook('onRequest', limit);
    app.get('/', () => 'hello');
    await app.inject('/');
    const refused = await app.inject('/');
    assert.deepEqual([refused.statusCode, refused.json()], [429, { slow: 'down' }]);
    await app.close();
  });

  test('Koa: fields outlive an error, in a refusal and in the application', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'koa' }))(1, 60, {
      onRefused: (context) => context.throw(429, { headers: { 'X-Own': '1' } }),
    });
    const app = new Koa().use(limit).use((context) => context.throw(400));
    app.silent = true;
    const { ask, close } = await listen(createServer(app.callback()));
    const [failed, refused] = [await ask(), await ask()];
    assert.deepEqual([failed.status, failed.headers.get('ratelimit')], [400, '"default";r=0;t=60']);
    const seen = ['retry-after', 'ratelimit', 'x-own'].map((name) => refused.headers.get(name));
    assert.deepEqual([refused.status, ...seen], [429, '60', '"default";r=0;t=60', '1']);
    close();
  });

  test('Koa: an error that is thrown again has the fields of its own request', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'koa' }))(3, 60);
    const shared = Object.assign(new Error('gone'), { status: 410, expose: true, headers: { 'X-Own': '1' } });
    class ReadOnly extends Error {
      get headers() {
        return {};
      }
    }
    const app = new Koa().use(limit).use((context) => {
      throw context.path === '/shared' ? shared : new ReadOnly('of the application');
    });
    const reported = [];
    app.on('error', (error) => reported.push(error));
    const { ask, close } = await listen(createServer(app.callback()));
    for (const left of [2, 1]) {
      const { status, headers } = await ask('/shared');
      assert.deepEqual([status, headers.get('x-own')], [410, '1']);
      assert.equal(headers.get('ratelimit'), `"default";r=${String(left)};t=60`);
    }
    assert.equal((await ask('/read-only')).status, 500);
    assert.equal(reported.at(-1).message, 'of the application');
    close();
  });

  test('Koa: an error that is thrown again without a limiter has no field of an earlier request', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'koa' }))(9, 60);
    const plain = Object.assign(new Error('gone'), { status: 410 });
    const withFields = Object.assign(new Error('gone, too'), { status: 410, headers: { 'X-Own': '1' } });
    // As with errors of another realm, which Jest has.
    const foreign = Object.setPrototypeOf(Object.assign(new Error('foreign'), { status: 410 }), null);
    const errors = { '/plain': plain, '/with-fields': withFields, '/foreign': foreign };
    const app = new Koa().use((context, next) => (context.get('x-free') === '' ? limit(context, next) : next()));
    app.use((context) => {
      throw errors[context.path];
    });
    app.silent = true;
    const { ask, close } = await listen(createServer(app.callback()));
    for (const path of Object.keys(errors)) {
      const [counted, free] = [await ask(path), await ask(path, { headers: { 'x-free': '1' } })];
      assert.deepEqual([counted.status, free.status], [410, 410]);
      assert.match(counted.headers.get('ratelimit'), /^"default";r=\d;t=60$/u);
      for (const name of ['ratelimit', 'ratelimit-policy']) assert.equal(free.headers.get(name), null);
      assert.equal(free.headers.get('x-own'), path === '/with-fields' ? '1' : null);
    }
    assert.deepEqual([Object.hasOwn(plain, 'headers'), withFields.headers], [false, { 'X-Own': '1' }]);
    close();
  });

  const handlers = {
    'without an error handler': undefined,
    'with an error handler': (error, context) => context.text(`slow down: ${error.message}`, error.status),
    'with one that answers what the error holds': (error) => error.getResponse(),
  };
  for (const [name, handler] of Object.entries(handlers)) {
    test(`Hono: fields outlive a refusal that is thrown, ${name}`, async () => {
      const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'hono' }))(1, 60, {
        onRefused: () => {
          throw new HTTPException(429, { message: 'own' });
        },
      });
      const app = new Hono();
      if (handler !== undefined) app.onError(handler);
      app.use(limit).get('/', (context) => context.text('hello'));
      await app.request('/', {}, peer);
      const refused = await app.request('/', {}, peer);
      assert.match(await refused.text(), /own$/u);
      const seen = ['retry-after', 'ratelimit'].map((field) => refused.headers.get(field));
      assert.deepEqual([refused.status, ...seen], [429, '60', '"default";r=0;t=60']);
    });
  }

  test('fields as they are wanted', async () => {
    const make = await middlewareOf('fixed-window', { ...memory, framework: 'fetch', keyStrategy: 'global' });
    const seen = async (headers) => {
      const limit = make(1, 60, { headers, now: () => 0 });
      const ask = () => limit(new Request('http://localhost/'), () => new Response('hello'));
      await ask();
      const refused = await ask();
      return ['ratelimit', 'ratelimit-policy', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after'].map((name) =>
        refused.headers.get(name),
      );
    };
    assert.deepEqual(await seen('draft'), ['"default";r=0;t=60', '"default";q=1;w=60', null, null, '60']);
    assert.deepEqual(await seen('legacy'), [null, null, '1', '0', '60']);
    assert.deepEqual(await seen('both'), ['"default";r=0;t=60', '"default";q=1;w=60', '1', '0', '60']);
    assert.deepEqual(await seen('none'), [null, null, null, null, '60']);
  });

  test('a request for which keyOf gives no key has its usual one', async () => {
    const make = await middlewareOf('fixed-window', { ...memory, framework: 'fetch' });
    const keys = [];
    const limit = make(1, 60, {
      keyOf: (request) => request.headers.get('tenant') ?? undefined,
      onDecision: ({ allowed }) => keys.push(allowed),
    });
    for (const headers of [{ 'x-api-key': 'a' }, { 'x-api-key': 'b' }, { tenant: 't' }, { 'x-api-key': 'a' }]) {
      await limit(new Request('http://localhost/', { headers }), () => new Response('hello'));
    }
    assert.deepEqual(keys, [true, true, true, false]);
    // An empty text, as of a user who has no id, is no key; a promise or a plain object would be one for everybody.
    const decisions = [];
    const limitNamed = make(1, 60, { keyOf: () => '', onDecision: ({ allowed }) => decisions.push(allowed) });
    for (const key of ['a', 'b', 'a']) {
      await limitNamed(new Request('http://localhost/', { headers: { 'x-api-key': key } }), () => new Response('hello'));
    }
    assert.deepEqual(decisions, [true, true, false]);
    for (const [id, text] of [
      [Promise.resolve('a'), '[object Promise]'],
      [{ id: 1 }, '[object Object]'],
      [`${{}}`, '[object Object]'],
      [false, 'false'],
      [true, 'true'],
      [NaN, 'NaN'],
      [Infinity, 'Infinity'],
      [Symbol('id'), 'Symbol(id)'],
      [() => 'a', "() => 'a'"],
    ]) {
      await assert.rejects(
        make(1, 60, { keyOf: () => id })(new Request('http://localhost/'), () => new Response('hello')),
        { name: 'TypeError', message: `keyOf: ${text} would be one key for all clients; return a text.` },
      );
    }
    for (const id of [7, 0, 7n, ['a'], new Date(0), 'false', 'NaN']) {
      const response = await make(1, 60, { keyOf: () => id })(new Request('http://localhost/'), () => new Response('hello'));
      assert.equal(response.status, 200);
    }
  });

  test('Hono: an application that another one mounts counts a request of Node once', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'hono' }))(5, 60);
    const inner = new Hono();
    inner.use(limit);
    inner.get('/a', (context) => context.text('a'));
    const app = new Hono();
    app.use(limit);
    app.mount('/inner', inner.fetch);
    for (const left of [4, 3]) {
      const { headers } = await app.request('/inner/a', {}, { ...peer, outgoing: {} });
      assert.match(headers.get('ratelimit'), new RegExp(`^"default";r=${String(left)};t=\\d+$`, 'u'));
    }
  });

  // Requests one after another, and at once, through an application that another one mounts.
  const mounted = `
    import { Hono } from 'hono';
    import { fixedWindowMiddleware } from './rate-limiter.mjs';
    const limit = fixedWindowMiddleware(9, 60);
    const inner = new Hono().use(limit).get('/a', (context) => context.text('a'));
    export const app = new Hono().use(limit);
    app.mount('/inner', inner.fetch);
    export async function left(ask) {
      const of = async () => Number(/r=(\\d+)/u.exec((await ask('/inner/a')).headers.get('ratelimit'))[1]);
      const [first, second] = [await of(), await of()];
      return [first, second, ...(await Promise.all([of(), of(), of()])).sort().reverse()].join();
    }`;
  const bundled = async (runtime, main) => {
    const args = { ...memory, framework: 'hono', runtime, algorithm: 'fixed-window', keyStrategy: 'global' };
    const { outputFiles } = await build({
      stdin: { contents: main, resolveDir: import.meta.dirname },
      bundle: true,
      format: 'esm',
      write: false,
      plugins: [
        {
          name: 'emitted',
          setup({ onResolve, onLoad }) {
            onResolve({ filter: /^[.][/](?:mounted|rate-limiter)[.]mjs$/ }, ({ path }) => ({ path, namespace: 'emitted' }));
            onLoad({ filter: /./, namespace: 'emitted' }, ({ path }) => ({
              contents: path.includes('mounted') ? mounted : stripTypes(sourceOf(tool, args)),
              resolveDir: import.meta.dirname,
            }));
          },
        },
      ],
    });
    return outputFiles[0].text;
  };
  const served = {
    deno: `const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, app.fetch);
      console.log(await left((path) => fetch(\`http://127.0.0.1:\${server.addr.port}\${path}\`)));
      await server.shutdown();`,
    bun: `const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch });
      console.log(await left((path) => fetch(\`http://127.0.0.1:\${server.port}\${path}\`)));
      server.stop();`,
  };
  for (const [runtime, main] of Object.entries(served)) {
    const program = binary(runtime);
    test(`Hono: so does one on ${runtime}`, { skip: program === undefined && `no ${runtime}` }, async () => {
      const file = join(work, `mounted-${runtime}.mjs`);
      writeFileSync(file, await bundled(runtime, `import { app, left } from './mounted.mjs';\n${main}`));
      const output = execFileSync(program, runtime === 'deno' ? ['run', '-A', file] : [file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      assert.equal(output, '8,7,6,5,4\n');
    });
  }

  test('Hono: so does one on Workers, where a Durable Object has one context for all requests', async () => {
    const main = `import { app, left } from './mounted.mjs';
      const ask = (of) => (path) => app.fetch(new Request('https://example.com' + path), {}, of());
      const object = { waitUntil() {}, storage: {} };
      export default {
        fetch: async (request, env, context) => {
          const { pathname } = new URL(request.url);
          if (pathname === '/inner/a') return app.fetch(request, env, context);
          return new Response(await left(ask(() => object)));
        },
      };`;
    const { ask, get } = startWorker({ '/worker.mjs': await bundled('workers', main) });
    const remaining = async () => Number(/r=(\d+)/u.exec((await ask('/inner/a')).headers.get('ratelimit'))[1]);
    assert.deepEqual([await remaining(), await remaining()], [8, 7]);
    // Each counts twice where nothing tells one request from another, and none goes uncounted.
    assert.match(await get('/object'), /^5,3,/u);
  });

  test('fetch: an upgrade of Bun, which has no answer, is left alone', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, framework: 'fetch' }))(5, 60);
    assert.equal(await limit(new Request('http://localhost/'), () => undefined), undefined);
  });

  test('Express: fields that stand there as a list are kept, and an answer that has begun is left alone', async () => {
    const limit = (await middlewareOf('fixed-window', { ...memory, keyStrategy: 'ip' }))(5, 60, { name: 'ours' });
    const app = express();
    app.use((_request, response, next) => {
      for (const name of ['one', 'two']) response.append('RateLimit', `"${name}";r=1;t=1`);
      next();
    });
    app.get('/begun', (_request, response, next) => {
      response.end('begun');
      next();
    });
    app.use(limit, (_request, response) => {
      if (!response.headersSent) response.end('hello');
    });
    const failures = [];
    app.use((error, _request, _response, next) => {
      failures.push(error);
      next(error);
    });
    const { ask, close } = await listen(app);
    assert.equal((await ask()).headers.get('ratelimit'), '"one";r=1;t=1, "two";r=1;t=1, "ours";r=4;t=60');
    assert.equal(await (await ask('/begun')).text(), 'begun');
    assert.deepEqual(failures, []);
    close();
  });

  test('of two limiters with the older fields the one with the least left is shown', async () => {
    const make = await middlewareOf('fixed-window', { ...memory, framework: 'fetch', keyStrategy: 'global' });
    for (const [outer, inner] of [
      [5, 100],
      [100, 5],
    ]) {
      const [first, second] = [outer, inner].map((limit) => make(limit, 60, { headers: 'legacy' }));
      const response = await first(new Request('http://localhost/'), (request) => second(request, () => new Response('hello')));
      assert.equal(response.headers.get('x-ratelimit-limit'), '5');
      assert.equal(response.headers.get('x-ratelimit-remaining'), '4');
    }
  });

  test('of two that have nothing left the one that refuses is shown', async () => {
    const make = await middlewareOf('fixed-window', memory);
    const [second, day] = [make(2, 1, { headers: 'legacy' }), make(1, 86_400, { headers: 'legacy' })];
    const app = express().use(second, day, (_request, response) => response.send('hello'));
    const { ask, close } = await listen(app);
    await ask();
    const { status, headers } = await ask();
    assert.deepEqual([status, headers.get('x-ratelimit-limit')], [429, '1']);
    const resetIn = Number(headers.get('x-ratelimit-reset')) - Date.now() / 1000;
    assert.ok(Math.abs(resetIn - Number(headers.get('retry-after'))) <= 2, String(resetIn));
    close();
  });
});
