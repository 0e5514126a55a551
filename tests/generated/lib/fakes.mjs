// What a behaviour test puts in the place of a runtime's own things; plain JavaScript for every runtime.

/** Counts the listeners for `abort` that a signal still has. */
export function listenersOf(signal) {
  const listeners = new Set();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type, listener, options) => {
    if (type === 'abort') listeners.add(listener);
    if (type === 'abort' && options?.once) addEventListener.call(signal, type, () => listeners.delete(listener), options);
    addEventListener.call(signal, type, listener, options);
  };
  signal.removeEventListener = (type, listener) => {
    if (type === 'abort') listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return () => listeners.size;
}

/** While `run` runs, a timer fires only by `fire()`, which answers the delay that the oldest one had. */
export async function withTimers(run) {
  const { setTimeout, clearTimeout } = globalThis;
  const pending = new Map();
  let serial = 0;
  globalThis.setTimeout = (callback, ms) => {
    pending.set(++serial, { callback, ms });
    return serial;
  };
  globalThis.clearTimeout = (timer) => void pending.delete(timer);
  const fire = () => {
    const [timer, { callback, ms }] = pending.entries().next().value;
    pending.delete(timer);
    callback();
    return ms;
  };
  try {
    return await run({ pending, fire });
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}
