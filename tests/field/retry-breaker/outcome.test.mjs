// A call is judged by why it ended, in the words of the clients that people use, not by where it ended.
import assert from 'node:assert/strict';
import { execFileSync, execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import axios from 'axios';
import got from 'got';
import superagent from 'superagent';
import { attemptsOf, BREAKER, breakers, load, rejection, served, sleep, stateAfter } from './cases.mjs';

const hang = () => undefined;

for (const [name, args] of Object.entries(breakers)) {
  test(`${name}: answers of 503 through fetch open the circuit, those of 404 do not`, () =>
    served(
      (request, response) => {
        response.statusCode = Number(request.url.slice(1));
        response.end();
      },
      async (url) => {
        const get = (status) => (signal) => fetch(`${url}${status}`, { signal }).then(({ status }) => ({ status, headers: {} }));
        assert.equal(await stateAfter(get('503'), args), 'OPEN');
        for (const status of ['404', '422', '429']) {
          assert.equal(await stateAfter(get(status), args), 'CLOSED', status);
        }
        assert.equal(await stateAfter(() => axios.get(`${url}503`), args), 'OPEN');
        assert.equal(await stateAfter(() => axios.get(`${url}404`), args), 'CLOSED');
        assert.equal(await stateAfter(() => got(`${url}404`, { retry: { limit: 0 } }), args), 'CLOSED');
        assert.equal(await stateAfter(() => superagent.get(`${url}404`), args), 'CLOSED');
      },
    ));

  test(`${name}: a service that hangs opens the circuit by its callers' time-outs, and not by callers that leave`, async () => {
    const { CircuitBreaker } = await load(BREAKER, args);
    const alive = setInterval(() => undefined, 1_000);
    for (const [leave, state] of [
      [() => AbortSignal.timeout(2), 'OPEN'],
      [() => AbortSignal.abort, 'CLOSED'],
    ]) {
      const breaker = new CircuitBreaker({ failureThreshold: 3 });
      for (let calls = 0; calls < 6; calls += 1) {
        const controller = new AbortController();
        const signal = state === 'OPEN' ? leave() : controller.signal;
        const call = rejection(breaker.call(() => new Promise(hang), { signal }));
        if (state === 'CLOSED') {
          controller.abort();
        }
        await call;
      }
      assert.equal(breaker.state, state);
    }
    clearInterval(alive);
  });
}

test('what a caller cancels is not tried again, whichever client it uses', () =>
  served(hang, async (url) => {
    const soon = (cancel) => void sleep(10).then(cancel);
    const cancelled = {
      fetch: () => {
        const controller = new AbortController();
        soon(() => controller.abort());
        return fetch(url, { signal: controller.signal });
      },
      axios: () => {
        const controller = new AbortController();
        soon(() => controller.abort());
        return axios.get(url, { signal: controller.signal });
      },
      got: () => {
        const request = got(url);
        soon(() => request.cancel());
        return request;
      },
      superagent: () => {
        const request = superagent.get(url);
        soon(() => void request.abort());
        return request;
      },
    };
    for (const [client, work] of Object.entries(cancelled)) {
      assert.equal(await attemptsOf(work), 1, client);
      assert.equal(await stateAfter(work), 'CLOSED', client);
    }
  }));

test("an attempt's own time-out is tried again, whichever client it uses", () =>
  served(hang, async (url) => {
    const late = {
      fetch: () => fetch(url, { signal: AbortSignal.timeout(10) }),
      axios: () => axios.get(url, { timeout: 10 }),
      got: () => got(url, { timeout: { request: 10 }, retry: { limit: 0 } }),
      superagent: () => superagent.get(url).timeout(10),
    };
    for (const [client, work] of Object.entries(late)) {
      assert.equal(await attemptsOf(work), 3, client);
      assert.equal(await attemptsOf(work, {}, { retryErrors: 'network', retryOn: [] }), 3, client);
    }
  }));

test('the exit code of a program is no HTTP status', async () => {
  for (const code of [1, 100, 128, 137, 255]) {
    assert.equal(await attemptsOf(() => execSync(`exit ${String(code)}`, { stdio: 'ignore' })), 3, String(code));
  }
  assert.equal(await attemptsOf(() => execFileSync(process.execPath, ['-e', 'process.exit(204)'])), 3);
});

test('certificates, schemes and redirects are not tried again', () =>
  served(
    (request, response) => response.writeHead(302, { location: '/again' }).end(),
    async (url) => {
      assert.equal(await attemptsOf(() => fetch(url)), 1, 'redirects');
      assert.equal(await attemptsOf(() => axios.get(url)), 1, 'redirects by axios');
      assert.equal(await attemptsOf(() => got(url, { retry: { limit: 0 } })), 1, 'redirects by got');
      assert.equal(await attemptsOf(() => fetch('ftp://127.0.0.1/')), 1, 'scheme');
      assert.equal(await attemptsOf(() => axios.get('ftp://127.0.0.1/')), 1, 'scheme by axios');
      // This server does not speak TLS.
      const secure = url.replace('http:', 'https:');
      for (const work of [() => fetch(secure), () => axios.get(secure), () => got(secure, { retry: { limit: 0 } })]) {
        assert.equal(await attemptsOf(work), 1, 'TLS');
        assert.equal(await stateAfter(work), 'OPEN', 'TLS');
      }
    },
  ));

test('a connection that nobody takes is tried again', async () => {
  const closed = 'http://127.0.0.1:1/';
  for (const work of [() => fetch('http://127.0.0.1:59998/'), () => axios.get(closed), () => superagent.get(closed)]) {
    assert.equal(await attemptsOf(work, {}, { retryErrors: 'network', retryOn: [] }), 3);
  }
});

test('a mistake of the program and an answer of a database say nothing about the service', async () => {
  const errors = {
    'a TypeError': () => undefined.id,
    'a number out of range': () => new Array(-1),
    'a unique violation': () => Promise.reject(Object.assign(new Error('duplicate key'), { code: '23505' })),
    'MySQL, duplicate entry': () => Promise.reject(Object.assign(new Error('x'), { code: 'ER_DUP_ENTRY', sqlState: '23000' })),
    Prisma: () => Promise.reject(Object.assign(new Error('x'), { name: 'PrismaClientKnownRequestError', code: 'P2025' })),
    'a missing file': () => readFileSync('/nowhere/at/all'),
    'an assertion': () => assert.equal(1, 2),
    wrapped: () => Promise.reject(new Error('loading failed', { cause: new RangeError('x') })),
  };
  for (const [name, work] of Object.entries(errors)) {
    assert.equal(await attemptsOf(work), 1, name);
    assert.equal(await stateAfter(work), 'CLOSED', name);
  }
});

test('a call refused here, however deep, neither counts nor is tried again', async () => {
  const { CircuitBreaker } = await load(BREAKER);
  const inner = new CircuitBreaker({ name: 'inner' });
  inner.trip();
  const refused = () => inner.call(() => 'up');
  const ways = [
    refused,
    () => refused().catch((cause) => Promise.reject(new Error('orders', { cause }))),
    () => Promise.any([refused(), refused()]),
  ];
  for (const work of ways) {
    assert.equal(await attemptsOf(work), 1);
    assert.equal(await stateAfter(work), 'CLOSED');
  }
});
