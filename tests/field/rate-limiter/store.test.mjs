// A Redis that is slow to come, wrong, full, demoted or dead; each fault is caused on a server of the test's own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import calculateSlot from 'cluster-key-slot';
import { Redis } from 'ioredis';
import { Redis as Redis510 } from 'ioredis510';
import { createClient, createClientPool } from 'redis';
import { javaScriptOf, work } from '../lib/emit.mjs';
import { admittedOf, clients, emit, limiterClass, proxyTo, sleep, startRedis, tool, until, withConsole } from './lib/support.mjs';

describe('a process that has just started', () => {
  let server;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  const starts = {
    ioredis: (url) => {
      const client = new Redis(url, { enableOfflineQueue: false });
      client.on('error', () => {});
      return { client, close: () => client.disconnect() };
    },
    'ioredis, connecting late': (url) => {
      const client = new Redis(url, { enableOfflineQueue: false, lazyConnect: true });
      client.on('error', () => {});
      return { client, close: () => client.disconnect() };
    },
    'node-redis': (url) => {
      const client = createClient({ url, disableOfflineQueue: true });
      client.on('error', () => {});
      void client.connect();
      return { client, close: () => client.destroy() };
    },
    'node-redis, connected by nobody': (url) => {
      const client = createClient({ url });
      client.on('error', () => {});
      return { client, close: () => client.destroy() };
    },
  };
  for (const [name, start] of Object.entries(starts)) {
    test(`${name}: its first request is counted`, async () => {
      const Limiter = await limiterClass('fixed-window', name.startsWith('node') ? { redisClient: 'node-redis' } : {});
      let admitted = 0;
      for (let i = 0; i < 8; i++) {
        const { client, close } = start(server.url);
        const limiter = new Limiter(client, 3, 3600, { prefix: `${name}:`, storeTimeoutMs: 5000 });
        if ((await limiter.consume('k')).allowed) admitted++;
        close();
      }
      assert.equal(admitted, 3);
    });
  }

  test('without a Redis the first request waits no longer than any other', async () => {
    const Limiter = await limiterClass('fixed-window');
    const client = new Redis('redis://127.0.0.1:1', { enableOfflineQueue: false, retryStrategy: () => 20 });
    client.on('error', () => {});
    const limiter = new Limiter(client, 3, 3600, { storeTimeoutMs: 100, onStoreFailure: () => undefined });
    assert.equal((await limiter.consume('k')).decidedBy, 'store-failure');
    const began = performance.now();
    for (let i = 0; i < 50; i++) await limiter.consume('k');
    assert.ok(performance.now() - began < 1000);
    client.disconnect();
  });
});

