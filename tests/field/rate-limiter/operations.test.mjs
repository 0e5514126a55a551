// Looking, forgetting, blocking, and waiting for a turn, in memory and on Redis; the guard in a real Nest; types behind the middleware.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Catch, Controller, Get, HttpException, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import { programUnderTest, repository } from '../../shared/program.mjs';
import { emit, stripTypes } from '../lib/emit.mjs';
import {
  admittedOf,
  algorithms,
  clients,
  limiterClass,
  listen,
  middlewareOf,
  sleep,
  sourceOf,
  startRedis,
  tool,
  withConsole,
} from './lib/support.mjs';

let server;
const stores = {
  memory: { args: { store: 'memory' }, make: (Limiter, figures) => new Limiter(...figures) },
  ioredis: { args: { redisClient: 'ioredis' } },
  'node-redis': { args: { redisClient: 'node-redis' } },
};
before(async () => {
  server = await startRedis();
  for (const name of ['ioredis', 'node-redis']) {
    const { client, close } = await clients[name](server.url);
    Object.assign(stores[name], {
      close,
      make: (Limiter, figures) => new Limiter(client, ...figures, { prefix: `${name}:${String(Math.random())}:`, storeTimeoutMs: 5000 }),
    });
  }
});
after(async () => {
  for (const { close } of Object.values(stores)) close?.();
  await server.stop();
});

for (const store of Object.keys(stores)) {
  for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
    describe(`${store}, ${algorithm}`, () => {
      const limiterOf = async (first, perSecond) => {
        const Limiter = await limiterClass(algorithm, { ...stores[store].args, withOperations: true });
        return stores[store].make(Limiter, [first, bucket ? perSecond : Math.ceil(first / perSecond)]);
      };

      test('peek takes nothing', async () => {
        const limiter = await limiterOf(2, 0.001);
        assert.deepEqual([(await limiter.peek('k')).allowed, (await limiter.peek('k')).remaining], [true, 2]);
        await limiter.consume('k', 2);
        const { allowed, remaining, retryAfterMs } = await limiter.peek('k');
        assert.deepEqual([allowed, remaining], [false, 0]);
        assert.ok(retryAfterMs > 0);
        assert.equal((await limiter.peek('k', 2)).allowed, false);
      });

      test('a look at the limit of a plan', async () => {
        const limiter = await limiterOf(2, 0.001);
        for (let i = 0; i < 3; i++) await limiter.consume('k', 1, 7);
        assert.deepEqual([(await limiter.peek('k', 1, 7)).allowed, (await limiter.peek('k', 1, 7)).remaining], [true, 4]);
        assert.equal((await limiter.peek('k', 5, 7)).allowed, false);
        assert.equal((await limiter.consume('k', 4, 7)).remaining, 0);
      });

      test('a look long before the first request changes nothing', async () => {
        const [looked, other] = [await limiterOf(4, 4), await limiterOf(4, 4)];
        await looked.peek('k');
        await sleep(600);
        const decisions = await Promise.all([looked.consume('k', 4), other.consume('k', 4)]);
        const [one, two] = decisions.map(({ allowed, resetMs }) => [allowed, Math.round(resetMs / 100)]);
        assert.deepEqual(one, two);
      });

      test('reset forgets', async () => {
        const limiter = await limiterOf(2, 0.001);
        assert.equal(await admittedOf(limiter, 'k', 3), 2);
        await limiter.reset('k');
        assert.equal(await admittedOf(limiter, 'k', 3), 2);
      });

      test('block refuses for as long, then begins anew', async () => {
        const limiter = await limiterOf(2, 0.001);
        await limiter.block('k', 150);
        const refused = await limiter.consume('k');
        assert.deepEqual([refused.allowed, refused.decidedBy, refused.remaining], [false, 'block', 0]);
        assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 150);
        assert.equal((await limiter.consume('other')).allowed, true);
        await sleep(200);
        assert.equal(await admittedOf(limiter, 'k', 3), 2);
        await limiter.block('k', 60_000);
        await limiter.reset('k');
        assert.equal((await limiter.consume('k')).allowed, true);
      });
    });
  }
}

