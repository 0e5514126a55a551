// Runs the command line in a folder of its own, and formats files as people's tools do.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { programUnderTest } from '../../shared/program.mjs';
import { work } from '../lib/emit.mjs';

const require = createRequire(import.meta.url);
let serial = 0;

/** A new folder that is removed when this process ends. */
export function newFolder() {
  const folder = join(work, `files-${String(++serial)}`);
  mkdirSync(folder);
  return folder;
}

/** A copy of a folder. */
export function copyOf(folder) {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** Runs the program; `{ code, out, err }`. */
export function run(cwd, ...args) {
  const { command, args: first } = programUnderTest();
  const done = spawnSync(command, [...first, ...args], { cwd, encoding: 'utf8', timeout: 60_000 });
  return { code: done.status ?? `signal ${String(done.signal)}`, out: done.stdout, err: done.stderr };
}

/** Files of a folder by name, those below it left out. */
export const filesOf = (folder) =>
  Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]),
  );

/** Changes every file of a folder. */
export async function rewrite(folder, change) {
  for (const [name, text] of Object.entries(filesOf(folder))) {
    if (name.endsWith('.ts')) writeFileSync(join(folder, name), await change(text, name));
  }
}

const prettier = (options) => async (folder) => {
  const { format } = await import('prettier');
  await rewrite(folder, (text) => format(text, { parser: 'typescript', ...options }));
};

const biome = (config, command) => (folder) => {
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ files: { includes: ['**/*.ts'] }, ...config }));
  const program = join(require.resolve('@biomejs/biome/package.json'), '../bin/biome');
  const done = spawnSync(process.execPath, [program, ...command, '.'], { cwd: folder, encoding: 'utf8' });
  if (done.error) throw done.error;
};

const dprint = (config) => async (folder) => {
  const { createFromBuffer } = await import('@dprint/formatter');
  const formatter = createFromBuffer(readFileSync(require('@dprint/typescript').getPath()));
  formatter.setConfig({ lineWidth: config.lineWidth ?? 120, ...config.global }, config);
  await rewrite(folder, (text, name) => formatter.formatText({ filePath: name, fileText: text }));
};

const stylistic =
  (rules, name = 'custom') =>
  async (folder) => {
    const { Linter } = await import('eslint');
    const { default: plugin } = await import('@stylistic/eslint-plugin');
    const { parser } = await import('typescript-eslint');
    const linter = new Linter();
    await rewrite(folder, (text, file) => {
      const { output, messages } = linter.verifyAndFix(
        text,
        [
          { files: ['**/*.ts'], languageOptions: { parser }, plugins: { '@stylistic': plugin } },
          name === 'custom' ? { files: ['**/*.ts'], rules } : { files: ['**/*.ts'], ...plugin.configs[name], plugins: {} },
        ],
        { filename: file },
      );
      const fatal = messages.find((message) => message.fatal);
      if (fatal) throw new Error(`${file}: ${fatal.message}`);
      return output;
    });
  };

// What VS Code does on save without any extension: TypeScript's own formatter, and its sorting of imports.
const editor = (settings) => async (folder) => {
  const { default: ts } = await import('typescript');
  const apply = (text, changes) =>
    changes
      .toSorted((a, b) => b.span.start - a.span.start)
      .reduce((result, { span, newText }) => result.slice(0, span.start) + newText + result.slice(span.start + span.length), text);
  await rewrite(folder, (original, file) => {
    let text = original;
    let version = 0;
    const service = ts.createLanguageService({
      getScriptFileNames: () => [file],
      getScriptVersion: () => String(version),
      getScriptSnapshot: (name) => (name === file ? ts.ScriptSnapshot.fromString(text) : undefined),
      getCurrentDirectory: () => folder,
      getCompilationSettings: () => ({ noLib: true }),
      getDefaultLibFileName: () => 'lib.d.ts',
      fileExists: (name) => name === file,
      readFile: () => text,
    });
    const format = { ...ts.getDefaultFormatCodeSettings('\n'), ...settings };
    for (const { textChanges } of service.organizeImports({ type: 'file', fileName: file, mode: 'SortAndCombine' }, format, {})) {
      text = apply(text, textChanges);
    }
    version += 1;
    return apply(text, service.getFormattingEditsForDocument(file, format));
  });
};

