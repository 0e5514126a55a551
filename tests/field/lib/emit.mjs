// Emits code with the program under test, as a user does on the command line, and loads it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programUnderTest, repository } from '../../shared/program.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';

/** A folder that is removed when this process ends. */
export const work = temporaryFolder('field');

/** `{ files, usage, notes, warnings }` of a call; throws with the refusal. */
export function emit(tool, args = {}) {
  const { command, args: first } = programUnderTest();
  return JSON.parse(
    execFileSync(command, [...first, 'call', '--json', tool, JSON.stringify(args)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** The emitted source as TypeScript. */
export const sourceOf = (tool, args = {}) => emit(tool, args).files.find(({ role }) => role === 'source').content;

let serial = 0;

/** Writes the emitted source as JavaScript and gives its path. */
export function javaScriptOf(tool, args = {}, name = 'source.mjs') {
  const path = join(work, `${String(++serial)}-${name}`);
  writeFileSync(path, stripTypes(sourceOf(tool, args)));
  return path;
}

/** The emitted source as a module of its own: two calls share no state. */
export const load = (tool, args = {}) => import(pathToFileURL(javaScriptOf(tool, args)).href);

/** Type removal and nothing else. */
export function stripTypes(text, module = 'ESNext') {
  const ts = createRequire(join(repository, 'tests/generated/package.json'))('typescript');
  return ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind[module] } }).outputText;
}