describe('a client of node-redis that its owner has closed', () => {
  const endings = {
    there: 'await client.close();',
    gone: "await client.sendCommand(['SHUTDOWN', 'NOSAVE']).catch(() => undefined); client.destroy();",
  };
  for (const [name, ending] of Object.entries(endings)) {
    test(`keeps no process alive when a request comes late, Redis being ${name}`, async () => {
      const server = await startRedis();
      const file = join(work, `closed-${name}.mjs`);
      const program = `
import { createClient } from ${JSON.stringify(import.meta.resolve('redis'))};
import { FixedWindowLimiter } from ${JSON.stringify(javaScriptOf(tool, { algorithm: 'fixed-window', redisClient: 'node-redis' }, 'closed-limiter.mjs'))};
const client = createClient({ url: process.argv[2], disableOfflineQueue: true });
client.on('error', () => {});
await client.connect();
const limiter = new FixedWindowLimiter(client, 5, 60, { onStoreFailure: () => undefined });
const decided = [(await limiter.consume('k')).decidedBy];
${ending}
decided.push((await limiter.consume('k')).decidedBy);
console.log(decided.join());`;
      writeFileSync(file, program);
      // Killed, and so an error, if it does not end by itself.
      const settings = { timeout: 60_000, killSignal: 'SIGKILL', encoding: 'utf8' };
      const output = execFileSync(process.execPath, [file, server.url], settings);
      assert.equal(output.trim(), 'count,store-failure');
      await server.stop();
    });
  }

  for (const [name, kind] of Object.entries({ pool: { idleClients: 0 }, cluster: { masters: [], slots: [] }, sentinel: {} })) {
    test(`a ${name} stays closed, which gives up by its clients alone`, async () => {
      let opened = 0;
      const connect = () => Promise.resolve((opened += 1));
      const closed = { ...kind, isOpen: false, connect, evalSha: () => Promise.reject(new Error('The client is closed')) };
      const Limiter = await limiterClass('fixed-window', { redisClient: 'node-redis' });
      const open = { ...closed, isOpen: true, evalSha: () => Promise.resolve([1, 4, 60_000]) };
      const client = { ...open };
      const limiter = new Limiter(client, 5, 60, { onStoreFailure: () => undefined });
      assert.equal((await limiter.consume('k')).decidedBy, 'count');
      Object.assign(client, closed);
      assert.equal((await limiter.consume('k')).decidedBy, 'store-failure');
      assert.equal(opened, 0);
    });
  }

  test('one that has given up by itself is opened again', async () => {
    const server = await startRedis();
    const proxy = await proxyTo(server.port);
    const client = createClient({ url: proxy.url, disableOfflineQueue: true, socket: { reconnectStrategy: () => new Error('given up') } });
    client.on('error', () => {});
    await client.connect();
    const Limiter = await limiterClass('fixed-window', { redisClient: 'node-redis' });
    const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 1000, onStoreFailure: () => undefined });
    await limiter.consume('k');
    proxy.state.cutAfter = /evalsha/iu;
    await limiter.consume('k');
    assert.ok(await until(() => !client.isOpen));
    assert.ok(await until(async () => (await limiter.consume('k')).decidedBy === 'count'));
    client.destroy();
    proxy.close();
    await server.stop();
  });
});

describe('a command that is sent twice', () => {
  for (const [name, options] of Object.entries({
    'as ioredis does by itself': { autoResendUnfulfilledCommands: true },
    'as in the usage': {},
  })) {
    test(`${name}: three decisions are counted three times`, async () => {
      const server = await startRedis();
      const proxy = await proxyTo(server.port);
      const { client, close } = await clients.ioredis(proxy.url, options);
      for (const [algorithm, second] of [
        ['fixed-window', 3600],
        ['sliding-window', 3600],
        ['token-bucket', 0.0001],
        ['leaky-bucket', 0.0001],
      ]) {
        const Limiter = await limiterClass(algorithm);
        const limiter = new Limiter(client, 100, second, { storeTimeoutMs: 2000, onStoreFailure: () => undefined });
        await limiter.consume('k');
        proxy.state.cutAfter = /evalsha/iu;
        await limiter.consume('k');
        // A request that was never answered keeps others away for half a second.
        await sleep(600);
        await until(() => client.ping().then(Boolean, () => false));
        assert.equal((await limiter.consume('k')).remaining, 97, algorithm);
      }
      close();
      proxy.close();
      await server.stop();
    });
  }

  test('the usage asks ioredis not to', async () => {
    const { usage } = await emit(tool, {});
    assert.match(usage, /enableOfflineQueue: false,\n\s+autoResendUnfulfilledCommands: false/u);
  });
});