for (const algorithm of Object.keys(algorithms)) {
  test(`${algorithm}: a look takes no place in memory, nor a request's turn while Redis is away`, async () => {
    const full = new (await limiterClass(algorithm, { store: 'memory', withOperations: true }))(2, 60, { maxKeys: 3 });
    for (const key of ['a', 'b', 'c']) assert.equal(await admittedOf(full, key, 2), 2);
    for (let i = 0; i < 100; i++) assert.equal((await full.peek(`looked at ${String(i)}`)).remaining, 2);
    for (const key of ['a', 'b', 'c']) assert.equal((await full.consume(key)).allowed, false, key);
    const away = { evalsha: () => Promise.reject(new Error('away')), eval: () => Promise.reject(new Error('away')) };
    const Local = await limiterClass(algorithm, { onStoreError: 'local', withOperations: true });
    const local = new Local(away, 2, 60, { storeTimeoutMs: 20, onStoreFailure: () => undefined });
    for (let i = 0; i < 5; i++) assert.deepEqual([(await local.peek('k')).remaining, (await local.peek('k', 2)).allowed], [2, true]);
    assert.equal(await admittedOf(local, 'k', 3), 2);
    assert.equal((await local.peek('k')).allowed, false);
  });
}

describe('acquire', () => {
  const limiterOf = async () => new (await limiterClass('token-bucket', { store: 'memory', withOperations: true }))(1, 20);

  test('waits for turns, first come first served', async () => {
    const limiter = await limiterOf();
    const order = [];
    const began = performance.now();
    await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) => {
        assert.equal((await limiter.acquire('k')).allowed, true);
        order.push(name);
      }),
    );
    assert.deepEqual(order, ['a', 'b', 'c', 'd']);
    assert.ok(performance.now() - began >= 145);
  });

  test('ends with its signal, and leaves the queue', async () => {
    const limiter = await limiterOf();
    await limiter.acquire('k');
    const controller = new AbortController();
    const gone = limiter.acquire('k', { signal: controller.signal });
    const stays = limiter.acquire('k');
    controller.abort(new Error('left'));
    await assert.rejects(gone, { message: 'left' });
    assert.equal((await stays).allowed, true);
    await assert.rejects(limiter.acquire('k', { signal: controller.signal }), { message: 'left' });
  });

  test('what is no signal is refused, and holds up nobody', async () => {
    const limiter = await limiterOf();
    await limiter.acquire('k');
    for (const signal of [new AbortController(), {}, 5, 'abort']) {
      await assert.rejects(limiter.acquire('k', { signal }), { name: 'TypeError', message: /^signal: no AbortSignal; / });
    }
    assert.equal((await limiter.acquire('k')).allowed, true);
  });

  test('a turn that would come too late is refused at once', async () => {
    const limiter = new (await limiterClass('token-bucket', { store: 'memory', withOperations: true }))(1, 0.01);
    await limiter.acquire('k');
    const began = performance.now();
    const { allowed, retryAfterMs } = await limiter.acquire('k', { maxWaitMs: 1000 });
    assert.equal(allowed, false);
    assert.ok(retryAfterMs > 90_000);
    assert.ok(performance.now() - began < 900);
  });

  test('nobody waits for the pause of another, whose turn would come too late or who is first when another leaves', async ({ mock }) => {
    const limiter = new (await limiterClass('token-bucket', { store: 'memory', withOperations: true }))(10, 0.01);
    await limiter.consume('k', 5);
    // No pause ends by itself.
    mock.timers.enable({ apis: ['setTimeout'] });
    const controller = new AbortController();
    const first = limiter.acquire('k', { cost: 10, signal: controller.signal, maxWaitMs: 1e9 }).catch(() => 'left');
    await new Promise(setImmediate);
    assert.equal((await limiter.acquire('k', { maxWaitMs: 50 })).allowed, false);
    const next = limiter.acquire('k', { maxWaitMs: 1e9 });
    await new Promise(setImmediate);
    controller.abort();
    assert.equal(await first, 'left');
    assert.equal((await next).allowed, true);
  });

  test('leaves no timer when the last of its callers goes', async () => {
    const limiter = new (await limiterClass('token-bucket', { store: 'memory', withOperations: true }))(1, 0.01);
    await limiter.acquire('k');
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const controller = new AbortController();
    const waits = [1, 2].map(() => limiter.acquire('k', { signal: controller.signal, maxWaitMs: 1e9 }).catch((error) => error.message));
    await sleep(5);
    assert.ok(timers() > before);
    controller.abort(new Error('left'));
    assert.deepEqual(await Promise.all(waits), ['left', 'left']);
    assert.equal(timers(), before);
  });

  test('who leaves while Redis decides leaves the turn to the next', async () => {
    const replies = [];
    const evalsha = () => new Promise((resolve) => replies.push(resolve));
    const Limiter = await limiterClass('fixed-window', { withOperations: true });
    const limiter = new Limiter({ evalsha }, 1, 3600, { storeTimeoutMs: 5000 });
    const controller = new AbortController();
    const gone = limiter.acquire('k', { signal: controller.signal });
    const next = limiter.acquire('k', { signal: null });
    await sleep(1);
    controller.abort(new Error('left'));
    await assert.rejects(gone, { message: 'left' });
    replies[0]([1, 0, 0, 3_600_000]);
    assert.equal((await next).allowed, true);
    assert.equal(replies.length, 1);
  });

  test('a longest wait passes on the clock that tests move, too', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const Limiter = await limiterClass('fixed-window', { store: 'memory', withOperations: true });
    const limiter = new Limiter(1, 10);
    const seen = [];
    const acquire = (name, maxWaitMs) => limiter.acquire('k', { maxWaitMs }).then(({ allowed }) => seen.push(name, allowed));
    await limiter.acquire('k', null);
    const waits = [acquire('first', 12_000), acquire('second', 15_000)];
    for (let second = 0; second < 11; second++) {
      await new Promise(setImmediate);
      mock.timers.tick(1_000);
    }
    await Promise.all(waits);
    assert.deepEqual(seen, ['first', true, 'second', false]);
  });

  test('is bounded', async () => {
    const limiter = new (await limiterClass('token-bucket', { store: 'memory', withOperations: true }))(1, 0.01);
    await limiter.acquire('k');
    const controller = new AbortController();
    const waits = Array.from({ length: 1000 }, () =>
      limiter.acquire('k', { signal: controller.signal, maxWaitMs: 1e9 }).catch(() => 'ended'),
    );
    await assert.rejects(limiter.acquire('k'), { name: 'RangeError' });
    // Node warns of more than ten listeners on a signal.
    assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
    controller.abort();
    assert.ok((await Promise.all(waits)).every((each) => each === 'ended'));
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  test('a file without operations has none of this', () => {
    for (const store of ['memory', 'redis']) assert.doesNotMatch(sourceOf(tool, { store }), /peek|acquire|block|Turns/u);
  });
});

