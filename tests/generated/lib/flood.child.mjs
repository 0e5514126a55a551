// Floods a limiter with keys in a process of its own, where nothing else comes and goes, and prints what it then holds.
const [module] = process.argv.slice(2);
const { TokenBucketLimiter } = await import(module);
const used = async () => {
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const maxKeys = 100_000;
const limiter = new TokenBucketLimiter(20, 1, { maxKeys, now: () => 0 });
await limiter.consume('key:live', 20);
const flood = async (from, to) => {
  for (let i = from; i < to; i++) await limiter.consume(`ip:10.${String(i)}`);
};
const empty = await used();
await flood(0, maxKeys);
const full = (await used()) - empty;
await flood(maxKeys, 1_000_000);
const flooded = (await used()) - empty;
const { allowed } = await limiter.consume('key:live', 20);
console.log(JSON.stringify({ full: full / maxKeys, flooded: flooded / maxKeys, liveKeyIsRemembered: !allowed }));
