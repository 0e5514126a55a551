// Run where the globals of Node are not there, such as under jest-environment-jsdom: on real timers.
export async function run({ withTimeout, Deadline, timeoutFetch }, { Bulkhead }) {
  const results = [];
  const hang = () => new Promise(() => undefined);
  const reason = (promise) =>
    promise.then(
      () => 'resolved',
      (error) => error,
    );
  const equal = (seen, expected) => {
    if (seen !== expected) throw new Error(`${String(seen)} instead of ${String(expected)}`);
  };
  const own = () => new Bulkhead('own', 1);
  const aborted = () => {
    const caller = new AbortController();
    caller.abort(new Error('left'));
    return caller.signal;
  };
  const isAbort = (error) => {
    // A DOM that gives an abort no reason has nothing better.
    if (error.message !== 'left' && error.name !== 'AbortError') throw error;
  };
  const cases = {
    'work that is done in time': async () => equal(await withTimeout('read', () => 'done'), 'done'),
    'an error passes as it is': async () => {
      const error = Object.assign(new Error('503'), { response: { body: { on: () => undefined, pipe: () => undefined } } });
      equal(await reason(withTimeout('read', () => Promise.reject(error))), error);
      equal(await reason(own().run(() => Promise.reject(error))), error);
    },
    'a limit': async () => equal((await reason(withTimeout('read', hang, { timeoutMs: 5 }))).code, 'TIMEOUT'),
    'a deadline': async () => equal((await reason(new Deadline(5).run(hang))).code, 'TIMEOUT'),
    'a signal that aborted before': async () => {
      isAbort(await reason(withTimeout('read', hang, { signal: aborted() })));
      isAbort(await reason(own().run(hang, { signal: aborted() })));
    },
    'a signal that aborts meanwhile': async () => {
      const caller = new AbortController();
      const bulkhead = own();
      const ends = [
        withTimeout('read', hang, { signal: caller.signal }),
        bulkhead.run(hang, { signal: caller.signal }),
        bulkhead.run(hang, { signal: caller.signal }),
      ].map(reason);
      await Promise.resolve();
      caller.abort(new Error('left'));
      for (const end of ends) isAbort(await end);
      equal(bulkhead.stats().queued, 0);
    },
    'a late answer of each client is closed, and nothing else happens': async () => {
      const closed = [];
      const stream = (name) => ({ pipe: () => undefined, on: () => undefined, destroy: () => closed.push(name) });
      const answers = [
        { body: stream('body') },
        { data: stream('data') },
        { response: { body: stream('response') } },
        stream('stream'),
        'text',
        null,
      ];
      for (const answer of answers) {
        let end;
        const call = reason(withTimeout('read', () => new Promise((resolve) => (end = resolve)), { timeoutMs: 1 }));
        equal((await call).code, 'TIMEOUT');
        end(answer);
        await Promise.resolve();
        await Promise.resolve();
      }
      equal(closed.join(' '), 'body data response stream');
    },
    "a fetch whose bodies are Node's": async () => {
      let close;
      const body = {
        pipe: () => undefined,
        on: (event, listener) => void (event === 'close' && (close = listener)),
        destroy: () => undefined,
      };
      const answer = { status: 200, body };
      equal(await timeoutFetch('read', 'https://example.com/', {}, { fetch: async () => answer }), answer);
      const bulkhead = own();
      equal(await bulkhead.run(() => answer, { holdBody: true }), answer);
      equal(bulkhead.stats().active, 1);
      close();
      await Promise.resolve();
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve, 1));
      equal(bulkhead.stats().active, 0);
    },
    'a fetch without a body, as old polyfills have it': async () => {
      const answer = { status: 200 };
      equal(await timeoutFetch('read', 'https://example.com/', {}, { fetch: async () => answer }), answer);
    },
  };
  for (const [name, each] of Object.entries(cases)) {
    let fault = '';
    try {
      await each();
    } catch (error) {
      fault = String(error?.stack ?? error);
    }
    results.push([name, fault]);
  }
  return results;
}