/** A Nest application with one route. */
function helloApp() {
  class Hello {
    hello() {
      return 'hello';
    }
  }
  Get()(Hello.prototype, 'hello', Object.getOwnPropertyDescriptor(Hello.prototype, 'hello'));
  Controller()(Hello);
  class App {}
  Module({ controllers: [Hello] })(App);
  return NestFactory.create(App, { logger: false });
}

describe('a limiter of the application behind the middleware', () => {
  for (const limits of [undefined, [{ name: 'day', requests: 100, seconds: 86_400 }]]) {
    test(`its operations hold there${limits ? ', with further limits' : ''}`, async () => {
      const args = { store: 'memory', framework: 'express', keyStrategy: 'ip', withOperations: true, limits };
      const Limiter = await limiterClass('fixed-window', args);
      const limiter = new Limiter(2, 60, { name: 'login' });
      const app = express();
      app.use((await middlewareOf('fixed-window', args))(undefined, undefined, { limiter }));
      app.get('/', (_request, response) => response.send('hello'));
      const { ask, close } = await listen(app);
      const statuses = async (amount) => {
        const answers = [];
        for (let i = 0; i < amount; i++) answers.push(await ask());
        assert.match(answers[0].headers.get('ratelimit-policy'), /^"login";q=2;w=60/u);
        return answers.map(({ status }) => status);
      };
      assert.deepEqual(await statuses(3), [200, 200, 429]);
      await limiter.reset('ip:127.0.0.1');
      assert.deepEqual(await statuses(1), [200]);
      await limiter.block('ip:127.0.0.1', 60_000);
      assert.deepEqual(await statuses(1), [429]);
      close();
    });
  }
});

test('Nest: a global guard refuses with 429, its fields, and goes past exception filters of the application', async () => {
  const guard = (await middlewareOf('fixed-window', { store: 'memory', framework: 'nest', keyStrategy: 'ip' }))(2, 60);
  const app = await helloApp();
  app.useGlobalGuards(guard);
  await app.listen(0, '127.0.0.1');
  const ask = () => fetch(`http://127.0.0.1:${String(app.getHttpServer().address().port)}/`);
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
  const refused = await ask();
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '60');
  assert.equal(refused.headers.get('ratelimit'), '"default";r=0;t=60');
  assert.deepEqual(await refused.json(), { statusCode: 429, message: 'Too Many Requests' });
  await app.close();
});

