// Run under a test runner's fake timers with their default settings: what its users do in their own tests.

/** `fake`: `start()`, `stop()` and `tick(ms)`. Resolves with [name, fault] of each case. */
export async function run({ withTimeout, Deadline, timeoutFetch }, { Bulkhead }, fake) {
  const results = [];
  const turns = async () => {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  };
  const outcome = (promise) => {
    const end = { code: 'pending' };
    promise.then(
      () => (end.code = 'done'),
      (error) => (end.code = error.code ?? String(error)),
    );
    return end;
  };
  const hang = () => new Promise(() => undefined);
  /** Nothing a moment before its time, and the end exactly on time. */
  const endsAt = async (end, ms, code) => {
    await turns();
    fake.tick(ms - 1);
    await turns();
    if (end.code !== 'pending') throw new Error(`ended early: ${end.code}`);
    fake.tick(1);
    await turns();
    if (end.code !== code) throw new Error(`${end.code} after ${String(ms)} ms`);
  };
  const equal = (seen, expected) => {
    if (seen !== expected) throw new Error(`${String(seen)} instead of ${String(expected)}`);
  };
  const cases = {
    'withTimeout ends on time': () => endsAt(outcome(withTimeout('read', hang)), 2000, 'TIMEOUT'),
    'a short limit ends on time': () => endsAt(outcome(withTimeout('read', hang, { timeoutMs: 5 })), 5, 'TIMEOUT'),
    async 'one long tick is enough'() {
      const end = outcome(withTimeout('read', hang));
      fake.tick(60_000);
      await turns();
      equal(end.code, 'TIMEOUT');
    },
    'a deadline ends on time': () => endsAt(outcome(new Deadline(3000).run(hang)), 3000, 'TIMEOUT'),
    async 'a deadline counts what has passed'() {
      const deadline = new Deadline(3000);
      fake.tick(1200);
      equal(deadline.remaining(), 1800);
      equal(deadline.toHeader(), '1800');
      await endsAt(outcome(deadline.run('read', hang)), 1800, 'TIMEOUT');
      equal(deadline.expired, true);
    },
    async 'the signal of a deadline aborts on time'() {
      const { signal } = new Deadline(3000);
      fake.tick(2999);
      equal(signal.aborted, false);
      fake.tick(1);
      equal(signal.aborted, true);
    },
    async 'a wait for a slot ends on time, each its own'() {
      const bulkhead = new Bulkhead('own', 1);
      void bulkhead.run(hang);
      const first = outcome(bulkhead.run(() => 1));
      await turns();
      fake.tick(400);
      const second = outcome(bulkhead.run(() => 2));
      await endsAt(first, 600, 'BULKHEAD_TIMEOUT');
      equal(second.code, 'pending');
      await endsAt(second, 400, 'BULKHEAD_TIMEOUT');
    },
    async 'the time of a wait is counted'() {
      const bulkhead = new Bulkhead('own', 1);
      let finish;
      void bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
      const second = outcome(bulkhead.run(() => 2));
      await turns();
      fake.tick(250);
      finish();
      await turns();
      equal(second.code, 'done');
      equal(Math.round(bulkhead.stats().longestWaitMs), 250);
    },
    async 'a fetch ends on time'() {
      await endsAt(outcome(timeoutFetch('read', 'https://example.com/', {}, { fetch: hang })), 2000, 'TIMEOUT');
    },
    async 'a body that is silent ends on time'() {
      if (typeof ReadableStream !== 'function') return;
      const fetch = async () => new Response(new ReadableStream());
      const response = await timeoutFetch('read', 'https://example.com/', {}, { fetch, idleTimeoutMs: 300 });
      await endsAt(outcome(response.body.getReader().read()), 300, 'TIMEOUT');
    },
  };
  for (const [name, each] of Object.entries(cases)) {
    fake.start();
    let fault = '';
    try {
      await each();
    } catch (error) {
      fault = String(error?.stack ?? error);
    } finally {
      fake.stop();
    }
    results.push([name, fault]);
  }
  return results;
}