describe('what waiting cannot cure is said once, and limits again where that is possible', () => {
  const faults = {
    'no password (NOAUTH)': { settings: ['--requirepass', 'secret'], says: /NOAUTH/u },
    'a replica (READONLY)': { settings: ['--replicaof', '127.0.0.1', '1'], says: /READONLY/u },
    'too few replicas (NOREPLICAS)': { settings: ['--min-replicas-to-write', '1'], says: /NOREPLICAS/u },
    'a node of a cluster, by a plain client': { settings: ['--cluster-enabled', 'yes'], says: /CLUSTERDOWN|MOVED/u },
    'no memory (OOM)': { settings: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'], says: /OOM/u },
  };
  for (const [name, { settings, says }] of Object.entries(faults)) {
    test(name, async () => {
      const server = await startRedis(settings);
      const client = new Redis(server.port, { enableReadyCheck: false });
      client.on('error', () => {});
      const Limiter = await limiterClass('fixed-window');
      const heard = [];
      const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 2000, onStoreFailure: (error) => heard.push(error.message) });
      const lines = await withConsole('error', async () => assert.equal(await admittedOf(limiter, 'k', 10), 10));
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0], says);
      assert.match(lines[0], /rate:fixed-window:\* admits everything/u);
      assert.ok(heard.length === 10, String(heard.length));
      client.disconnect();
      await server.stop();
    });
  }

  for (const [redisClient, first] of Object.entries({ ioredis: 'evalsha', 'node-redis': 'evalSha' })) {
    test(`${redisClient}: an ACL user that may EVAL but not EVALSHA is limited`, async () => {
      const server = await startRedis();
      const admin = new Redis(server.url);
      await admin.call(
        'ACL',
        'SETUSER',
        'app',
        'on',
        '>pw',
        '~rate:*',
        '-@all',
        '+eval',
        '+get',
        '+set',
        '+time',
        '+info',
        '+client',
        '+ping',
      );
      const { client, close } = await clients[redisClient](server.url.replace('//', '//app:pw@'));
      const Limiter = await limiterClass('token-bucket', { redisClient });
      const limiter = new Limiter(client, 5, 0.0001, { storeTimeoutMs: 5000, onStoreFailure: (error) => assert.fail(error) });
      assert.equal(await admittedOf(limiter, 'k', 10), 5, first);
      close();
      admin.disconnect();
      await server.stop();
    });

    test(`${redisClient}: the rights that the notes name are enough`, async () => {
      const server = await startRedis();
      const admin = new Redis(server.url);
      const { notes } = await emit(tool, { redisClient, withOperations: true });
      const rights = /ACL user ((?:\+\w+ ?)+)/u.exec(notes.join('\n'))[1].trim().split(' ');
      await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~rate:*', '-@all', '+info', '+client', '+ping', ...rights);
      const { client, close } = await clients[redisClient](server.url.replace('//', '//app:pw@'));
      for (const algorithm of ['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-window']) {
        const Limiter = await limiterClass(algorithm, { redisClient, withOperations: true });
        const limiter = new Limiter(client, 2, 1, { storeTimeoutMs: 5000, onStoreFailure: (error) => assert.fail(error) });
        await limiter.consume('k');
        await limiter.peek('k');
        await limiter.block('k', 1000);
        assert.equal((await limiter.consume('k')).decidedBy, 'block');
        await limiter.reset('k');
      }
      close();
      admin.disconnect();
      await server.stop();
    });
  }

  test('the client of another library is refused when the limiter is made', async () => {
    const [ForIoredis, ForNodeRedis] = [
      await limiterClass('token-bucket'),
      await limiterClass('token-bucket', { redisClient: 'node-redis' }),
    ];
    const nodeRedis = createClient({ url: 'redis://127.0.0.1:1' });
    const ioredis = new Redis({ lazyConnect: true });
    assert.throws(() => new ForIoredis(nodeRedis), { name: 'TypeError', message: /node-redis/u });
    assert.throws(() => new ForNodeRedis(ioredis), { name: 'TypeError', message: /ioredis/u });
    assert.doesNotThrow(() => new ForIoredis(ioredis));
    assert.doesNotThrow(() => new ForIoredis(new Redis510({ lazyConnect: true })));
  });
});

