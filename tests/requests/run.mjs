// What people ask for in their own words, and what assistants are given, tried on the program under test.
//
//   node run.mjs
import { fileURLToPath } from 'node:url';
import { finish, runTests } from '../shared/runner.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
finish(await runTests([`${folder}requests.test.mjs`, `${folder}assistants.test.mjs`], { folder, shows: () => false }));
