// One decision in memory, always for the same key.
import { columnsFor } from './rate-limiter.shared.mjs';

export const title = 'Rate limiter in memory: one key';
export const bounds = ['rate-limiter-flexible', 'express-rate-limit', 'limiter'].map((against) => ({
  column: 'emitted, token bucket',
  against,
  most: 1.0,
}));
export const columns = columnsFor(() => () => 'key:one');
