// What a behaviour test needs: emit(tool, args) gives the files, load(tool, args) the module.
//
// In Node both ask the built server. Every answer is also recorded below .emitted/, so that other runtimes (CROWVAULT_REPLAY=1)
// run the same tests on the same bytes without a child process.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { keyOf } from './keys.mjs';

const workspace = dirname(dirname(fileURLToPath(import.meta.url)));
const recorded = join(workspace, '.emitted', 'recorded');

/** Whether this runtime repeats what the first one has run. */
export const replay = Boolean(process.env.CROWVAULT_REPLAY);

/** `{ files: [{ path, role, language, content }], usage, notes, warnings }` as the server answers; throws on a refusal. */
export async function emit(tool, args = {}) {
  const file = join(recorded, `${keyOf(tool, args)}.json`);
  let answer;
  if (replay) {
    if (!existsSync(file)) throw new Error(`Not recorded: ${tool} ${JSON.stringify(args)}`);
    answer = JSON.parse(readFileSync(file, 'utf8'));
  } else {
    const { call } = await import('./server.mjs');
    const { isError, content, structuredContent } = await call(tool, args);
    answer = isError ? { refused: content[0]?.text } : { result: structuredContent };
    if (answer.result) {
      for (const each of answer.result.files) each.javascript = await stripTypes(each.content);
      const source = answer.result.files.find((each) => each.role === 'source');
      write(file.replace(/json$/u, 'mjs'), source.javascript);
    }
    write(file, JSON.stringify(answer));
  }
  if (answer.result) return answer.result;
  throw new Error(`${tool} refused ${JSON.stringify(args)}: ${answer.refused}`);
}

/** The emitted source as a JavaScript module of its own: two calls share no module state. */
export async function load(tool, args = {}) {
  const { files } = await emit(tool, args);
  const source = files.find((each) => each.role === 'source');
  return importText(mutated(source.javascript), source.path);
}

/**
 * Runs a comparison with a model and keeps what it counted, such as `{ steps }`, for docs/PROOF.md; only the first run on this Node does,
 * not the replays elsewhere.
 */
export async function compared(subject, run) {
  const keep = (facts) => {
    if (replay) return;
    const name = `model-${subject.replace(/\W+/gu, '-')}`;
    const mode = process.env.CROWVAULT_PROOF ?? 'default';
    write(join(workspace, '.results', `${name}.json`), JSON.stringify({ suite: name, mode, subject, ...facts }, null, 2));
  };
  try {
    keep({ ...(await run()), violations: 0 });
  } catch (error) {
    keep({ violations: 1 });
    throw error;
  }
}

/** Imports TypeScript text after plain type removal. */
export async function loadSource(content, name = 'source.ts') {
  return importText(await stripTypes(content), name);
}

// Mutation testing: some lines of the module are other ones.
function mutated(javascript) {
  if (!process.env.CROWVAULT_MUTANT) return javascript;
  const { from, to } = JSON.parse(process.env.CROWVAULT_MUTANT);
  return `\n${javascript}\n`.replace(`\n${from}\n`, () => `\n${to}\n`).slice(1, -1);
}

let serial = 0;

async function importText(javascript, name) {
  const folder = join(workspace, '.emitted', 'modules', `${String(process.pid)}-${String(++serial)}`);
  const file = join(folder, basename(name).replace(/\.ts$/u, '.mjs'));
  write(file, javascript);
  return import(pathToFileURL(file).href);
}

/** Type removal and nothing else, as Node and the bundlers do it. */
export async function stripTypes(content) {
  const { default: ts } = await import('typescript');
  const { outputText, diagnostics } = ts.transpileModule(content, {
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
    },
  });
  if (diagnostics?.length) {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostics[0].messageText, '\n'));
  }
  return outputText;
}

// Written aside and renamed: test files that run at the same time may want the same module.
function write(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  const aside = `${file}.${String(process.pid)}`;
  writeFileSync(aside, text);
  renameSync(aside, file);
}
