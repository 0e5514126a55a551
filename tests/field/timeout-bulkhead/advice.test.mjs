// A warning names a way out, and who takes it is not warned again; a note says what holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit } from '../lib/emit.mjs';

const cases = [
  // [tool, arguments that are warned about, what the warning says, the arguments after taking its advice]
  [
    'generate_timeout_config',
    { operations: { report: 9000 }, totalTimeoutMs: 5000 },
    /use a totalTimeoutMs of 9000 or more, or a limit of at most 5000/u,
    [
      { operations: { report: 9000 }, totalTimeoutMs: 9000 },
      { operations: { report: 5000 }, totalTimeoutMs: 5000 },
    ],
  ],
  [
    'generate_timeout_config',
    { operations: { export: 60_001 } },
    /use at most 60000, or raise theirs/u,
    [{ operations: { export: 60_000 } }],
  ],
  [
    'generate_bulkhead',
    { partitions: { orders: 1 }, maxWaitMs: 0 },
    /use a maxWaitMs of 1 or more/u,
    [
      { partitions: { orders: 1 }, maxWaitMs: 1 },
      { partitions: [{ name: 'orders', maxConcurrent: 1, maxWaitMs: 1 }], maxWaitMs: 0 },
    ],
  ],
  [
    'generate_bulkhead',
    { partitions: [{ name: 'orders', maxConcurrent: 1, maxWaitMs: 0 }] },
    /of orders wait as long as a hung service does; use a maxWaitMs of 1 or more/u,
    [
      { partitions: [{ name: 'orders', maxConcurrent: 1, maxWaitMs: 1 }] },
      { partitions: [{ name: 'orders', maxConcurrent: 1, maxWaitMs: 0, maxQueue: 0 }] },
    ],
  ],
  [
    'generate_bulkhead',
    { partitions: { orders: 1 }, maxQueue: 10_001 },
    /use 10 to 1000/u,
    [{ partitions: { orders: 1 }, maxQueue: 1000 }],
  ],
  [
    'generate_bulkhead',
    { partitions: { orders: 1, users: 1 }, poolSize: 2 },
    /use a larger pool or fewer slots/u,
    [
      { partitions: { orders: 1, users: 1 }, poolSize: 3 },
      { partitions: { orders: 1 }, poolSize: 2 },
    ],
  ],
];
for (const [tool, args, warning, ways] of cases) {
  test(`${tool} ${JSON.stringify(args)}`, () => {
    const { warnings } = emit(tool, args);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0], warning);
    for (const each of ways) assert.deepEqual(emit(tool, each).warnings, [], JSON.stringify(each));
  });
}

test('the notes of partitions with limits of their own name them', () => {
  const partitions = [
    { name: 'orders', maxConcurrent: 4, maxQueue: 12, maxWaitMs: 2000 },
    { name: 'users', maxConcurrent: 1, maxQueue: 0 },
  ];
  const { notes } = emit('generate_bulkhead', { partitions });
  assert.ok(notes.includes('orders: up to 12 callers wait, 2 s at most.'), notes.join('\n'));
  assert.ok(notes.includes('users: nobody waits; a call beyond the slots is refused at once.'), notes.join('\n'));
  assert.ok(notes.includes('A full queue of orders drains in time when a call takes no longer than about 500 ms.'), notes.join('\n'));
});
