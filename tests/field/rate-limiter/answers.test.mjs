// What a client is told is true: outages are no quotas, times agree, several policies are a list.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { emit, listen, middlewareOf, tool, withConsole } from './lib/support.mjs';

const down = { evalsha: () => Promise.reject(new Error('down')), eval: () => Promise.reject(new Error('down')) };
const peer = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };

const servers = {
  async express(middleware) {
    const app = express();
    for (const each of middleware) app.use(each);
    app.get('/', (_request, response) => response.send('hello'));
    return listen(app);
  },
  async fastify(middleware) {
    const app = fastify();
    for (const each of middleware) app.addHook('onRequest', each);
    app.get('/', () => 'hello');
    await app.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${String(app.server.address().port)}/`;
    return { ask: () => fetch(url), close: () => app.close() };
  },
  async hono(middleware) {
    const app = new Hono();
    for (const each of middleware) app.use(each);
    app.get('/', (context) => context.text('hello'));
    return { ask: () => app.request('/', {}, peer), close: () => undefined };
  },
  async fetch(middleware) {
    const handle = middleware.reduceRight(
      (next, each) => (request) => each(request, next, { address: '192.0.2.1' }),
      () => new Response('hello'),
    );
    return { ask: async () => handle(new Request('http://localhost/')), close: () => undefined };
  },
};

for (const [framework, start] of Object.entries(servers)) {
  describe(framework, () => {
    test('closed: an outage of the store is 503 with Retry-After, and no quota', async () => {
      const middleware = await middlewareOf('token-bucket', { framework, onStoreError: 'closed', keyStrategy: 'ip' });
      const { ask, close } = await start([middleware(down, 5, 1, { onStoreFailure: () => undefined })]);
      const response = await ask();
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '1');
      assert.equal(response.headers.get('ratelimit'), null);
      assert.match(response.headers.get('content-type'), /^application\/problem\+json/u);
      const body = await response.text();
      assert.equal(JSON.parse(body).status, 503);
      assert.doesNotMatch(body, /quota|exceeded/u);
      await close();
    });

    test('open: nothing is claimed about a quota that nobody looked at', async () => {
      const middleware = await middlewareOf('token-bucket', { framework, keyStrategy: 'ip' });
      const { ask, close } = await start([middleware(down, 5, 1, { headers: 'both', onStoreFailure: () => undefined })]);
      const response = await ask();
      assert.equal(response.status, 200);
      for (const name of ['ratelimit', 'ratelimit-policy', 'x-ratelimit-remaining', 'retry-after']) {
        assert.equal(response.headers.get(name), null, name);
      }
      await close();
    });

    test('Retry-After and RateLimit name the same moment', async () => {
      for (const algorithm of ['token-bucket', 'fixed-window']) {
        const middleware = await middlewareOf(algorithm, { framework, store: 'memory', keyStrategy: 'ip' });
        const { ask, close } = await start([middleware(3, algorithm === 'token-bucket' ? 0.1 : 30)]);
        for (let i = 0; i < 3; i++) await ask();
        const { status, headers } = await ask();
        assert.equal(status, 429);
        assert.match(headers.get('ratelimit'), new RegExp(`;r=0;t=${headers.get('retry-after')}$`, 'u'));
        await close();
      }
    });

    test('two policies on a route are a list', async () => {
      const make = await middlewareOf('fixed-window', { framework, store: 'memory', keyStrategy: 'ip' });
      const { ask, close } = await start([make(2, 1000, { name: 'burst' }), make(1000, 3600, { name: 'hour' })]);
      await ask();
      const { headers } = await ask();
      const policies = headers.get('ratelimit-policy').split(', ').sort();
      assert.deepEqual(policies, ['"burst";q=2;w=1000', '"hour";q=1000;w=3600']);
      assert.match(headers.get('ratelimit'), /"burst";r=0;t=\d+/u);
      assert.match(headers.get('ratelimit'), /"hour";r=998;t=\d+/u);
      const refused = await ask();
      assert.equal(refused.status, 429);
      assert.deepEqual((await refused.json())['violated-policies'], ['burst']);
      await close();
    });
  });
}

describe('what is said beside the code', () => {
  const said = async (args) => {
    const { notes, warnings } = await emit(tool, args);
    return [...notes, ...warnings].join('\n');
  };

  test('a rate is no number of requests at any time, and there is a way out', async () => {
    const text = await said({ requestsPerWindow: 1000, windowSeconds: 86_400 });
    assert.match(text, /1000 per day is a rate: 20 at once, then one every 1\.4 min/u);
    assert.match(text, /sliding-window/u);
    assert.match(await said({}), /100 per minute is a rate: 20 at once/u);
    assert.doesNotMatch(await said({ burstCapacity: 100 }), /is a rate/u);
    assert.doesNotMatch(await said({ algorithm: 'sliding-window' }), /is a rate/u);
  });

  test('times are worded as a person says them', async () => {
    for (const args of [
      { requestsPerWindow: 1, windowSeconds: 86_400, burstCapacity: 20 },
      { requestsPerWindow: 1000, windowSeconds: 3600 },
      { algorithm: 'sliding-window', requestsPerWindow: 1000, windowSeconds: 86_400 },
    ]) {
      assert.doesNotMatch(await said(args), /\d{4,} (?:ms|s)\b/u, JSON.stringify(args));
    }
  });

  test('the rights that a user of Redis needs', async () => {
    assert.match(await said({}), /\+evalsha \+eval \+get \+set \+time/u);
    assert.match(await said({ withOperations: true }), /\+pttl \+del/u);
    assert.doesNotMatch(await said({ store: 'memory' }), /evalsha/u);
  });
});

test('an operator who has set nothing hears of an outage, once', async () => {
  const limit = (await middlewareOf('token-bucket', { framework: 'fetch', keyStrategy: 'global' }))(down);
  const lines = await withConsole('error', async () => {
    for (let i = 0; i < 20; i++) await limit(new Request('http://localhost/'), () => new Response('hello'));
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0], /admits everything.*down/u);
});
