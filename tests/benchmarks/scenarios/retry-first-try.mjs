// One call that succeeds at once: what a retry policy costs when it is not needed.
const work = async () => 1;
const ours = (args) => ({
  emit: ['generate_retry_policy', args],
  setup:
    ({ withRetry }) =>
    () =>
      withRetry(work),
});

export const title = 'Retry: success at the first try';
export const bounds = [{ column: 'emitted', against: 'article', most: 1.0 }];
export const columns = {
  'bare await': { setup: () => work },
  emitted: ours({}),
  'emitted, no budget': ours({ withRetryBudget: false }),
  article: {
    setup: async () => {
      const { withRetry } = await import('../article/retry.mjs');
      return () => withRetry(work);
    },
  },
  cockatiel: {
    setup: async () => {
      const { ExponentialBackoff, handleAll, retry } = await import('cockatiel');
      const policy = retry(handleAll, { maxAttempts: 4, backoff: new ExponentialBackoff() });
      return () => policy.execute(work);
    },
  },
  'p-retry': {
    setup: async () => {
      const { default: pRetry } = await import('p-retry');
      return () => pRetry(work, { retries: 4 });
    },
  },
};
