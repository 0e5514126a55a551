// `retryFetch` and `timeoutFetch` with a transport that answers at once: what the guard adds to a fetch whose body is read.
const transport = async () => new Response('{"ok":true}');
const url = 'https://orders.example/v1';
const read = async (response) => (await response).json();

export const title = 'fetch: an answer whose body is read, from a transport that answers at once';
export const columns = {
  'emitted, timeoutFetch': {
    emit: ['generate_timeout_config', { operations: { 'orders.get': 2_000 }, withFetch: true }],
    setup:
      ({ timeoutFetch }) =>
      () =>
        read(timeoutFetch('orders.get', url, {}, { fetch: transport })),
  },
  'emitted, retryFetch': {
    emit: ['generate_retry_policy', { withFetch: true }],
    setup:
      ({ retryFetch }) =>
      () =>
        read(retryFetch(url, {}, { fetch: transport })),
  },
  'the transport alone': { setup: () => () => read(transport(url, {})) },
  'AbortSignal.timeout and the transport': { setup: () => () => read(transport(url, { signal: AbortSignal.timeout(2_000) })) },
  'cockatiel, timeout': {
    setup: async () => {
      const { timeout, TimeoutStrategy } = await import('cockatiel');
      const policy = timeout(2_000, TimeoutStrategy.Aggressive);
      return () => read(policy.execute(({ signal }) => transport(url, { signal })));
    },
  },
  'cockatiel, retry': {
    setup: async () => {
      const { ExponentialBackoff, handleAll, retry } = await import('cockatiel');
      const policy = retry(handleAll, { maxAttempts: 4, backoff: new ExponentialBackoff() });
      return () => read(policy.execute(({ signal }) => transport(url, { signal })));
    },
  },
  'p-retry': {
    setup: async () => {
      const { default: pRetry } = await import('p-retry');
      return () => read(pRetry(() => transport(url, {})));
    },
  },
};
