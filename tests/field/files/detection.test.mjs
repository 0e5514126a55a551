// What a project says about its tests in places other than its own test script; what the files are called in the usage; manifests from standard input.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { programUnderTest } from '../../shared/program.mjs';
import { filesOf, newFolder, run } from './lib.mjs';

const onTerminal = process.platform !== 'linux' || spawnSync('script', ['--version']).error ? 'needs script of util-linux' : false;

const bundler = { compilerOptions: { module: 'ESNext', moduleResolution: 'bundler' } };
const commonJs = { compilerOptions: { module: 'commonjs' } };

/** Each: files, what is found (runner, extension), the folder where the call is made. */
const projects = {
  'vitest.config.ts, and a script that runs the workspace': [
    { 'package.json': { scripts: { test: 'turbo test' } }, 'vitest.config.ts': 'export default {}', 'tsconfig.json': bundler },
    ['vitest', 'none'],
  ],
  'tests configured in vite.config.ts': [
    { 'package.json': {}, 'vite.config.ts': "import { defineConfig } from 'vitest/config';", 'tsconfig.json': bundler },
    ['vitest', 'none'],
  ],
  'vite.config.ts without tests': [
    { 'package.json': {}, 'vite.config.ts': "import { defineConfig } from 'vite';", 'tsconfig.json': bundler },
    [undefined, 'none'],
  ],
  'jest.config.cjs': [{ 'package.json': {}, 'jest.config.cjs': 'module.exports = {}', 'tsconfig.json': commonJs }, ['jest', 'none']],
  'a script that runs another': [
    { 'package.json': { scripts: { test: 'npm run unit', unit: 'jest --ci' } }, 'tsconfig.json': commonJs },
    ['jest', 'none'],
  ],
  'members of one name, of which npm and TypeScript read the last': [
    {
      'package.json': '{"devDependencies":{"jest":"30"},"devDependencies":{"vitest":"4"},"type":"commonjs","type":"module"}',
      'tsconfig.json': '{"extends":"\\u0000","compilerOptions":{},"compilerOptions":{"module":"ESNext","moduleResolution":"bundler"}}',
    },
    ['vitest', 'none'],
  ],
  'scripts of one name': [
    { 'package.json': { scripts: { test: 'run-s test:*', 'test:unit': 'vitest run' } }, 'tsconfig.json': bundler },
    ['vitest', 'none'],
  ],
  'the root of a workspace': [
    {
      'package.json': { workspaces: ['packages/*'], devDependencies: { vitest: '4' } },
      'packages/a/package.json': { type: 'module' },
      'packages/a/tsconfig.json': bundler,
    },
    ['vitest', 'none'],
    'packages/a',
  ],
  'a folder above that is no workspace': [
    { 'package.json': { devDependencies: { jest: '30' } }, 'own/package.json': {}, 'own/tsconfig.json': commonJs },
    [undefined, 'none'],
    'own',
  ],
  'a runner that no tests are written for': [
    { 'package.json': { scripts: { test: 'mocha' }, devDependencies: { jest: '30' } }, 'tsconfig.json': commonJs },
    [undefined, 'none'],
  ],
  'the lock file of Bun': [{ 'package.json': { type: 'module' }, 'bun.lock': '{}' }, ['bun', 'ts']],
  'of several projects the one that takes the folder in': [
    {
      'package.json': { type: 'module', scripts: { test: 'vitest' } },
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.node.json' }, { path: './tsconfig.app.json' }] },
      'tsconfig.node.json': { compilerOptions: { module: 'NodeNext' }, include: ['vite.config.ts'] },
      'tsconfig.app.json': { compilerOptions: { ...bundler.compilerOptions, allowImportingTsExtensions: true }, include: ['src'] },
    },
    ['vitest', 'ts'],
  ],
  'a solution that says what paths are short for': [
    {
      'package.json': { type: 'module', scripts: { test: 'vitest' } },
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.app.json' }], compilerOptions: { paths: { '@/*': ['./src/*'] } } },
      'tsconfig.app.json': { compilerOptions: { ...bundler.compilerOptions, allowImportingTsExtensions: true }, include: ['src'] },
    },
    ['vitest', 'ts'],
  ],
  'a solution without files that has the options of the workspace, and a project of tests before the one of the code': [
    {
      'package.json': { workspaces: ['libs/*'], devDependencies: { jest: '30' } },
      'tsconfig.base.json': bundler,
      'libs/a/package.json': { type: 'module' },
      'libs/a/tsconfig.json': {
        extends: '../../tsconfig.base.json',
        files: [],
        include: [],
        references: [{ path: './tsconfig.spec.json' }, { path: './tsconfig.lib.json' }],
      },
      'libs/a/tsconfig.spec.json': { compilerOptions: { rewriteRelativeImportExtensions: true }, include: ['src/**/*.test.ts'] },
      'libs/a/tsconfig.lib.json': {
        extends: './tsconfig.json',
        compilerOptions: { module: 'commonjs', moduleResolution: 'node10' },
        include: ['src/**/*.ts'],
      },
    },
    ['jest', 'none'],
    'libs/a',
  ],
  'a folder named from the place of the configuration': [
    {
      'package.json': { type: 'module', scripts: { test: 'node --test' } },
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.tools.json' }, { path: './tsconfig.app.json' }] },
      'tsconfig.tools.json': { ...bundler, include: ['${configDir}/tools'] },
      'tsconfig.app.json': { compilerOptions: { module: 'NodeNext' }, include: ['${configDir}/src/**/*'] },
    },
    ['node', 'js'],
  ],
  'configurations that packages export': [
    {
      'package.json': { type: 'module', scripts: { test: 'node --test' } },
      'node_modules/@our/config/package.json': { exports: { './*': { types: './no.d.ts', default: './configs/*.json' } } },
      'node_modules/@our/config/configs/app.json': { extends: 'base' },
      'node_modules/base/package.json': { tsconfig: 'main.json', exports: './index.js' },
      'node_modules/base/main.json': bundler,
      'tsconfig.json': { extends: ['@our/config/app'] },
    },
    ['node', 'none'],
  ],
  'runners by their paths': [
    { 'package.json': { scripts: { test: 'node --inspect ./node_modules/vitest/vitest.mjs run' } }, 'tsconfig.json': bundler },
    ['vitest', 'none'],
  ],
  'a monorepo of one package.json, whose projects have configurations alone': [
    {
      'package.json': { devDependencies: { nx: '20', jest: '30', vitest: '4' } },
      'libs/a/jest.config.ts': 'export default {};',
      'libs/a/tsconfig.json': commonJs,
    },
    ['jest', 'none'],
    'libs/a',
  ],
  'a project of Nx that says what runs its tests': [
    {
      'package.json': { devDependencies: { nx: '20', jest: '30', vitest: '4' } },
      'libs/a/project.json': { targets: { test: { executor: '@nx/jest:jest' } } },
      'libs/a/tsconfig.json': commonJs,
    },
    ['jest', 'none'],
    'libs/a',
  ],
  'a project of Nx whose tests Vitest runs': [
    {
      'package.json': { scripts: { test: 'jest' }, devDependencies: { nx: '20', jest: '30' } },
      'libs/a/project.json': { targets: { test: { executor: '@nx/vitest:test' } } },
      'libs/a/tsconfig.json': bundler,
    },
    ['vitest', 'none'],
    'libs/a',
  ],
  'a known base that is not installed, or packed by Yarn': [
    {
      'package.json': { type: 'module', scripts: { test: 'vitest' } },
      'tsconfig.json': { extends: ['@tsconfig/strictest/tsconfig', '@tsconfig/node22/tsconfig.json'] },
    },
    ['vitest', 'js'],
  ],
  'a runner of node_modules/.bin': [
    { 'package.json': { scripts: { test: './node_modules/.bin/jest -i' } }, 'tsconfig.json': commonJs },
    ['jest', 'none'],
  ],
};

