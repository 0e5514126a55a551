// A Redis Cluster of three masters and three replicas while one node hangs, dies, is full or loses its packets, and while slots move.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import calculateSlot from 'cluster-key-slot';
import { Cluster, Redis } from 'ioredis';
import { createCluster, createSentinel } from 'redis';
import { startCluster, startSentinel } from './lib/cluster.mjs';
import { admittedOf, algorithms, isFull, limiterClass, proxyTo, sleep, until, withConsole } from './lib/support.mjs';

/** Long enough for a healthy node on a busy machine, milliseconds. */
const timeout = 250;
const limit = 10;

/** Clients as a service makes them: nothing is queued for a node that is away. */
const makers = {
  ioredis: (nodes, options = {}) => ioredisCluster(nodes, options),
  'ioredis, pipelining by itself': (nodes, options = {}) => ioredisCluster(nodes, { enableAutoPipelining: true, ...options }),
  'node-redis': async (nodes, { nodeAddressMap } = {}) => {
    const client = createCluster({
      rootNodes: nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${String(port)}` })),
      defaults: { disableOfflineQueue: true, socket: { reconnectStrategy: () => 50 } },
      ...(nodeAddressMap && { nodeAddressMap }),
    });
    client.on('error', () => {});
    client.on('node-error', () => {});
    await client.connect();
    return { client, redisClient: 'node-redis', close: () => client.destroy() };
  },
};

async function ioredisCluster(nodes, options) {
  const { nodeAddressMap, ...others } = options;
  const client = new Cluster(
    nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    {
      enableOfflineQueue: false,
      redisOptions: { enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
      ...(nodeAddressMap && { natMap: nodeAddressMap }),
      ...others,
    },
  );
  client.on('error', () => {});
  await once(client, 'ready');
  return { client, redisClient: 'ioredis', close: () => client.disconnect() };
}

/** `amount` keys of a node's slots. */
function keysOf(prefix, amount, isOwn) {
  const found = [];
  for (let i = 0; found.length < amount; i++) {
    const key = `${prefix}${String(i)}`;
    if (isOwn(slotOf(key))) found.push(key);
  }
  return found;
}

const slotOf = (key) => calculateSlot(`rate:fixed-window:${key}`);
const third = (slot) => Math.floor(slot / (16_384 / 3));

/** Asks for keys of each third of the slots in turn until `isOver`; tells by third how many were admitted, and by what. */
async function load(limiter, keys, isOver) {
  const tally = keys.map(() => ({ asked: 0, admitted: 0, undecided: 0 }));
  const pending = [];
  for (let i = 0; !(await isOver()); i++) {
    const of = i % keys.length;
    tally[of].asked++;
    pending.push(
      limiter.consume(keys[of][Math.floor(i / keys.length) % keys[of].length]).then((decision) => {
        if (decision.allowed) tally[of].admitted++;
        if (decision.decidedBy === 'store-failure') tally[of].undecided++;
      }),
    );
    await sleep(4);
  }
  await Promise.all(pending);
  return tally;
}

/** How many requests of fresh keys until one key is limited as it should be. */
async function turnsUntilRight(limiter, prefix, isOwn, ms = 20_000) {
  let turns = 0;
  const right = await until(async () => {
    turns++;
    const [key] = keysOf(`${prefix}${String(turns)}:`, 1, isOwn);
    return (await admittedOf(limiter, key, limit + 2)) === limit;
  }, ms);
  assert.ok(right, 'it never limits again');
  return turns;
}

/** How many requests, one every 50 ms and each with a key of its own, until five in a row have been counted. */
async function requestsUntilCounted(limiter, prefix, isOwn) {
  let [requests, counted] = [0, 0];
  while (counted < 5) {
    requests++;
    assert.ok(requests < 600, 'it never counts again');
    const [key] = keysOf(`${prefix}${String(requests)}:`, 1, isOwn);
    counted = (await limiter.consume(key)).decidedBy === 'count' ? counted + 1 : 0;
    await sleep(50);
  }
  return requests;
}

/** The client that pipelines by itself and node-redis on one cluster; in full each client on a cluster of its own. */
const plans = isFull ? Object.keys(makers).map((name) => [name]) : [['ioredis, pipelining by itself', 'node-redis']];

for (const names of plans) {
  describe(names.join('; '), () => {
    let cluster;
    before(async () => {
      cluster = await startCluster();
    });
    after(() => cluster.stop());

    /** A client, a limiter that tells its failures and one that has nobody to tell, and what was said meanwhile. */
    const withLimiter = async (name, run, options) => {
      const { client, redisClient, close } = await makers[name](cluster.nodes, options);
      const Limiter = await limiterClass('fixed-window', { redisClient });
      const heard = [];
      const made = (most, others = {}) =>
        new Limiter(client, most, 3600, { storeTimeoutMs: timeout, onStoreFailure: (error) => heard.push(error.message), ...others });
      const lines = await withConsole('error', () => run(made(limit), made, heard)).finally(close);
      return lines.filter((line) => line.startsWith('Rate limiter'));
    };
    const ownerOf = (key) => cluster.ownerOf(slotOf(key));

    for (const name of names) {
      test(`${name}: slots that move under load lose and repeat nothing`, () =>
        withLimiter(name, async (_, made) => {
          const limiter = made(400, { storeTimeoutMs: 5000, onStoreFailure: (error) => assert.fail(error) });
          const keys = [`${name}:one`, `${name}:other`];
          const admitted = keys.map(() => 0);
          let moving = true;
          const callers = Array.from({ length: 20 }, async (_each, caller) => {
            for (let i = 0; moving || i < 60; i++) if ((await limiter.consume(keys[caller % 2])).allowed) admitted[caller % 2]++;
          });
          try {
            for (let round = 0; round < 3; round++) {
              for (const key of keys) {
                const from = await ownerOf(key);
                const masters = await Promise.all([100, 6000, 12_000].map((slot) => cluster.ownerOf(slot)));
                await cluster.moveSlot(slotOf(key), from, masters[(masters.indexOf(from) + 1) % masters.length]);
              }
            }
          } finally {
            moving = false;
            await Promise.all(callers);
          }
          assert.deepEqual(admitted, [400, 400]);
        }));

      test(`${name}: a master whose memory or disk is full, or that refuses the user, takes its own keys alone to the policy`, async () => {
        const node = await cluster.ownerOf(100);
        // Enough for a node to note the state of its cluster, without which it ends, and not for what it is then filled with.
        const room = 65_536;
        const [filler] = keysOf('filler', 1, (slot) => third(slot) === 0);
        const fill = () => node.admin.set(`rate:fixed-window:${filler}`, randomBytes(2 * room));
        const snapshot = async (wanted) => {
          await node.admin.bgsave();
          const isDone = async () => (await node.admin.info('persistence')).includes(`rdb_last_bgsave_status:${wanted}`);
          assert.ok(await until(isDone), `no snapshot ends with ${wanted}`);
        };
        const written = async (wanted) => {
          const isDone = async () => (await node.admin.info('persistence')).includes(`aof_last_write_status:${wanted}`);
          assert.ok(await until(isDone), `no write ends with ${wanted}`);
        };
        const faults = {
          'MISCONF.*snapshots': [
            async () => {
              node.limitFiles(room);
              await node.admin.config('SET', 'save', '3600 1');
              await snapshot('err');
            },
            async () => {
              node.limitFiles('unlimited');
              await snapshot('ok');
              await node.admin.config('SET', 'save', '');
            },
          ],
          'MISCONF.*AOF': [
            async () => {
              await node.admin.config('SET', 'appendonly', 'yes');
              const isWritten = async () => (await node.admin.info('persistence')).includes('aof_rewrite_in_progress:0');
              assert.ok(await until(isWritten), 'no file of commands is begun');
              node.limitFiles(room);
              await fill();
              await written('err');
            },
            async () => {
              node.limitFiles('unlimited');
              await written('ok');
              await node.admin.config('SET', 'appendonly', 'no');
            },
          ],
          OOM: [() => node.admin.config('SET', 'maxmemory', '1'), () => node.admin.config('SET', 'maxmemory', '0')],
          NOPERM: [
            () => node.admin.call('ACL', 'SETUSER', 'default', '-eval', '-evalsha'),
            () => node.admin.call('ACL', 'SETUSER', 'default', '+@all'),
          ],
        };
        await node.admin.config('SET', 'maxmemory-policy', 'noeviction');
        await fill();
        for (const [code, [cause, mend]] of Object.entries(faults)) {
          const said = await withLimiter(name, async (limiter) => {
            const keys = [0, 1, 2].map((part) => keysOf(`${name}${code}:`, 5, (slot) => third(slot) === part));
            await cause();
            let asked = 0;
            const [own, ...healthy] = await load(limiter, keys, () => ++asked > 300).finally(mend);
            assert.ok(own.undecided === own.asked, JSON.stringify(own));
            for (const each of healthy) assert.deepEqual([each.admitted, each.undecided], [5 * limit, 0]);
            assert.ok((await turnsUntilRight(limiter, `${name}${code}:after`, (slot) => third(slot) === 0)) <= 2);
          });
          assert.equal(said.length, 1, said.join('\n'));
          assert.match(said[0], new RegExp(`admits everything, Redis fails: .*${code}`, 'u'));
        }
      });

      test(`${name}: deploys under load while slots move admit no more than the larger policy, and lock nobody out`, async () => {
        const { client, redisClient, close } = await makers[name](cluster.nodes);
        const options = { storeTimeoutMs: 5000, onStoreFailure: (error) => assert.fail(error) };
        for (const [algorithm, { bucket }] of Object.entries(algorithms)) {
          const Limiter = await limiterClass(algorithm, { redisClient });
          // The second figure is a rate for buckets, a window for the others; nothing comes back while the test runs.
          for (const earlier of [limit, 2 * limit]) {
            const later = 3 * limit - earlier;
            const second = bucket ? 0.001 : 3600;
            const versions = [earlier, later].map((most) => new Limiter(client, most, second, options));
            const keys = Array.from({ length: 6 }, (_, index) => `${name}deploy:${String(earlier)}:${String(index)}`);
            const slot = calculateSlot(`rate:${algorithm}:${keys[0]}`);
            const from = await cluster.ownerOf(slot);
            const masters = await Promise.all([100, 6000, 12_000].map((each) => cluster.ownerOf(each)));
            const moving = cluster.moveSlot(slot, from, masters[(masters.indexOf(from) + 1) % masters.length]);
            const admitted = await Promise.all(
              keys.map(async (key) => {
                let count = 0;
                for (let i = 0; i < 3 * limit; i++) {
                  // The share of the new version grows from a quarter of the requests to all of them.
                  const version = versions[i >= 2 * limit || i % 4 === 0 ? 1 : 0];
                  if ((await version.consume(key)).allowed) count++;
                }
                return count;
              }),
            );
            await moving;
            for (const count of admitted) {
              assert.ok(count <= 2 * limit && count >= Math.min(earlier, later), `${algorithm}, ${String(later)}: ${String(count)}`);
            }
            const { allowed, retryAfterMs } = await versions[1].consume(keys[1], later);
            const most = bucket ? (later / second) * 1000 : second * 1000;
            assert.ok(!allowed && retryAfterMs > 0 && retryAfterMs <= most, `${algorithm}: ${String(retryAfterMs)} ms`);
          }
        }
        // Another algorithm keeps keys of its own, and begins anew.
        const Other = await limiterClass('sliding-window', { redisClient });
        assert.equal(await admittedOf(new Other(client, limit, 3600, options), `${name}changed`, limit + 2), limit);
        const Fixed = await limiterClass('fixed-window', { redisClient });
        assert.equal(await admittedOf(new Fixed(client, limit, 3600, options), `${name}changed`, limit + 2), limit);
        close();
      });

      test(`${name}: a connection to one master that swallows everything is made anew`, async () => {
        const node = await cluster.ownerOf(100);
        const proxy = await proxyTo(node.port);
        const [host, port] = ['127.0.0.1', Number(new URL(proxy.url).port)];
        const nodeAddressMap = { [`127.0.0.1:${String(node.port)}`]: { host, port } };
        await withLimiter(
          name,
          async (limiter) => {
            const keys = [0, 1, 2].map((part) => keysOf(`${name}dead:`, 5, (slot) => third(slot) === part));
            for (const key of keys.flat()) assert.equal((await limiter.consume(key)).decidedBy, 'count', key);
            proxy.state.drop = true;
            let asked = 0;
            const [, ...healthy] = await load(limiter, keys, () => ++asked > 60);
            proxy.state.drop = false;
            for (const each of healthy) assert.equal(each.undecided, 0, JSON.stringify(healthy));
            const began = performance.now();
            const turns = await turnsUntilRight(limiter, `${name}dead:after`, (slot) => third(slot) === 0);
            console.log(
              `${name}, a dead connection: right again after ${(performance.now() - began).toFixed(0)} ms, in turn ${String(turns)}`,
            );
          },
          { nodeAddressMap },
        );
        proxy.close();
      });
    }

    for (const [name, fault] of [...names.map((name) => [name, 'hangs']), [names.at(-1), 'dies']]) {
      test(`${name}: a master ${fault}, the keys of the others stay limited, its own are limited again after the failover`, async () => {
        const said = await withLimiter(name, async (limiter, made, heard) => {
          const quiet = made(limit, { onStoreFailure: undefined });
          const keys = [0, 1, 2].map((part) => keysOf(`${name}${fault}:`, 5, (slot) => third(slot) === part));
          for (const key of keys.flat()) assert.equal((await limiter.consume(key)).decidedBy, 'count', key);
          const sick = await cluster.ownerOf(100);
          const others = cluster.nodes.filter((node) => node !== sick);
          try {
            if (fault === 'hangs') sick.pause();
            else await sick.stop();
            const died = performance.now();
            const isTakenOver = async () => performance.now() - died > 1500 && (await cluster.ownerOf(100, others)) !== sick;
            const [own, ...healthy] = await load(limiter, keys, async () => {
              void quiet.consume(keys[0][0]);
              return isTakenOver();
            });
            const overtaken = performance.now();
            for (const each of healthy) {
              assert.ok(each.admitted <= 5 * (limit - 1) + each.undecided, JSON.stringify(healthy));
              assert.ok(each.undecided <= each.asked * 0.05, JSON.stringify(healthy));
            }
            assert.ok(own.undecided > 0 && heard.length >= own.undecided, `${String(heard.length)} told of ${JSON.stringify(own)}`);
            const requests = await requestsUntilCounted(limiter, `${name}${fault}:once`, (slot) => third(slot) === 0);
            assert.ok(requests <= 100, `counted again after ${String(requests)} requests`);
            const turns = await turnsUntilRight(limiter, `${name}${fault}:after`, (slot) => third(slot) === 0);
            const recovery = performance.now() - overtaken;
            console.log(
              `${name}, a master ${fault}: healthy keys ${JSON.stringify(healthy)}; a replica is the master after ` +
                `${(overtaken - died).toFixed(0)} ms; right again ${recovery.toFixed(0)} ms later, in turn ${String(turns)}`,
            );
            if (fault === 'dies') return;
            // The old master comes back as a replica; nobody is sent to it for a decision.
            sick.resume();
            await sleep(300);
            assert.ok((await turnsUntilRight(limiter, `${name}${fault}:back`, (slot) => third(slot) === 0)) <= 3);
          } finally {
            // Whatever was found: nobody can end a cluster one of whose nodes is stopped, or ask it.
            if (fault === 'hangs') sick.resume();
          }
        });
        assert.equal(said.length, 1, said.join('\n'));
      });
    }
  });
}

describe('a Sentinel', () => {
  const sentinels = {
    async ioredis(port) {
      const client = new Redis({
        sentinels: [{ host: '127.0.0.1', port }],
        name: 'limits',
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        sentinelRetryStrategy: () => 50,
        retryStrategy: () => 50,
      });
      client.on('error', () => {});
      await once(client, 'ready');
      return { client, close: () => client.disconnect() };
    },
    async 'node-redis'(port) {
      const client = createSentinel({ name: 'limits', sentinelRootNodes: [{ host: '127.0.0.1', port }], scanInterval: 200 });
      client.on('error', () => {});
      await client.connect();
      return { client, close: () => client.destroy() };
    },
  };
  test('its master dies, the limit holds again with the next one', async () => {
    const sentinel = await startSentinel();
    const made = await Promise.all(
      Object.entries(sentinels).map(async ([redisClient, connect]) => {
        const { client, close } = await connect(sentinel.port);
        const Limiter = await limiterClass('fixed-window', { redisClient });
        const options = { name: redisClient, storeTimeoutMs: timeout, onStoreFailure: () => undefined };
        return { redisClient, close, limiter: new Limiter(client, limit, 3600, options) };
      }),
    );
    for (const { limiter } of made) assert.equal(await admittedOf(limiter, 'before', limit + 2), limit);
    await sentinel.master.stop();
    assert.ok(await until(async () => (await sentinel.masterPort()) === sentinel.replica.port, 20_000), 'no failover');
    const began = performance.now();
    for (const { redisClient, limiter } of made) {
      const turns = await turnsUntilRight(limiter, 'after', () => true);
      console.log(`${redisClient}, a Sentinel: right again after ${(performance.now() - began).toFixed(0)} ms, in turn ${String(turns)}`);
    }
    for (const { close } of made) close();
    await sentinel.stop();
  });
});
