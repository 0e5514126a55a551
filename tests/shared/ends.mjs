// Loaded ahead of each test file: a file whose tests are over ends, even where a test that failed left a server or a client behind.
// Its process then exits in order, so that servers are ended and folders removed, and says what kept it; so it does when its time is up.
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

/** How long what the tests have closed may take to be gone, seconds; those in which the process itself was busy do not count. */
const GRACE_SECONDS = 60;

// Only the test file's own process: what it forks is given the same arguments otherwise.
process.execArgv.length = 0;
if (isMainThread) {
  // What the tests of a file take too long for ends it by this signal.
  process.once('SIGTERM', () => process.exit(1));
  after(() => {
    let left = GRACE_SECONDS;
    setInterval(() => {
      left--;
      if (left > 0) return;
      console.log(`The tests are over, and the process is kept by: ${process.getActiveResourcesInfo().join(', ')}`);
      process.exit(1);
    }, 1_000).unref();
  });
}
