// Stripping that takes over what did not change gives what stripping anew gives.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newStripper, sameButFigures, stripTypes } from '../../web/src/simulate/strip.js';
import { TOOLS, serve } from './lib/browser.mjs';
import { complete, emit, randomArguments, runArguments, schemasOf, seeded } from './lib/node.mjs';

let server;
let schemas;
before(async () => {
  server = await serve();
  schemas = await schemasOf(server.url);
});
after(async () => {
  assert.equal(await server.stop(), 0);
});

const linesOf = (text) => text.split('\n');

/** The source that the server emits, or undefined for a refusal. */
async function sourceOf(tool, args) {
  const answer = await emit(server.url, tool, runArguments(tool, args));
  return answer?.files.find(({ role }) => role === 'source').content;
}

for (const tool of TOOLS) {
  test(`${tool}: a slider's move`, async () => {
    const random = seeded(TOOLS.indexOf(tool) + 5);
    const { properties } = schemas[tool];
    const numbers = Object.keys(properties).filter((name) => ['integer', 'number'].includes(properties[name].type));
    let moves = 0;
    let takenOver = 0;
    for (let tried = 0; moves < 40; tried += 1) {
      assert.ok(tried < 2000, 'too few of the random arguments are accepted');
      const args = complete(schemas[tool], randomArguments(schemas[tool], random));
      const name = numbers[Math.floor(random() * numbers.length)];
      if (typeof args[name] !== 'number') continue;
      const from = await sourceOf(tool, args);
      const to = await sourceOf(tool, { ...args, [name]: args[name] + 1 });
      if (from === undefined || to === undefined || from === to) continue;
      const strip = newStripper();
      assert.equal(strip('a.ts', from), stripTypes(from));
      assert.equal(strip('a.ts', to), stripTypes(to), `${JSON.stringify(args)}, ${name} + 1`);
      moves += 1;
      takenOver += sameButFigures(linesOf(to), { typeScript: linesOf(from), javaScript: linesOf(stripTypes(from)) }) === undefined ? 0 : 1;
    }
    assert.ok(takenOver > moves / 2, `${String(takenOver)} of ${String(moves)} were taken over`);
  });
}

test('more than a figure, or figures of which stripping takes some', () => {
  const strip = newStripper();
  for (const content of [
    'const a: number = 1;\nlet b = 2;',
    'const a: number = 2;\nlet b = 2;',
    'const a: number = 2;\nlet b = 3;',
    'const a: number = 2;\nlet b = 3; let c: string;',
    'const a: number = 2;\nlet b = c as 3;',
    'const a: number = 2;\nlet b = c as 4;',
    'const a: 1 | 2 = 1;\nlet b = 4;',
    'const a: 1 | 2 = 2;\nlet b = 4;',
    'export const a = 2_000, b = 0.5;\nlet c = 4;',
    'export const a = 2_001, b = 0.75;\nlet c = 5;',
    'const a: number = 2;',
  ]) {
    assert.equal(strip('a.ts', content), stripTypes(content));
  }
  assert.equal(strip('other.ts', 'let b = 3 as const;'), stripTypes('let b = 3 as const;'));
});
