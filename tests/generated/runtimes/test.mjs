// node:test on top of Vitest.
import { afterAll, afterEach, beforeAll, beforeEach, describe, test as vitestTest } from 'vitest';

export function test(name, ...rest) {
  const fn = rest.at(-1);
  const options = rest.length > 1 ? rest[0] : {};
  if (options.skip) return vitestTest.skip(name, () => undefined);
  return vitestTest(name, () => fn(context()));
}
test.skip = (name) => vitestTest.skip(name, () => undefined);
test.describe = describe;
test.test = test;

// Subtests run at once, in order, as part of their parent.
function context() {
  return {
    test: async (_name, ...rest) => {
      await rest.at(-1)(context());
    },
    diagnostic: () => undefined,
    after: () => undefined,
  };
}

export const it = test;
export const suite = describe;
export const before = beforeAll;
export const after = afterAll;
export { afterEach, beforeEach, describe };
export default test;
