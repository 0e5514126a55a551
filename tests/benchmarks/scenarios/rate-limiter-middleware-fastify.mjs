// The hook as a whole in Fastify, counting in memory.
import { fastifyRateLimit, ipv6, memory, throughFastify } from './rate-limiter-middleware.shared.mjs';

export const title = 'Rate limiter as hook: Fastify, in memory';
export const unit = 'request';
export const bounds = ['API key', 'address', 'IPv6 address of 1,000'].map((key) => ({
  column: `emitted, by ${key}`,
  against: `@fastify/rate-limit, by ${key}`,
  most: 1.0,
}));
const ours = (keyStrategy, addresses) => ({
  emit: memory('fastify', keyStrategy),
  setup: async ({ fixedWindowMiddleware }) => {
    const { fastify } = await import('fastify');
    return throughFastify(fastify(), fixedWindowMiddleware(), addresses);
  },
});
export const columns = {
  'no limiter': { setup: () => throughFastify({}, (_request, _reply, done) => done()) },
  'emitted, by API key': ours('api-key'),
  'emitted, by address': ours('ip'),
  'emitted, by IPv6 address of 1,000': ours('ip', ipv6),
  '@fastify/rate-limit, by API key': { setup: () => fastifyRateLimit({ keyGenerator: (request) => request.headers['x-api-key'] }) },
  '@fastify/rate-limit, by address': { setup: () => fastifyRateLimit({}) },
  '@fastify/rate-limit, by IPv6 address of 1,000': { setup: () => fastifyRateLimit({}, ipv6) },
};
