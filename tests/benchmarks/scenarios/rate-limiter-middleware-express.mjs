// The middleware as a whole in Express, counting in memory.
import { expressRateLimit, memory, throughExpress } from './rate-limiter-middleware.shared.mjs';

export const title = 'Rate limiter as middleware: Express, in memory';
export const unit = 'request';
export const bounds = ['API key', 'address'].map((key) => ({
  column: `emitted, by ${key}`,
  against: `express-rate-limit, by ${key}`,
  most: 1.0,
}));
export const columns = {
  'no limiter': { setup: () => throughExpress((_request, _response, next) => next()) },
  'emitted, by API key': {
    emit: memory('express', 'api-key'),
    setup: ({ fixedWindowMiddleware }) => throughExpress(fixedWindowMiddleware()),
  },
  'emitted, by address': { emit: memory('express', 'ip'), setup: ({ fixedWindowMiddleware }) => throughExpress(fixedWindowMiddleware()) },
  'express-rate-limit, by API key': { setup: () => expressRateLimit({ keyGenerator: (request) => request.headers['x-api-key'] }) },
  'express-rate-limit, by address': { setup: () => expressRateLimit({}) },
};