test('a configuration of a package that is linked, which extends one beside it', { skip: process.platform === 'win32' }, () => {
  const folder = newFolder();
  const write = (path, content) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  };
  write('package.json', { workspaces: ['*/*'] });
  write('base.json', { compilerOptions: { module: 'NodeNext' } });
  write('tools/config/package.json', { name: '@our/config' });
  write('tools/config/node.json', { extends: '../../base.json' });
  write('apps/a/package.json', { type: 'module', scripts: { test: 'node --test' } });
  write('apps/a/tsconfig.json', { extends: '@our/config/node.json' });
  mkdirSync(join(folder, 'apps/a/node_modules/@our'), { recursive: true });
  symlinkSync('../../../../tools/config', join(folder, 'apps/a/node_modules/@our/config'));
  const { code, err } = run(join(folder, 'apps/a'), 'generate', 'retry-policy', '--with-tests', '-o', 'src');
  assert.equal(code, 0, err);
  assert.match(readFileSync(join(folder, 'apps/a/src/retry.ts'), 'utf8'), /"importExtension":"js"/u);
});

for (const [name, [files, [runner, extension], from = '.']] of Object.entries(projects)) {
  test(name, () => {
    const folder = newFolder();
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
    const at = join(folder, from);
    const { code, err } = run(at, 'generate', 'circuit-breaker', '--with-tests', '-o', 'src/resilience');
    assert.equal(code, 0, err);
    const header = JSON.parse(/Arguments: (.*)$/mu.exec(readFileSync(join(at, 'src/resilience/circuit-breaker.ts'), 'utf8'))[1]);
    assert.deepEqual([header.testRunner, header.importExtension], [runner, extension]);
  });
}

