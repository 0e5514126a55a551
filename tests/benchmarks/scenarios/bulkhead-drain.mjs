// 10,000 calls at once through ten slots: the time until the last is done.
const work = async () => 1;
const depth = 10_000;
const flood =
  (call, calls = depth) =>
  () =>
    Promise.all(Array.from({ length: calls }, call));

export const title = 'Bulkhead: 10,000 calls at once through 10 slots';
export const unit = 'call';
export const operations = depth;
export const bounds = [{ column: 'emitted', against: 'async-sema', most: 1.0 }];
export const columns = {
  'bare await': { setup: () => flood(work) },
  emitted: {
    emit: ['generate_bulkhead', { partitions: { payments: 10 }, maxQueue: 1000000, maxWaitMs: 0 }],
    setup: ({ Bulkhead }) => {
      const bulkhead = new Bulkhead('payments', 10);
      return flood(() => bulkhead.run(work));
    },
  },
  cockatiel: {
    setup: async () => {
      const { bulkhead } = await import('cockatiel');
      const policy = bulkhead(10, depth);
      return flood(() => policy.execute(work));
    },
  },
  'p-limit': {
    setup: async () => {
      const { default: pLimit } = await import('p-limit');
      const limit = pLimit(10);
      return flood(() => limit(work));
    },
  },
  'async-sema': {
    setup: async () => {
      const { Sema } = await import('async-sema');
      const sema = new Sema(10, { capacity: depth });
      return flood(async () => {
        await sema.acquire();
        try {
          return await work();
        } finally {
          sema.release();
        }
      });
    },
  },
  // It takes milliseconds a call, so that 10,000 of them would need half a minute each time.
  'bottleneck, 1,000 calls at once, one sample a round': {
    operations: 1_000,
    once: true,
    setup: async () => {
      const { default: Bottleneck } = await import('bottleneck');
      const limiter = new Bottleneck({ maxConcurrent: 10 });
      return flood(() => limiter.schedule(work), 1_000);
    },
  },
};
