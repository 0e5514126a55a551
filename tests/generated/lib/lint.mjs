// Biome, ESLint and Prettier over files that already stand on disk; each gives a list of findings.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { binary } from './binaries.mjs';
import { run } from './compile.mjs';
import { workspace } from './server.mjs';

/** Biome 2, recommended rules; a warning or an information counts as a finding too. */
export async function biome(files) {
  const findings = [];
  for (let start = 0; start < files.length; start += 500) {
    const batch = files.slice(start, start + 500).map((file) => relative(workspace, file));
    const {
      output,
      errors: noise,
      code,
    } = await run(
      binary('biome') ?? 'biome',
      ['lint', '--reporter=json', '--max-diagnostics=none', '--error-on-warnings', '--no-errors-on-unmatched', ...batch],
      workspace,
    );
    let report;
    try {
      report = JSON.parse(output);
    } catch {
      findings.push({ file: '', rule: `exit ${String(code)}`, message: (output + noise).slice(0, 2000) });
      continue;
    }
    const { errors, warnings, infos = 0, unchanged = 0, changed = 0 } = report.summary;
    if (unchanged + changed !== batch.length) {
      findings.push({ file: '', rule: 'biome', message: `looked at ${String(unchanged + changed)} of ${String(batch.length)} files` });
    }
    for (const each of report.diagnostics) {
      findings.push({
        file: each.location?.path?.file ?? each.location?.path ?? '',
        line: each.location?.start?.line,
        rule: each.category,
        message: each.message ?? each.description,
      });
    }
    if (findings.length === 0 && errors + warnings + infos > 0) {
      findings.push({ file: '', rule: 'biome', message: JSON.stringify(report.summary) });
    }
  }
  return findings;
}

let projects = 0;

/** typescript-eslint strictTypeChecked and stylisticTypeChecked; `platform` as in compile.mjs decides the declarations. */
export async function eslint(files, platform) {
  const { platforms } = await import('./compile.mjs');
  const { lib, types } = platforms[platform];
  // A project of its own for each call: typescript-eslint keeps the programs it has seen.
  const folder = join(workspace, '.emitted', 'projects', `eslint-${String(process.pid)}-${String(++projects)}`);
  mkdirSync(folder, { recursive: true });
  const project = join(folder, 'tsconfig.json');
  writeFileSync(
    project,
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        target: 'es2022',
        module: 'esnext',
        moduleResolution: 'bundler',
        noEmit: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
        lib,
        types,
      },
      files: files.map((file) => relative(folder, file)),
    }),
  );
  process.env.CROWVAULT_LINT_PROJECT = project;
  const { ESLint } = await import('eslint');
  const engine = new ESLint({
    cwd: workspace,
    overrideConfigFile: join(workspace, 'eslint.config.mjs'),
    overrideConfig: { languageOptions: { parserOptions: { project } } },
    ignore: false,
  });
  const findings = [];
  for (const result of await engine.lintFiles(files.map((file) => relative(workspace, file)))) {
    for (const each of result.messages) {
      findings.push({ file: relative(workspace, result.filePath), line: each.line, rule: each.ruleId ?? 'parser', message: each.message });
    }
  }
  return findings;
}

/** Prettier 3: the text must already be what it would write. */
export async function prettier(files) {
  const { format } = await import('prettier');
  const { overrides, ...options } = JSON.parse(readFileSync(join(workspace, '.prettierrc.json'), 'utf8'));
  const findings = [];
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const formatted = await format(text, { ...options, parser: 'typescript' });
    if (formatted === text) continue;
    const [is, should] = [text.split('\n'), formatted.split('\n')];
    const line = is.findIndex((each, index) => each !== should[index]);
    findings.push({
      file: relative(workspace, file),
      line: line + 1,
      rule: 'prettier',
      message: `${is[line] ?? ''}  ->  ${should[line] ?? ''}`,
    });
  }
  return findings;
}
