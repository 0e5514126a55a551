// Requests through Express over HTTP, each counted in a real redis-server: 50 at a time over kept connections, every one admitted.
import { Agent, get } from 'node:http';
import { consume } from '../article/rate-limiter.mjs';
import { connect } from './rate-limiter-redis.shared.mjs';

export const title = 'Rate limiter on Redis, end to end through Express: 50 clients, 10 API keys';
export const operations = 50;
export const unit = 'request';
// A second process and its socket make one round differ from the next by more than the columns do.
export const rounds = 21;
export const bounds = [{ column: 'emitted, token bucket', against: "the article's EVAL", most: 1.1 }];

const [capacity, perSecond] = [1_000_000, 1_000_000];

/** 50 requests at a time through an Express application with this middleware; client and server share the process. */
async function through(middleware) {
  const { default: express } = await import('express');
  const app = express();
  app.use(middleware);
  app.get('/', (_request, response) => response.end('hello'));
  const port = await new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
  const agent = new Agent({ keepAlive: true, maxSockets: operations });
  const ask = (key) =>
    new Promise((resolve, reject) => {
      const request = get({ port, host: '127.0.0.1', agent, headers: { 'x-api-key': key } }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${String(response.statusCode)}`));
        response.resume().on('end', resolve);
      });
      request.on('error', reject);
    });
  const run = () => Promise.all(Array.from({ length: operations }, (_, index) => ask(`key-${String(index % 10)}`)));
  // A server that has answered 20,000 requests: before that, the engine still compiles.
  for (let round = 0; round < 400; round++) await run();
  return run;
}

export const columns = {
  'no limiter': { setup: () => through((_request, _response, next) => next()) },
  'emitted, token bucket': {
    emit: ['generate_rate_limiting', {}],
    setup: async ({ tokenBucketMiddleware }) => {
      const onStoreFailure = (error) => {
        console.error(error);
        process.exit(1);
      };
      return through(tokenBucketMiddleware(await connect(), capacity, perSecond, { storeTimeoutMs: 10_000, onStoreFailure }));
    },
  },
  "the article's EVAL": {
    setup: async () => {
      const redis = await connect();
      return through(async (request, response, next) => {
        const allowed = await consume(redis, `ratelimit:${request.headers['x-api-key']}`, capacity, perSecond);
        if (allowed === 1) next();
        else response.status(429).json({ error: 'Too many requests' });
      });
    },
  },
};
