// Time that passes only when everything that was due has been done, and chance that comes out the same in every run.

/**
 * Turns of the microtask queue after which code that an event has set off is at rest. The deepest chain, a call through every layer of
 * the stack, needs fewer than twenty, and a layer alone fewer than six; most of a simulation's time goes into these turns. A test compares
 * the results with those of four times as many.
 */
const TURNS = 32;
const TURNS_OF_ONE_LAYER = 12;

/** How a storm runs unless told otherwise. */
export const DEFAULTS = { turns: TURNS, seed: 1 };

/** How one layer alone runs. */
export const ONE_LAYER = { turns: TURNS_OF_ONE_LAYER, seed: 1 };

/** One entry of the queue. It stands for a timer's handle, so it has the members that Node's and Deno's have. */
class Event {
  /**
   * @param {number} ms
   * @param {number} serial
   * @param {(() => void) | undefined} run
   */
  constructor(ms, serial, run) {
    this.ms = ms;
    this.serial = serial;
    this.run = run;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }

  hasRef() {
    return true;
  }
}

/** A queue of events, ordered by time and, within one moment, by arrival. */
export class VirtualTime {
  ms = 0;
  /** How far the wall clock, which somebody may set, is ahead of it. */
  skewMs = 0;
  /** Called after every moment, when all that it set off is at rest. */
  onRest = () => {};
  /** @type {Event[]} */
  #heap = [];
  #serial = 0;
  #turns;
  /** @type {unknown} */
  #mistake;

  constructor(turns = TURNS) {
    this.#turns = turns;
  }

  /**
   * @param {number} ms moment, from the start
   * @param {() => void} run
   */
  at(ms, run) {
    const event = new Event(Math.max(ms, this.ms), ++this.#serial, run);
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = /** @type {Event} */ (heap[parent]);
      if (!before(event, above)) {
        break;
      }
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
    return event;
  }

  /**
   * Told of what a call has ended with. A mistake in the code that runs is no outcome of a call: it ends the run, so that no figure
   * is made of it.
   *
   * @param {any} error
   */
  failed(error) {
    // fetch says with a TypeError that the network has failed, and gives the cause.
    if (/^(?:Type|Range|Reference|Syntax)Error$/u.test(error?.name) && error.cause === undefined) {
      this.#mistake ??= error;
    }
  }

  /** @param {number} ms from now */
  wait(ms) {
    return new Promise((resolve) => {
      this.at(this.ms + ms, () => resolve(undefined));
    });
  }

  /** Runs until nothing is due, or until `end`. */
  async run(end = Infinity) {
    const heap = this.#heap;
    while (heap.length > 0) {
      const { ms } = /** @type {Event} */ (heap[0]);
      if (ms > end) {
        break;
      }
      let ran = false;
      while (heap.length > 0 && /** @type {Event} */ (heap[0]).ms <= ms) {
        const { run } = this.#take();
        if (run !== undefined) {
          this.ms = ms;
          run();
          ran = true;
        }
      }
      if (ran) {
        for (let turn = 0; turn < this.#turns; turn += 1) {
          await undefined;
        }
        if (this.#mistake !== undefined) {
          throw this.#mistake;
        }
        this.onRest();
      }
    }
    this.ms = Math.max(this.ms, Math.min(end, this.ms));
  }

  #take() {
    const heap = this.#heap;
    const first = /** @type {Event} */ (heap[0]);
    const last = /** @type {Event} */ (heap.pop());
    if (heap.length === 0) {
      return first;
    }
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && before(/** @type {Event} */ (heap[child + 1]), /** @type {Event} */ (heap[child]))) {
        child += 1;
      }
      if (!before(/** @type {Event} */ (heap[child]), last)) {
        break;
      }
      heap[index] = /** @type {Event} */ (heap[child]);
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/**
 * @param {Event} a
 * @param {Event} b
 */
function before(a, b) {
  return a.ms < b.ms || (a.ms === b.ms && a.serial < b.serial);
}

/**
 * Numbers from 0 to 1, the same for the same seed (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
