// The committed page is what its sources give, and its types hold.
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
