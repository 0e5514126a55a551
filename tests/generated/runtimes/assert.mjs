// The part of node:assert/strict that behaviour tests use, on top of Vitest's expect.
import { expect } from 'vitest';

export class AssertionError extends Error {
  name = 'AssertionError';
}

function fail(message = 'failed') {
  throw message instanceof Error ? message : new AssertionError(message);
}

function ok(value, message = 'expected a truthy value') {
  if (!value) fail(message);
}

const strictEqual = (actual, expected, message) => expect(actual, message).toBe(expected);
const notStrictEqual = (actual, expected, message) => expect(actual, message).not.toBe(expected);
const deepStrictEqual = (actual, expected, message) => expect(actual, message).toStrictEqual(expected);
const notDeepStrictEqual = (actual, expected, message) => expect(actual, message).not.toStrictEqual(expected);
const match = (text, pattern, message) => expect(text, message).toMatch(pattern);
const doesNotMatch = (text, pattern, message) => expect(text, message).not.toMatch(pattern);

function conforms(error, expected) {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) match(String(error), expected);
  else if (typeof expected !== 'function') {
    for (const [name, value] of Object.entries(expected)) {
      if (value instanceof RegExp && typeof error[name] === 'string') match(error[name], value);
      else deepStrictEqual(error[name], value, name);
    }
  } else if (expected === Error || Object.prototype.isPrototypeOf.call(Error, expected) || expected.prototype !== undefined) {
    ok(error instanceof expected, `expected ${expected.name}, got ${String(error)}`);
  } else ok(expected(error) === true, `the validation of ${String(error)} did not return true`);
}

function throws(fn, expected) {
  try {
    fn();
  } catch (error) {
    conforms(error, expected);
    return;
  }
  fail('expected a throw');
}

async function rejects(work, expected) {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    conforms(error, expected);
    return;
  }
  fail('expected a rejection');
}

const doesNotThrow = (fn) => void fn();
const doesNotReject = async (work) => void (await (typeof work === 'function' ? work() : work));

const assert = Object.assign((value, message) => ok(value, message), {
  AssertionError,
  ok,
  fail,
  strictEqual,
  notStrictEqual,
  deepStrictEqual,
  notDeepStrictEqual,
  match,
  doesNotMatch,
  throws,
  rejects,
  doesNotThrow,
  doesNotReject,
  equal: strictEqual,
  notEqual: notStrictEqual,
  deepEqual: deepStrictEqual,
  notDeepEqual: notDeepStrictEqual,
});
assert.strict = assert;

export default assert;
export {
  assert,
  ok,
  fail,
  strictEqual,
  notStrictEqual,
  deepStrictEqual,
  notDeepStrictEqual,
  match,
  doesNotMatch,
  throws,
  rejects,
  doesNotThrow,
  doesNotReject,
  strictEqual as equal,
  notStrictEqual as notEqual,
  deepStrictEqual as deepEqual,
  notDeepStrictEqual as notDeepEqual,
};
