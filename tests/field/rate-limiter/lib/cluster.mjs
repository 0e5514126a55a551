// A Redis Cluster and a Sentinel of a test's own, on loopback: servers that are paused, killed and started again by their ids.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redisServer } from '../../../generated/lib/redis.mjs';
import { freePort } from '../../../shared/port.mjs';
import { temporaryFolder } from '../../../shared/temporary.mjs';
import { startRedis, until } from './support.mjs';

/** Three masters with a replica each. `nodeTimeout` is how long the others wait for a silent one before the replica takes over. */
export async function startCluster({ nodeTimeout = 1000 } = {}) {
  const [masters, amount] = [3, 6];
  const nodes = await Promise.all(
    Array.from({ length: amount }, async () => {
      // The bus has a port of its own: the usual one, 10,000 above, need not be a port.
      const bus = await freePort();
      const settings = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', String(nodeTimeout)];
      const server = await startRedis([...settings, '--cluster-replica-validity-factor', '0', '--cluster-require-full-coverage', 'no']);
      return { ...server, bus, admin: adminOf(server.port) };
    }),
  );
  const share = 16_384 / masters;
  for (const [index, node] of nodes.entries()) {
    await node.admin.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    if (index < masters) {
      await node.admin.call('CLUSTER', 'ADDSLOTSRANGE', String(Math.ceil(index * share)), String(Math.ceil((index + 1) * share) - 1));
    }
    if (index > 0) await nodes[0].admin.call('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(node.bus));
    node.id = await node.admin.call('CLUSTER', 'MYID');
  }
  const infoOf = async (node, pattern) => pattern.test(await node.admin.call('CLUSTER', 'INFO'));
  const all = async (probe) => (await Promise.all(nodes.map(probe))).every(Boolean);
  if (!(await until(() => all((node) => infoOf(node, new RegExp(`cluster_known_nodes:${String(amount)}\\b`, 'u'))), 20_000)))
    throw new Error('the nodes have not met');
  for (const [index, node] of nodes.entries()) {
    if (index < masters) continue;
    const { id } = nodes[index % masters];
    await until(() =>
      node.admin.call('CLUSTER', 'REPLICATE', id).then(
        () => true,
        () => false,
      ),
    );
  }
  const isReady = async (node, index) =>
    (await infoOf(node, /cluster_state:ok/u)) && (index < masters || /master_link_status:up/u.test(await node.admin.info('replication')));
  if (!(await until(() => all((node) => isReady(node, nodes.indexOf(node))), 20_000))) throw new Error('the cluster has not become ready');
  /** The node that owns a slot, by what the first node that answers says. */
  const ownerOf = async (slot, asked = nodes) => {
    for (const node of asked) {
      const ranges = await Promise.race([node.admin.call('CLUSTER', 'SLOTS'), later(200)]).catch(() => undefined);
      const range = ranges?.find(([from, to]) => from <= slot && slot <= to);
      if (range) return nodes.find((each) => each.port === range[2][1]);
    }
    return undefined;
  };
  return {
    nodes,
    masters: nodes.slice(0, masters),
    ownerOf,
    /** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
    async moveSlot(slot, from, to) {
      await to.admin.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id);
      await from.admin.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id);
      for (;;) {
        const keys = await from.admin.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '100');
        if (keys.length === 0) break;
        await from.admin.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
      }
      for (const node of [to, from, ...nodes.slice(0, masters)]) {
        await node.admin.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id).catch(() => undefined);
      }
      // A word of the old owner that was on its way can make a node believe it again, until it hears of the new owner's epoch.
      const isKnown = async () => (await Promise.all(nodes.map((node) => ownerOf(slot, [node])))).every((owner) => owner === to);
      if (!(await until(isKnown, 20_000))) throw new Error(`the nodes do not agree who owns slot ${String(slot)}`);
    },
    async stop() {
      for (const node of nodes) node.admin.disconnect();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

function adminOf(port) {
  const admin = new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: null, commandTimeout: 20_000 });
  admin.on('error', () => {});
  return admin;
}

function later(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}

/** A master, a replica and a Sentinel that makes the replica the master when the other is gone. */
export async function startSentinel() {
  const master = await startRedis();
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
  const port = await freePort();
  const folder = temporaryFolder('sentinel');
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${String(port)}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor limits 127.0.0.1 ${String(master.port)} 1`,
    'sentinel down-after-milliseconds limits 500',
    'sentinel failover-timeout limits 2000',
  ];
  writeFileSync(file, lines.join('\n'));
  const child = spawn(redisServer, [file, '--sentinel'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const admin = adminOf(port);
  const isReady = async () => {
    const replicas = await admin.call('SENTINEL', 'REPLICAS', 'limits').catch(() => []);
    return replicas.some((fields) => fields[fields.indexOf('master-link-status') + 1] === 'ok');
  };
  if (!(await until(isReady, 30_000))) throw new Error('the Sentinel has not found the replica');
  return {
    port,
    master,
    masterPort: async () => Number((await admin.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'limits'))[1]),
    replica,
    async stop() {
      admin.disconnect();
      kill();
      process.removeListener('exit', kill);
      await ended;
      await Promise.all([master.stop(), replica.stop()]);
    },
  };
}
