// Orders, and what has been paid for them: two upstreams behind one service.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import express from 'express';
import type { Response as ExpressResponse } from 'express';
import { Redis } from 'ioredis';
import { answerErrors, limitRequests, limitsOf } from './resilience/ingress.ts';
import { bindTelemetry } from './resilience/telemetry.ts';
import { drainUpstreams, onResilienceEvent, upstreams } from './resilience/upstreams.ts';

const PORT = Number(process.env['PORT'] ?? 4000);
const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
// Without them the addresses of resilience.json hold.
const ORDERS = process.env['ORDERS_URL'] ?? '';
const PAYMENTS = process.env['PAYMENTS_URL'] ?? '';
const STOP_MS = 10_000;
/** How long clients that keep their connections alive have to let go of them. */
const LEAVE_MS = 1_000;

const redis = new Redis(REDIS_URL, {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  retryStrategy: (attempts) => Math.min(attempts * 50, 1000),
});
redis.on('error', (error) => {
  console.error('redis:', error.message);
});

const exporter = new PrometheusExporter({ preventServerStart: true });
const metrics = new MeterProvider({ readers: [exporter] });
const onEvent = bindTelemetry(metrics.getMeter('orders-api'), { upstreams });
onResilienceEvent(onEvent);

const requestIds = new AsyncLocalStorage<string>();

/** `fetch` that tells the next service for which request it is called. */
const traced: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('x-request-id', requestIds.getStore() ?? 'none');
  return fetch(input, { ...init, headers });
};

let isStopping = false;
const app = express();
app.disable('x-powered-by');

app.get('/health', (_request, response) => {
  const { orders, payments } = upstreams;
  response.status(isStopping ? 503 : 200);
  response.json({ orders: orders.health(), payments: payments.health() });
});

app.get('/metrics', (request, response) => {
  exporter.getMetricsRequestHandler(request, response);
});

app.use((request, _response, next) => {
  requestIds.run(request.get('x-request-id') ?? randomUUID(), next);
});
app.use(limitRequests(redis, undefined, undefined, { onEvent }));

app.get('/orders/:id', async (request, response) => {
  const options = { ...limitsOf(request, response), fetch: traced };
  const path = `${ORDERS}/orders/${encodeURIComponent(request.params.id)}`;
  await relay(await upstreams.orders.fetch('orders.get', path, {}, options), response);
});

app.get('/payments/:id', async (request, response) => {
  const options = { ...limitsOf(request, response), fetch: traced };
  const path = `${PAYMENTS}/payments/${encodeURIComponent(request.params.id)}`;
  await relay(await upstreams.payments.fetch('payments.get', path, {}, options), response);
});

app.post('/payments/:id', async (request, response) => {
  const options = { ...limitsOf(request, response), fetch: traced };
  const path = `${PAYMENTS}/payments/${encodeURIComponent(request.params.id)}`;
  const init = { method: 'POST' };
  await relay(await upstreams.payments.fetch('payments.charge', path, init, options), response);
});

app.use(answerErrors);

/** Hands on an answer; a fault of the service behind is no fault of this one. */
async function relay(answer: Response, response: ExpressResponse): Promise<void> {
  const body = await answer.text();
  response.status(answer.status >= 500 ? 502 : answer.status);
  response.type(answer.headers.get('content-type') ?? 'text/plain').send(body);
}

const server = app.listen(PORT, '127.0.0.1', () => {
  console.log(`orders-api listens on http://127.0.0.1:${String(PORT)}`);
});

/** Lets go of its clients, takes no further requests, answers those that it has, and ends. */
function stop(): void {
  isStopping = true;
  // What a client sends on a connection that is just being closed is lost: it is to take another one.
  server.prependListener('request', (_request, answer) => {
    answer.setHeader('Connection', 'close');
  });
  setTimeout(() => {
    server.close(() => {
      void drainUpstreams({ signal: AbortSignal.timeout(STOP_MS) }).finally(() => {
        redis.disconnect();
      });
    });
    // Connections that are kept alive end with the answer they wait for.
    setInterval(() => {
      server.closeIdleConnections();
    }, 50).unref();
  }, LEAVE_MS);
  setTimeout(() => process.exit(1), STOP_MS).unref();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
