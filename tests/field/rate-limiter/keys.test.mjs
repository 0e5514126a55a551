// Who is who: users where authentication leaves them, addresses as proxies and operators write them, and what is said aloud.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import express from 'express';
import { listen, load, middlewareOf, tool, withConsole } from './lib/support.mjs';

const memory = { store: 'memory' };

describe('the user', () => {
  const objectId = { toHexString: () => '65f0c0ffee0000000000000a' };
  const shapes = {
    'user.id, a number': [{ user: { id: 7 } }, 'user:7'],
    'user.sub of a token': [{ user: { sub: 'auth0|1' } }, 'user:auth0|1'],
    'user._id, an ObjectId': [{ user: { _id: objectId } }, 'user:65f0c0ffee0000000000000a'],
    'user.id, an ObjectId': [{ user: { id: objectId } }, 'user:65f0c0ffee0000000000000a'],
    'user.uid': [{ user: { uid: 'f' } }, 'user:f'],
    'user.uuid': [{ user: { uuid: 'f' } }, 'user:f'],
    'user.user_id': [{ user: { user_id: 9 } }, 'user:9'],
    'user, a text': [{ user: 'ann' }, 'user:ann'],
    'user.email': [{ user: { email: 'a@example.com' } }, 'user:a@example.com'],
    'auth.sub': [{ auth: { sub: 's' } }, 'user:s'],
    'auth.payload.sub': [{ auth: { payload: { sub: 's' } } }, 'user:s'],
    'auth(), a function': [{ auth: () => ({ userId: 'c' }) }, 'user:c'],
    'auth.user of basic authentication': [{ auth: { user: 'ann', password: 'x' } }, 'user:ann'],
    'session.userId': [{ session: { id: 'sid', userId: 'u' } }, 'user:u'],
    'session.passport.user': [{ session: { id: 'sid', passport: { user: 'p' } } }, 'user:p'],
    'the id of a session is nobody': [{ session: { id: 'sid' } }, 'ip:192.0.2.1'],
    'an id of a megabyte is nobody': [{ user: { id: 'x'.repeat(1_000_000) } }, 'ip:192.0.2.1'],
    'an object without an id is nobody': [{ user: { id: {} } }, 'ip:192.0.2.1'],
  };
  for (const [name, [request, key]] of Object.entries(shapes)) {
    test(name, async () => {
      const { keyOf } = await load(tool, { ...memory, keyStrategy: 'user' });
      assert.equal(keyOf({ ip: '192.0.2.1', headers: {}, ...request }), key);
    });
  }

  test('is found where libraries leave it', async () => {
    const left = {
      'Auth.js': { res: { locals: { session: { user: { email: 'u' }, expires: '2030' } } } },
      'AWS API Gateway, claims': { requestContext: { accountId: 'a', authorizer: { claims: { sub: 'u' } } } },
      'AWS API Gateway, JWT': { requestContext: { authorizer: { jwt: { claims: { sub: 'u' } } } } },
      'AWS API Gateway, Lambda': { apiGateway: { event: { requestContext: { authorizer: { principalId: 'u' } } } } },
      'better-auth': { session: { session: { id: 'sid', userId: 'u' } } },
      'express-openid-connect': { oidc: { isAuthenticated: () => true, user: { sub: 'u' } } },
      'keycloak-connect': { kauth: { grant: { access_token: { clientId: 'c', content: { sub: 'u', jti: 'j' } } } } },
      'Ory Kratos': { session: { id: 'sid', identity: { id: 'u' } } },
      'jsonwebtoken, as it is often used': { userData: { email: 'e', userId: 'u', iat: 1 } },
      'jsonwebtoken, decoded': { decoded: { id: 'u', iat: 1 } },
      'Okta, its middleware': { userContext: { userinfo: { sub: 'u', name: 'Ann' }, tokens: {} } },
      'an id alone': { uid: 'u' },
      'passport-saml': { user: { issuer: 'i', nameID: 'u' } },
      'Supabase, an answer': { user: { data: { user: { id: 'u' } }, error: null } },
      SuperTokens: {
        session: {
          handle: 'u',
          getUserId() {
            return this.handle;
          },
        },
      },
      'a token with the id of its session': { auth: { id: 'sid', userId: 'u' } },
      'a user behind one without an id': { user: { name: 'Ann' }, session: { user_id: 'u' } },
    };
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'user' });
    const lines = await withConsole('warn', () => {
      for (const [name, request] of Object.entries(left)) {
        assert.equal(keyOf({ ip: '192.0.2.1', headers: {}, ...request }), 'user:u', name);
      }
    });
    assert.deepEqual(lines, []);
  });

  const broken = () => {
    throw new Error('no session');
  };
  const unreadable = {
    'an unknown shape': [{ user: { name: 'Ann' } }, 'user'],
    'an id of an unknown form': [{ user: { id: new Uint8Array(16) } }, 'user'],
    'an unknown member of a session': [{ session: { cookie: {}, memberNumber: 7 } }, 'session'],
    'a promise': [{ auth: async () => Promise.reject(new Error('too late')) }, 'auth'],
    'a function that throws': [{ auth: broken }, 'auth'],
    'a getter that throws': [Object.defineProperty({}, 'session', { get: broken, enumerable: true }), 'session'],
    'an id that throws': [{ auth: Object.defineProperty({}, 'id', { get: broken }) }, 'auth'],
  };
  for (const [name, [found, member]] of Object.entries(unreadable)) {
    test(`${name} is said aloud, once, and counts by address`, async () => {
      const { keyOf } = await load(tool, { ...memory, keyStrategy: 'user' });
      const request = Object.create({ ip: '192.0.2.1', headers: {} }, Object.getOwnPropertyDescriptors(found));
      const lines = await withConsole('warn', () => {
        for (let i = 0; i < 3; i++) assert.equal(keyOf(request), 'ip:192.0.2.1');
      });
      assert.equal(lines.length, 1);
      assert.match(lines[0], new RegExp(`"${member}".*keyOf`, 'u'));
    });
  }

  test('what the user of the application throws reaches its error handler', async () => {
    const { tokenBucketMiddleware } = await load(tool, { ...memory, keyStrategy: 'user' });
    const users = {
      user: (request) => Object.defineProperty(request, 'user', { get: broken }),
      id: (request) => Object.assign(request, { user: Object.defineProperty({}, 'id', { get: broken }) }),
    };
    for (const [name, add] of Object.entries(users)) {
      const app = express();
      app.use((request, _response, next) => next(void add(request)));
      app.use(tokenBucketMiddleware());
      app.use((error, _request, response, _next) => response.status(500).send(error.message));
      const { ask, close } = await listen(app);
      const response = await ask();
      assert.deepEqual([response.status, await response.text()], [500, 'no session'], name);
      close();
    }
  });

  test('somebody who is not signed in is no riddle', async () => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'user' });
    const nobody = {
      nothing: {},
      Passport: { user: undefined, session: { cookie: {}, passport: {}, userAgent: 'x' } },
      Clerk: { auth: () => ({ userId: null, sessionId: null, sessionClaims: null, isAuthenticated: false }) },
      'Auth.js': { auth: null, res: { locals: { session: null } } },
      hapi: { auth: { isAuthenticated: false, credentials: null, mode: 'try' } },
      'AWS API Gateway': { requestContext: { accountId: 'a', identity: { sourceIp: '192.0.2.1', user: null } } },
    };
    const lines = await withConsole('warn', () => {
      for (const [name, request] of Object.entries(nobody)) {
        assert.equal(keyOf({ ip: '192.0.2.1', headers: {}, ...request }), 'ip:192.0.2.1', name);
      }
    });
    assert.deepEqual(lines, []);
  });

  test('an id that is no text is the same key again in memory, as it is in Redis', async () => {
    const limit = (await middlewareOf('fixed-window', memory))(1, 60, { keyOf: () => ({ toString: () => '65f0' }) });
    const response = { getHeader: () => undefined, setHeader: () => undefined, end: () => undefined };
    let admitted = 0;
    for (let i = 0; i < 3; i++) limit({ method: 'GET', headers: {} }, response, () => admitted++);
    assert.equal(admitted, 1);
  });

  test('Koa keeps it in its state', async () => {
    const { keyOf } = await load(tool, { ...memory, framework: 'koa', keyStrategy: 'user' });
    const of = (context) => keyOf({ ip: '192.0.2.1', headers: {}, ...context });
    assert.equal(of({ state: { user: { data: { id: 7 } } } }), 'user:7');
    assert.equal(of({ state: {}, session: { passport: { user: 'p' } } }), 'user:p');
    assert.equal(of({ state: {} }), 'ip:192.0.2.1');
  });

  test('Hono keeps it in its context', async () => {
    const { keyOf } = await load(tool, { ...memory, framework: 'hono', keyStrategy: 'user' });
    const env = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };
    const of = (values) => keyOf({ env, req: { header: () => undefined }, get: (name) => values[name] });
    assert.equal(of({ jwtPayload: { sub: 's' } }), 'user:s');
    assert.equal(of({ userId: 'u' }), 'user:u');
    assert.equal(of({ session: { id: 'sid', userId: 'u' } }), 'user:u');
    assert.equal(of({ clerkAuth: () => ({ userId: 'c' }) }), 'user:c');
    assert.equal(of({ authUser: { session: { user: { email: 'a@example.com' } } } }), 'user:a@example.com');
    assert.equal(of({}), 'ip:192.0.2.1');
    const requestContext = { authorizer: { jwt: { claims: { sub: 'g' } } } };
    assert.equal(keyOf({ env: { requestContext }, req: { header: () => undefined }, get: () => undefined }), 'user:g');
  });
});

