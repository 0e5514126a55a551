// Run by each runtime: the emitted guards against a server on loopback. Prints one JSON list of [name, fault]; no fault is an empty text.
//   RUNTIME runtime.mjs TIMEOUTS_MODULE BULKHEAD_MODULE
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const [timeouts, bulkhead] = await Promise.all(process.argv.slice(2).map((path) => import(pathToFileURL(path).href)));
const { timeoutFetch, withTimeout, Deadline, TimeoutError } = timeouts;
const { Bulkhead } = bulkhead;

const closed = [];
const server = createServer((request, response) => {
  response.on('close', () => closed.push(request.url));
  if (request.url.startsWith('/stall')) {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('half');
    return;
  }
  let text = '';
  request.on('data', (chunk) => (text += String(chunk)));
  request.on('end', () => response.end(JSON.stringify({ method: request.method, key: request.headers['x-key'], text })));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${String(server.address().port)}`;
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
const until = async (condition) => {
  while (!condition()) await turn();
};
const rejection = (promise) =>
  promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error) => error,
  );

const cases = {
  'queued work keeps its own context, without a signal': () => contexts(() => ({})),
  'queued work keeps its own context, with a signal': () => contexts(() => ({ signal: new AbortController().signal })),
  'queued work keeps its own context, with its body held': () => contexts(() => ({ holdBody: true })),

  async 'a Request keeps its headers'() {
    const response = await timeoutFetch('read', new Request(`${url}/a`, { headers: { 'x-key': 'kept' } }));
    assert.equal((await response.json()).key, 'kept');
  },
  async 'a Request keeps its method and body'() {
    const request = new Request(`${url}/a`, { method: 'POST', body: 'text', headers: { 'x-key': 'kept' } });
    assert.deepEqual(await (await timeoutFetch('read', request)).json(), { method: 'POST', key: 'kept', text: 'text' });
  },
  async 'init stands over the Request, as with fetch'() {
    const request = new Request(`${url}/a`, { headers: { 'x-key': 'old' } });
    const response = await timeoutFetch('read', request, { method: 'PUT', headers: { 'x-key': 'new' }, body: 'b' });
    assert.deepEqual(await response.json(), { method: 'PUT', key: 'new', text: 'b' });
  },
  async 'signal: null takes the signal of the Request away'() {
    const request = new Request(`${url}/a`, { signal: AbortSignal.abort(new Error('left')) });
    assert.equal((await rejection(timeoutFetch('read', request))).message, 'left');
    assert.equal((await timeoutFetch('read', `${url}/a`, { signal: null })).status, 200);
  },

  async 'an abort after the headers ends the body'() {
    for (const where of ['init', 'request']) {
      const caller = new AbortController();
      const { signal } = caller;
      const input = `${url}/stall-${where}`;
      const response = await (where === 'init'
        ? timeoutFetch('read', input, { signal })
        : timeoutFetch('read', new Request(input, { signal })));
      const text = rejection(response.text());
      caller.abort(new Error('left'));
      await text;
      await until(() => closed.includes(`/stall-${where}`));
    }
  },
  async 'a limit after the headers ends the body'() {
    const response = await timeoutFetch('read', `${url}/stall-limit`, {}, { timeoutMs: 300 });
    assert.equal(response.url, `${url}/stall-limit`);
    assert.ok(
      (await rejection(
        response.body
          .getReader()
          .read()
          .then(() => response.body.getReader().read()),
      )) instanceof Error,
    );
    await until(() => closed.includes('/stall-limit'));
  },
  async 'silence between two chunks ends the body'() {
    const response = await timeoutFetch('read', `${url}/stall-idle`, {}, { idleTimeoutMs: 100 });
    const reader = response.body.getReader();
    await reader.read();
    const error = await rejection(reader.read());
    assert.ok(error instanceof TimeoutError, String(error));
    await until(() => closed.includes('/stall-idle'));
  },
  async 'a reader brings its own buffer where fetch lets it'() {
    const bare = await fetch(`${url}/a`);
    let takesBuffers = true;
    try {
      bare.body.getReader({ mode: 'byob' }).releaseLock();
    } catch {
      takesBuffers = false;
    }
    await bare.body.cancel();
    const response = await timeoutFetch('read', `${url}/a`);
    if (!takesBuffers) {
      assert.equal((await response.json()).method, 'GET');
      return;
    }
    const reader = response.body.getReader({ mode: 'byob' });
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(5));
      if (done) break;
      bytes += value.length;
    }
    assert.equal(bytes, JSON.stringify({ method: 'GET', text: '' }).length);
  },
  async 'an answer that comes after the limit is closed'() {
    let isOver = false;
    const work = async () => {
      const response = await fetch(`${url}/stall-late`);
      await until(() => isOver);
      return response;
    };
    const error = await rejection(withTimeout('read', work, { timeoutMs: 1 }));
    assert.ok(error instanceof TimeoutError);
    isOver = true;
    await until(() => closed.includes('/stall-late'));
  },
  async 'a slot is free when its body has ended, however it ends'() {
    const own = new Bulkhead('own', 1);
    const read = await own.run((signal) => fetch(`${url}/a`, { signal }), { holdBody: true });
    assert.equal(own.stats().active, 1);
    assert.equal((await read.json()).method, 'GET');
    await until(() => own.stats().active === 0);
    const caller = new AbortController();
    const cut = await own.run((signal) => fetch(`${url}/stall-held`, { signal }), { holdBody: true, signal: caller.signal });
    caller.abort(new Error('left'));
    await rejection(cut.text());
    await until(() => own.stats().active === 0 && closed.includes('/stall-held'));
    const dropped = await own.run((signal) => fetch(`${url}/stall-dropped`, { signal }), { holdBody: true });
    await dropped.body.cancel();
    await until(() => own.stats().active === 0 && closed.includes('/stall-dropped'));
  },

  async 'work may be a plain value or a builder'() {
    const builder = { then: (resolve) => resolve('built') };
    const own = new Bulkhead('own', 1);
    assert.deepEqual([await withTimeout('read', () => 5), await own.run(() => 5), await new Deadline(60_000).run(() => 5)], [5, 5, 5]);
    assert.deepEqual([await withTimeout('read', () => builder), await own.run(() => builder)], ['built', 'built']);
  },
  async 'no signal gathers the listeners of other calls'() {
    const own = new Bulkhead('own', 1);
    let heard = 0;
    let last;
    for (let i = 0; i < 20; i += 1) {
      await own.run((signal) => {
        signal.addEventListener('abort', () => (heard += 1));
        last = signal;
      });
    }
    last.dispatchEvent(new Event('abort'));
    assert.ok(heard <= 1, String(heard));
  },

  async 'a nested call that waits for itself is refused'() {
    for (const maxWaitMs of [0, 60_000]) {
      const own = new Bulkhead('own', 1, { maxWaitMs });
      const error = await rejection(own.run(() => own.run(() => assert.fail())));
      assert.match(error.message, /nested/u);
      assert.equal(error.code, 'BULKHEAD_FULL');
      assert.equal(await own.run(() => 'again'), 'again');
    }
  },
  async 'a nested call after an await is refused where the runtime follows contexts'() {
    if (globalThis.process?.getBuiltinModule === undefined) return;
    for (const slots of [1, 2]) {
      const own = new Bulkhead('own', slots, { maxWaitMs: 0 });
      const outer = async () => (await turn(), await own.run(() => 'inner'));
      const ends = await Promise.allSettled(Array.from({ length: slots }, () => own.run(outer)));
      assert.equal(ends.filter(({ status }) => status === 'rejected').length, 1);
    }
  },
  async 'calls that wait for each other in several partitions are refused, and others are not'() {
    if (globalThis.process?.getBuiltinModule === undefined) return;
    const within = (first, ...inner) =>
      first.run(async () => {
        await turn();
        return inner.length === 0 ? 'in' : await within(...inner);
      });
    const of = (slots) => new Bulkhead('own', slots, { maxWaitMs: 0 });
    const rings = {
      'each in the other': (a, b) => [within(a, b), within(b, a)],
      'twice in and out': (_, b, __, two) => [within(two, b, two), within(two, b, two)],
      'three in a ring': (a, b, c) => [within(a, b), within(b, c), within(c, a)],
      'three deep': (_, __, ___, two) => [within(two, two, two)],
    };
    for (const [name, ring] of Object.entries(rings)) {
      const ends = await Promise.allSettled(ring(of(1), of(1), of(1), of(2)));
      assert.equal(ends.filter(({ reason }) => /nested/u.test(reason?.message)).length, 1, name);
    }
    const [a, b] = [of(2), of(2)];
    const ends = await Promise.allSettled([within(a, b), within(a, b), within(b, a), within(b), within(a), within(b)]);
    assert.deepEqual(new Set(ends.map(({ status }) => status)), new Set(['fulfilled']));
  },
  async 'a nested call of another partition is no matter'() {
    const [outer, inner] = [new Bulkhead('outer', 1), new Bulkhead('inner', 1)];
    assert.equal(await outer.run(() => inner.run(() => 'inner')), 'inner');
  },
};

async function contexts(options) {
  const context = new AsyncLocalStorage();
  for (const maxWaitMs of [0, 60_000]) {
    const own = new Bulkhead('own', 2, { maxWaitMs, maxQueue: 100 });
    const seen = await Promise.all(
      Array.from({ length: 30 }, (_, id) =>
        context.run(id, () =>
          own.run(async () => {
            const before = context.getStore();
            await turn();
            return before === id && context.getStore() === id;
          }, options()),
        ),
      ),
    );
    assert.ok(seen.every(Boolean), `${String(seen.filter((each) => !each).length)} of 30 ran in another's context`);
  }
}

const results = [];
for (const [name, run] of Object.entries(cases)) {
  let fault = '';
  try {
    await run();
  } catch (error) {
    fault = String(error?.stack ?? error);
  }
  results.push([name, fault]);
}
console.log(JSON.stringify(results));
server.closeAllConnections?.();
server.close();
process.exit(0);
