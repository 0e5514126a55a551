/** A client of a redis-server of its own. */
export async function connect() {
  const { startRedis } = await import('../../generated/lib/redis.mjs');
  const { Redis } = await import('../../generated/node_modules/ioredis/built/index.js').then((each) => each.default);
  const { url } = await startRedis();
  const redis = new Redis(url);
  await redis.ping();
  return redis;
}
