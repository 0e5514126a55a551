// One decision in memory, round robin over 100,000 keys.
import { columnsFor } from './rate-limiter.shared.mjs';

export const title = 'Rate limiter in memory: 100,000 keys in turn';
export const bounds = ['rate-limiter-flexible', 'express-rate-limit', 'limiter'].map((against) => ({
  column: 'emitted, token bucket',
  against,
  most: 1.0,
}));
export const columns = columnsFor(() => {
  const keys = Array.from({ length: 100_000 }, (_, index) => `key:${String(index)}`);
  let next = 0;
  return () => {
    if (next === keys.length) next = 0;
    return keys[next++];
  };
});
