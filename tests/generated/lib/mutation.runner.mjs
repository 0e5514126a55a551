// A test runner for Stryker: puts one mutant into every variant of the emitted module that a behaviour test loads, and runs that test file.
//
// Stryker's own switch would be active in one file only, but the behaviour tests load the same code with many arguments. So the mutant
// travels as text: the lines that stood there and the lines that stand there now (see lib/emit.mjs).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import ts from 'typescript-5.9';

class BehaviourRunner {
  static inject = [commonTokens.options];
  #settings;
  #source;
  #tree;
  #child;

  constructor(options) {
    this.#settings = options.behaviour;
    this.#source = readFileSync(this.#settings.source, 'utf8');
    this.#tree = ts.createSourceFile('source.mjs', this.#source, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  }

  capabilities() {
    return { reloadEnvironment: true }; // each run is a process of its own
  }

  async dryRun({ timeout }) {
    const { outcome, tests, output } = await this.#run(undefined, timeout);
    if (outcome === 'passed') return { status: 'complete', tests: tests.map((name) => ({ id: name, name, status: 0, timeSpentMs: 0 })) };
    return outcome === 'timeout' ? { status: 'timeout' } : { status: 'error', errorMessage: `without a mutant: ${output.slice(0, 4_000)}` };
  }

  async mutantRun({ activeMutant, timeout }) {
    const { location, replacement } = activeMutant;
    const mutant = mutantOf(this.#source, this.#tree, location, replacement);
    const faults = ts.createSourceFile('mutant.mjs', mutant.text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS).parseDiagnostics;
    if (faults.length > 0) return { status: 'error', errorMessage: `does not parse: ${mutant.to}` };
    const { outcome, tests, failed, output } = await this.#run(mutant, timeout);
    if (outcome === 'timeout') return { status: 'timeout' };
    if (outcome === 'passed') return { status: 'survived', nrOfTests: tests.length };
    return { status: 'killed', killedBy: [failed ?? 'the file as a whole'], failureMessage: output.slice(-500), nrOfTests: tests.length };
  }

  async dispose() {
    this.#child?.kill('SIGKILL');
  }

  // The first failure ends the run.
  #run(mutant, timeout) {
    const { workspace, tests: file, skip } = this.#settings;
    const flags = ['--test-reporter=tap', ...(skip === undefined ? [] : [`--test-skip-pattern=${skip}`])];
    const env = { ...process.env, CROWVAULT_REPLAY: '1' };
    if (mutant !== undefined) env.CROWVAULT_MUTANT = JSON.stringify({ from: mutant.from, to: mutant.to });
    const child = spawn(process.execPath, [...flags, file], { cwd: workspace, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const tests = [];
    let output = '';
    let failed;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (output.length < 20_000) output += `${line}\n`;
      const [, no, name] = /^ *(not )?ok \d+ - (.*?)(?: # (?:SKIP|TODO).*)?$/u.exec(line) ?? [];
      if (name === undefined) return;
      tests.push(name);
      if (no === undefined || failed !== undefined) return;
      failed = name;
      if (mutant !== undefined) child.kill('SIGKILL');
    });
    child.stderr.on('data', (data) => void (output += String(data).slice(0, 2_000)));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(timer);
        const outcome = failed === undefined && late ? 'timeout' : code === 0 ? 'passed' : 'failed';
        resolve({ outcome, tests: [...new Set(tests)], failed, output });
      });
    });
  }
}

/** The mutant as whole lines, with as many of their neighbours as make them unique in the file. */
function mutantOf(source, tree, { start, end }, replacement) {
  const from = ts.getPositionOfLineAndCharacter(tree, start.line, start.column);
  const to = ts.getPositionOfLineAndCharacter(tree, end.line, end.column);
  // In parentheses, for the text must not bind otherwise than Stryker's tree does.
  const text = source.slice(0, from) + (isExpression(tree, from, to) ? `(${replacement})` : replacement) + source.slice(to);
  const lines = source.split('\n');
  const after = text.split('\n');
  let [first, last] = [start.line, end.line];
  const cut = (list, more) => list.slice(first, last + 1 + more).join('\n');
  while (occurrences(source, cut(lines, 0)) > 1) [first, last] = [Math.max(0, first - 1), Math.min(lines.length - 1, last + 1)];
  return { text, from: cut(lines, 0), to: cut(after, after.length - lines.length) };
}

function isExpression(tree, from, to) {
  let found = false;
  const visit = (node) => {
    if (node.end < to || node.pos > from) return;
    if (node.getStart(tree) === from && node.end === to && ts.isExpression(node)) found = true;
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function occurrences(text, part) {
  return `\n${text}\n`.split(`\n${part}\n`).length - 1;
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'behaviour', BehaviourRunner)];
