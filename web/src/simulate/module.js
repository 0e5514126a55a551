// Runs emitted modules with virtual time in the place of the clock, the timers and chance. Nothing global is replaced: the
// module's text becomes the body of a function whose parameters have the names of what it would have found there.

/** @typedef {import('./time.js').VirtualTime} VirtualTime */

/**
 * What an emitted module exports; which names there are depends on the tool.
 *
 * @typedef {Record<string, any>} Exports
 */

/**
 * @typedef {(scope: Record<string, unknown>) => Exports} ModuleFactory
 */

/** Names that mean something else inside a simulated module. */
const NAMES = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance', 'Math', 'AbortSignal', 'AbortController', 'process', 'globalThis'];

/**
 * The text of a function that runs a CommonJS module in the scope it is given.
 *
 * @param {string} javaScript an emitted module without types, its imports and exports as CommonJS
 */
export function wrap(javaScript) {
  return `(function (scope) {\n"use strict";\nconst { ${NAMES.join(', ')}, require, exports } = scope;\n${javaScript}\nreturn exports;\n})`;
}

/**
 * Loads modules anew, as a process would that has just started.
 *
 * @param {Record<string, ModuleFactory>} factories by file name, such as `retry.ts`
 * @param {VirtualTime} time
 * @param {() => number} random
 * @returns {(file: string) => Exports}
 */
export function startProcess(factories, time, random) {
  /** @type {Map<string, Exports>} */
  const loaded = new Map();
  const world = scopeOf(time, random);
  /** @type {(file: string) => Exports} */
  const load = (file) => {
    const known = loaded.get(file);
    if (known !== undefined) {
      return known;
    }
    const factory = factories[file];
    if (factory === undefined) {
      throw new ReferenceError(`${file}: no such module.`);
    }
    const exports = {};
    loaded.set(file, exports);
    const require = (/** @type {string} */ path) => load(path.replace(/^\.\//u, '').replace(/(\.[jt]s)?$/u, '.ts'));
    return factory({ ...world, require, exports });
  };
  return load;
}

/**
 * @param {VirtualTime} time
 * @param {() => number} random
 */
function scopeOf(time, random) {
  const epoch = Date.UTC(2026, 0, 1);
  /** @type {(run: (...rest: unknown[]) => void, ms?: number, ...rest: unknown[]) => unknown} */
  const setTimeout = (run, ms = 0, ...rest) => time.at(time.ms + Math.max(1, ms), () => run(...rest));
  const clearTimeout = (/** @type {{ run?: unknown } | undefined} */ event) => {
    if (event !== undefined && event !== null) {
      event.run = undefined;
    }
  };
  /** @type {(run: (...rest: unknown[]) => void, ms?: number, ...rest: unknown[]) => unknown} */
  const setInterval = (run, ms = 0, ...rest) => {
    const handle = { run: /** @type {unknown} */ (run) };
    const again = () => {
      if (handle.run !== undefined) {
        run(...rest);
        time.at(time.ms + Math.max(1, ms), again);
      }
    };
    time.at(time.ms + Math.max(1, ms), again);
    return handle;
  };
  class VirtualDate extends Date {
    /** @param {any[]} given */
    constructor(...given) {
      super(.../** @type {[]} */ (given.length === 0 ? [epoch + time.ms + time.skewMs] : given));
    }

    /** @override */
    static now() {
      return Math.floor(epoch + time.ms + time.skewMs);
    }
  }
  const performance = { now: () => time.ms, timeOrigin: epoch };
  const VirtualMath = Object.create(Math, { random: { value: random } });
  const VirtualSignal = new Proxy(AbortSignal, {
    get: (target, name) => (name === 'timeout' ? signalAfter : Reflect.get(target, name)),
  });
  /** @param {number} ms */
  const signalAfter = (ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms);
    return controller.signal;
  };
  const replaced = {
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval: clearTimeout,
    Date: VirtualDate,
    performance,
    Math: VirtualMath,
    AbortSignal: VirtualSignal,
    AbortController,
    // Hidden, so that Node runs the modules as a browser does, and without its asynchronous hooks.
    process: undefined,
    AsyncLocalStorage: undefined,
    // Hidden, because a browser's can only be read from the real scope.
    navigator: undefined,
  };
  const members = Object.fromEntries(Object.entries(replaced).map(([name, value]) => [name, { value }]));
  return { ...replaced, globalThis: Object.create(globalThis, members) };
}
