// One call that is done long before its timeout; the work gets a signal.
const work = async () => 1;

export const title = 'Timeout: work that is done in time';
export const bounds = [
  { column: 'emitted', against: 'controller and timer by hand', most: 1.2 },
  { column: 'emitted', against: 'p-timeout', most: 0.34 },
];
export const columns = {
  'bare await': { setup: () => work },
  'controller and timer by hand': {
    setup: () => async () => {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), 5_000);
      try {
        return await work(controller.signal);
      } finally {
        clearTimeout(timer);
      }
    },
  },
  emitted: {
    emit: ['generate_timeout_config', { operations: { read: 5000 } }],
    setup:
      ({ withTimeout }) =>
      () =>
        withTimeout('read', work),
  },
  cockatiel: {
    setup: async () => {
      const { timeout, TimeoutStrategy } = await import('cockatiel');
      const policy = timeout(5_000, TimeoutStrategy.Aggressive);
      return () => policy.execute(({ signal }) => work(signal));
    },
  },
  'p-timeout': {
    setup: async () => {
      const { default: pTimeout } = await import('p-timeout');
      return () => pTimeout(work(), { milliseconds: 5_000 });
    },
  },
};
