// Emitted files in projects as people have them: settings found, sources, tests and usage compile, tests pass.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programUnderTest } from '../../shared/program.mjs';

const full = process.env.CROWVAULT_PROOF === 'full';
const home = fileURLToPath(new URL('.', import.meta.url));
// Below this folder, so that the projects find the packages that are installed here.
const work = mkdtempSync(join(home, '.project-'));
after(() => rmSync(work, { recursive: true, force: true }));
const modules = join(home, 'node_modules');
let serial = 0;

function run(cwd, command, ...args) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 180_000, env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  return { code: done.status, text: `${done.stdout}${done.stderr}`, out: done.stdout, err: done.stderr };
}

const bin = (cwd, path, ...args) => run(cwd, process.execPath, join(modules, path), ...args);
const strict = { target: 'ES2022', strict: true, skipLibCheck: true, types: ['node'] };
const jestOf = (transform) => ({ testEnvironment: 'node', transform });
const tsJest = jestOf({ '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json' }] });
const vitest = (cwd) => bin(cwd, 'vitest/vitest.mjs', 'run', '--root', '.');
const jest = (cwd) => bin(cwd, 'jest/bin/jest.js', '--rootDir', '.');

/** Each: its files, what is to be found in them, how its tests are run after `tsc`. */
const projects = {
  'NodeNext, emitted by tsc, node:test': {
    files: {
      'package.json': { type: 'module', scripts: { test: 'tsc && node --test dist/' } },
      'tsconfig.json': { compilerOptions: { ...strict, module: 'NodeNext', outDir: 'dist', rootDir: 'src' }, include: ['src'] },
    },
    found: ['node', 'js'],
    emits: true,
    tests: (cwd) => run(cwd, process.execPath, '--test', 'dist/resilience/'),
  },
  'CommonJS, emitted by tsc, node:test': {
    files: {
      'package.json': { scripts: { test: 'node --test dist/resilience/' } },
      'tsconfig.json': {
        compilerOptions: { ...strict, module: 'CommonJS', esModuleInterop: true, outDir: 'dist', rootDir: 'src' },
        include: ['src'],
      },
    },
    found: ['node', 'none'],
    emits: true,
    tests: (cwd) => run(cwd, process.execPath, '--test', 'dist/resilience/'),
  },
  'Vite with Vitest': {
    files: {
      'package.json': { type: 'module', scripts: { test: 'vitest run' }, devDependencies: { vitest: '4' } },
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.app.json' }] },
      'tsconfig.app.json': {
        compilerOptions: {
          ...strict,
          lib: ['ES2022', 'DOM', 'DOM.Iterable'],
          module: 'ESNext',
          moduleResolution: 'bundler',
          allowImportingTsExtensions: true,
          verbatimModuleSyntax: true,
          moduleDetection: 'force',
          noEmit: true,
          noUnusedLocals: true,
          noUnusedParameters: true,
          erasableSyntaxOnly: true,
          noUncheckedSideEffectImports: true,
        },
        include: ['src'],
      },
    },
    found: ['vitest', 'ts'],
    project: 'tsconfig.app.json',
    tests: vitest,
  },
  'ts-jest, CommonJS': {
    files: {
      'package.json': { scripts: { test: 'jest' }, devDependencies: { jest: '30', 'ts-jest': '29' }, jest: tsJest },
      'tsconfig.json': { compilerOptions: { ...strict, module: 'CommonJS', esModuleInterop: true, noEmit: true }, include: ['src'] },
    },
    found: ['jest', 'none'],
    tests: jest,
  },
  '@swc/jest': {
    files: {
      'package.json': {
        scripts: { test: 'jest' },
        devDependencies: { jest: '30', '@swc/jest': '0.2' },
        jest: jestOf({
          '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
        }),
      },
      'tsconfig.json': { compilerOptions: { ...strict, module: 'ESNext', moduleResolution: 'bundler', noEmit: true }, include: ['src'] },
    },
    found: ['jest', 'none'],
    tests: jest,
  },
  'babel-jest': {
    files: {
      'package.json': {
        scripts: { test: 'jest' },
        devDependencies: { jest: '30', 'babel-jest': '30' },
        jest: jestOf({
          '^.+\\.ts$': ['babel-jest', { presets: [['@babel/preset-env', { targets: { node: '20' } }], '@babel/preset-typescript'] }],
        }),
      },
      'tsconfig.json': { compilerOptions: { ...strict, module: 'ESNext', moduleResolution: 'bundler', noEmit: true }, include: ['src'] },
    },
    found: ['jest', 'none'],
    tests: jest,
  },
  'Next.js, no tests of its own': {
    files: {
      'package.json': { scripts: { dev: 'next dev' }, dependencies: { next: '15' } },
      'tsconfig.json': {
        compilerOptions: {
          target: 'ES2017',
          lib: ['dom', 'dom.iterable', 'esnext'],
          allowJs: true,
          skipLibCheck: true,
          strict: true,
          noEmit: true,
          esModuleInterop: true,
          module: 'esnext',
          moduleResolution: 'bundler',
          resolveJsonModule: true,
          isolatedModules: true,
          jsx: 'preserve',
          types: ['node'],
        },
        include: ['**/*.ts'],
      },
    },
    found: [undefined, 'none'],
  },
  'NestJS 11': {
    files: {
      'package.json': { scripts: { test: 'jest' }, devDependencies: { jest: '30', 'ts-jest': '29' }, jest: { ...tsJest, rootDir: '.' } },
      'tsconfig.json': {
        compilerOptions: {
          module: 'nodenext',
          moduleResolution: 'nodenext',
          target: 'ES2023',
          emitDecoratorMetadata: true,
          experimentalDecorators: true,
          isolatedModules: true,
          strictNullChecks: true,
          noImplicitAny: false,
          skipLibCheck: true,
          noEmit: true,
          types: ['node'],
        },
        include: ['src'],
      },
    },
    found: ['jest', 'none'],
    tests: jest,
  },
  'Angular 19': {
    files: {
      'package.json': { scripts: { test: 'ng test' } },
      'tsconfig.json': {
        compilerOptions: {
          ...strict,
          lib: ['ES2022', 'dom'],
          module: 'ES2022',
          moduleResolution: 'bundler',
          noImplicitOverride: true,
          noPropertyAccessFromIndexSignature: true,
          noImplicitReturns: true,
          noFallthroughCasesInSwitch: true,
          experimentalDecorators: true,
          useDefineForClassFields: false,
          isolatedModules: true,
          noEmit: true,
        },
        include: ['src'],
      },
    },
    found: [undefined, 'none'],
  },
  'a base two folders up, with comments and commas': {
    files: {
      'package.json': { type: 'module', scripts: { test: 'node --test' } },
      'config/base.json': '{\n  // Shared.\n  "compilerOptions": { "module": "NodeNext", "rewriteRelativeImportExtensions": true, },\n}\n',
      'config/strict.json': { extends: './base.json', compilerOptions: strict },
      'tsconfig.json': { extends: ['./config/base', './config/strict.json'], compilerOptions: { noEmit: true }, include: ['src'] },
    },
    found: ['node', 'ts'],
  },
  'no compiler: Node runs the files': {
    files: { 'package.json': { type: 'module', scripts: { test: 'node --experimental-strip-types --test' } } },
    found: ['node', 'ts'],
    compiles: false,
  },
  Deno: { files: { 'deno.json': { imports: {} } }, found: ['deno', 'ts'], compiles: false },
  Bun: {
    files: { 'package.json': { type: 'module', scripts: { test: 'bun test' }, devDependencies: { '@types/bun': '1' } } },
    found: ['bun', 'ts'],
    compiles: false,
  },
  Workers: {
    files: {
      'package.json': { type: 'module', scripts: { test: 'vitest run' }, devDependencies: { '@cloudflare/vitest-pool-workers': '0.23' } },
      'tsconfig.json': { compilerOptions: { ...strict, module: 'ESNext', moduleResolution: 'bundler', noEmit: true }, include: ['src'] },
    },
    found: ['vitest', 'none'],
  },
};

