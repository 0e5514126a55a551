// Run under a test runner's fake timers with their default settings: breaker and retry, as their users' tests drive them.

/** `fake`: `start()`, `stop()` and `tick(ms)`. Resolves with [name, fault] of each case. */
export async function run({ CircuitBreaker }, { withRetry }, fake) {
  const results = [];
  const turns = async () => {
    for (let i = 0; i < 50; i += 1) await Promise.resolve();
  };
  const outcome = (promise) => {
    const end = { is: 'pending' };
    promise.then(
      (value) => (end.is = value),
      (error) => (end.is = error.code ?? error.message),
    );
    return end;
  };
  const hang = () => new Promise(() => undefined);
  const down = () => Promise.reject(new Error('down'));
  const equal = (seen, expected) => {
    if (seen !== expected) throw new Error(`${String(seen)} instead of ${String(expected)}`);
  };
  const opened = async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeMs: 1_000, probeTimeoutMs: 500 });
    await breaker.call(down).catch(() => undefined);
    equal(breaker.state, 'OPEN');
    return breaker;
  };
  const cases = {
    async 'an open circuit lets a probe through on time, and no earlier'() {
      const breaker = await opened();
      fake.tick(999);
      equal(await breaker.call(() => 'early').catch((error) => error.code), 'CIRCUIT_OPEN');
      fake.tick(1);
      equal(await breaker.call(() => 'up'), 'up');
      equal(breaker.state, 'CLOSED');
    },
    async 'a probe that hangs ends on time'() {
      const breaker = await opened();
      fake.tick(1_000);
      const probe = outcome(breaker.call(hang));
      await turns();
      fake.tick(499);
      await turns();
      equal(probe.is, 'pending');
      fake.tick(1);
      await turns();
      equal(probe.is, 'PROBE_TIMEOUT');
      equal(breaker.state, 'OPEN');
    },
    async 'a retry waits as long as it says, and goes on'() {
      let attempts = 0;
      const work = () => ((attempts += 1) < 3 ? down() : 'up');
      const end = outcome(withRetry(work, { delayMs: () => 300 }));
      for (const expected of [1, 2]) {
        await turns();
        equal(attempts, expected);
        fake.tick(299);
        await turns();
        equal(attempts, expected);
        // A turn of its own for timers that are early by a fraction.
        fake.tick(3);
      }
      await turns();
      equal(end.is, 'up');
    },
    async 'the total time of a retry ends it'() {
      const end = outcome(withRetry(hang, { totalTimeoutMs: 400 }));
      await turns();
      fake.tick(399);
      await turns();
      equal(end.is, 'pending');
      fake.tick(1);
      await turns();
      equal(end.is, 'RETRY_TIMEOUT');
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
