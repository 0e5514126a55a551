import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// Behaviour tests are written for node:test; these stand in for what they import where there is no Node.
const standIns = new Map([
  ['node:test', here('test.mjs')],
  ['node:assert/strict', here('assert.mjs')],
  ['../lib/emit.mjs', here('emit.mjs')],
]);

export const shared = {
  root: here('..'),
  cacheDir: here('../.emitted/.vite'),
  server: { host: '127.0.0.1' },
  plugins: [
    {
      name: 'behaviour-stand-ins',
      enforce: 'pre',
      transform(code, id) {
        if (!id.includes('/behaviour/')) return undefined;
        return code.replace(/(from\s+|import\()(['"])([^'"]+)\2/gu, (whole, before, _quote, name) =>
          standIns.has(name) ? `${before}${JSON.stringify(standIns.get(name))}` : whole,
        );
      },
    },
  ],
  test: {
    include: (process.env.CROWVAULT_INCLUDE ?? '').split(',').filter(Boolean),
    exclude: ['**/*.node.test.mjs'],
    reporters: ['json'],
    outputFile: process.env.CROWVAULT_REPORT,
    fileParallelism: false,
    isolate: false,
    testTimeout: 120_000,
    watch: false,
    passWithNoTests: false,
  },
};
