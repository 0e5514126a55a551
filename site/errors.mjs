// Every code of an error that emitted code throws; a test compares the list with the snapshots.
export const errors = [
  {
    code: 'CIRCUIT_OPEN',
    error: 'CircuitOpenError',
    file: 'circuit-breaker.ts',
    means:
      'The breaker did not make the call: the service failed too often, or somebody called `trip` or `isolate`. `retryAfterMs` says how much longer the breaker waits (`Infinity` while it is isolated); `breaker` says which breaker. In a stack, `CircuitOpenedError` with the same code ends a call that was waiting for its next attempt when the circuit opened; its own failure is the `cause`.',
    does: 'Answer from a cache, or tell your caller to come back later (503 with Retry-After). Do not retry it: the emitted retry does not. If the circuit opens too easily, look at what counts as a failure (`judge`) and at `failureThreshold`.',
  },
  {
    code: 'PROBE_TIMEOUT',
    error: 'ProbeTimeoutError',
    file: 'circuit-breaker.ts',
    means:
      'A probe, the call that finds out whether the service has recovered, took longer than `probeTimeoutMs`. It counts as failed, and its signal was aborted.',
    does: 'Nothing, if the service is still slow: the next probe follows. If good answers take that long, raise `probeTimeoutMs`.',
  },
  {
    code: 'RETRY_TIMEOUT',
    error: 'RetryTimeoutError',
    file: 'retry.ts',
    means: 'All attempts and waits together reached `totalTimeoutMs`. The last failure is its `cause`.',
    does: 'Look at the cause. If attempts are cut off that would have succeeded, allow more time, or fewer and shorter attempts.',
  },
  {
    code: 'TIMEOUT',
    error: 'TimeoutError',
    file: 'timeouts.ts',
    means:
      'An operation did not end within its limit, or within what was left of a deadline around it. The signal of its work was aborted; a write may have happened all the same.',
    does: 'Pass the signal on to the call, so that its socket is closed. Retry only what may happen twice. A limit below the slowest good answer (p99.9) cuts off good answers.',
  },
  {
    code: 'BULKHEAD_FULL',
    error: 'BulkheadFullError',
    file: 'bulkhead.ts',
    means:
      'The call was refused at once: all slots of the partition are taken and its queue is full, the bulkhead is being drained, or the slots are held by the very calls that would wait for this one. The message says which.',
    does: 'Answer 503. If it happens in ordinary traffic, the slots are too few: take calls per second x seconds per call, and half as much again. A call nested in one of its own partition needs another partition, or none.',
  },
  {
    code: 'BULKHEAD_TIMEOUT',
    error: 'BulkheadTimeoutError',
    file: 'bulkhead.ts',
    means: 'The call waited `maxWaitMs` for a slot and got none.',
    does: 'Answer 503. A longer wait rarely helps, because calls arrive faster than the service answers. Look at the timeouts first, then at the slots.',
  },
  {
    code: 'RATE_LIMITED',
    error: 'RateLimitedError',
    file: 'rate-limiter.ts',
    means:
      'A client sent more than its limit. In a Fastify application with an error handler of its own, and in Nest, the refusal is an error (`statusCode` 429), so that the application answers it as it does its other errors; elsewhere the middleware answers 429 itself. `retryAfterMs` says when the next request is admitted, `decision` holds the rest.',
    does: 'Answer 429; the headers `RateLimit` and `Retry-After` are on the response already. With `onRefused` you answer in your own way. If clients are refused in ordinary use, look at the limit, and at whether several of them share a key.',
  },
  {
    code: 'CLIENT_GONE',
    error: 'ClientGoneError',
    file: 'the ingress file of a stack',
    means:
      'The client left before its answer was complete, so the signal of its request ended, and with it the calls that were made for it.',
    does: 'Nothing: nobody is waiting for the answer. The breaker does not count what ended for this reason, and the retry does not repeat it.',
  },
];
