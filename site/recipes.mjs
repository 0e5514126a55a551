// What people build most often. The commands, code, figures and warnings come from the program.
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
    then: '## Besides\n\nMany addresses can try one account, so add a second limiter that counts by account, with a `name` and a `keyOf` of its own. Refuse its attempts with the same answer as a wrong password: a 429 of its own would tell the attacker that the account exists.',
  },
  {
    name: 'llm-api',
    title: 'An LLM API',
    story:
      'Answers take seconds to minutes, 429 with Retry-After is an everyday answer, and each attempt costs money. Wait as long as the provider asks, retry a few times at most, and bound how many calls run at once.',
    calls: [
      {
        tool: 'generate_retry_policy',
        args: { maxRetries: 3, baseDelayMs: 1000, maxDelayCapMs: 30000, totalTimeoutMs: 180000, withFetch: true },
        why: 'Few attempts, never before Retry-After',
      },
      {
        tool: 'generate_timeout_config',
        args: { operations: { 'chat.complete': 60000, 'embeddings.create': 10000 }, withFetch: true },
        why: 'A limit for each kind of call',
      },
      {
        tool: 'generate_bulkhead',
        args: { partitions: { chat: 8, embeddings: 16 }, maxQueue: 50, maxWaitMs: 10000 },
        why: 'A bound on the calls in flight',
      },
    ],
  },
  {
    name: 'webhook',
    title: 'Webhooks that you send',
    story:
      'The other side is somebody else’s server: slow, down for hours, or gone. Receivers expect a delivery that failed to be repeated, with the same id. One receiver that is down must not hold up the others.',
    calls: [
      {
        tool: 'generate_retry_policy',
        args: { maxRetries: 5, baseDelayMs: 1000, maxDelayCapMs: 60000, retryErrors: 'network' },
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
    then: '## Besides\n\nThis is not a queue. What must still arrive hours later, or after a restart, belongs in one; these guards stand around each attempt to deliver.',
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
    then: '## Besides\n\nDo not retry a transaction that may have been committed. A breaker around the pool of your only database is of use only if you can answer without that database.',
  },
];