const tools = [
  ['circuit-breaker', '--with-metrics'],
  ['retry-policy', '--with-fetch'],
  ['timeout-config', '--operations', 'orders.get=2000'],
  ['bulkhead', '--partitions', 'orders=20'],
];
// Compiling and running takes seconds each: by default two of them, all with the long cases.
const sample = new Set(['NodeNext, emitted by tsc, node:test', 'ts-jest, CommonJS']);
for (const [name, project] of Object.entries(projects)) {
  test(name, () => {
    const folder = join(work, String(++serial));
    for (const [path, content] of Object.entries(project.files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    }
    const { command, args } = programUnderTest();
    const thorough = full || sample.has(name);
    for (const tool of thorough ? tools : tools.slice(0, 1)) {
      const { code, out, err } = run(folder, command, ...args, 'generate', ...tool, '--with-tests', '--json', '-o', 'src/resilience');
      assert.equal(code, 0, err);
      const { files, usage } = JSON.parse(out);
      writeFileSync(join(folder, 'src/resilience', `usage-${tool[0]}.ts`), `${usage}\nexport {};\n`);
      const source = readFileSync(join(folder, files[0].path), 'utf8');
      const header = JSON.parse(/^ \* Arguments: (.*)$/mu.exec(source)[1]);
      const [runner, extension] = project.found;
      assert.deepEqual([header.testRunner, header.importExtension], [runner, extension], name);
    }
    if (!thorough || project.compiles === false) return;
    const compiled = bin(folder, 'typescript/bin/tsc', '-p', project.project ?? 'tsconfig.json');
    assert.equal(compiled.code, 0, compiled.text);
    if (project.tests === undefined) return;
    const passed = project.tests(folder);
    assert.equal(passed.code, 0, passed.text);
    assert.match(passed.text, /pass|passed/u);
  });
}
