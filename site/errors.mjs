// Every code of an error that emitted code throws; a test compares the list with the snapshots.
export const errors = [
  {
    code: 'CIRCUIT_OPEN',
    error: 'CircuitOpenError',
    file: 'circuit-breaker.ts',
    means:
      'The breaker did not make the call: the service failed too often, and its recovery is being waited for. `retryAfterMs` says for how long; `breaker` which one. In a stack, `CircuitOpenedError` with the same code ends a call that was waiting for its next attempt when the circuit opened; its own failure is the `cause`.',
    does: 'Answer from a cache, or tell your caller to come again (503 with Retry-After). Do not retry it: the emitted retry does not. When the circuit opens too easily, look at what counts as a failure (`judge`) and at `failureThreshold`.',
  },
  {
    code: 'PROBE_TIMEOUT',
    error: 'ProbeTimeoutError',
    file: 'circuit-breaker.ts',
    means:
      'A call that tried whether the service has recovered took longer than `probeTimeoutMs`, so it counts as failed and its signal is aborted.',
    does: 'Nothing, if the service is still slow: the next probe follows. When good answers take that long, raise `probeTimeoutMs`.',
  },
  {
    code: 'RETRY_TIMEOUT',
    error: 'RetryTimeoutError',
    file: 'retry.ts',
    means: 'All attempts and waits together have reached `totalTimeoutMs`. What failed last is its `cause`.',
    does: 'Look at the cause. When attempts are cut off that would have succeeded, allow more time or fewer, shorter attempts.',
  },
  {
    code: 'TIMEOUT',
    error: 'TimeoutError',
    file: 'timeouts.ts',
    means:
      'An operation has not ended within its limit, or within what a deadline around it had left. The signal of the work is aborted; a write may have happened all the same.',
    does: 'Hand the signal on to the call, so that its socket is closed. Retry only what may happen twice. A limit below the slowest good answer (p99.9) cuts off good ones.',
  },
  {
    code: 'BULKHEAD_FULL',
    error: 'BulkheadFullError',
    file: 'bulkhead.ts',
    means: 'All slots of the partition are taken and its queue is full (or the bulkhead is drained), so the call was refused at once.',
    does: 'Answer 503. When it happens in ordinary traffic: slots = calls per second x seconds per call, and half as much again.',
  },
  {
    code: 'BULKHEAD_TIMEOUT',
    error: 'BulkheadTimeoutError',
    file: 'bulkhead.ts',
    means: 'The call waited `maxWaitMs` for a slot and got none.',
    does: 'Answer 503. More waiting rarely helps: the service is slower than calls arrive. Look at its timeouts first, then at the slots.',
  },
  {
    code: 'RATE_LIMITED',
    error: 'RateLimitedError',
    file: 'rate-limiter.ts',
    means:
      'A client sent more than its limit. With Fastify whose application has an error handler of its own, and with Nest, the refusal is an error (`statusCode` 429), so that the application answers it as it answers others; elsewhere the middleware answers 429 itself. `retryAfterMs` says when the next request is admitted, `decision` the rest.',
    does: 'Answer 429; the fields `RateLimit` and `Retry-After` are on the response already. `onRefused` answers in your own way. Where clients are refused in ordinary use, look at the limit, and at whether several of them share a key.',
  },
  {
    code: 'CLIENT_GONE',
    error: 'ClientGoneError',
    file: 'the ingress file of a stack',
    means:
      'The client left before its answer was complete, so the signal of its request ended, and with it the calls that were made for it.',
    does: 'Nothing: nobody waits for an answer. Breaker and retry neither count nor repeat what ended for this reason.',
  },
];
