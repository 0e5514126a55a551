// The gates themselves: a file with a known fault must be caught by each of them, a sound one by none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, compilers, place } from '../lib/compile.mjs';
import { biome, eslint, prettier } from '../lib/lint.mjs';

const sound = `export function double(value: number): number {
  return value * 2;
}
`;
const unsound = `export function double(value: number): number {
  const unused = 1;
  return value.length * 2;
}
`;
const careless = `export async function wait(value: any) {
  if (value == 1) Promise.resolve(value)
  debugger
}
`;
const [good, bad, ugly] = place('gates', { 'good.ts': sound, 'bad.ts': unsound, 'ugly.ts': careless });

for (const version of compilers) {
  test(`TypeScript ${version} tells a sound file from an unsound one`, async () => {
    const { errors } = await check(version, 'strictest, bundler', 'node', [good, bad], { suffix: '-gates' });
    assert.ok(
      errors.every((each) => each.file.endsWith('bad.ts')),
      JSON.stringify(errors),
    );
    assert.ok(
      errors.some((each) => each.code === 'TS2339'),
      'unknown property',
    );
    assert.ok(
      errors.some((each) => each.code === 'TS6133'),
      'unused local',
    );
  });
}

test('Biome finds a fault', async () => {
  assert.deepStrictEqual(await biome([good]), []);
  assert.ok((await biome([ugly])).some((each) => each.rule.includes('noDebugger')));
});

test('typescript-eslint finds a fault', async () => {
  const findings = await eslint([good, ugly], 'node');
  assert.ok(
    findings.every((each) => each.file.endsWith('ugly.ts')),
    JSON.stringify(findings),
  );
  assert.ok(findings.some((each) => each.rule === '@typescript-eslint/no-explicit-any'));
  assert.ok(findings.some((each) => each.rule === '@typescript-eslint/no-floating-promises'));
});

test('Prettier finds a difference', async () => {
  assert.deepStrictEqual(await prettier([good]), []);
  assert.equal((await prettier([ugly])).length, 1);
});
