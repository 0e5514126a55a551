// Mutation testing: what Stryker found about one file, held against the explanations of those survivors that no test can kill.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary } from './binaries.mjs';
import { run } from './compile.mjs';
import { emit } from './emit.mjs';
import { workspace } from './server.mjs';

/**
 * Runs Stryker over the emitted module of `tool` and `args`, with the behaviour tests of `tests` as the judges. Of lines that are in
 * `known` (those of an earlier subject) nothing is mutated again; `skip` is a pattern of tests that load another module. Of a `sample`
 * every third block of lines is mutated.
 */
export async function mutateEmitted({ name, tool, args, tests, skip }, known, { sample = false } = {}) {
  const { files } = await emit(tool, args);
  const { javascript } = files.find((each) => each.role === 'source');
  const folder = join(workspace, '.emitted', 'mutation', name.replaceAll(/[^a-z]+/gu, '-'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const source = join(folder, 'source.mjs');
  writeFileSync(source, javascript);
  const lines = javascript.split('\n');
  const settings = {
    file: 'source.mjs',
    ranges: rangesOf(lines, known, sample),
    behaviour: { source, workspace, tests: `behaviour/${tests}.test.mjs`, skip },
  };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  const { code, output, errors } = await run(binary('node22'), ['lib/mutation.child.mjs', folder], workspace);
  if (code !== 0 || !existsSync(join(folder, 'result.json'))) throw new Error(`${name}: ${output}${errors}`);
  for (const line of lines) known.add(line);
  return mutantsOf(javascript, JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')));
}

const BLOCK = 30;

/** Runs of lines, counted from 1, that are not known yet; of a sample only those of every third block. */
function rangesOf(lines, known, sample) {
  const ranges = [];
  for (const [index, line] of lines.entries()) {
    if (known.has(line) || (sample && Math.floor(index / BLOCK) % 3 !== 1)) continue;
    if (ranges.at(-1)?.[1] === index) ranges.at(-1)[1] = index + 1;
    else ranges.push([index + 1, index + 1]);
  }
  return ranges;
}

/** Stryker's report of one file as `{ status, mutator, at, line, from, to }`; `line` is the text of the first line that changes. */
export function mutantsOf(source, results) {
  const lines = source.split(/\r?\n/u);
  return results.map(({ status, mutatorName, location: { start, end }, replacement }) => {
    const text = lines.slice(start.line - 1, end.line).join('\n');
    const from = text.slice(start.column - 1, text.length - (lines[end.line - 1].length - end.column + 1));
    return { status, mutator: mutatorName, at: start.line, line: lines[start.line - 1].trim(), from: short(from), to: short(replacement) };
  });
}

const short = (text) => {
  const flat = text.replaceAll(/\s+/gu, ' ').trim();
  return flat.length <= 120 ? flat : `${flat.slice(0, 117)}...`;
};

const explanations = JSON.parse(readFileSync(join(workspace, 'suites', 'mutation.explained.json'), 'utf8'));

/** The figures of one file; `unexplained` are survivors without a reason, `stale` reasons without a mutant. */
export function judge(name, mutants) {
  const count = (...statuses) => mutants.filter((each) => statuses.includes(each.status)).length;
  const survivors = mutants.filter((each) => ['Survived', 'NoCoverage'].includes(each.status));
  const explained = explanations[name] ?? [];
  const fits = (reason, mutant) => reason.line === mutant.line && reason.from === mutant.from && reason.to === mutant.to;
  const reasonOf = (mutant) => explained.find((reason) => fits(reason, mutant));
  const killed = count('Killed', 'Timeout');
  return {
    name,
    mutants: killed + survivors.length,
    killed,
    late: count('Timeout'),
    survived: survivors.length,
    score: (100 * killed) / (killed + survivors.length),
    explained: survivors.filter(reasonOf).map((each) => ({ ...each, why: reasonOf(each).why })),
    unexplained: survivors.filter((each) => reasonOf(each) === undefined),
    stale: explained.filter((reason) => !mutants.some((each) => fits(reason, each))),
    invalid: count('RuntimeError', 'CompileError'),
  };
}
