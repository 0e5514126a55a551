// Builds the site, which fails on links that lead nowhere, and tries what its pages say.
//
//   node run.mjs
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../tests/shared/runner.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
finish(await runTests([`${folder}site.test.mjs`], { folder }));