test('what is no client that answers with promises is refused when the limiter is made', async () => {
  const Ours = await limiterClass('token-bucket');
  const Theirs = await limiterClass('token-bucket', { redisClient: 'node-redis' });
  for (const given of [undefined, null, {}]) {
    assert.throws(() => new Ours(given), /^TypeError: redis: no client of ioredis/u);
    assert.throws(() => new Theirs(given), /^TypeError: redis: no client of node-redis/u);
  }
  const evalSha = () => undefined;
  assert.throws(() => new Theirs({ evalSha, options: { legacyMode: true } }), /^TypeError: redis: .*legacyMode.*v4\.$/u);
});

test('a cluster whose client puts a prefix before every key: a silent node takes only its own keys', async () => {
  const slots = 16_384;
  const isSilent = (key) => calculateSlot(`app:${key}`) < slots / 3;
  const client = {
    isCluster: true,
    options: { keyPrefix: 'app:' },
    evalsha: (_sha, _keys, key) => (isSilent(key) ? new Promise(() => {}) : Promise.resolve([1, 1, 0, 1000])),
  };
  const Limiter = await limiterClass('fixed-window');
  const limiter = new Limiter(client, 5, 60, { storeTimeoutMs: 20, onStoreFailure: () => undefined });
  const keys = Array.from({ length: 600 }, (_, index) => `k${String(index)}`);
  const [silent, others] = [true, false].map((wanted) => keys.filter((key) => isSilent(`rate:fixed-window:${key}`) === wanted));
  await limiter.consume(others[0]);
  for (const { decidedBy } of await Promise.all(silent.map((key) => limiter.consume(key)))) assert.equal(decidedBy, 'store-failure');
  for (const { decidedBy } of await Promise.all(others.map((key) => limiter.consume(key)))) assert.equal(decidedBy, 'count');
});

for (const redisClient of ['ioredis', 'node-redis']) {
  /** A cluster whose slots all belong to `client.owner`, and whose keys that begin with "stuck" nobody answers. */
  const clusterOf = async (options) => {
    const decide = (key) => (key.includes(':stuck') ? new Promise(() => {}) : Promise.resolve([1, 1, 0, 1000]));
    const client = {
      owner: 'one:6379',
      isCluster: true,
      masters: [],
      get slots() {
        const shard = redisClient === 'ioredis' ? [this.owner] : { master: { address: this.owner } };
        return Array(16_384).fill(shard);
      },
      evalsha: (_sha, _keys, key) => decide(key),
      evalSha: (_sha, { keys: [key] }) => decide(key),
    };
    const Limiter = await limiterClass('fixed-window', { redisClient, withMetrics: true });
    const limiter = new Limiter(client, 5, 60, { storeTimeoutMs: 20, onStoreFailure: () => undefined, ...options });
    await limiter.consume('k');
    return { client, limiter };
  };

  test(`${redisClient}: a cluster is well again when another master has what the silent one had`, async () => {
    const told = [];
    const { client, limiter } = await clusterOf({ onEvent: ({ type }) => told.push(type) });
    await Promise.all([limiter.consume('stuck'), limiter.consume('stuck')]);
    client.owner = 'other:6379';
    await limiter.consume('k');
    assert.deepEqual(told.slice(-2), ['recovered', 'allowed']);
  });

  test(`${redisClient}: a slot on its way to a node that hangs takes along none of the others of its old master`, async () => {
    const { limiter } = await clusterOf();
    for (let round = 0; round < 3; round++) {
      await limiter.consume(`stuck${String(round)}`);
      assert.equal((await limiter.consume('k')).decidedBy, 'count');
    }
  });
}