/** Formatters with settings that people have, by name. */
export const formatters = {
  'Prettier, defaults': prettier({}),
  'Prettier, tabs and no semicolons': prettier({ useTabs: true, semi: false }),
  'Prettier, 60 columns': prettier({ printWidth: 60, singleQuote: true, trailingComma: 'none' }),
  'Prettier, 200 columns': prettier({ printWidth: 200, tabWidth: 4 }),
  'Prettier, arrow functions without parentheses': prettier({ arrowParens: 'avoid', trailingComma: 'es5', printWidth: 80 }),
  'Prettier, quoted properties, tight braces': prettier({ quoteProps: 'consistent', bracketSpacing: false, objectWrap: 'collapse' }),
  'Prettier, CR LF': prettier({ endOfLine: 'crlf', singleQuote: true, printWidth: 100 }),
  'Prettier, operators first, ternaries of the experiment': prettier({
    experimentalOperatorPosition: 'start',
    experimentalTernaries: true,
    printWidth: 70,
  }),
  'Biome, defaults': biome({}, ['format', '--write']),
  'Biome, check with sorted imports': biome({ linter: { enabled: false } }, ['check', '--write']),
  'Biome, single quotes and no semicolons': biome(
    {
      formatter: { indentStyle: 'space', lineWidth: 60 },
      javascript: { formatter: { quoteStyle: 'single', semicolons: 'asNeeded', arrowParentheses: 'asNeeded', trailingCommas: 'none' } },
    },
    ['format', '--write'],
  ),
  'dprint, defaults': dprint({}),
  'dprint, no semicolons, one quote, braces on the next line': dprint({
    lineWidth: 80,
    semiColons: 'asi',
    quoteStyle: 'alwaysSingle',
    bracePosition: 'nextLine',
    'arrowFunction.useParentheses': 'preferNone',
    trailingCommas: 'never',
    operatorPosition: 'sameLine',
    useTabs: true,
  }),
  'dprint, as Deno has it': dprint({ deno: true }),
  'VS Code on its own': editor({}),
  'VS Code on its own, no semicolons, braces on the next line': editor({
    semicolons: 'remove',
    convertTabsToSpaces: false,
    placeOpenBraceOnNewLineForFunctions: true,
    placeOpenBraceOnNewLineForControlBlocks: true,
    insertSpaceAfterOpeningAndBeforeClosingNonemptyBraces: false,
    insertSpaceBeforeFunctionParenthesis: true,
  }),
  'ESLint stylistic, recommended': stylistic(undefined, 'recommended'),
  'ESLint, comments without a capital': stylistic({ 'capitalized-comments': ['error', 'never'] }),
  'ESLint stylistic, all': stylistic(undefined, 'all'),
  'ESLint stylistic, Standard': stylistic({
    '@stylistic/semi': ['error', 'never'],
    '@stylistic/space-before-function-paren': ['error', 'always'],
    '@stylistic/quote-props': ['error', 'always'],
    '@stylistic/no-extra-parens': ['error', 'all'],
    '@stylistic/arrow-parens': ['error', 'as-needed'],
    '@stylistic/comma-dangle': ['error', 'never'],
    '@stylistic/member-delimiter-style': ['error', { multiline: { delimiter: 'none' }, singleline: { delimiter: 'comma' } }],
    '@stylistic/indent': ['error', 'tab'],
  }),
  'ESLint stylistic, commas in types and quotes of templates': stylistic({
    '@stylistic/quotes': ['error', 'double', { avoidEscape: true }],
    '@stylistic/member-delimiter-style': [
      'error',
      { multiline: { delimiter: 'comma', requireLast: true }, singleline: { delimiter: 'comma' } },
    ],
    '@stylistic/brace-style': ['error', 'allman'],
    '@stylistic/operator-linebreak': ['error', 'before'],
    '@stylistic/wrap-regex': 'error',
    '@stylistic/spaced-comment': ['error', 'always'],
    '@stylistic/lines-around-comment': 'error',
    '@stylistic/padding-line-between-statements': ['error', { blankLine: 'always', prev: '*', next: 'return' }],
    '@stylistic/no-confusing-arrow': ['error', { allowParens: true }],
    '@stylistic/array-element-newline': ['error', 'always'],
    '@stylistic/function-call-argument-newline': ['error', 'always'],
  }),
};
