// The folder that the command `stack` emits, with a module of JavaScript beside each file.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stripTypes } from './emit.mjs';
import { serverCommand } from './server.mjs';

const run = promisify(execFile);

/** Empties the folder and emits the manifest's files into it. */
export async function emitStack(folder, manifest) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'resilience.json');
  writeFileSync(file, JSON.stringify({ importExtension: 'ts', testRunner: 'node', ...manifest }));
  const { command, args } = serverCommand();
  await run(command, [...args, 'stack', '-c', file, '-o', folder]);
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
    const javascript = await stripTypes(readFileSync(join(folder, name), 'utf8'));
    writeFileSync(join(folder, name.replace(/\.ts$/u, '.mjs')), javascript.replace(/from '(\.\/[\w.-]+)\.ts'/gu, "from '$1.mjs'"));
  }
}
