// A worker on workerd, with emitted code beside it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after } from 'node:test';
import { repository } from '../../shared/program.mjs';

const require = createRequire(join(repository, 'tests/generated/package.json'));
const { convertV4MiniflareOptions, Miniflare } = require('miniflare');

/** Starts a worker of modules by their paths, its own first, until the tests end; `ask` gives its response, `get` the text of one that is 200. */
export function startWorker(modules) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      compatibilityDate: '2026-01-01',
      modulesRoot: '/',
      modules: Object.entries(modules).map(([path, contents]) => ({ type: 'ESModule', path, contents })),
    }),
  );
  after(() => miniflare.dispose());
  const ask = (path) => miniflare.dispatchFetch(`https://example.com${path}`);
  const get = async (path) => {
    const response = await ask(path);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
  };
  return { ask, get };
}