describe('the address', () => {
  const of = async (address, ipv6Prefix) => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'ip' });
    return keyOf({ ip: address, headers: {} }, ipv6Prefix);
  };

  test('behind NAT64 a client is its IPv4 address', async () => {
    assert.equal(await of('64:ff9b::c000:0201'), 'ip:192.0.2.1');
    assert.equal(await of('64:ff9b::192.0.2.1'), 'ip:192.0.2.1');
    assert.equal(await of('64:ff9b::c000:0202'), 'ip:192.0.2.2');
    assert.equal(await of('::ffff:0:192.0.2.1'), 'ip:192.0.2.1');
    // One with a prefix of its own, whose length nobody knows.
    assert.equal(await of('64:ff9b:1::c000:0201'), 'ip:64:ff9b:1:0:0:0:c000:201/128');
    assert.equal(await of('64:ff9b:1:c000:2:100::'), 'ip:64:ff9b:1:c000:2:100:0:0/128');
    assert.equal(await of('64:ff9b:2::c000:0201'), 'ip:64:ff9b:2:0::/64');
  });

  test('the port of a proxy is no part of it', async () => {
    for (const address of [
      '192.0.2.1:51234',
      '::ffff:192.0.2.1:51234',
      '[::ffff:192.0.2.1]:51234',
      '::ffff:c000:0201',
      '::FFFF:192.0.2.1',
    ]) {
      assert.equal(await of(address), 'ip:192.0.2.1', address);
    }
  });

  test('the part of an IPv6 address that counts can be chosen', async () => {
    const address = '2001:db8:1:2aff:3:4:5:6';
    assert.equal(await of(address, 32), 'ip:2001:db8::/32');
    assert.equal(await of(address, 48), 'ip:2001:db8:1::/48');
    assert.equal(await of(address, 56), 'ip:2001:db8:1:2a00::/56');
    assert.equal(await of(address, 64), 'ip:2001:db8:1:2aff::/64');
    assert.equal(await of(address, 128), 'ip:2001:db8:1:2aff:3:4:5:6/128');
    const middleware = await middlewareOf('token-bucket', { ...memory, keyStrategy: 'ip' });
    for (const ipv6Prefix of [31, 129, 64.5]) {
      assert.throws(() => middleware(1, 1, { ipv6Prefix }), { name: 'RangeError', message: /^ipv6Prefix: / });
    }
  });

  test('a hostile one takes no longer than any other', async () => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'ip' });
    const time = (text) => {
      const began = performance.now();
      for (let i = 0; i < 20; i++) keyOf({ ip: text, headers: {} });
      return performance.now() - began;
    };
    time('%');
    const [short, long] = [time('%'.repeat(50)), time(`${'%'.repeat(1_000_000)}\n`)];
    assert.ok(long < 50 * short + 50, `${String(short)} and ${String(long)} ms`);
    assert.equal(keyOf({ ip: `${'%'.repeat(1_000_000)}\n`, headers: {} }), 'ip:unknown');
  });

  test('without Express it is that of the connection', async () => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'ip' });
    assert.equal(keyOf({ socket: { remoteAddress: '192.0.2.1' }, headers: {} }), 'ip:192.0.2.1');
  });

  test('a request of a serverless platform has none, which is no error', async () => {
    const { keyOf } = await load(tool, { ...memory, framework: 'hono', keyStrategy: 'ip' });
    assert.equal(keyOf({ env: { incoming: {} }, req: { header: () => undefined } }), 'ip:unknown');
  });

  test('one that is missing is said aloud, once', async () => {
    const { keyOf } = await load(tool, { ...memory, keyStrategy: 'ip' });
    const lines = await withConsole('warn', () => {
      for (let i = 0; i < 3; i++) assert.equal(keyOf({ ip: undefined, headers: {} }), 'ip:unknown');
    });
    assert.equal(lines.length, 1);
    assert.match(lines[0], /share one limit\. Use the option keyOf/u);
  });

  test('a proxy that is not trusted is said aloud, once', async () => {
    const limit = (await middlewareOf('token-bucket', { ...memory, keyStrategy: 'ip' }))();
    const app = express();
    app.use(limit);
    app.get('/', (_request, response) => response.send('hello'));
    const { ask, close } = await listen(app);
    const lines = await withConsole('warn', async () => {
      await ask();
      for (let i = 0; i < 3; i++) await ask('/', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    });
    assert.equal(lines.length, 1);
    assert.match(lines[0], /X-Forwarded-For is not trusted.*trust proxy/u);
    close();
  });

  for (const name of ['x-real-ip', 'forwarded']) {
    test(`a proxy that sets ${name} alone is said aloud, once`, async () => {
      for (const framework of ['express', 'fastify', 'koa', 'nest']) {
        const { keyOf } = await load(tool, { ...memory, keyStrategy: 'ip', framework });
        const request = { ip: '10.0.0.1', socket: { remoteAddress: '10.0.0.1' }, headers: { [name]: '203.0.113.9' } };
        const lines = await withConsole('warn', () => {
          for (let i = 0; i < 3; i++) assert.equal(keyOf(request), 'ip:10.0.0.1');
        });
        assert.equal(lines.length, 1, framework);
        assert.match(lines[0], /X-Real-IP.*keyOf/u);
      }
    });
  }

  test('one that is trusted is not', async () => {
    const limit = (await middlewareOf('token-bucket', { ...memory, keyStrategy: 'ip' }))();
    const app = express();
    app.set('trust proxy', 'loopback');
    app.use(limit);
    app.get('/', (_request, response) => response.send('hello'));
    const { ask, close } = await listen(app);
    const lines = await withConsole('warn', () => ask('/', { headers: { 'x-forwarded-for': '203.0.113.9' } }));
    assert.deepEqual(lines, []);
    close();
  });
});
