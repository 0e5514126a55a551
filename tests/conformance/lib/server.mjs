// Starts the program under test; every process that is started here ends with the test file.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve as serveProgram } from '../../shared/processes.mjs';
import { programUnderTest } from '../../shared/program.mjs';

export { execute } from '../../shared/processes.mjs';

export const workspace = dirname(dirname(fileURLToPath(import.meta.url)));

/** A Node that the conformance suite and Inspector accept. */
export const modernNode =
  Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : join(workspace, 'node_modules/node24/bin/node');

export const { command: program, args: programArguments } = programUnderTest();

/** Serves HTTP on a free port; resolves with `{ url, stop }` once it listens. */
export const serve = (transport, environment = {}) =>
  serveProgram(program, [...programArguments, 'serve', '--transport', transport], { env: environment });
