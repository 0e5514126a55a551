// What only Node can show: async contexts, real connections, streams of Node's, the pause of a process.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '../lib/emit.mjs';

const TOOL = 'generate_bulkhead';
const ARGS = { partitions: { payments: 2, 'search.api': 3 }, maxQueue: 1000, maxWaitMs: 60_000 };
const rejection = (promise) =>
  promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error) => error,
  );

test('work runs in the async context of its own caller, whoever freed the slot', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const context = new AsyncLocalStorage();
  for (const options of [{}, { signal: new AbortController().signal }, { holdBody: true }]) {
    for (const maxWaitMs of [0, 60_000]) {
      const bulkhead = new Bulkhead('test', 2, { maxWaitMs });
      const seen = await Promise.all(
        Array.from({ length: 30 }, (_, id) =>
          context.run(id, () =>
            bulkhead.run(async () => {
              const before = context.getStore();
              await null;
              return [id, before, context.getStore()];
            }, options),
          ),
        ),
      );
      for (const [id, before, after] of seen) assert.deepEqual([before, after], [id, id]);
      const resized = context.run('mine', () => {
        void bulkhead.run(() => sleep(1));
        void bulkhead.run(() => sleep(1));
        return bulkhead.run(() => context.getStore(), options);
      });
      context.run('not mine', () => bulkhead.resize(3));
      assert.equal(await resized, 'mine');
    }
  }
});

test('nested calls that wait for each other: the last is refused, so that the others can end', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  for (const slots of [1, 2, 3]) {
    for (const maxWaitMs of [0, 60_000]) {
      const bulkhead = new Bulkhead('test', slots, { maxWaitMs });
      const outer = async () => {
        await sleep(1);
        return await bulkhead.run(() => 'inner');
      };
      // More callers than slots: those that waited hold a slot as well.
      const ends = await Promise.allSettled(Array.from({ length: slots + 2 }, () => bulkhead.run(outer)));
      const reasons = ends.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
      assert.ok(reasons.length > 0, `${slots} slots`);
      for (const reason of reasons) assert.match(reason.message, /nested/u);
      assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued], [0, 0]);
    }
  }
});

test('nested calls are noticed after thousands that are none, where they would wait for ever', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  for (const slots of [2, 4, 7]) {
    const bulkhead = new Bulkhead('test', slots, { maxWaitMs: 0, maxQueue: 10_000 });
    // At once and one by one, so that those that are looked at end among others and alone.
    await Promise.all(Array.from({ length: 2500 }, (_, i) => bulkhead.run(() => (i % 3 === 0 ? sleep(1) : null))));
    for (let i = 0; i < 100; i += 1) await bulkhead.run(() => null);
    const outer = async () => {
      await sleep(1);
      return await bulkhead.run(() => 'inner');
    };
    for (const round of [1, 2]) {
      const ends = await Promise.allSettled(Array.from({ length: slots * 3 }, () => bulkhead.run(outer)));
      const reasons = ends.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
      assert.ok(reasons.length > 0, `${slots} slots, round ${round}`);
      for (const reason of reasons) assert.match(reason.message, /nested/u);
      assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued], [0, 0]);
    }
  }
});

test('calls that are not nested wait as long as they must, whatever else was', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 2, { maxWaitMs: 0, maxQueue: 10_000 });
  const all = Array.from({ length: 3000 }, (_, i) => bulkhead.run(() => (i % 100 === 0 ? sleep(2) : i)));
  await Promise.all(all);
  assert.equal(bulkhead.stats().refused, 0);
});

test('a call that drains its own bulkhead waits for the others alone', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  for (const slots of [1, 2]) {
    const bulkhead = new Bulkhead('test', slots, { maxWaitMs: 0 });
    const ends = [];
    const other = slots > 1 ? bulkhead.run(() => sleep(5)).then(() => ends.push('other')) : undefined;
    const queued = slots === 1 ? undefined : bulkhead.run(() => bulkhead.run(() => sleep(1)).then(() => ends.push('nested')));
    await bulkhead.run(async () => {
      await bulkhead.drain();
      ends.push('drained');
    });
    assert.equal(ends.at(-1), 'drained');
    await Promise.all([other, queued]);
    assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued], [0, 0]);
    assert.match((await rejection(bulkhead.run(() => null))).message, /draining/u);
  }
});

test('nested calls that somebody gives up leave nothing behind', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 2, { maxWaitMs: 0 });
  let finish;
  const neighbour = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const inner = new AbortController();
  const outer = bulkhead.run(async () => {
    await sleep(1);
    const both = [1, 2].map(() => rejection(bulkhead.run(() => 'never', { signal: inner.signal })));
    inner.abort('left');
    return await Promise.all(both);
  });
  assert.deepEqual(await outer, ['left', 'left']);
  // The outer call ends while its nested one still waits.
  let left;
  await bulkhead.run(async () => {
    await sleep(1);
    left = bulkhead.run(() => 'late');
  });
  assert.equal(await left, 'late');
  const waits = bulkhead.run(() => bulkhead.run(() => 'inner'));
  await sleep(1);
  assert.equal(bulkhead.stats().queued, 1);
  finish();
  await neighbour;
  assert.equal(await waits, 'inner');
});

