// A call that succeeds through circuit breaker, retry, timeout and bulkhead, beside cockatiel's `wrap` of the same four policies.
import { cockatielCall, stackCall, warm, work } from './stack.shared.mjs';

export const title = 'Stack: a call that succeeds through circuit breaker, retry, timeout and bulkhead';
export const bounds = [
  { column: 'emitted', against: 'cockatiel, wrap of the same four', most: 0.25 },
  { column: 'emitted, totalTimeoutMs', against: 'cockatiel, wrap of the same four', most: 0.4 },
];
export const columns = {
  'bare await': { setup: () => work },
  emitted: { setup: async () => warm(await stackCall('stack')) },
  'emitted, totalTimeoutMs': { setup: async () => warm(await stackCall('stack-total', { totalTimeoutMs: 8_000 })) },
  'cockatiel, wrap of the same four': { setup: async () => warm(await cockatielCall()) },
};