test('a package of npm 11, in which Node takes modules for CommonJS, is warned of unless something else reads the files', () => {
  const asked = (manifest, others, ...args) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    for (const name of others) writeFileSync(join(folder, name), '{}');
    writeFileSync(join(folder, 'resilience.json'), '{"retryPolicy":{}}');
    const { code, err } = run(folder, ...args, '-o', 'src');
    assert.equal(code, 0, err);
    const node = spawnSync(process.execPath, [join(folder, 'src/retry.js')], { encoding: 'utf8' });
    return { folder, err, node };
  };
  const javascript = ['generate', 'retry-policy', '--language', 'javascript'];
  const warned = /^Warning: .*package\.json says "type": "commonjs", so Node takes these \.(?:js|ts) files/mu;
  const { folder, err, node } = asked({ type: 'commonjs' }, [], ...javascript);
  assert.match(err, warned);
  assert.match(node.stderr, /SyntaxError/u);
  writeFileSync(join(folder, 'src/package.json'), '{"type":"module"}');
  assert.equal(spawnSync(process.execPath, [join(folder, 'src/retry.js')]).status, 0, 'the way out is one');
  assert.doesNotMatch(run(folder, ...javascript, '-o', 'src').err, warned);
  assert.match(asked({ type: 'commonjs' }, [], 'stack', '--language', 'javascript').err, warned);
  assert.match(asked({ type: 'commonjs' }, [], 'generate', 'retry-policy').err, warned);
  for (const [manifest, others, ...args] of [
    [{ type: 'module' }, [], ...javascript],
    [{}, [], ...javascript],
    [{ type: 'commonjs', devDependencies: { webpack: '5' } }, [], ...javascript],
    [{ type: 'commonjs', dependencies: { next: '15' } }, [], ...javascript],
    [{ type: 'commonjs' }, ['tsconfig.json'], 'generate', 'retry-policy'],
    [{ type: 'commonjs', scripts: { test: 'bun test' } }, [], 'generate', 'retry-policy'],
  ]) {
    assert.doesNotMatch(asked(manifest, others, ...args).err, warned, JSON.stringify([manifest, others, args]));
  }

  // Code without types in a project where TypeScript checks JavaScript.
  const base = newFolder();
  writeFileSync(join(base, 'package.json'), '{"type":"module"}');
  writeFileSync(join(base, 'base.json'), '{"compilerOptions":{"checkJs":true}}');
  writeFileSync(join(base, 'jsconfig.json'), '{"extends":"./base"}');
  assert.match(run(base, ...javascript, '-o', 'src').err, /^Warning: .*jsconfig\.json has checkJs, /mu);
  assert.doesNotMatch(run(base, 'generate', 'bulkhead', '--partitions', 'a=1', '-o', 'src').err, /checkJs/u);
});