test('a service never sees more answers in progress than there are slots', async () => {
  const { withBulkhead } = await load(TOOL, ARGS);
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.on('close', () => (open -= 1));
    response.write('{');
    setTimeout(() => response.end('}'), 20);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String(server.address().port)}/`;
  try {
    const load = () => withBulkhead('payments', (signal) => fetch(url, { signal }), { holdBody: true });
    const texts = await Promise.all(Array.from({ length: 8 }, async () => (await load()).text()));
    assert.deepEqual([...new Set(texts)], ['{}']);
    assert.equal(most, 2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a stream of Node holds the slot until it is closed', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const stream = new PassThrough();
  const answer = await bulkhead.run(() => ({ data: stream }), { holdBody: true });
  assert.equal(bulkhead.stats().active, 1);
  stream.end('text');
  assert.equal((await answer.data.toArray()).join(''), 'text');
  await sleep(1);
  assert.equal(bulkhead.stats().active, 0);
});

test('a slot is held until the body has been read, cancelled or broken', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 1);
  const answers = () => {
    let stream;
    const reasons = [];
    const body = new ReadableStream({ start: (controller) => void (stream = controller), cancel: (reason) => void reasons.push(reason) });
    const shown = { url: { value: 'https://example.com/moved' }, status: { value: 999 }, ok: { value: false } };
    const response = Object.defineProperties(new Response(body, { headers: { 'x-shown': 'yes' } }), shown);
    return { response, stream, reasons };
  };
  const active = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return bulkhead.stats().active;
  };
  const read = answers();
  const response = await bulkhead.run(() => read.response, { holdBody: true });
  assert.deepEqual([response.url, response.status, response.headers.get('x-shown')], ['https://example.com/moved', 999, 'yes']);
  read.stream.enqueue(new TextEncoder().encode('hello'));
  assert.equal(await active(), 1);
  read.stream.close();
  assert.equal(await response.text(), 'hello');
  assert.equal(await active(), 0);

  const dropped = answers();
  const unwanted = await bulkhead.run(() => dropped.response, { holdBody: true });
  assert.equal(await active(), 1);
  await unwanted.body.cancel('enough');
  assert.equal(await active(), 0);
  assert.deepEqual(dropped.reasons, ['enough']);

  const broken = answers();
  const half = await bulkhead.run(() => broken.response, { holdBody: true });
  broken.stream.error(new Error('broken'));
  await rejection(half.text());
  assert.equal(await active(), 0);

  // The caller's signal ends the body as well, after the call has been answered.
  const caller = new AbortController();
  const cut = answers();
  const rest = await bulkhead.run(() => cut.response, { holdBody: true, signal: caller.signal });
  caller.abort(new Error('left'));
  await rejection(rest.text());
  assert.equal(await active(), 0);
  assert.equal(cut.reasons.length, 1);

  for (const plain of [null, 5, 'text', {}, new Response(null, { status: 204 }), { body: null }]) {
    assert.equal(await bulkhead.run(() => plain, { holdBody: true }), plain);
    assert.equal(await active(), 0);
  }
  assert.equal(await rejection(bulkhead.run(() => Promise.reject('failed'), { holdBody: true })), 'failed');
  assert.equal(await active(), 0);

  // A stream of Node's, where each client puts it.
  for (const place of ['body', 'data', undefined]) {
    let close;
    const stream = { pipe: () => undefined, closed: false, on: (event, listener) => void (event === 'close' && (close = listener)) };
    const answer = place === undefined ? stream : { [place]: stream };
    assert.equal(await bulkhead.run(() => answer, { holdBody: true }), answer);
    assert.equal(await active(), 1);
    close();
    assert.equal(await active(), 0);
    stream.closed = true;
    await bulkhead.run(() => answer, { holdBody: true });
    assert.equal(await active(), 0);
  }
});

// Without AsyncLocalStorage, as in a browser, what is nested after an await cannot be told.
test('with slots taken away after many calls that were not nested, none that is nested waits for ever', async () => {
  const { Bulkhead } = await load(TOOL, ARGS);
  const bulkhead = new Bulkhead('test', 8, { maxWaitMs: 0 });
  for (let calls = 0; calls < 2_000; calls += 1) await bulkhead.run(() => undefined);
  bulkhead.resize(4);
  let go;
  const start = new Promise((resolve) => (go = resolve));
  const calls = [1, 2].map(() => bulkhead.run(() => start.then(() => bulkhead.run(() => 'inner'))));
  bulkhead.resize(2);
  go();
  const ended = await Promise.allSettled(calls);
  assert.deepEqual(ended.map(({ reason, value }) => reason?.code ?? value).toSorted(), ['BULKHEAD_FULL', 'inner']);
  assert.deepEqual([bulkhead.stats().active, bulkhead.stats().queued], [0, 0]);
});
