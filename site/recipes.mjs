// What people build most often. The commands, code, figures and warnings come from the program.
export const recipes = [
  {
    name: 'login',
    title: 'A login that is guessed at',
    story:
      'Passwords are tried by the thousand, from many addresses, for one account or for all. Count by what the attacker cannot change cheaply, never let more than the limit through at the edge of a window, and refuse rather than admit while Redis is away.',
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
        why: 'Ten attempts in 15 minutes',
      },
    ],
    then: '## Besides\n\nGive the limiter of the account a `name` and a `keyOf` of its own, so that both are counted; answer a refused attempt as you answer a wrong password.',
  },
  {
    name: 'llm-api',
    title: 'An LLM API',
    story:
      'Answers take seconds to minutes, 429 with Retry-After is an everyday answer, and each attempt costs money. Wait as long as the provider says, try few times, and bound how many run at once.',
    calls: [
      {
        tool: 'generate_retry_policy',
        args: { maxRetries: 3, baseDelayMs: 1000, maxDelayCapMs: 30000, totalTimeoutMs: 180000, withFetch: true },
        why: 'Few attempts, Retry-After kept',
      },
      {
        tool: 'generate_timeout_config',
        args: { operations: { 'chat.complete': 60000, 'embeddings.create': 10000 }, withFetch: true },
        why: 'A limit for each kind of call',
      },
      {
        tool: 'generate_bulkhead',
        args: { partitions: { chat: 8, embeddings: 16 }, maxQueue: 50, maxWaitMs: 10000 },
        why: 'So many at once',
      },
    ],
  },
  {
    name: 'webhook',
    title: 'Webhooks that you send',
    story:
      'The other side is somebody else’s server: slow, down for hours, or gone. Receivers expect to be called again, with the same id. One that is down must not hold up the others.',
    calls: [
      {
        tool: 'generate_retry_policy',
        args: { maxRetries: 5, baseDelayMs: 1000, maxDelayCapMs: 60000, retryErrors: 'network' },
        why: 'Again, with growing waits',
      },
      {
        tool: 'generate_circuit_breaker',
        args: { failureThreshold: 10, recoveryTimeMs: 60000, maxRecoveryTimeMs: 3600000 },
        why: 'A breaker for each receiver',
      },
      { tool: 'generate_timeout_config', args: { operations: { 'webhook.deliver': 5000 } }, why: 'Nobody is waited for longer' },
    ],
    then: '## Besides\n\nThis is not a queue: what must arrive after hours or a restart is kept in one, and these guards stand around each attempt.',
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
    then: '## Besides\n\nNo retry around a transaction that may have been committed; no breaker around one pool whose database is the only one you have, unless you can answer without it.',
  },
];
