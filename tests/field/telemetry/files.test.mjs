// The dashboard and the alerts as files that people own.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf, MANIFEST } from './stack.mjs';

const OUTDATED = 1;
const FAULT = 2;

function written(manifest) {
  const { folder, stack } = folderOf(manifest);
  const paths = [join(folder, 'grafana.json'), join(folder, 'alerts.yml')];
  const both = (...more) => stack('--dashboard', paths[0], '--alerts', paths[1], ...more);
  const change = (figures) => writeFileSync(join(folder, 'resilience.json'), JSON.stringify({ ...manifest, ...figures }));
  return { folder, stack, paths, both, change };
}

test('--check tells up to date from missing, outdated and edited', () => {
  const { paths, both, change } = written(MANIFEST);
  assert.equal(both('--check').status, OUTDATED);
  assert.ok(!existsSync(paths[0]));
  assert.equal(both().status, 0);
  assert.equal(both('--check').status, 0);

  change({ bulkhead: { partitions: { orders: 7, payments: 2 } } });
  const outdated = both('--check');
  assert.equal(outdated.status, OUTDATED);
  assert.match(outdated.stderr, /alerts\.yml: outdated/u);
  assert.match(both('--diff').stdout, /^\+.*resilience_bulkhead_active.*>= 7/mu);
  const dry = both('--dry-run');
  assert.match(dry.stderr, /alerts\.yml: would be updated/u);
  assert.equal(both('--check').status, OUTDATED);
  assert.equal(both().status, 0);
  assert.match(readFileSync(paths[1], 'utf8'), /resilience_bulkhead_active.*>= 7/u);
  assert.equal(both('--check').status, 0);
});

test('an edited file is left alone, unless forced; another layout is no edit', () => {
  const { paths, both } = written(MANIFEST);
  assert.equal(both().status, 0);
  const dashboard = JSON.parse(readFileSync(paths[0], 'utf8'));
  writeFileSync(paths[0], JSON.stringify(dashboard));
  writeFileSync(paths[1], readFileSync(paths[1], 'utf8').replaceAll('\n', '\r\n'));
  assert.equal(both('--check').status, 0);

  const edited = readFileSync(paths[1], 'utf8').replace('> 0.5', '> 0.9');
  writeFileSync(paths[1], edited);
  assert.equal(both('--check').status, OUTDATED);
  const held = both();
  assert.equal(held.status, OUTDATED);
  assert.match(held.stderr, /alerts\.yml: edited/u);
  assert.equal(readFileSync(paths[1], 'utf8'), edited);
  assert.equal(both('--force').status, 0);
  assert.match(readFileSync(paths[1], 'utf8'), /> 0\.5/u);
});

test("somebody's own file is left alone", () => {
  const { paths, both } = written(MANIFEST);
  writeFileSync(paths[1], 'groups: []\n');
  const { status, stderr } = both();
  assert.equal(status, OUTDATED);
  assert.match(stderr, /alerts\.yml: not a generated file/u);
  assert.equal(readFileSync(paths[1], 'utf8'), 'groups: []\n');
});

test('without metrics, or with a path of another kind, nothing is written', () => {
  const { folder, both, stack } = written({ ...MANIFEST, withMetrics: false });
  const { status, stderr } = both();
  assert.equal(status, FAULT);
  assert.match(stderr, /--dashboard: the manifest reports no metrics; set "withMetrics": true/u);
  assert.ok(!existsSync(join(folder, 'retry.ts')));
  assert.match(stack('--alerts', join(folder, 'alerts.json')).stderr, /--alerts: .* is no \.yml file/u);
});

test('without metrics the folder is as before, and telemetry.ts is reported as left over', () => {
  const { folder, stack, change } = written(MANIFEST);
  assert.equal(stack().status, 0);
  change({ withMetrics: false });
  assert.match(stack('--check').stderr, /telemetry\.ts: no longer asked for/u);
  assert.equal(stack('--prune').status, 0);
  assert.ok(!existsSync(join(folder, 'telemetry.ts')));
  assert.doesNotMatch(readFileSync(join(folder, 'upstreams.ts'), 'utf8'), /onEvent|telemetry/u);
  assert.equal(stack('--check').status, 0);
});
