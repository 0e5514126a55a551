// Compiles many emitted files in one program per compiler and set of flags.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createRequire } from 'node:module';
import { workspace } from './server.mjs';

const require = createRequire(import.meta.url);

export const compilers = ['5.4', '5.9', '6.0', '7.0'];

const strictest = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  isolatedDeclarations: { since: '5.5', value: true },
  erasableSyntaxOnly: { since: '5.8', value: true },
};

/** Sets of flags a caller's project may have; `lib` and `types` say which platform's declarations it sees. */
export const profiles = {
  'strictest, bundler': { ...strictest, module: 'esnext', moduleResolution: 'bundler' },
  'strictest, nodenext': { ...strictest, module: 'nodenext', moduleResolution: 'nodenext' },
  // A CommonJS project cannot have verbatimModuleSyntax: it forbids `import` and `export` there.
  'strictest, commonjs': {
    ...strictest,
    verbatimModuleSyntax: false,
    esModuleInterop: true,
    module: 'commonjs',
    moduleResolution: { before: '6.0', value: 'node10' },
  },
  'strict, bundler': { strict: true, module: 'esnext', moduleResolution: 'bundler' },
  'strict, nodenext': { strict: true, module: 'nodenext', moduleResolution: 'nodenext' },
  'strict, commonjs': { strict: true, esModuleInterop: true, module: 'commonjs', moduleResolution: { before: '6.0', value: 'node10' } },
};

/** Why the product of compilers, flags and files is not whole. */
export const left = [
  'TypeScript 5.4 does not know isolatedDeclarations (5.5) and erasableSyntaxOnly (5.8); each newer compiler has both.',
  'A CommonJS project cannot set verbatimModuleSyntax, which forbids `import` and `export` there; all other strictest flags are set.',
  'CommonJS resolves as node10 up to TypeScript 5.9; 6.0 has deprecated and 7.0 removed it, so there they use their default.',
  'Test files for Deno, Bun and Vitest are compiled from TypeScript 5.9 on: the type packages of those runners ask for it.',
];

/** Declarations of the platform a file is for. */
export const platforms = {
  node: { lib: ['ES2022'], types: ['node'] },
  dom: { lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: [] },
  'node and dom': { lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: ['node'] },
  workers: { lib: ['ES2022'], types: ['@cloudflare/workers-types'] },
  bun: { lib: ['ES2022'], types: ['bun'] },
  deno: { lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: ['node', 'deno'] },
  vitest: { lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: ['node'] },
};

function flagsFor(version, profile) {
  const flags = {};
  for (const [name, value] of Object.entries(profile)) {
    if (typeof value !== 'object' || Array.isArray(value)) flags[name] = value;
    else if (value.since !== undefined && Number(version) >= Number(value.since)) flags[name] = value.value;
    else if (value.before !== undefined && Number(version) < Number(value.before)) flags[name] = value.value;
  }
  if (flags.isolatedDeclarations) flags.declaration = true;
  return flags;
}

/** How to start `tsc` of that version; TypeScript 7 is a native binary without a JavaScript API. */
export function tsc(version) {
  const alias = version === '6.0' ? 'typescript' : `typescript-${version}`;
  const entry = version === '7.0' ? 'bin/tsc' : 'lib/tsc.js';
  return join(workspace, 'node_modules', alias, entry);
}

/**
 * Type-checks files that already stand on disk (below this workspace, so that packages resolve).
 * Returns `{ errors: [{ file, line, code, message }], seconds }`.
 */
export async function check(version, profile, platform, files, options = {}) {
  const name = `${version} ${profile} ${platform}`.replace(/[^0-9a-z]+/giu, '-');
  const folder = join(workspace, '.emitted', 'projects', name + (options.suffix ?? ''));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { lib, types } = platforms[platform];
  const config = {
    compilerOptions: {
      ...flagsFor(version, profiles[profile]),
      ...options.flags,
      target: 'es2022',
      lib,
      types,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      typeRoots: [join(workspace, 'node_modules/@types')],
    },
    files: files.map((file) => relative(folder, file)),
  };
  if (types.some((each) => each.startsWith('@cloudflare') || each === 'bun' || each === 'deno')) {
    delete config.compilerOptions.typeRoots;
  }
  const project = join(folder, 'tsconfig.json');
  writeFileSync(project, JSON.stringify(config, null, 2));
  const started = performance.now();
  const {
    output,
    errors: noise,
    code,
  } = await run(process.execPath, ['--max-old-space-size=6144', tsc(version), '-p', project, '--pretty', 'false'], folder);
  const seconds = (performance.now() - started) / 1000;
  const errors = [];
  for (const line of output.split('\n')) {
    const match = /^(.*?)(?:\((\d+),\d+\))?: error (TS\d+): (.*)$/u.exec(line);
    if (match) errors.push({ file: match[1], line: Number(match[2]), code: match[3], message: match[4] });
    else if (/^error TS/u.test(line)) errors.push({ file: '', line: 0, code: line.slice(6, 12), message: line });
  }
  if (code !== 0 && errors.length === 0) errors.push({ file: '', line: 0, code: `exit ${code}`, message: (output + noise).slice(0, 2000) });
  return { errors, seconds };
}

/** Writes `{ 'a.ts': text }` into a folder below .emitted and gives the absolute paths. */
export function place(folder, files) {
  return Object.entries(files).map(([name, text]) => {
    const file = join(workspace, '.emitted', folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  });
}

export function run(command, args, cwd, env) {
  return new Promise((resolve) => {
    // A test runner started from a test must not take itself for a part of it.
    const { NODE_TEST_CONTEXT, ...own } = process.env;
    // tsx would keep a cache in the temporary folder.
    const child = spawn(command, args, { cwd, env: { ...own, TSX_DISABLE_CACHE: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', (error) => resolve({ output: '', errors: String(error), code: -1 }));
    child.on('close', (code) => resolve({ output, errors, code }));
  });
}

export const packageVersion = (name) => require(join(workspace, 'node_modules', name, 'package.json')).version;