test('Nest: as the usage has it, the user is known before the limiter, and a filter for everything answers 429', async () => {
  const args = { store: 'memory', framework: 'nest', keyStrategy: 'user', algorithm: 'fixed-window', requestsPerWindow: 1 };
  const { files, usage } = emit(tool, args);
  const folder = mkdtempSync(fileURLToPath(new URL('.emitted-', import.meta.url)));
  try {
    for (const [name, text] of [
      ['rate-limiter.mjs', files[0].content],
      ['usage.mjs', usage.replace("'./rate-limiter.ts'", "'./rate-limiter.mjs'")],
    ]) {
      writeFileSync(join(folder, name), stripTypes(text));
    }
    const { limit } = await import(pathToFileURL(join(folder, 'usage.mjs')).href);
    class Everything {
      catch(error, host) {
        const status = error instanceof HttpException ? error.getStatus() : 500;
        host.switchToHttp().getResponse().status(status).json({ status });
      }
    }
    Catch()(Everything);
    const app = await helloApp();
    app.useGlobalFilters(new Everything());
    limit(app, {
      canActivate(context) {
        const request = context.switchToHttp().getRequest();
        request.user = { id: request.headers['x-user'] };
        return true;
      },
    });
    await app.listen(0, '127.0.0.1');
    const statuses = [];
    for (const user of ['ann', 'bob', 'eve', 'ann']) {
      const { status } = await fetch(`http://127.0.0.1:${String(app.getHttpServer().address().port)}/`, { headers: { 'x-user': user } });
      statuses.push(status);
    }
    await app.close();
    assert.deepEqual(statuses, [200, 200, 200, 429]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('Nest, beside HTTP', () => {
  const upgrade = (address) => ({ method: 'GET', headers: {}, socket: { remoteAddress: address } });
  const context = (type, ...args) => ({ getType: () => type, getArgByIndex: (index) => args[index] });
  const graphql = (value) => context('graphql', undefined, {}, value, {});
  const response = () => {
    const fields = new Map();
    return { fields, getHeader: (name) => fields.get(name), setHeader: (name, value) => fields.set(name, value) };
  };
  const refused = { code: 'RATE_LIMITED', statusCode: 429 };
  const isAdmitted = async (guard, call) => guard.canActivate(call);
  const args = { framework: 'nest', keyStrategy: 'user', store: 'memory' };

  for (const [driver, contextOf] of Object.entries({
    Apollo: (req, res) => ({ req, res }),
    'Apollo, Express alone': (req, res) => ({ req: Object.assign(req, { res }) }),
    Mercurius: (request, raw) => ({ reply: { request, raw } }),
  })) {
    test(`GraphQL, ${driver}: a request counts once, and all of its fields are admitted or none`, async () => {
      const guard = (await middlewareOf('fixed-window', args))(1, 60);
      const [first, second] = [response(), response()];
      const admitted = contextOf(upgrade('192.0.2.1'), first);
      const late = contextOf(upgrade('192.0.2.1'), second);
      for (let i = 0; i < 2; i++) assert.equal(await isAdmitted(guard, graphql(admitted)), true);
      for (let i = 0; i < 2; i++) await assert.rejects(isAdmitted(guard, graphql(late)), refused);
      assert.equal(first.fields.get('RateLimit'), '"default";r=0;t=60');
      assert.equal(second.fields.get('Retry-After'), '60');
    });
  }

  test('GraphQL over a Redis: fields that are asked at the same time', async () => {
    const { client, close } = await clients.ioredis(server.url);
    const guard = (await middlewareOf('fixed-window', { ...args, store: 'redis' }))(client, 1, 60, { prefix: `${String(Math.random())}:` });
    const ask = (req) => Promise.allSettled([1, 2, 3].map(() => isAdmitted(guard, graphql({ req }))));
    const statuses = async (req) => (await ask(req)).map(({ status }) => status);
    assert.deepEqual(await statuses(upgrade('192.0.2.1')), Array(3).fill('fulfilled'));
    assert.deepEqual(await statuses(upgrade('192.0.2.1')), Array(3).fill('rejected'));
    close();
  });

  test('WebSocket: each message counts, by the user of its connection, else by its address', async () => {
    const guard = (await middlewareOf('fixed-window', args))(1, 60);
    const message = (client) => context('ws', client, 'data');
    const ann = { request: upgrade('192.0.2.1'), data: { user: { id: 'ann' } } };
    const bob = { request: upgrade('192.0.2.1'), user: { id: 'bob' } };
    const nobody = { request: upgrade('192.0.2.1') };
    for (const client of [ann, bob, nobody]) {
      assert.equal(await isAdmitted(guard, message(client)), true);
      await assert.rejects(isAdmitted(guard, message(client)), refused);
    }
  });

  test('a call without a request is let through, and said aloud once', async () => {
    const guard = (await middlewareOf('fixed-window', args))(1, 60);
    const lines = await withConsole('warn', async () => {
      for (let i = 0; i < 2; i++) assert.equal(await isAdmitted(guard, context('rpc', {})), true);
      for (let i = 0; i < 2; i++) assert.equal(await isAdmitted(guard, graphql(undefined)), true);
    });
    assert.equal(lines.length, 2);
    assert.match(lines[0], /"rpc" .*not limited/u);
  });
});

describe('types behind the middleware', () => {
  const workspace = join(repository, 'tests/generated');
  const folder = join(workspace, '.emitted', `field-types-${String(process.pid)}`);
  const compile = (args, text) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'rate-limiter.ts'), sourceOf(tool, args));
    writeFileSync(join(folder, 'app.ts'), text);
    const compiler = createRequire(join(workspace, 'package.json')).resolve('typescript/bin/tsc');
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck', '--allowImportingTsExtensions'];
    execFileSync(process.execPath, [compiler, ...flags, join(folder, 'app.ts')], { cwd: workspace, stdio: 'pipe', encoding: 'utf8' });
  };
  const cases = {
    'Express: the parameters of a route keep their types': [
      { store: 'memory' },
      `import express from 'express';
import { tokenBucketMiddleware, type RateLimited } from './rate-limiter.ts';
const app = express();
app.get('/users/:id', tokenBucketMiddleware(), (request, response) => {
  const id: string = request.params.id;
  response.send(id + String((request as RateLimited<typeof request>).rateLimit?.remaining));
});
app.use(tokenBucketMiddleware());
express.Router().get('/:a/:b', tokenBucketMiddleware(), (request) => { const both: string = request.params.a + request.params.b; void both; });`,
    ],
    'Fastify: a hook of a route, and of an application': [
      { store: 'memory', framework: 'fastify' },
      `import { fastify } from 'fastify';
import { tokenBucketMiddleware } from './rate-limiter.ts';
const app = fastify();
app.addHook('onRequest', tokenBucketMiddleware());
app.get<{ Params: { id: string } }>('/users/:id', { onRequest: tokenBucketMiddleware() }, (request) => { const id: string = request.params.id; return id; });`,
    ],
    'clients, pools, clusters and Sentinels of node-redis': [
      { redisClient: 'node-redis', withOperations: true },
      `import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { TokenBucketLimiter, type RedisClient } from './rate-limiter.ts';
new TokenBucketLimiter(createClient());
new TokenBucketLimiter(createClientPool());
new TokenBucketLimiter(createCluster({ rootNodes: [] }));
new TokenBucketLimiter(createSentinel({ name: 'limits', sentinelRootNodes: [] }));
// The nodes of a cluster of node-redis 4.
interface Old extends Omit<RedisClient, 'masters'> {
  masters: { address: string; client?: { connect(): Promise<void>; isReady: boolean } | Promise<{ connect(): Promise<void>; isReady: boolean }> }[];
}
declare const old: Old;
new TokenBucketLimiter(old);`,
    ],
    'Koa and Nest take what is emitted for them': [
      { store: 'memory', framework: 'koa' },
      `import Koa from 'koa';
import { tokenBucketMiddleware } from './rate-limiter.ts';
new Koa().use(tokenBucketMiddleware(20, 1, { keyOf: (context) => context.get('tenant'), onDecision: ({ remaining }) => remaining }));`,
    ],
  };
  for (const [name, [args, text]] of Object.entries(cases)) {
    test(name, () => {
      assert.ok(programUnderTest().command);
      compile(args, text);
    });
  }
  after(async () => {
    const { rmSync } = await import('node:fs');
    rmSync(folder, { recursive: true, force: true });
  });
});
