// Emitted TypeScript as JavaScript that runs.
import { transform } from 'sucrase';

/** @typedef {{ readonly typeScript: string[], readonly javaScript: string[] }} Stripped */

/** An emitted file as JavaScript of a CommonJS module. */
export function stripTypes(/** @type {string} */ typeScript) {
  return transform(typeScript, { transforms: ['typescript', 'imports'], disableESTransforms: true }).code;
}

/**
 * A `stripTypes` that takes over what it made of an earlier state of the same file where only figures differ: what a slider changes.
 *
 * @returns {(path: string, content: string) => string}
 */
export function newStripper() {
  /** @type {Map<string, Stripped>} */
  const last = new Map();
  return (path, content) => {
    const typeScript = content.split('\n');
    const javaScript = sameButFigures(typeScript, last.get(path)) ?? stripTypes(content).split('\n');
    last.set(path, { typeScript, javaScript });
    return javaScript.join('\n');
  };
}

/**
 * Undefined where more than figures differs, or where stripping took some of a line's figures and left others.
 *
 * @param {string[]} typeScript
 * @param {Stripped | undefined} before
 */
export function sameButFigures(typeScript, before) {
  // Stripping keeps the number of lines, but nothing promises that.
  if (before?.typeScript.length !== typeScript.length || before.javaScript.length !== typeScript.length) {
    return undefined;
  }
  const javaScript = [...before.javaScript];
  for (const [index, line] of typeScript.entries()) {
    const old = before.typeScript[index] ?? '';
    if (line !== old) {
      const stripped = javaScript[index] ?? '';
      const left = figuresOf(stripped);
      const isWhole = left.length === 0 || left.join() === figuresOf(old).join();
      if (!isWhole || line.replace(FIGURE, '0') !== old.replace(FIGURE, '0')) {
        return undefined;
      }
      const figures = figuresOf(line);
      javaScript[index] = stripped.replace(FIGURE, () => figures.shift() ?? '');
    }
  }
  return javaScript;
}

/** A number, or the fingerprint in a header. */
const FIGURE = /\b[0-9a-f]{32}\b|\d[\d_]*(?:\.\d+)?/gu;

const figuresOf = (/** @type {string} */ line) => line.match(FIGURE) ?? [];
