// Files of JavaScript are owned, checked, merged and upgraded as those of TypeScript are.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { format } from 'prettier';
import { filesOf, newFolder, run } from './lib.mjs';

const read = (folder, name) => readFileSync(join(folder, name), 'utf8');

function generated(...args) {
  const folder = newFolder();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const { code, err } = run(folder, 'generate', ...args);
  assert.equal(code, 0, err);
  return folder;
}

test('a folder takes .js files by --language, a file by its name', () => {
  const folder = generated('retry-policy', '-o', 'lib', '--language', 'javascript', '--with-tests');
  assert.deepEqual(Object.keys(filesOf(join(folder, 'lib'))), ['retry.js', 'retry.test.js']);
  assert.match(read(folder, 'lib/retry.test.js'), /from '\.\/retry\.js';/u);
  const { code, err } = run(folder, 'generate', 'bulkhead', '--partitions', 'orders=3', '-o', 'pool.mjs', '--with-tests');
  assert.equal(code, 0, err);
  assert.match(read(folder, 'pool.test.mjs'), /from '\.\/pool\.mjs';/u);
  assert.equal(run(folder, 'generate', 'retry-policy', '-o', 'lib', '--check').code, 0, 'the file that is there says the language');
});

test('standard output and JSON have the language too', () => {
  const folder = newFolder();
  assert.doesNotMatch(run(folder, 'generate', 'retry-policy', '--language', 'javascript').out, /: number|interface /u);
  const { out } = run(folder, 'generate', 'retry-policy', '--language', 'javascript', '--json');
  const [file] = JSON.parse(out).files;
  assert.deepEqual([file.path, file.language], ['retry.js', 'javascript']);
});

test('what cannot be is one sentence and nothing is written', () => {
  const folder = newFolder();
  for (const [args, sentence] of [
    [['--language', 'python'], /--language: "?python"? cannot be emitted; use typescript or javascript\./u],
    [['--language', 'javascript', '-o', 'a.ts'], /a \.ts file cannot hold JavaScript/u],
    [['--language', 'typescript', '-o', 'a.js'], /a \.js file cannot hold TypeScript/u],
    [['-o', 'a.cjs'], /a \.cjs file cannot hold it/u],
  ]) {
    const { code, err } = run(folder, 'generate', 'retry-policy', ...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, sentence);
    assert.equal(err.trim().split('\n').length, 1, err);
  }
  assert.deepEqual(filesOf(folder), {});
});

test('formatted it is not edited; edited it is merged, accepted and upgraded', async () => {
  const folder = generated('circuit-breaker', '-o', '.', '--language', 'javascript');
  const file = join(folder, 'circuit-breaker.js');
  writeFileSync(file, await format(read(folder, 'circuit-breaker.js'), { parser: 'babel', semi: false, useTabs: true, printWidth: 60 }));
  assert.equal(run(folder, 'generate', 'circuit-breaker', '-o', '.', '--check').code, 0);
  writeFileSync(
    file,
    read(folder, 'circuit-breaker.js')
      .replace('class ProbeTimeoutError', 'class LateProbeError')
      .replaceAll('ProbeTimeoutError(', 'LateProbeError('),
  );
  assert.equal(run(folder, 'generate', 'circuit-breaker', '-o', '.', '--check').code, 1);
  assert.equal(run(folder, 'accept', 'circuit-breaker.js').code, 0);
  assert.equal(run(folder, 'generate', 'circuit-breaker', '-o', '.', '--check').code, 0);
  const { code, err } = run(folder, 'generate', 'circuit-breaker', '--failure-threshold', '7', '-o', '.', '--merge');
  assert.equal(code, 0, err);
  assert.match(read(folder, 'circuit-breaker.js'), /failureThreshold: 7,[\s\S]*class LateProbeError/u);
  assert.equal(run(folder, 'upgrade', '.').code, 0);
  assert.match(read(folder, 'circuit-breaker.js'), /failureThreshold: 7,[\s\S]*class LateProbeError/u);
  assert.equal(existsSync(join(folder, 'circuit-breaker.ts')), false);
});

test('a manifest says the language; a change of it leaves files that --prune removes', () => {
  const folder = newFolder();
  const manifest = { language: 'javascript', circuitBreaker: {}, retryPolicy: {}, timeoutConfig: { operations: { 'orders.get': 500 } } };
  Object.assign(manifest, { bulkhead: { partitions: { orders: 3 } }, upstreams: {} });
  const write = (given) => {
    writeFileSync(join(folder, 'resilience.json'), JSON.stringify(given));
  };
  write(manifest);
  assert.equal(run(folder, 'stack', '-o', 'lib').code, 0);
  const names = ['bulkhead', 'circuit-breaker', 'resilience-stack', 'retry', 'timeouts', 'upstreams'];
  assert.deepEqual(
    Object.keys(filesOf(join(folder, 'lib'))),
    names.map((name) => `${name}.js`),
  );
  assert.equal(run(folder, 'stack', '-o', 'lib', '--check').code, 0);
  assert.equal(run(folder, 'upgrade', 'lib').code, 0);
  write({ ...manifest, language: 'typescript' });
  const { err } = run(folder, 'stack', '-o', 'lib', '--prune');
  assert.deepEqual(
    Object.keys(filesOf(join(folder, 'lib'))),
    names.map((name) => `${name}.ts`),
    err,
  );
  write({ ...manifest, language: 'coffee' });
  assert.match(
    run(folder, 'stack', '-o', 'lib').err,
    /^resilience\.json: language: "coffee" cannot be emitted; use typescript or javascript\.$/mu,
  );
});
