// A busy stretch, or a pause of this process, is not the service's timeout: an answer that has arrived wins.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { javaScriptOf, load, work } from '../lib/emit.mjs';

// Says in a file, which this process can look at without a turn of its event loop, that it has answered.
const answered = join(work, 'answered');
const server = spawn(
  process.execPath,
  [
    '-e',
    `const { writeFileSync } = require('node:fs');
    const server = require('node:http').createServer((request, response) => {
      if (request.url === '/now') return response.end('ready');
      setTimeout(() => response.end('answer', () => setTimeout(() => writeFileSync(${JSON.stringify(answered)}, ''), 5)), 20);
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const port = await new Promise((resolve) => server.stdout.once('data', (data) => resolve(Number(data))));
const url = `http://127.0.0.1:${String(port)}/`;
after(() => server.kill());

const limitMs = 150;
const rounds = process.env.CROWVAULT_PROOF === 'full' ? 50 : 6;

/** Blocks this process until the service has answered and the limit is over. */
async function stall() {
  await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + limitMs + 50;
  while (performance.now() < end || !existsSync(answered));
}

/** How many of the answers were taken. */
async function taken(call) {
  await (await fetch(`${url}now`)).text();
  let count = 0;
  for (let i = 0; i < rounds; i += 1) {
    rmSync(answered, { force: true });
    const result = call().then(
      () => 1,
      () => 0,
    );
    await stall();
    count += await result;
  }
  return count;
}
const text = async (signal) => (await fetch(url, { signal })).text();
const timeouts = await load('generate_timeout_config', { operations: { read: limitMs }, withFetch: true });
const { Bulkhead } = await load('generate_bulkhead', { partitions: { own: 1 } });

const calls = {
  withTimeout: () => timeouts.withTimeout('read', text),
  timeoutFetch: async () => (await timeouts.timeoutFetch('read', url)).text(),
  'Deadline.run': () => new timeouts.Deadline(limitMs).run(text),
  'Deadline.signal': () => text(new timeouts.Deadline(limitMs).signal),
  'the wait for a slot': async () => {
    const bulkhead = new Bulkhead('own', 1, { maxWaitMs: limitMs });
    const [, mine] = await Promise.all([bulkhead.run(text), bulkhead.run(() => 'mine')]);
    return mine;
  },
};
for (const [name, call] of Object.entries(calls)) {
  // One turn of the event loop may not be enough for a machine that is busy with other things.
  test(`a busy stretch: ${name}`, async () => assert.ok((await taken(call)) > rounds / 2));
}

// Those of an instrumentation, around the real ones and later than the guards.
for (const [name, call] of Object.entries(calls)) {
  test(`a busy stretch, with timers that somebody has wrapped: ${name}`, async () => {
    const { setTimeout: own } = globalThis;
    globalThis.setTimeout = (callback, ...args) => own((...given) => callback(...given), ...args);
    try {
      assert.ok((await taken(call)) > rounds / 2);
    } finally {
      globalThis.setTimeout = own;
    }
  });
}

test('fake timers without a mark, as those of Jasmine, end a limit on its millisecond', async () => {
  const { setTimeout: own } = globalThis;
  const due = [];
  globalThis.setTimeout = (callback, ms) => due.push({ callback, ms });
  try {
    const ended = timeouts.withTimeout('read', () => new Promise(() => undefined)).catch(({ code }) => code);
    const { callback, ms } = due.pop();
    assert.equal(ms, limitMs);
    callback();
    assert.deepEqual(due, []);
    assert.equal(await ended, 'TIMEOUT');
  } finally {
    globalThis.setTimeout = own;
  }
});

test('a service that does not answer is still a timeout after a busy stretch', async () => {
  const { withTimeout, TimeoutError } = timeouts;
  const late = withTimeout('read', () => new Promise(() => undefined)).catch((error) => error);
  writeFileSync(answered, '');
  await stall();
  assert.ok((await late) instanceof TimeoutError);
});

test('a process that is held takes the answers that wait for it', { skip: process.platform === 'win32' && 'needs SIGSTOP' }, async () => {
  const module = javaScriptOf('generate_timeout_config', { operations: { read: limitMs } }, 'timeouts.mjs');
  const script = join(work, 'held.mjs');
  writeFileSync(
    script,
    `import { withTimeout } from ${JSON.stringify(module)};
    let taken = 0;
    await (await fetch('${url}now')).text();
    for (let i = 0; i < ${String(rounds)}; i += 1) {
      const call = withTimeout('read', async (signal) => (await fetch('${url}', { signal })).text());
      setTimeout(() => process.stdout.write('hold '), 5);
      await call.then(() => (taken += 1), () => undefined);
    }
    process.stdout.write('taken ' + taken + '.');`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', async (data) => {
    output += String(data);
    if (!String(data).includes('hold')) return;
    rmSync(answered, { force: true });
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, limitMs + 50));
    child.kill('SIGCONT');
  });
  await new Promise((resolve) => child.once('exit', resolve));
  assert.ok(Number(/taken (\d+)\./u.exec(output)?.[1]) > rounds / 2, output);
});

test('nothing ends early, and a jump of the wall clock ends nothing', async () => {
  const { withTimeout, Deadline } = timeouts;
  const hang = () => new Promise(() => undefined);
  const { now } = Date;
  const deadline = new Deadline(60_000);
  const slow = withTimeout('read', () => new Promise((resolve) => setTimeout(resolve, 30, 'done')));
  const bulkhead = new Bulkhead('own', 1, { maxWaitMs: 60_000 });
  let finish;
  const first = bulkhead.run(() => new Promise((resolve) => (finish = resolve)));
  const second = bulkhead.run(() => 'second');
  Date.now = () => now() + 3_600_000;
  try {
    assert.equal(deadline.expired, false);
    assert.equal(await deadline.run(() => 'done'), 'done');
    assert.equal(await slow, 'done');
    finish();
    await first;
    assert.equal(await second, 'second');
    assert.ok(bulkhead.stats().longestWaitMs < 60_000);
  } finally {
    Date.now = now;
  }
  for (const timeoutMs of [1, 2.5, 7, 20]) {
    const start = performance.now();
    await withTimeout('read', hang, { timeoutMs }).catch(() => undefined);
    assert.ok(performance.now() - start >= timeoutMs, `${String(timeoutMs)} ms ended early`);
  }
});