test('a runtime that says the runner by itself', () => {
  const { code, err } = run(newFolder(), 'generate', 'circuit-breaker', '--runtime', 'deno', '-o', '.');
  assert.equal(code, 0, err);
  assert.match(err, /testRunner is deno, because runtime is deno/u);
});

test('the usage imports the file by the name that it has', () => {
  const folder = newFolder();
  for (const [args, imported] of [
    [['--name', 'pay', '-o', 'src'], './pay.retry.ts'],
    [['-o', 'src/tries.ts'], './tries.ts'],
    [['--import-extension', 'js', '-o', 'a.mts'], './a.mjs'],
    [['--import-extension', 'none', '-o', 'b.cts'], './b.cjs'],
    [['--language', 'javascript', '-o', 'c.mjs'], './c.mjs'],
  ]) {
    const { err } = run(folder, 'generate', 'retry-policy', ...args);
    assert.ok(err.includes(`from '${imported}'`), `${args.join(' ')}: ${err}`);
  }
});

test('what cannot be done is said alone, before any figure', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'out'), '');
  const { code, err } = run(folder, 'generate', 'retry-policy', '-o', 'out/retry');
  assert.equal(code, 2);
  assert.equal(err.trim().split('\n').length, 1, err);
  assert.equal(run(folder, 'generate', 'retry-policy', '--name', 'con', '-o', '.').code, 2, 'a name that Windows keeps');
});

const withInput = (cwd, input, ...given) => {
  const { command, args } = programUnderTest();
  const { status, stderr } = spawnSync(command, [...args, ...given], { cwd, input, encoding: 'utf8', timeout: 60_000 });
  return { code: status, err: stderr };
};

test('a manifest from standard input is JSON or YAML, and what breaks it is said by line', () => {
  const folder = newFolder();
  const stack = (input) => withInput(folder, input, 'stack', '-c', '-', '-o', 'out');
  assert.equal(stack('circuitBreaker: {}\n').code, 0);
  assert.equal(stack('// ours\n{"circuitBreaker":{},}\n').code, 0);
  for (const [input, sentence] of [
    ['', /^standard input: empty; /u],
    ['circuitBreaker:\n\tfailureThreshold: 3\n', /^standard input: not YAML, a tab indents line 2; use spaces\.$/mu],
    ['circuitBreaker: no\n', /^standard input: circuitBreaker: a string is not an object/u],
  ]) {
    const { code, err } = stack(input);
    assert.equal(code, 2, err);
    assert.match(err, sentence);
  }
});

test('a package.json with two manifests says so', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'package.json'), '{"resilience":{"circuitBreaker":{}},"resilience":{"retryPolicy":{}}}');
  const { code, err } = run(folder, 'stack', '-o', 'src');
  assert.equal(code, 2);
  assert.equal(err, 'package.json: "resilience" is given twice; give it once.\n');
});

test('a manifest is what its name or its first character says, and numbers of YAML are those of YAML', () => {
  for (const [name, text] of [
    ['M.YML', 'circuitBreaker:\n  failureThreshold: 0x0C\n'],
    ['manifest', 'circuitBreaker:\n  failureThreshold: 0o14\n'],
    ['manifest.conf', '{ "circuitBreaker": { "failureThreshold": 12 } }'],
  ]) {
    const folder = newFolder();
    writeFileSync(join(folder, name), text);
    assert.equal(run(folder, 'stack', '-c', name, '-o', 'out').code, 0, name);
    assert.match(readFileSync(join(folder, 'out/circuit-breaker.ts'), 'utf8'), /"failureThreshold":12,/u, name);
  }
  const folder = newFolder();
  writeFileSync(join(folder, 'm.toml'), '[circuitBreaker]\nfailureThreshold = 7\n');
  const { code, err } = run(folder, 'stack', '-c', 'm.toml', '-o', 'out');
  assert.equal(code, 2);
  assert.match(err, /^m\.toml: not JSON at line 1, column 2; write JSON, JSON with comments or YAML\.$/mu);
});

