// What a suite measured, for docs/PROOF.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mode } from './corpus.mjs';
import { workspace } from './server.mjs';

/** Keeps the facts of one suite; `proof.mjs` turns all of them into the page. */
export function record(suite, facts) {
  const folder = join(workspace, '.results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${suite}.json`), JSON.stringify({ suite, mode, ...facts }, null, 2));
}

/** What an earlier run of a suite has kept; undefined when there was none. */
export function recorded(suite) {
  const path = join(workspace, '.results', `${suite}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Findings as the text of one assertion message. */
export function list(findings, limit = 20) {
  const lines = findings
    .slice(0, limit)
    .map((each) => `${each.file}:${String(each.line ?? '')} ${each.code ?? each.rule}: ${each.message}`);
  return `${String(findings.length)} findings\n${lines.join('\n')}`;
}