test('a cluster of node-redis 4, which asks any of its nodes for a script, is told the key', async () => {
  const asked = [];
  const moved = () => Promise.reject(new Error('MOVED 1 127.0.0.1:6380'));
  const client = {
    masters: [],
    evalSha: moved,
    eval: moved,
    sendCommand: (key, isReadonly, [command, script, amount, first]) => {
      asked.push({ key, isReadonly, command, amount, first });
      return command === 'eval' ? Promise.resolve([1, 1, 0, 1000]) : Promise.reject(new Error(`NOSCRIPT ${script}`));
    },
  };
  const Limiter = await limiterClass('fixed-window', { redisClient: 'node-redis' });
  assert.equal((await new Limiter(client, 5, 60).consume('k')).decidedBy, 'count');
  const key = 'rate:fixed-window:k';
  assert.deepEqual(
    asked,
    ['evalSha', 'eval'].map((command) => ({ key, isReadonly: false, command, amount: '1', first: key })),
  );
});

describe('a connection that is of no use', () => {
  test('ioredis with a time limit of its own: it swallows everything, and is made anew', async () => {
    const server = await startRedis();
    const proxy = await proxyTo(server.port);
    const { client, close } = await clients.ioredis(proxy.url, { commandTimeout: 30 });
    const Limiter = await limiterClass('fixed-window');
    const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 100, onStoreFailure: () => undefined });
    assert.equal(await admittedOf(limiter, 'before', 7), 5);
    proxy.state.drop = true;
    await limiter.consume('k');
    proxy.state.drop = false;
    assert.ok(
      await until(async () => (await limiter.consume('probe')).decidedBy === 'count', 5000),
      'it still waits for the dead connection',
    );
    assert.equal(await admittedOf(limiter, 'after', 7), 5);
    close();
    proxy.close();
    await server.stop();
  });

  const demoted = {
    'that says so as Redis 5 and 6 do from within a script':
      "ERR Error running script (call to f_1): @user_script:40: @user_script: 40: -READONLY You can't write against a read only replica.",
    'that has lost its master': "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  };
  for (const [name, text] of Object.entries(demoted)) {
    test(`a replica ${name}`, async () => {
      const refuse = () => Promise.reject(new Error(text));
      for (const redisClient of ['ioredis', 'node-redis']) {
        let made = 0;
        const again = { disconnect: () => (made += 1), destroy: () => (made += 1), connect: () => Promise.resolve(), isOpen: true };
        const Limiter = await limiterClass('fixed-window', { redisClient });
        const limiter = new Limiter({ evalsha: refuse, evalSha: refuse, eval: refuse, ...again }, 5, 60);
        const [line] = await withConsole('error', () => limiter.consume('k'));
        assert.match(line, /READONLY|MASTERDOWN/u);
        assert.equal(made, 1, redisClient);
      }
    });
  }

  test('a pool of node-redis: its clients find the next master, and those in use meanwhile end no process', async () => {
    const [first, second] = [await startRedis(), await startRedis()];
    const proxy = await proxyTo(first.port);
    const pool = createClientPool({ url: proxy.url, disableOfflineQueue: true }, { minimum: 1, maximum: 8, cleanupDelay: 20 });
    pool.on('error', () => {});
    await pool.connect();
    const Limiter = await limiterClass('fixed-window', { redisClient: 'node-redis' });
    const limiter = new Limiter(pool, 5, 3600, { storeTimeoutMs: 500, onStoreFailure: () => undefined });
    const together = () => Promise.all(Array.from({ length: 8 }, (_, index) => limiter.consume(`k${String(index)}`)));
    await withConsole('error', async () => {
      for (let round = 0; round < 3; round++) await together();
      const admin = new Redis(first.url);
      await admin.replicaof('127.0.0.1', second.port);
      proxy.state.port = second.port;
      const isRight = async () => (await together()).every(({ decidedBy }) => decidedBy === 'count');
      assert.ok(await until(isRight, 10_000), 'some of its clients still ask the old master');
      // What is not needed any more is given up meanwhile.
      assert.ok(await until(() => pool.totalClients === 1), String(pool.totalClients));
      assert.equal(await admittedOf(limiter, 'after', 7), 5);
      admin.disconnect();
    });
    pool.destroy();
    proxy.close();
    await first.stop();
    await second.stop();
  });

  for (const redisClient of ['ioredis', 'node-redis']) {
    test(`${redisClient}: the address has moved to another master`, async () => {
      const [first, second] = [await startRedis(), await startRedis()];
      const proxy = await proxyTo(first.port);
      const { client, close } = await clients[redisClient](proxy.url);
      const Limiter = await limiterClass('fixed-window', { redisClient });
      const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 200, onStoreFailure: () => undefined });
      await withConsole('error', async () => {
        assert.equal(await admittedOf(limiter, 'before', 7), 5);
        const admin = new Redis(first.url);
        await admin.replicaof('127.0.0.1', second.port);
        proxy.state.port = second.port;
        const again = await until(async () => (await limiter.consume('probe')).decidedBy === 'count', 3000);
        assert.ok(again, 'it still asks the old master');
        assert.equal(await admittedOf(limiter, 'after', 7), 5);
        admin.disconnect();
      });
      close();
      proxy.close();
      await first.stop();
      await second.stop();
    });

    test(`${redisClient}: it swallows everything, without a reset`, async () => {
      const server = await startRedis();
      const proxy = await proxyTo(server.port);
      const { client, close } = await clients[redisClient](proxy.url);
      const Limiter = await limiterClass('fixed-window', { redisClient });
      const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 100, onStoreFailure: () => undefined });
      assert.equal(await admittedOf(limiter, 'before', 7), 5);
      proxy.state.drop = true;
      await limiter.consume('k');
      proxy.state.drop = false;
      const again = await until(async () => (await limiter.consume('probe')).decidedBy === 'count', 5000);
      assert.ok(again, 'it still waits for the dead connection');
      assert.equal(await admittedOf(limiter, 'after', 7), 5);
      close();
      proxy.close();
      await server.stop();
    });
  }

  for (const redisClient of ['ioredis', 'node-redis']) {
    test(`${redisClient}: reset, block and peek end in time`, async () => {
      const server = await startRedis();
      const proxy = await proxyTo(server.port);
      const { client, close } = await clients[redisClient](proxy.url);
      const Limiter = await limiterClass('fixed-window', { redisClient, withOperations: true });
      const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 50, onStoreFailure: () => undefined });
      await limiter.consume('k');
      proxy.state.drop = true;
      const silent = { message: /^Redis did not answer within 50 ms$/u };
      await assert.rejects(limiter.reset('k'), silent);
      await assert.rejects(limiter.block('k', 1000), silent);
      assert.equal((await limiter.peek('k')).decidedBy, 'store-failure');
      close();
      proxy.close();
      await server.stop();
    });
  }
});