test('call says what is wrong where its JSON breaks', () => {
  const folder = newFolder();
  for (const [json, sentence] of [
    ['{"maxRetries":3,}', /near \} - the comma before it is one too many/u],
    ['{"maxRetries":3}}', /near \} - nothing may stand behind the object/u],
    ['{maxRetries:3}', /near maxRetries:3\} - names and texts stand in double quotes/u],
  ]) {
    const { code, err } = run(folder, 'call', 'generate_retry_policy', json);
    assert.equal(code, 2);
    assert.match(err, sentence);
  }
});

test('init: the framework of the project, with limits and without, and a place where requests arrive', () => {
  for (const [dependencies, framework, ...more] of [
    [{ next: '16', react: '19' }, 'fetch'],
    [{ '@nestjs/core': '11', '@nestjs/platform-fastify': '11', fastify: '5' }, 'nest'],
    [{ fastify: '5' }, 'fastify'],
    [{ koa: '3' }, 'koa'],
    [{ lodash: '4' }, 'express'],
    [{ express: '5' }, 'fetch', '--runtime', 'workers'],
  ]) {
    for (const limit of ['memory', 'no']) {
      const folder = newFolder();
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
      const init = run(folder, 'init', '-y', '--upstreams', 'orders', '--limit-requests', limit, ...more);
      assert.equal(init.code, 0, init.err);
      const stack = run(folder, 'stack', '-o', 'resilience');
      assert.equal(stack.code, 0, stack.err);
      const ingress = readFileSync(join(folder, 'resilience/ingress.ts'), 'utf8');
      assert.equal(/"framework":"(\w+)"/u.exec(ingress)?.[1], framework, JSON.stringify(dependencies));
      assert.equal(ingress.includes('limitRequests'), limit === 'memory');
      assert.match(ingress, /Deadline/u);
    }
  }
});

test('init: a faulty option is one sentence, and what is there is told before anything is asked', () => {
  const folder = newFolder();
  for (const [args, sentence] of [
    [['--runtime', 'nodejs'], /^--runtime: "nodejs" is not a choice; use node\.$/u],
    [['--upstreams', 'orders,pay ments'], /^--upstreams: "?pay ments"? is not a usable name/u],
    [['--upstreams', 'orders,Orders'], /^--upstreams: two names differ at most in case; give each once\.$/u],
    [['--upstreams', ','], /^--upstreams: 0 names; give 1 to 200/u],
    [['-c', 'package.json'], /^package\.json: a manifest is no package\.json; give it a file of its own with -c, /u],
    [['--limit-requests', 'postgres'], /^--limit-requests: "?postgres"? is not a choice; use redis, memory or no\.$/u],
  ]) {
    const { code, err } = run(folder, 'init', '--yes', ...args);
    assert.equal(code, 2, err);
    assert.match(err.trim(), sentence);
    assert.deepEqual(filesOf(folder), {});
  }
});

test('init asks again after a faulty answer, and the end of the answers writes nothing', { skip: onTerminal }, () => {
  const asked = (folder, input) => {
    const { command, args } = programUnderTest();
    const line = [command, ...args, 'init'].map((word) => `'${word}'`).join(' ');
    const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { cwd: folder, input, encoding: 'utf8', timeout: 60_000 });
    return { code: status, out: stdout };
  };
  const folder = newFolder();
  const { code, out } = asked(folder, 'orders,pay ments\norders,payments\nnodejs\nnode\npostgres\nredis\nmaybe\nno\n');
  assert.equal(code, 0, out);
  assert.match(out, /not a usable name.*is not a choice; use node\..*use redis, memory or no\..*use yes or no\./su);
  const { withTests, runtime, rateLimiting, bulkhead } = JSON.parse(filesOf(folder)['resilience.json']);
  assert.deepEqual(
    [withTests, runtime, rateLimiting.store, Object.keys(bulkhead.partitions)],
    [false, 'node', 'redis', ['orders', 'payments']],
  );
  const again = asked(folder, '\n\n\n\n');
  assert.equal(again.code, 1);
  assert.match(again.out, /resilience\.json: there already/u);
  assert.doesNotMatch(again.out, /Services that yours calls/u);
  const empty = newFolder();
  assert.equal(asked(empty, 'orders\n\u0004').code, 2);
  assert.deepEqual(filesOf(empty), {});
});
