// What people build most often. The commands, figures and warnings come from the program; `code` is compiled and run by tests/field/recipes.
export const recipes = [
  {
    name: 'login',
    title: 'A login under attack',
    story:
      'Passwords are tried by the thousand, from many addresses, for one account or for all. Count by what an attacker cannot change cheaply, let no more than the limit through at the edge of a window, and while Redis is away refuse rather than admit.',
    calls: [
      {
        tool: 'generate_rate_limiting',
        args: {
          algorithm: 'sliding-window',
          store: 'redis',
          requestsPerWindow: 10,
          windowSeconds: 900,
          keyStrategy: 'ip',
          onStoreError: 'closed',
        },
        why: 'Ten attempts in 15 minutes from one address',
      },
    ],
    file: 'src/login.ts',
    code: `import { Redis } from 'ioredis';
import express from 'express';
import { slidingWindowMiddleware } from './resilience/rate-limiter.ts';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379', {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  retryStrategy: (attempts) => Math.min(attempts * 50, 1000),
});
redis.on('error', console.error);

/** The name that was sent, whether or not there is such an account. */
function accountOf(request: express.Request): string | undefined {
  const { user } = (request.body ?? {}) as { readonly user?: unknown };
  return typeof user === 'string' ? \`account:\${user.trim().toLowerCase().slice(0, 100)}\` : undefined;
}

export const app = express();
app.set('trust proxy', 1); // As many proxies as stand in front; without one, leave it out.
app.post(
  '/login',
  slidingWindowMiddleware(redis, 10, 900, { name: 'login-address' }),
  express.json(),
  slidingWindowMiddleware(redis, 20, 3600, { name: 'login-account', keyOf: accountOf }),
  (_request, response) => {
    response.status(401).end(); // Check the password here.
  },
);`,
    then: 'Many addresses can try one account, so the second limiter counts by the name that was sent. It counts names that do not exist too, so that a refusal does not tell which ones do. Whoever knows a name can use up the attempts of its owner for an hour: let a browser that has logged in before pass by `skip`.',
  },
  {
    name: 'llm-api',
    title: 'An LLM API',
    story:
      'Answers take seconds to minutes, 429 with Retry-After is an everyday answer, and each attempt costs money. Wait as long as the provider asks, retry a few times at most, and bound how many calls run at once.',
    calls: [
      {
        tool: 'generate_retry_policy',
        args: { maxRetries: 3, baseDelayMs: 1000, maxDelayCapMs: 30000, totalTimeoutMs: 180000 },
        why: 'Few attempts, never before Retry-After',
      },
      {
        tool: 'generate_timeout_config',
        args: { operations: { 'chat.complete': 60000, 'embeddings.create': 10000 } },
        why: 'A limit for each kind of call',
      },
      {
        tool: 'generate_bulkhead',
        args: { partitions: { chat: 8, embeddings: 16 }, maxQueue: 50, maxWaitMs: 10000 },
        why: 'A bound on the calls in flight',
      },
    ],
    file: 'src/llm.ts',
    code: `import { withBulkhead } from './resilience/bulkhead.ts';
import { withRetry } from './resilience/retry.ts';
import { withTimeout } from './resilience/timeouts.ts';

const ADDRESS = 'https://llm.example/v1/chat/completions';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export function complete(request: object, caller?: AbortSignal): Promise<Answer> {
  const attempt = async (signal: AbortSignal): Promise<Answer> => {
    const response = await fetch(ADDRESS, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: \`Bearer \${process.env['LLM_API_KEY'] ?? ''}\`,
      },
      body: JSON.stringify(request),
      signal,
    });
    const { status, headers } = response;
    return { status, headers, body: await response.text() };
  };
  return withRetry(
    (retrySignal) =>
      withBulkhead(
        'chat',
        (slotSignal) => withTimeout('chat.complete', attempt, { signal: slotSignal }),
        { signal: retrySignal },
      ),
    { signal: caller },
  );
}`,
    then: 'Each attempt takes a slot, has 60 s, and reads its answer within them; no slot is held while the retry waits. `withRetry` repeats what you give it. `retryFetch` sends a POST once, unless it has an `Idempotency-Key` or `methods` names POST. SDKs of providers repeat calls themselves: set their `maxRetries` to 0.',
  },
  {
    name: 'webhook',
    title: 'Webhooks that you send',
    story:
      'The other side is somebody else’s server: slow, down for hours, or gone. Receivers expect a delivery that failed to be repeated, with the same id. One receiver that is down must not hold up the others.',
    calls: [
      {
        tool: 'generate_retry_policy',
        args: {
          maxRetries: 5,
          baseDelayMs: 1000,
          maxDelayCapMs: 60000,
          retryOn: [408, 429, 500, 502, 503, 504],
          retryErrors: 'network',
        },
        why: 'Repeated, with growing waits',
      },
      {
        tool: 'generate_circuit_breaker',
        args: { failureThreshold: 10, recoveryTimeMs: 60000, maxRecoveryTimeMs: 3600000 },
        why: 'A breaker for each receiver',
      },
      {
        tool: 'generate_timeout_config',
        args: { operations: { 'webhook.deliver': 5000 } },
        why: 'No receiver takes longer than 5 seconds',
      },
    ],
    file: 'src/webhooks.ts',
    code: `import { CircuitBreaker } from './resilience/circuit-breaker.ts';
import { withRetry } from './resilience/retry.ts';
import { withTimeout } from './resilience/timeouts.ts';

const breakers = new Map<string, CircuitBreaker>();

function breakerOf(receiver: string): CircuitBreaker {
  const breaker = breakers.get(receiver) ?? new CircuitBreaker({ name: receiver });
  breakers.set(receiver, breaker);
  return breaker;
}

/** The status that the receiver answered in the end; rejects where it did not answer. */
export async function deliver(url: URL, id: string, event: object): Promise<number> {
  const attempt = async (signal: AbortSignal): Promise<{ status: number; headers: Headers }> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-id': id },
      body: JSON.stringify(event),
      signal,
    });
    await response.body?.cancel();
    const { status, headers } = response;
    return { status, headers };
  };
  const { status } = await withRetry(
    (retrySignal) =>
      breakerOf(url.origin).call(
        (signal) => withTimeout('webhook.deliver', attempt, { signal }),
        { signal: retrySignal },
      ),
    { destination: url.origin },
  );
  return status;
}`,
    then: 'With `destination`, each receiver has a budget of retries of its own, as it has a breaker. A `CircuitOpenError` says in `retryAfterMs` when to come back to its receiver.\n\nThis is not a queue. What must still arrive hours later, or after a restart, belongs in one; these guards stand around each attempt to deliver.',
  },
  {
    name: 'database-pool',
    title: 'A database pool',
    story:
      'A pool of 30 connections is shared by pages, reports and jobs. A report that runs for a minute must not take the connections of the pages; a query that hangs must end.',
    calls: [
      {
        tool: 'generate_bulkhead',
        args: { partitions: { pages: 18, reports: 4, jobs: 5 }, poolSize: 30, maxWaitMs: 500 },
        why: 'Slots that add up to less than the pool',
      },
      {
        tool: 'generate_timeout_config',
        args: { operations: { 'page.query': 1000, 'report.query': 60000, 'job.query': 10000 } },
        why: 'A limit for each kind of query',
      },
    ],
    file: 'src/database.ts',
    code: `import { withBulkhead, type Partition } from './resilience/bulkhead.ts';
import { TIMEOUTS, withTimeout, type Operation } from './resilience/timeouts.ts';

/** Runs a query on a connection of the pool; \`work\` tells the driver how long it may take. */
export function query<T>(
  partition: Partition,
  operation: Operation,
  work: (timeoutMs: number, signal: AbortSignal) => Promise<T>,
  caller?: AbortSignal,
): Promise<T> {
  return withTimeout(
    operation,
    (limit) =>
      withBulkhead(partition, (signal) => work(TIMEOUTS[operation], signal), { signal: limit }),
    { signal: caller },
  );
}`,
    then: "With pg, `query('pages', 'page.query', (ms) => pool.query({ text, values, query_timeout: ms }))`. The bulkhead stands inside the timeout, so that a slot is taken as long as its connection is, even where the driver goes on after the caller has been told. `query_timeout` ends the wait, not the work of the database: set its `statement_timeout` too.\n\nDo not retry a transaction that may have been committed. A breaker around the pool of your only database is of use only if you can answer without that database.",
  },
];