test('an operator that resets a key first waits for the connection', async () => {
  const server = await startRedis();
  const client = new Redis(server.url, { enableOfflineQueue: false });
  client.on('error', () => {});
  const Limiter = await limiterClass('fixed-window', { withOperations: true });
  const limiter = new Limiter(client, 5, 3600, { storeTimeoutMs: 5000 });
  await limiter.reset('k');
  await limiter.block('k', 1000);
  assert.equal((await limiter.consume('k')).decidedBy, 'block');
  client.disconnect();
  await server.stop();
});

test('an adapter for Upstash, whose client puts words of its own before those of Redis', async () => {
  const scripts = new Set();
  const adapter = {
    evalsha: async (sha1) =>
      scripts.has(sha1) ? [1, 4, 0, 60_000] : Promise.reject(new Error('Command failed: NOSCRIPT No matching script.')),
    eval: async (script) => {
      scripts.add(createHash('sha1').update(script).digest('hex'));
      return Promise.resolve([1, 4, 0, 60_000]);
    },
  };
  const Limiter = await limiterClass('fixed-window');
  const limiter = new Limiter(adapter, 5, 60, { onStoreFailure: (error) => assert.fail(error) });
  for (let i = 0; i < 2; i++) assert.equal((await limiter.consume('k')).decidedBy, 'count');
  assert.equal(scripts.size, 1);
});
