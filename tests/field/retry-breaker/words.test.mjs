// Errors as clients, drivers and frameworks word them: what each says about the service, and whether another attempt is of any use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import axios from 'axios';
import got from 'got';
import nodeFetch from 'node-fetch';
import superagent from 'superagent';
import { Agent, request } from 'undici';
import { attemptsOf, BREAKER, fast, load, rejection, RETRY, served, stateAfter, within } from './cases.mjs';

const failed = (message, members) => Object.assign(new Error(message), members);
/** As fetch throws. */
const typed = (message, members) => Object.assign(new TypeError(message), members);

/** Whose classes leave the `name` of their errors as it is, as many people's do. */
const classed = (name, message = 'x') => new { [name]: class extends Error {} }[name](message);
const network = { retryErrors: 'network', retryOn: [503] };

/** [state of a breaker after ten of them, attempts of three by default, attempts with `retryErrors: network`]. */
const kinds = {
  down: ['OPEN', 3, 3],
  answered: ['CLOSED', 1, 1],
  left: ['CLOSED', 1, 1],
};
const throttled = ['CLOSED', 3, 1];
const aws = (name, httpStatusCode) => failed('Rate exceeded', { name, $fault: 'client', $metadata: { httpStatusCode } });
const words = {
  'gRPC, unavailable': [failed('14 UNAVAILABLE: no connection', { code: 14, details: 'no connection' }), 'down'],
  'gRPC, deadline': [failed('4 DEADLINE_EXCEEDED: Deadline exceeded', { code: 4 }), 'down'],
  'gRPC, not found': [failed('5 NOT_FOUND: no such order', { code: 5 }), 'answered'],
  'gRPC, unauthenticated': [failed('16 UNAUTHENTICATED: no token', { code: 16 }), 'answered'],
  'gRPC, cancelled': [failed('1 CANCELLED: Call cancelled', { code: 1 }), 'left'],
  'gRPC, exhausted': [failed('8 RESOURCE_EXHAUSTED: Quota exceeded', { code: 8 }), throttled],
  'Connect, exhausted': [failed('[resource_exhausted] x', { name: 'ConnectError', code: 8 }), throttled],
  'AWS, throttled': [aws('ThrottlingException', 400), throttled],
  'AWS, throttled without a status': [aws('EC2ThrottledException'), throttled],
  'AWS, throughput': [aws('ProvisionedThroughputExceededException', 400), throttled],
  'AWS, requests': [aws('RequestLimitExceeded', 400), throttled],
  'AWS, slower': [aws('SlowDown', 503), 'down'],
  'AWS, a condition': [aws('ConditionalCheckFailedException', 400), 'answered'],
  'AWS, too large': [aws('ItemCollectionSizeLimitExceededException', 400), 'answered'],
  'AWS SDK 2, throttled': [failed('Rate exceeded', { code: 'Throttling', statusCode: 400 }), throttled],
  'Google, rate': [failed('User Rate Limit Exceeded', { code: 403, errors: [{ reason: 'userRateLimitExceeded' }] }), throttled],
  'Google, no right': [failed('The caller does not have permission', { code: 403, errors: [{ reason: 'forbidden' }] }), 'answered'],
  'GitHub, secondary limit': [failed('You have exceeded a secondary rate limit.', { status: 403 }), throttled],
  'GitHub, no such limit': [failed('rate limit exceeded', { status: 404 }), 'answered'],
  'Slack, rate': [failed('A rate-limit has been reached', { code: 'slack_webapi_rate_limited_error' }), throttled],
  'Shopify, throttled': [failed('Throttled', { name: 'GraphqlQueryError' }), throttled],
  'Connect, unavailable': [failed('[unavailable] x', { name: 'ConnectError', code: 14 }), 'down'],
  'Connect, not found': [failed('[not_found] x', { name: 'ConnectError', code: 5 }), 'answered'],
  'Connect, canceled': [failed('[canceled] x', { name: 'ConnectError', code: 1 }), 'left'],
  'a status as code, 503': [failed('x', { code: 503, response: { headers: {} } }), 'down'],
  'a status as code, 401': [failed('Unauthorized', { code: 401, response: { headers: {} } }), 'answered'],
  'a status as text': [failed('x', { status: '404' }), 'answered'],
  'Elasticsearch, 404': [failed('x', { name: 'ResponseError', meta: { statusCode: 404 } }), 'answered'],
  'Boom, 404': [failed('x', { isBoom: true, output: { statusCode: 404 } }), 'answered'],
  'MongoDB, duplicate': [failed('E11000 duplicate key error', { name: 'MongoServerError', code: 11_000 }), 'answered'],
  'MongoDB, network': [failed('connection 3 closed', { name: 'MongoNetworkError' }), 'down'],
  'node:sqlite, unique': [failed('UNIQUE constraint failed: a.b', { code: 'ERR_SQLITE_ERROR' }), 'answered'],
  'Sequelize, unique': [failed('Validation error', { name: 'SequelizeUniqueConstraintError' }), 'answered'],
  'Sequelize, refused': [failed('x', { name: 'SequelizeConnectionRefusedError' }), 'down'],
  'SQL Server, unique': [failed('Violation of UNIQUE KEY constraint', { code: 'EREQUEST', number: 2627 }), 'answered'],
  'Postgres, shut down': [failed('terminating connection', { code: '57P01' }), 'down'],
  'Prisma, validation': [failed('x', { name: 'PrismaClientValidationError' }), 'answered'],
  'Prisma, no server': [failed("Can't reach database server"), 'down'],
  'urql, GraphQL': [failed('[GraphQL] no such field', { name: 'CombinedError' }), 'answered'],
  'urql, network': [failed('[Network] x', { name: 'CombinedError' }), 'down'],
  'Stripe, connection': [failed('x', { type: 'StripeConnectionError' }), 'down'],
  'undici, a wrong argument': [failed('invalid url', { code: 'UND_ERR_INVALID_ARG' }), 'answered'],
  'HTTP/2, refused stream': [failed('Stream closed', { code: 'ERR_HTTP2_STREAM_ERROR' }), 'down'],
  'Angular, no answer': [failed('Http failure response for /x: 0 Unknown Error', { status: 0 }), 'down'],
  'execa, timed out': [failed('Command timed out after 20 milliseconds: sleep 5', { exitCode: undefined }), 'down'],
  'cockatiel, open': [failed('Execution prevented because the circuit breaker is open'), 'left'],
  'pg, pool': [failed('timeout exceeded when trying to connect'), 'down'],
  'pg, query': [failed('Query read timeout'), 'down'],
  'postgres.js, closed': [failed('write CONNECTION_CLOSED db:5432', { code: 'CONNECTION_CLOSED' }), 'down'],
  'MySQL, check': [failed('Check constraint is violated.', { code: 'ER_CHECK_CONSTRAINT_VIOLATED', sqlState: 'HY000' }), 'answered'],
  'MongoDB, time limit': [failed('operation exceeded time limit', { name: 'MongoServerError', code: 50 }), 'down'],
  'ioredis, retries': [failed('Reached the max retries per request limit (which is 20).', { name: 'MaxRetriesPerRequestError' }), 'down'],
  'Redis, socket': [failed('Socket closed unexpectedly'), 'down'],
  'Redis, slots': [failed("CROSSSLOT Keys in request don't hash to the same slot"), 'answered'],
  'SQL Server, foreign key': [failed('The DELETE statement conflicted with the REFERENCE constraint', { code: 'EREQUEST' }), 'answered'],
  'Oracle, unique': [failed('ORA-00001: unique constraint (A.B) violated', { code: 'ORA-00001' }), 'answered'],
  'Oracle, deadlock': [failed('ORA-00060: deadlock detected', { code: 'ORA-00060' }), ['OPEN', 3, 1]],
  'node:sqlite, null': [failed('NOT NULL constraint failed: a.b', { code: 'ERR_SQLITE_ERROR' }), 'answered'],
  'node:sqlite, locked': [failed('database is locked', { code: 'ERR_SQLITE_ERROR' }), ['OPEN', 3, 1]],
  'SMTP, socket': [failed('connect ECONNREFUSED 10.0.0.1:25', { code: 'ESOCKET', command: 'CONN' }), 'down'],
  'SMTP, recipient': [failed('All recipients were rejected: 550 No such user', { code: 'EENVELOPE' }), 'answered'],
  'SMTP, later': [failed('All recipients were rejected: 451 Try later', { code: 'EENVELOPE' }), ['OPEN', 3, 1]],
  'Elasticsearch, left': [failed('Request aborted', { name: 'RequestAbortedError' }), 'left'],
  'Firebase, no user': [failed('x', { name: 'FirebaseError', code: 'auth/user-not-found' }), 'answered'],
  'Firebase, network': [failed('x', { name: 'FirebaseError', code: 'auth/network-request-failed' }), 'down'],
  'Firebase, cancelled': [failed('x', { name: 'FirebaseError', code: 'cancelled' }), 'left'],
  'tRPC, behind a proxy': [failed('Unable to transform', { cause: new SyntaxError('x'), meta: { response: { status: 404 } } }), 'answered'],
  'tRPC, proxy down': [failed('Unable to transform', { cause: new SyntaxError('x'), meta: { response: { status: 503 } } }), 'down'],
  "a gateway's page where JSON belongs": [new SyntaxError(`Unexpected token '<', "<html>" is not valid JSON`), 'down'],
  'the same, on Bun': [new SyntaxError("JSON Parse error: Unrecognized token '<'"), 'down'],
  "JSON of one's own": [new SyntaxError('Unexpected end of JSON input'), 'left'],
  'Supabase, broken off': [failed('TypeError: terminated', { hint: '', code: '' }), 'down'],
  'Supabase, in a browser': [failed('TypeError: Failed to fetch', { hint: '', code: '' }), 'down'],
  'node-redis, offline': [failed('The client is offline'), 'down'],
  'Slack, platform': [failed('x', { code: 'slack_webapi_platform_error', data: { ok: false } }), 'answered'],
  'Telegram, bad request': [failed('x', { name: 'GrammyError', error_code: 400 }), 'answered'],
  'node-fetch 2, timeout': [failed('network timeout at: http://a/', { name: 'FetchError', type: 'request-timeout' }), 'down'],
  'HTTP, not understood': [failed('Parse Error: Expected HTTP/', { code: 'HPE_INVALID_CONSTANT' }), 'down'],
  'cockatiel, full': [failed('Bulkhead capacity exceeded (0/1 execution slots, 0/0 available)'), 'left'],
  'a scheme that http does not know': [Object.assign(new TypeError('x'), { code: 'ERR_INVALID_PROTOCOL' }), ['OPEN', 1, 1]],
  'got, redirects': [failed('x', { code: 'ERR_TOO_MANY_REDIRECTS', response: { statusCode: 302 } }), ['OPEN', 1, 1]],
  'Next, redirect': [failed('NEXT_REDIRECT', { digest: 'NEXT_REDIRECT;replace;/;307;' }), 'left'],
  'Next, not found': [failed('NEXT_HTTP_ERROR_FALLBACK;404', { digest: 'NEXT_HTTP_ERROR_FALLBACK;404' }), 'left'],
  'Next, not prerendered': [failed('Dynamic server usage: x', { digest: 'DYNAMIC_SERVER_USAGE' }), 'left'],
  'React, reported': [failed('x', { digest: '2447377984' }), ['OPEN', 3, 1]],
  'React Router, 404': [{ type: 'DataWithResponseInit', data: 'x', init: { status: 404 } }, 'answered'],
  'React Router, 503': [{ type: 'DataWithResponseInit', data: 'x', init: { status: 503 } }, 'down'],
  'SvelteKit, redirect': [{ status: 303, location: '/' }, 'answered'],
  'SvelteKit, not found': [{ status: 404, body: { message: 'x' } }, 'answered'],
  'TanStack, not found': [{ isNotFound: true, data: { id: 7 } }, 'answered'],
  'a class alone, not found': [classed('OrderNotFoundError'), 'answered'],
  'a class alone, invalid': [classed('ValidationError'), 'left'],
  'a class alone, timed out': [classed('QueryTimeoutError'), 'down'],
  'a class alone, disconnected': [classed('BrokerConnectionError'), 'down'],
  'a class alone, of no known word': [classed('OrderError'), ['OPEN', 3, 1]],
  'node-redis, aborted': [classed('AbortError', 'The command was aborted'), 'left'],
  'node-redis, a transaction': [failed('1 commands failed', { replies: ['OK', new Error('WRONGTYPE Operation')] }), 'answered'],
  'Postgres, raised by a trigger': [failed('no stock', { name: 'error', code: 'P0001' }), 'answered'],
  'MySQL, raised by a trigger': [failed('no stock', { code: 'ER_SIGNAL_EXCEPTION', sqlState: '45000' }), 'answered'],
  'MySQL, a wrong value': [failed('x', { code: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', sqlState: 'HY000' }), 'answered'],
  'MySQL, an unknown value of an enum': [failed('x', { code: 'WARN_DATA_TRUNCATED', sqlState: '01000' }), 'answered'],
  'MySQL, waits for a lock': [failed('Lock wait timeout exceeded', { code: 'ER_LOCK_WAIT_TIMEOUT', sqlState: 'HY000' }), 'down'],
  'postgres.js, undefined': [failed('UNDEFINED_VALUE: x', { code: 'UNDEFINED_VALUE' }), 'left'],
  'tRPC, called on the server': [failed('x', { name: 'TRPCError', code: 'UNPROCESSABLE_CONTENT' }), 'answered'],
  "PostgREST, a gateway's page": [failed('<!DOCTYPE html><html>', { name: 'PostgrestError' }), 'down'],
  "node-fetch 2, a gateway's page": [
    failed("invalid json response body at http://a/ reason: Unexpected token '<'", { name: 'FetchError' }),
    'down',
  ],
  'Sequelize, nothing found': [failed('x', { name: 'SequelizeEmptyResultError' }), 'answered'],
  'Kysely, nothing found': [classed('NoResultError', 'no result'), 'answered'],
  'pg-promise, nothing found': [classed('QueryResultError', 'No data returned from the query.'), 'answered'],
  'MikroORM, unique': [classed('UniqueConstraintViolationException', 'insert into a'), 'answered'],
  'MikroORM, refused': [classed('ConnectionException', 'connect ECONNREFUSED 10.0.0.1:5432'), 'down'],
  'a class alone, an exception': [classed('OrderNotFoundException'), 'answered'],
  'a class alone, not allowed': [classed('ForbiddenError'), 'answered'],
  'a class alone, in need of a token': [classed('UnauthorizedException'), 'answered'],
  'ioredis, a cluster that is gone': [failed('None of startup nodes is available', { name: 'ClusterAllFailedError' }), 'down'],
  'ioredis, no slots': [failed('Failed to refresh slots cache.', { name: 'ClusterAllFailedError' }), 'down'],
  'Cassandra, no host': [failed('All host(s) tried for query failed.', { name: 'NoHostAvailableError' }), 'down'],
  'Playwright, refused': [failed('page.goto: net::ERR_CONNECTION_REFUSED at http://a/'), 'down'],
  'ClickHouse, timed out': [failed('Timeout error.'), 'down'],
  'Elasticsearch, TLS': [failed('800C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number'), ['OPEN', 1, 1]],
  'Jest, an expectation': [classed('JestAssertionError', 'expect(received).toBe(expected)'), 'left'],
  'class-validator, which throws an array': [[classed('ValidationError')], 'left'],
  'Bun, an expired certificate': [typed('certificate has expired', { code: 'CERT_HAS_EXPIRED' }), ['OPEN', 1, 1]],
  'Bun, a certificate of its own': [typed('self signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), ['OPEN', 1, 1]],
  'Bun, redirects': [typed('TooManyRedirects: The response redirected too many times.', { code: 'TooManyRedirects' }), ['OPEN', 1, 1]],
  'Bun, a scheme': [typed('protocol must be http:, https: or s3:', { code: 'ERR_INVALID_ARG_VALUE' }), ['OPEN', 1, 1]],
  'Bun, no TLS': [typed('EPROTO: The TLS handshake failed.', { code: 'EPROTO' }), ['OPEN', 1, 1]],
  'Deno, redirects': [typed('Fetch failed: Maximum number of redirects (20) reached'), ['OPEN', 1, 1]],
  'Deno, a scheme': [typed("Url scheme 'foo' not supported"), ['OPEN', 1, 1]],
  'Deno, no TLS': [
    typed('fetch failed', { cause: failed('client error (Connect): received corrupt message of type InvalidContentType') }),
    ['OPEN', 1, 1],
  ],
  'Workers, redirects': [typed('Too many redirects. http://a/loop, http://a/loop'), ['OPEN', 1, 1]],
  'Workers, no such host': [failed('internal error; reference = 1fgh2p93j4b67k97ehu0u5rd'), 'down'],
  'Redis, the group is there': [failed('BUSYGROUP Consumer Group name already exists', { name: 'ReplyError' }), 'answered'],
  'Redis, no such group': [failed("NOGROUP No such key 'orders' or consumer group 'mail'", { name: 'ReplyError' }), 'answered'],
  'Redis, a script that runs': [failed('BUSY Redis is busy running a script.', { name: 'ReplyError' }), ['OPEN', 3, 1]],
  'Postgres, no row in a function': [failed('query returned no rows', { name: 'error', code: 'P0002' }), 'answered'],
  'Postgres, too many rows in a subquery': [failed('more than one row returned', { name: 'error', code: '21000' }), 'answered'],
  'Postgres, a row that its view hides': [failed('new row violates check option', { name: 'error', code: '44000' }), 'answered'],
  'cockatiel, left': [classed('TaskCancelledError', 'Operation cancelled'), 'left'],
  'cockatiel, timed out': [classed('TaskCancelledError', 'Operation timed out after 20ms'), 'down'],
  'Bluebird, left': [failed('late cancellation observer', { name: 'CancellationError' }), 'left'],
  'axios, an answer of 200 that cannot be unpacked': [
    failed('incorrect header check', { code: 'Z_DATA_ERROR', response: { status: 200, headers: {} } }),
    'down',
  ],
  'got, an answer of 200 that ends within its gzip': [
    failed('unexpected end of file', { name: 'ReadError', code: 'Z_BUF_ERROR', response: { statusCode: 200 } }),
    'down',
  ],
  'a message that cannot be cloned': [new DOMException('() => {} could not be cloned.', 'DataCloneError'), 'left'],
  'a program that ended with 137': [failed('Command failed: x', { code: 137, cmd: 'x' }), ['OPEN', 3, 1]],
};

for (const [name, [error, kind]] of Object.entries(words)) {
  test(name, async () => {
    const [state, any, network_] = kinds[kind] ?? kind;
    for (const thrown of [error, new Error('orders', { cause: error })]) {
      const work = () => Promise.reject(thrown);
      assert.equal(await stateAfter(work), state);
      assert.equal(await attemptsOf(work), any);
      assert.equal(await attemptsOf(work, {}, network), network_);
    }
  });
}

test('what hides behind a revoked proxy changes no outcome', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER, { withMetrics: true });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const error of [failed('reset', { cause: proxy }), new AggregateError([proxy], 'reset')]) {
    const breaker = new CircuitBreaker({ failureThreshold: 1 });
    assert.equal(await rejection(breaker.call(() => Promise.reject(error))), error);
    assert.equal(breaker.state, 'OPEN');
    assert.equal(breaker.getMetrics().failureCount, 1);
    let attempts = 0;
    const work = () => Promise.reject(((attempts += 1), error));
    assert.equal(await rejection(withRetry(work, { ...fast, maxRetries: 2 })), error);
    assert.equal(attempts, 3);
  }
  const thrown = await new CircuitBreaker().call(() => Promise.reject(proxy)).then(assert.fail, (error) => [error]);
  assert.equal(thrown[0], proxy);
});

test('a result that only looks like one of those is a result', async () => {
  for (const result of [{ code: 503 }, { code: 503, headers: {} }, { status: '503', headers: {} }, { message: '14 UNAVAILABLE: x' }]) {
    assert.equal(await stateAfter(() => result), 'CLOSED', JSON.stringify(result));
    assert.equal(await attemptsOf(() => result), 1, JSON.stringify(result));
  }
});

test('an answer of 200 that breaks off is no success', () =>
  served(
    (incoming, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setTimeout(() => incoming.socket.destroy(), 5);
    },
    async (url) => {
      for (const [client, work] of Object.entries({
        axios: () => axios.get(url, { proxy: false }),
        got: () => got(url, { retry: { limit: 0 } }),
        fetch: async () => (await fetch(url)).text(),
        undici: async () => (await request(url)).body.text(),
      })) {
        assert.equal(await stateAfter(work), 'OPEN', client);
        assert.equal(await attemptsOf(work, {}, network), 3, client);
      }
    },
  ));

test('an answer longer than its client takes says nothing bad about the service, and is not asked for again', () =>
  served(
    (incoming, response) => {
      incoming.resume();
      response.end('x'.repeat(5_000));
    },
    async (url) => {
      const dispatcher = new Agent({ maxResponseSize: 1_000 });
      for (const [client, work] of Object.entries({
        axios: () => axios.get(url, { maxContentLength: 1_000, proxy: false }),
        'axios, its own body': () => axios.post(url, 'x'.repeat(5_000), { maxBodyLength: 1_000, proxy: false }),
        'node-fetch': async () => (await nodeFetch(url, { size: 1_000 })).text(),
        superagent: () => superagent.get(url).maxResponseSize(1_000),
        undici: async () => (await request(url, { dispatcher })).body.text(),
        fetch: async () => (await fetch(url, { dispatcher })).text(),
      })) {
        assert.ok((await rejection(work())) instanceof Error, client);
        assert.equal(await stateAfter(work), 'CLOSED', client);
        assert.equal(await attemptsOf(work), 1, client);
        assert.equal(await attemptsOf(work, {}, network), 1, client);
      }
      await dispatcher.close();
    },
  ));

test("axios' word for an abort hides a time-out that its signal tells of", () =>
  served(
    () => undefined,
    async (url) => {
      const late = () => axios.get(url, { signal: AbortSignal.timeout(10), proxy: false });
      assert.equal(await stateAfter(late), 'OPEN');
      assert.equal(await attemptsOf(late), 3);
      const left = () => {
        const caller = new AbortController();
        setTimeout(() => caller.abort(), 10);
        return axios.get(url, { signal: caller.signal, proxy: false });
      };
      assert.equal(await stateAfter(left), 'CLOSED');
      assert.equal(await attemptsOf(left), 1);
    },
  ));

test('what a cause carries is closed and read as if it stood on the error itself', () =>
  served(
    (incoming, response) => {
      response.writeHead(incoming.url === '/small' ? 200 : 503, { 'retry-after': '0.25' });
      // More than any buffer takes, so that the connection is free only when somebody reads or closes it.
      for (let i = 0; i < 100 && incoming.url !== '/small'; i += 1) response.write('x'.repeat(65_536));
      response.end();
    },
    async (url) => {
      const { withRetry } = await load(RETRY);
      const dispatcher = new Agent({ connections: 1, pipelining: 1 });
      const waits = [];
      const work = async () => {
        const { statusCode, headers, body } = await request(url, { dispatcher });
        throw new Error('orders', { cause: failed('x', { response: { statusCode, headers, body } }) });
      };
      const sleep = async (ms) => void waits.push(ms);
      const error = await within(5_000, rejection(withRetry(work, { ...fast, maxRetries: 3, sleep })));
      assert.equal(error.message, 'orders');
      assert.deepEqual(waits, [250, 250, 250]);
      error.cause.response.body.on('error', () => undefined).destroy();
      await dispatcher.destroy();
    },
  ));

test('headers that cannot be read change no outcome', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  const get = () => {
    throw new Error('no headers');
  };
  for (const headers of [new Map([[1, 2]]), { get }, { entries: () => 5 }, { 'retry-after': Symbol('soon') }, 'retry-after: 5', 7]) {
    const answer = { status: 503, statusText: 'Service Unavailable', headers };
    assert.equal(await withRetry(() => answer, { ...fast, maxRetries: 1 }), answer);
    const breaker = new CircuitBreaker({ failureThreshold: 1 });
    assert.equal(await breaker.call(() => answer), answer);
    assert.equal(breaker.state, 'OPEN');
  }
});

test('work that aborts its own caller and then never ends is over at once', async () => {
  const { withRetry } = await load(RETRY);
  const { CircuitBreaker } = await load(BREAKER);
  for (const run of [
    (work, signal) => withRetry(work, { signal }),
    (work, signal) => withRetry(work, { signal, totalTimeoutMs: 60_000 }),
    (work, signal) => new CircuitBreaker().call(work, { signal }),
  ]) {
    const caller = new AbortController();
    const reason = new Error('left');
    const work = () => {
      caller.abort(reason);
      return new Promise(() => undefined);
    };
    assert.equal(await within(2_000, rejection(run(work, caller.signal))), reason);
  }
});

test('methods may be written in lower case, as fetch takes them', async () => {
  const { retryFetch } = await load(RETRY, { withFetch: true });
  let sent = 0;
  const transport = async () => {
    sent += 1;
    return new Response('', { status: 503 });
  };
  await retryFetch(
    'https://orders.example/',
    { method: 'post', body: 'x' },
    { ...fast, maxRetries: 2, methods: ['post'], fetch: transport },
  );
  assert.equal(sent, 3);
});
