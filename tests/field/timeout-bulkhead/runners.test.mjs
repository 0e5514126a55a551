// The emitted guards in their users' test runners: fake timers with default settings, and a DOM that lacks what Node has.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { mock, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { javaScriptOf, load, sourceOf, stripTypes } from '../lib/emit.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { run as othersFakeTimers } from './cases/breaker-retry.mjs';
import { run as fakeTimers } from './cases/fake-timers.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const tools = [
  ['timeouts', 'generate_timeout_config', { operations: { read: 2000 }, withFetch: true }],
  ['bulkhead', 'generate_bulkhead', { partitions: { own: 1 } }],
  ['breaker', 'generate_circuit_breaker', {}],
  ['retry', 'generate_retry_policy', {}],
];
const every = async (t, results) => {
  assert.ok(results.length > 5);
  for (const [name, fault] of results) await t.test(name, () => assert.equal(fault, ''));
};
const allCases = async (fake) => {
  const [timeouts, bulkhead, breaker, retry] = await Promise.all(tools.map(([, tool, args]) => load(tool, args)));
  return [...(await fakeTimers(timeouts, bulkhead, fake)), ...(await othersFakeTimers(breaker, retry, fake))];
};

test('mock.timers of node:test, setTimeout and Date', async (t) => {
  const fake = {
    start: () => mock.timers.enable({ apis: ['setTimeout', 'Date'] }),
    stop: () => mock.timers.reset(),
    tick: (ms) => mock.timers.tick(ms),
  };
  const results = await allCases(fake);
  await every(t, results);
});

test('@sinonjs/fake-timers', async (t) => {
  const sinon = createRequire(import.meta.url)('@sinonjs/fake-timers');
  let clock;
  const fake = { start: () => (clock = sinon.install()), stop: () => clock.uninstall(), tick: (ms) => clock.tick(ms) };
  const results = await allCases(fake);
  await every(t, results);
});

