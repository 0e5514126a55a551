// One call while slots are free.
const work = async () => 1;

export const title = 'Bulkhead: one call while slots are free';
export const bounds = [{ column: 'emitted', against: 'cockatiel', most: 1.0 }];
export const columns = {
  'bare await': { setup: () => work },
  emitted: {
    emit: ['generate_bulkhead', { partitions: { payments: 10 } }],
    setup: ({ Bulkhead }) => {
      const bulkhead = new Bulkhead('payments', 10);
      return () => bulkhead.run(work);
    },
  },
  cockatiel: {
    setup: async () => {
      const { bulkhead } = await import('cockatiel');
      const policy = bulkhead(10, 100);
      return () => policy.execute(work);
    },
  },
  'p-limit': {
    setup: async () => {
      const { default: pLimit } = await import('p-limit');
      const limit = pLimit(10);
      return () => limit(work);
    },
  },
  'async-sema': {
    setup: async () => {
      const { Sema } = await import('async-sema');
      const sema = new Sema(10);
      return async () => {
        await sema.acquire();
        try {
          return await work();
        } finally {
          sema.release();
        }
      };
    },
  },
  bottleneck: {
    setup: async () => {
      const { default: Bottleneck } = await import('bottleneck');
      const limiter = new Bottleneck({ maxConcurrent: 10 });
      return () => limiter.schedule(work);
    },
  },
};
