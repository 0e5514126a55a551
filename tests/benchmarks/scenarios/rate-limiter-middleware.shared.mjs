// The whole middleware around a handler that does nothing: key, decision, fields, next. Limits are so high that every request passes.
import { IncomingMessage, ServerResponse } from 'node:http';

// Every column returns a promise: one that returned none would be timed in batches, garbage collection included, and a peer's call by call.
const perMinute = 1_000_000_000;
const next = () => undefined;

export const memory = (framework, keyStrategy) => [
  'generate_rate_limiting',
  { framework, keyStrategy, store: 'memory', algorithm: 'fixed-window', requestsPerWindow: perMinute },
];

const ipv4 = ['192.0.2.1'];
/** Of as many clients, each in a network of its own. */
export const ipv6 = Array.from({ length: 1_000 }, (_, client) => `2001:db8:${client.toString(16)}::1`);

/** Calls an Express middleware with requests and responses as Express makes them, each with the API key `secret`. */
export async function throughExpress(middleware) {
  const { default: express } = await import('express');
  const app = express();
  const template = new IncomingMessage({ remoteAddress: '192.0.2.1', destroy: next });
  Object.assign(template, { method: 'GET', url: '/', headers: { 'x-api-key': 'secret' }, app });
  Object.setPrototypeOf(template, app.request);
  return async () => {
    const request = Object.create(template);
    const response = new ServerResponse(template);
    Object.setPrototypeOf(response, app.response);
    await middleware(request, response, next);
  };
}

export async function expressRateLimit(options) {
  const { rateLimit } = await import('express-rate-limit');
  const quiet = { validate: false, windowMs: 60_000, limit: perMinute, standardHeaders: 'draft-8', legacyHeaders: false };
  return throughExpress(rateLimit({ ...quiet, ...options }));
}

/** Calls a Fastify hook with what it sees of a request and a reply, from these addresses in turn. */
export async function throughFastify(app, hook, addresses = ipv4) {
  let calls = 0;
  class Reply {
    fields = {};
    header(name, value) {
      this.fields[name] = value;
      return this;
    }
    getHeader(name) {
      return this.fields[name];
    }
  }
  return async () => {
    const request = {
      method: 'GET',
      ip: addresses[calls++ % addresses.length],
      headers: { 'x-api-key': 'secret' },
      server: app,
      socket: {},
      routeOptions: { config: {} },
    };
    await hook.call(app, request, new Reply(), next);
  };
}

export async function fastifyRateLimit(options, addresses) {
  const { fastify } = await import('fastify');
  const { default: plugin } = await import('@fastify/rate-limit');
  const app = fastify();
  await app.register(plugin, { global: false });
  await app.ready();
  return throughFastify(app, app.rateLimit({ max: perMinute, timeWindow: 60_000, enableDraftSpec: true, ...options }), addresses);
}

/** Sends one request through a Hono application. */
export async function throughHono(middleware) {
  const { Hono } = await import('hono');
  const app = new Hono();
  if (middleware !== undefined) app.use(middleware);
  app.get('/', (context) => context.text('hello'));
  const request = new Request('http://localhost/', { headers: { 'x-api-key': 'secret' } });
  const env = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };
  return () => app.fetch(request, env);
}

export async function honoRateLimiter(keyGenerator) {
  const { rateLimiter } = await import('hono-rate-limiter');
  return throughHono(rateLimiter({ windowMs: 60_000, limit: perMinute, standardHeaders: 'draft-7', keyGenerator }));
}
