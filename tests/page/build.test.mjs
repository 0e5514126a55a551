// The committed page is what its sources give, its types hold, and the plots of the documents are drawn anew.
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { succeed } from '../shared/processes.mjs';

const cwd = fileURLToPath(new URL('../../web', import.meta.url));

test('page.html is what web/ gives, byte for byte, and under 350 KB with gzip', async () => {
  await succeed(process.execPath, ['build.mjs', '--check'], { cwd });
});

test('the sources of the page pass the strictest TypeScript', async () => {
  await succeed(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd });
});

test('the plots of the documents are what the emitted code does today', async () => {
  await succeed(process.execPath, ['scripts/plots.mjs', '--check'], { cwd: fileURLToPath(new URL('../..', import.meta.url)) });
});
