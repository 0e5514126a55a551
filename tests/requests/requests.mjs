// What people ask for in their own words, the call that is right, and what its answer must hold. `refused` marks what cannot be had: the
// call is the one that a hasty reader would make, and its answer must say what to do instead.
const B = 'generate_circuit_breaker';
const R = 'generate_retry_policy';
const L = 'generate_rate_limiting';
const T = 'generate_timeout_config';
const H = 'generate_bulkhead';

export const requests = [
  // Circuit breaker
  ['Add a circuit breaker around our payment API', B, {}, ['export class CircuitBreaker', 'Opens after 5 failures']],
  [
    'Open the circuit after three failures in a row',
    B,
    { failureThreshold: 3 },
    ['"failureThreshold":3', 'Opens after 3 failures in a row'],
  ],
  [
    'Trip when half of the calls in the last minute fail',
    B,
    { tripOn: 'failure-rate', failureRatePercent: 50, windowMs: 60000 },
    ['"tripOn":"failure-rate"', '"windowMs":60000', '50%'],
  ],
  ['Stay open for a minute before trying again', B, { recoveryTimeMs: 60000 }, ['rejects for 1 min']],
  ['I want metrics from the breaker for our dashboard', B, { withMetrics: true }, ['getMetrics']],
  [
    'Let two probes through while half open and close after three good ones',
    B,
    { halfOpenMaxProbes: 2, successThreshold: 3 },
    ['"halfOpenMaxProbes":2', '3 successful probes'],
  ],
  [
    'A circuit breaker for a Cloudflare Worker, with tests',
    B,
    { runtime: 'workers', withTests: true },
    ['circuit-breaker.test.ts', "from 'vitest'"],
  ],
  [
    'Trip at 20 % errors but only after 50 calls',
    B,
    { tripOn: 'failure-rate', failureRatePercent: 20, minimumCalls: 50 },
    ['"minimumCalls":50', '20%'],
  ],
  [
    'Breaker with Jest tests that import without file extension',
    B,
    { withTests: true, testRunner: 'jest', importExtension: 'none' },
    ["from '@jest/globals'", "from './circuit-breaker'"],
  ],
  [
    'Just tell me how to use the breaker, I will run the command myself',
    B,
    { withCode: false },
    ['npx -y @crowvault/mcp generate circuit-breaker', 'Usage:'],
  ],
  ['A circuit breaker in Python', B, { language: 'python' }, ['TypeScript only'], 'refused'],
  ['Trip on slow calls', B, { tripOn: 'latency' }, ['slow calls alone do not trip it'], 'refused'],
  [
    'Set the error percentage to 30',
    B,
    { failureRatePercent: 30 },
    ['Corrected call: generate_circuit_breaker {"failureRatePercent":30,"tripOn":"failure-rate"}'],
    'refused',
  ],
  // Retry
  ['Retry failed calls with exponential backoff', R, {}, ['function withRetry<', 'Waits up to 200 ms']],
  ['Retry three times, no more', R, { maxRetries: 3 }, ['--max-retries 3', '"maxRetries":3']],
  ['Only retry on 429 and 503', R, { retryOn: [429, 503] }, ['--retry-on 429,503']],
  ['Start at one second and never wait more than 30 s', R, { baseDelayMs: 1000, maxDelayCapMs: 30000 }, ['1 s, 2 s, 4 s']],
  ['First wait of ten seconds', R, { baseDelayMs: 10000 }, ['"maxDelayCapMs":10000']],
  ['Give up after 20 seconds in all', R, { totalTimeoutMs: 20000 }, ['ends after 20 s']],
  ['A fetch that retries for me', R, { withFetch: true }, ['export async function retryFetch', 'import { retryFetch }']],
  ['Ignore Retry-After headers', R, { respectRetryAfter: false }, ['"respectRetryAfter":false']],
  ['No jitter, our tests need fixed waits', R, { withJitter: false }, ['Without jitter']],
  ['Retry without a budget', R, { withRetryBudget: false }, ['Without a retry budget']],
  ['Retry policy for Deno with its tests', R, { runtime: 'deno', withTests: true }, ['const { test } = Deno;']],
  ['Never retry on a status, only on network errors', R, { retryOn: [] }, ['set retryErrors to network'], 'refused'],
  [
    'Retry on 429,503 (typed as text)',
    R,
    { retryOn: '429,503' },
    ['Corrected call: generate_retry_policy {"retryOn":[429,503]}'],
    'refused',
  ],
  [
    'Wait two seconds before the first retry (typed with its unit)',
    R,
    { baseDelayMs: '2s' },
    ['Corrected call: generate_retry_policy {"baseDelayMs":2000}'],
    'refused',
  ],
  ['Reconnect my websocket for ever', R, { maxRetries: 1000000 }, ['out of range; use 0 to 100'], 'refused'],
  // Rate limiting
  ['Rate limit our Express API to 100 requests a minute per API key', L, {}, ['export function', '100']],
  ['Limit each customer to ten requests a second', L, { requestsPerWindow: 10, windowSeconds: 1 }, ['"windowSeconds":1']],
  [
    'Strictly 1000 a day per user, in a sliding window',
    L,
    { algorithm: 'sliding-window', requestsPerWindow: 1000, windowSeconds: 86400, keyStrategy: 'user' },
    ['"algorithm":"sliding-window"', '"keyStrategy":"user"'],
  ],
  ['We have no Redis', L, { store: 'memory' }, ['"store":"memory"']],
  ['By IP address, on Fastify', L, { keyStrategy: 'ip', framework: 'fastify' }, ['"framework":"fastify"', '"keyStrategy":"ip"']],
  ['For Hono on Cloudflare Workers', L, { runtime: 'workers', framework: 'hono' }, ['"store":"memory"', '"framework":"hono"']],
  ['We use the redis package from npm', L, { redisClient: 'node-redis' }, ['"redisClient":"node-redis"']],
  ['When Redis is down, refuse', L, { onStoreError: 'closed' }, ['"onStoreError":"closed"']],
  ['When Redis is down, count in each process', L, { onStoreError: 'local' }, ['"onStoreError":"local"']],
  ['One limit for everybody together', L, { keyStrategy: 'global' }, ['"keyStrategy":"global"']],
  ['Allow bursts of 50', L, { burstCapacity: 50 }, ['"burstCapacity":50']],
  [
    'A rate limit for my Next.js route handlers',
    L,
    { framework: 'nextjs', store: 'memory' },
    ['Corrected call: generate_rate_limiting {"framework":"fetch","store":"memory"}'],
    'refused',
  ],
  ['Rate limiting in SvelteKit', L, { framework: 'sveltekit' }, ['use fetch'], 'refused'],
  ['Rate limiting in Koa', L, { framework: 'koa' }, ['"framework":"koa"']],
  ['Rate limiting in Hapi', L, { framework: 'hapi' }, ['consume in a middleware of your own'], 'refused'],
  ['With Upstash', L, { store: 'upstash' }, ['rediss://'], 'refused'],
  ['On AWS Lambda', L, { runtime: 'lambda' }, ['use node', 'frozen between calls'], 'refused'],
  ['With counts in Postgres', L, { store: 'postgres' }, ['use redis'], 'refused'],
  ['At most five jobs at once', L, { algorithm: 'concurrency' }, ['generate_bulkhead'], 'refused'],
  // Timeouts
  [
    'Two seconds for reading orders, five for payments',
    T,
    {
      operations: [
        { name: 'orders.get', timeoutMs: 2000 },
        { name: 'payments.charge', timeoutMs: 5000 },
      ],
    },
    ["'orders.get': 2_000", "'payments.charge': 5_000"],
  ],
  ['Time out fetch after a second', T, { operations: { api: 1000 }, withFetch: true }, ['timeoutFetch']],
  [
    'Never repeat the charge when it times out',
    T,
    { operations: [{ name: 'payments.charge', timeoutMs: 5000, retry: false }] },
    ['"retry":false'],
  ],
  ['Eight seconds for the whole request', T, { operations: { 'orders.get': 2000 }, totalTimeoutMs: 8000 }, ['TOTAL_TIMEOUT_MS']],
  ['Everything else may take three seconds', T, { operations: { 'orders.get': 2000 }, defaultTimeoutMs: 3000 }, ['after 3 s']],
  [
    'Timeouts given as JSON in text',
    T,
    { operations: '{"orders.get":2000}' },
    ['Corrected call: generate_timeout_config {"operations":{"orders.get":2000}}'],
    'refused',
  ],
  ['A timeout for GET /orders/{id}', T, { operations: { 'GET /orders/{id}': 2000 } }, ['{"operations":{"GET-orders-id":2000}}'], 'refused'],
  ['Add timeouts', T, {}, ['operations: required but missing', '"timeoutMs":2000'], 'refused'],
  // Bulkhead
  [
    'At most ten calls to the payment service at once',
    H,
    { partitions: [{ name: 'payments', maxConcurrent: 10 }] },
    ['10 slots together', '--partitions payments=10'],
  ],
  ['Twenty connections for search and five for mail', H, { partitions: { search: 20, mail: 5 } }, ['2 partitions, 25 slots together']],
  ['Do not queue, fail at once', H, { partitions: { api: 10 }, maxQueue: 0 }, ['Nobody waits']],
  [
    'Our pool has 50 connections, keep some free',
    H,
    { partitions: { orders: 20, payments: 10 }, poolSize: 50 },
    ['20 remain for other work'],
  ],
  ['Nobody should wait longer than 200 ms for a slot', H, { partitions: { api: 10 }, maxWaitMs: 200 }, ['200 ms at most']],
  [
    'Only 25 connections, but 20 for orders and 10 for payments',
    H,
    { partitions: { orders: 20, payments: 10 }, poolSize: 25 },
    ['poolSize: 25 is less than the 30 slots'],
    'refused',
  ],
].map(([ask, tool, args, holds, end = 'code']) => ({ ask, tool, args, holds, end }));
