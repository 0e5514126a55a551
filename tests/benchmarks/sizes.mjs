// Bundle size per feature: what is emitted, and what one imports from a peer for the same.
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { emit } from '../generated/lib/emit.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const emitted = {
  'circuit breaker, emitted': ['generate_circuit_breaker', {}],
  'circuit breaker with metrics, emitted': ['generate_circuit_breaker', { withMetrics: true }],
  'retry, emitted': ['generate_retry_policy', {}],
  'rate limiter in memory for fetch, emitted': ['generate_rate_limiting', { store: 'memory', framework: 'fetch' }],
  'timeouts, emitted': ['generate_timeout_config', { operations: { read: 1000 } }],
  'bulkhead, emitted': ['generate_bulkhead', { partitions: { payments: 10 } }],
};
const peers = {
  'circuit breaker, cockatiel': "export { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel'",
  'circuit breaker, opossum': "export { default } from 'opossum'",
  'retry, cockatiel': "export { retry, ExponentialBackoff, handleAll } from 'cockatiel'",
  'retry, p-retry': "export { default } from 'p-retry'",
  'rate limiter, rate-limiter-flexible': "export { RateLimiterMemory } from 'rate-limiter-flexible'",
  'rate limiter, express-rate-limit': "export { rateLimit } from 'express-rate-limit'",
  'rate limiter, limiter': "export { RateLimiter } from 'limiter'",
  'timeout, cockatiel': "export { timeout, TimeoutStrategy } from 'cockatiel'",
  'timeout, p-timeout': "export { default } from 'p-timeout'",
  'bulkhead, cockatiel': "export { bulkhead } from 'cockatiel'",
  'bulkhead, p-limit': "export { default } from 'p-limit'",
  'bulkhead, async-sema': "export { Sema } from 'async-sema'",
  'bulkhead, bottleneck': "export { default } from 'bottleneck'",
};

async function sizeOf(name, contents, loader) {
  const { outputFiles } = await build({
    stdin: { contents, loader, resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  const [{ contents: bytes }] = outputFiles;
  return { name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

export async function sizes() {
  const rows = [];
  for (const [name, call] of Object.entries(emitted)) {
    try {
      const { files } = await emit(...call);
      rows.push(await sizeOf(name, files.find((each) => each.role === 'source').content, 'ts'));
    } catch (error) {
      console.error(`${name} is left out: ${String(error.message).slice(0, 200)}`);
    }
  }
  for (const [name, contents] of Object.entries(peers)) rows.push(await sizeOf(name, contents, 'js'));
  return rows.sort((a, b) => a.name.split(/[ ,]/u)[0].localeCompare(b.name.split(/[ ,]/u)[0]) || a.gzip - b.gzip);
}
