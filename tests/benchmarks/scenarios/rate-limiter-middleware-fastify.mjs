// The hook as a whole in Fastify, counting in memory.
import { fastifyRateLimit, memory, throughFastify } from './rate-limiter-middleware.shared.mjs';

export const title = 'Rate limiter as hook: Fastify, in memory';
export const unit = 'request';
export const bounds = ['API key', 'address'].map((key) => ({
  column: `emitted, by ${key}`,
  against: `@fastify/rate-limit, by ${key}`,
  most: 1.0,
}));
const ours = (keyStrategy) => ({
  emit: memory('fastify', keyStrategy),
  setup: async ({ fixedWindowMiddleware }) => {
    const { fastify } = await import('fastify');
    return throughFastify(fastify(), fixedWindowMiddleware());
  },
});
export const columns = {
  'no limiter': { setup: () => throughFastify({}, (_request, _reply, done) => done()) },
  'emitted, by API key': ours('api-key'),
  'emitted, by address': ours('ip'),
  '@fastify/rate-limit, by API key': { setup: () => fastifyRateLimit({ keyGenerator: (request) => request.headers['x-api-key'] }) },
  '@fastify/rate-limit, by address': { setup: () => fastifyRateLimit({}) },
};