for (const [name, start] of Object.entries({
  // But for nextTick and its like: what node:test has to say waits for those.
  'sinon before the module': (sinon) =>
    sinon.install({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance', 'hrtime'] }),
  'sinon before the module, setTimeout alone': (sinon) => sinon.install({ toFake: ['setTimeout', 'clearTimeout'] }),
  'sinon before the module, setTimeout and Date': (sinon) => sinon.install({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }),
  'node:test before the module': () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    return { tick: (ms) => mock.timers.tick(ms), uninstall: () => mock.timers.reset() };
  },
  'node:test before the module, setTimeout alone': () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    return { tick: (ms) => mock.timers.tick(ms), uninstall: () => mock.timers.reset() };
  },
})) {
  test(`a limit ends on its millisecond: ${name}`, async () => {
    const paths = [tools[0], tools[1], tools[3]].map(([, tool, args]) => javaScriptOf(tool, args));
    const clock = start(createRequire(import.meta.url)('@sinonjs/fake-timers'));
    try {
      const [{ withTimeout, Deadline }, { Bulkhead }, { withRetry }] = await Promise.all(
        paths.map((path) => import(pathToFileURL(path).href)),
      );
      const hang = () => new Promise(() => undefined);
      const bulkhead = new Bulkhead('orders', 1, { maxWaitMs: 100 });
      void bulkhead.run(hang);
      const ended = [];
      // Its clock stands, since that of the system runs on where only timers are fake.
      const deadline = new Deadline(100, { now: () => 0 });
      for (const call of [withTimeout('read', hang, { timeoutMs: 100 }), deadline.run(hang), bulkhead.run(hang)]) {
        call.catch(({ name }) => ended.push(name));
      }
      const turns = async (count) => {
        for (let turn = 0; turn < count; turn += 1) await null;
      };
      await turns(20);
      let attempts = 0;
      withRetry(() => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok'), { delayMs: () => 1 }).catch(() => undefined);
      withRetry(hang, { totalTimeoutMs: 100 }).catch(({ name }) => ended.push(name));
      await turns(50);
      clock.tick(1);
      await turns(50);
      assert.equal(attempts, 2);
      clock.tick(98);
      await turns(50);
      assert.deepEqual(ended, []);
      clock.tick(1);
      await turns(50);
      assert.deepEqual(ended.sort(), ['BulkheadTimeoutError', 'RetryTimeoutError', 'TimeoutError', 'TimeoutError']);
    } finally {
      clock.uninstall();
    }
  });
}

const testOf = (load, fake) => `
${load}
const fake = { start: () => ${fake}.useFakeTimers(), stop: () => ${fake}.useRealTimers(), tick: (ms) => ${fake}.advanceTimersByTime(ms) };
test('cases', async () => {
  const results = [...(await run(timeouts, bulkhead, fake)), ...(await runOthers(breaker, retry, fake))];
  console.log('RESULTS ' + JSON.stringify(results) + ' END');
});
`;
const resultsOf = (text) => {
  const found = /RESULTS (\[.*\]) END/u.exec(text);
  assert.ok(found, text);
  return JSON.parse(found[1]);
};
const output = (program, args, options) =>
  promisify(execFile)(program, args, { timeout: 180_000, maxBuffer: 1e8, ...options }).then(
    ({ stdout, stderr }) => stdout + stderr,
    ({ stdout, stderr, message }) => `${stdout ?? ''}${stderr ?? ''}${message}`,
  );

for (const version of ['vitest2', 'vitest4']) {
  test(`${version}, fake timers`, async (t) => {
    const folder = temporaryFolder('field-vitest');
    for (const [name, tool, args] of tools) writeFileSync(join(folder, `${name}.mjs`), stripTypes(sourceOf(tool, args)));
    for (const name of ['fake-timers', 'breaker-retry']) copyFileSync(join(here, `cases/${name}.mjs`), join(folder, `${name}.mjs`));
    const imports = [
      ...tools.map(([name]) => `import * as ${name} from './${name}.mjs';`),
      "import { run } from './fake-timers.mjs';",
      "import { run as runOthers } from './breaker-retry.mjs';",
    ].join('\n');
    writeFileSync(join(folder, 'guards.test.mjs'), testOf(imports, 'vi'));
    const { resolve } = createRequire(join(here, 'runners', version, 'package.json'));
    const program = join(dirname(resolve('vitest/package.json')), 'vitest.mjs');
    const text = await output(process.execPath, [program, 'run', '--root', folder, '--globals'], { cwd: join(here, 'runners', version) });
    await every(t, resultsOf(text));
  });
}

// They leave `Date` alone, and a project may ask for them before any module is loaded.
const legacy = `
const { withTimeout } = require('./timeouts.js');
const { Bulkhead } = require('./bulkhead.js');
const { withRetry } = require('./retry.js');
beforeEach(() => jest.useFakeTimers({ legacyFakeTimers: true }));
const hang = () => new Promise(() => undefined);
const once = (ms) => {
  let attempts = 0;
  return withRetry(() => (++attempts < 2 ? Promise.reject(new Error('reset')) : 'ok'), { delayMs: () => ms });
};
const waiting = () => {
  const bulkhead = new Bulkhead('own', 1);
  void bulkhead.run(hang);
  return bulkhead.run(hang);
};
const calls = {
  TIMEOUT: [() => withTimeout('read', hang), 2000],
  BULKHEAD_TIMEOUT: [waiting, 1000],
  RETRY_TIMEOUT: [() => withRetry(hang, { totalTimeoutMs: 300 }), 300],
  ok: [() => once(100), 100],
};
test('cases', async () => {
  const turns = async () => {
    for (let turn = 0; turn < 50; turn += 1) await null;
  };
  const results = [];
  for (const [expected, [start, ms]] of [...Object.entries(calls), ['ok', [() => once(1), 1]], ['ok', [() => once(2), 2]]]) {
    let end = 'pending';
    start().then((value) => (end = value), (error) => (end = error.code));
    await turns();
    jest.advanceTimersByTime(ms - 1);
    await turns();
    const early = end;
    jest.advanceTimersByTime(1);
    await turns();
    results.push([expected + ' after ' + ms + ' ms', early === 'pending' && end === expected ? '' : early + ', then ' + end]);
  }
  console.log('RESULTS ' + JSON.stringify(results) + ' END');
});
`;

for (const version of ['jest29', 'jest30']) {
  for (const enableGlobally of [false, true]) {
    test(`${version}, legacy fake timers${enableGlobally ? ' of the whole project' : ''}`, async (t) => {
      const folder = temporaryFolder('field-jest');
      for (const [name, tool, args] of tools) writeFileSync(join(folder, `${name}.js`), stripTypes(sourceOf(tool, args), 'CommonJS'));
      writeFileSync(join(folder, 'guards.test.js'), legacy);
      const { resolve } = createRequire(join(here, 'runners', version, 'package.json'));
      const config = { rootDir: folder, transform: {}, fakeTimers: { enableGlobally, legacyFakeTimers: true } };
      const program = join(dirname(resolve('jest/package.json')), 'bin/jest.js');
      const flags = ['--config', JSON.stringify(config), '--no-cache', '--watchman=false'];
      await every(t, resultsOf(await output(process.execPath, [program, ...flags], { cwd: folder })));
    });
  }

  for (const [environment, cases] of [
    ['node', 'fake-timers'],
    ['jsdom', 'fake-timers'],
    ['jsdom', 'dom'],
  ]) {
    test(`${version}, environment ${environment}, ${cases}`, async (t) => {
      const folder = temporaryFolder('field-jest');
      for (const [name, tool, args] of tools) writeFileSync(join(folder, `${name}.js`), stripTypes(sourceOf(tool, args), 'CommonJS'));
      for (const name of [cases, 'breaker-retry']) {
        writeFileSync(join(folder, `${name}.js`), stripTypes(readFileSync(join(here, `cases/${name}.mjs`), 'utf8'), 'CommonJS'));
      }
      const requires = [
        ...tools.map(([name]) => `const ${name} = require('./${name}.js');`),
        `const { run } = require('./${cases}.js');`,
        "const { run: runOthers } = require('./breaker-retry.js');",
      ].join('\n');
      writeFileSync(join(folder, 'guards.test.js'), testOf(requires, 'jest'));
      const { resolve } = createRequire(join(here, 'runners', version, 'package.json'));
      const config = {
        rootDir: folder,
        transform: {},
        testEnvironment: environment === 'node' ? 'node' : resolve('jest-environment-jsdom'),
      };
      const program = join(dirname(resolve('jest/package.json')), 'bin/jest.js');
      const text = await output(process.execPath, [program, '--config', JSON.stringify(config), '--no-cache', '--watchman=false'], {
        cwd: folder,
      });
      await every(t, resultsOf(text));
    });
  }
}
