// The middleware as a whole in Hono, counting in memory; the application and its answer are part of it.
import { honoRateLimiter, memory, throughHono } from './rate-limiter-middleware.shared.mjs';

export const title = 'Rate limiter as middleware: Hono, in memory';
export const unit = 'request';
export const bounds = ['API key', 'address'].map((key) => ({
  column: `emitted, by ${key}`,
  against: `hono-rate-limiter, by ${key}`,
  most: 1.0,
}));
const ours = (keyStrategy) => ({
  emit: memory('hono', keyStrategy),
  setup: ({ fixedWindowMiddleware }) => throughHono(fixedWindowMiddleware()),
});
export const columns = {
  'no limiter': { setup: () => throughHono() },
  'emitted, by API key': ours('api-key'),
  'emitted, by address': ours('ip'),
  'hono-rate-limiter, by API key': { setup: () => honoRateLimiter((context) => context.req.header('x-api-key')) },
  'hono-rate-limiter, by address': { setup: () => honoRateLimiter((context) => context.env.incoming.socket.remoteAddress) },
};
