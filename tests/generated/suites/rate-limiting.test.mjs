// Every combination of the rate limiter's enums that the server accepts, a third of them in a quick run, under the strictest flags, against the real type packages.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { check, compilers, packageVersion, place } from '../lib/compile.mjs';
import { bodyOf, mode } from '../lib/corpus.mjs';
import { list, record } from '../lib/results.mjs';
import { call, disconnect, tools } from '../lib/server.mjs';

const tool = 'generate_rate_limiting';
// How tests are run changes the test file alone, which is not asked for here.
const enums = Object.entries((await tools()).find((each) => each.name === tool).inputSchema.properties).filter(
  ([name, schema]) => schema.enum && !['testRunner', 'importExtension'].includes(name),
);
const { runtime } = Object.fromEntries(enums.map(([name, schema]) => [name, schema.enum]));
const choices = (name, schema) => (['redisClient', 'onStoreError'].includes(name) ? [undefined, ...schema.enum] : schema.enum);
const calls = enums
  .reduce(
    (rows, [name, schema]) =>
      rows.flatMap((row) => choices(name, schema).map((value) => (value === undefined ? row : { ...row, [name]: value }))),
    [{}],
  )
  .filter((_call, index) => mode !== 'quick' || index % 3 === 0);

const texts = new Map();
let accepted = 0;
for (let start = 0; start < calls.length; start += 100) {
  await Promise.all(
    calls.slice(start, start + 100).map(async (args) => {
      const { isError, structuredContent } = await call(tool, args);
      if (isError) return;
      accepted++;
      texts.set(bodyOf(structuredContent.files[0].content), structuredContent.files[0].content);
    }),
  );
}
await disconnect();
const files = place(
  'rate-limiting-combinations',
  Object.fromEntries([...texts.values()].map((text, index) => [`c${String(index)}.ts`, text])),
);

test('the combinations cover every runtime', () => {
  assert.equal(runtime.length, 5);
  assert.ok(accepted > 1400 && texts.size > 300, `${String(accepted)} calls, ${String(texts.size)} texts`);
});

const runs = [];
for (const version of { quick: ['7.0'], default: ['5.9', '7.0'], full: compilers }[mode]) {
  // The slower ones are asked about a third of them, unless there is time.
  const asked = files.filter((_, index) => mode === 'full' || version === '7.0' || index % 3 === 0);
  test(`TypeScript ${version}: ${String(asked.length)} texts of ${String(accepted)} calls`, async () => {
    const { errors } = await check(version, 'strictest, bundler', 'node', asked, { suffix: '-rate-limiting' });
    const compiler = packageVersion(version === '6.0' ? 'typescript' : `typescript-${version}`);
    runs.push({
      compiler,
      profile: 'strictest, bundler',
      platform: 'node',
      what: `${tool}, all combinations of enums`,
      files: asked.length,
      errors: errors.length,
    });
    assert.equal(errors.length, 0, list(errors));
  });
}

after(() => record('rate-limiting', { runs, calls: accepted, texts: texts.size }));
