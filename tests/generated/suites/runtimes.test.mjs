// The tests that withTests emits, and the behaviour suite, on every runtime with its own test runner.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mode, units } from '../lib/corpus.mjs';
import { record } from '../lib/results.mjs';
import { runtimes } from '../lib/runtimes.mjs';
import { disconnect, workspace } from '../lib/server.mjs';

const corpus = (await units()).filter((each) => each.test);
await disconnect();
const all = readdirSync(join(workspace, 'behaviour')).filter((each) => each.endsWith('.test.mjs'));
const pathOf = (each) => join(workspace, 'behaviour', each);
const behaviour = all.filter((each) => !each.endsWith('.node.test.mjs')).map(pathOf);
// The breaker's model asks the breaker alone, not the runtime, and would take as long again.
const onNode = all.filter((each) => each.endsWith('.node.test.mjs') && !each.includes('.model.')).map(pathOf);
const recorded = existsSync(join(workspace, '.emitted/recorded'));
// Redis has a suite of its own; a test file that needs a server skips itself without REDIS_URL.
const limit = { quick: 2, default: 2, full: Infinity }[mode];
const runs = [];

// Evenly spread ones of each tool, others on each runtime.
function sample({ name, runtime }) {
  const place = runtimes.findIndex((each) => each.name === name) / runtimes.length;
  const chosen = [];
  for (const tool of new Set(corpus.map((each) => each.tool))) {
    const list = corpus.filter((each) => each.tool === tool && each.runtimes.has(runtime)).map((each) => each.test);
    const step = Math.max(1, list.length / limit); // all of them where there is no limit
    for (let index = step > 1 ? place * step : 0; index < list.length; index += step) chosen.push(list[Math.floor(index)]);
  }
  return chosen;
}

async function prove(runtime, what, files, run) {
  const { passed, failed, output } = await run(files);
  runs.push({ runtime: await runtime.version(), what, files: files.length, passed, failed });
  // What failed and why, not what passed.
  const telling = output.split('\n').filter((line) => !/^\s*(?:\(pass\)|ok \d|.* \.\.\. .{0,9}ok|running \d)/u.test(line));
  assert.equal(failed, 0, telling.join('\n').slice(0, 8000));
  assert.ok(passed >= files.length, `${String(passed)} tests of ${String(files.length)} files passed\n${output.slice(0, 4000)}`);
}

for (const runtime of runtimes.filter((each) => mode !== 'quick' || each.name === 'node24')) {
  const skip = runtime.available() ? false : `${runtime.name} is not installed`;
  const files = sample(runtime);
  test(`${runtime.name}: emitted tests`, { skip: skip || (files.length === 0 && 'nothing emitted') }, () =>
    prove(runtime, 'emitted tests', files, runtime.emitted),
  );
  test(`${runtime.name}: behaviour`, { skip: skip || (!recorded && 'nothing recorded') }, () =>
    prove(runtime, 'behaviour', behaviour, runtime.behaviour),
  );
  if (mode === 'full' && runtime.behaviourOnNode) {
    test(`${runtime.name}: behaviour that needs Node`, { skip: skip || (!recorded && 'nothing recorded') }, () =>
      prove(runtime, 'behaviour with real clocks, sockets, Redis', onNode, runtime.behaviourOnNode),
    );
  }
}

after(() => record('runtimes', { runs }));
