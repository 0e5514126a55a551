// The worker's part: runs one simulation after the other for the modules that it was started with.
import { simulate, simulateVariant, stormLines, stormResult, stormVariants } from './index.js';

/**
 * @typedef {Record<string, import('./module.js').ModuleFactory>} Factories
 * @typedef {readonly import('../server.js').EmittedFile[]} Files
 * @typedef {{ id: number, modules?: number, files?: Files, tool: string, args: Record<string, any>, world: Record<string, any> }} Request
 *   `files` are run, loaded once for every number of `modules`; without them those of the start are run.
 * @typedef {{ id: number, result?: import('./result.js').Result, error?: string, mayNotLoad?: string, done: boolean }} Reply
 *   `mayNotLoad` is the text of the modules that this host's policy does not let a worker load.
 */

/**
 * Answers a request, a storm while its first variant is under way and after each of them. Stops early once `isStale` says so.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {Request} request
 * @param {(reply: Reply) => void} reply
 * @param {() => boolean} isStale
 */
export async function answer(factories, { id, tool, args, world }, reply, isStale = () => false) {
  try {
    if (tool !== 'stack') {
      reply({ id, result: await simulate(tool, factories, args, world), done: true });
      return;
    }
    /** @type {import('./storm.js').VariantResult[]} */
    const runs = [];
    const variants = stormVariants(args);
    // A turn of the event loop, in which a newer request may arrive.
    const pause = () => new Promise((resolve) => setTimeout(resolve, 0));
    for (const variant of variants) {
      const run = await simulateVariant(factories, args, world, variant, undefined, async (soFar) => {
        if (runs.length === 0) {
          reply({ id, result: stormLines(world, [soFar]), done: false });
        }
        await pause();
        return isStale();
      });
      if (run === undefined) {
        return;
      }
      runs.push(run);
      await pause();
      if (isStale()) {
        return;
      }
      reply({ id, result: stormResult(args, world, runs), done: runs.length === variants.length });
    }
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error), done: true });
  }
}

/**
 * Serves a worker's messages: only the newest that has not begun is worth an answer. The worker outlives the modules that it runs, so
 * that the simulation is compiled once for all of them. They become a script that it loads: no `eval`, so the page's policy can forbid it.
 *
 * @param {{ onmessage: unknown, postMessage: (reply: Reply) => void, importScripts?: (address: any) => void, trustedTypes?: any, modulesLoaded?: unknown }} scope
 * @param {(files: Files) => string} modulesOf
 * @param {Factories} [atStart]
 */
export function serve(scope, modulesOf, atStart = {}) {
  // Thousands of simulated failures, and nobody reads where they were made. V8 alone has this.
  /** @type {{ stackTraceLimit?: number }} */ (Error).stackTraceLimit = 0;
  let factories = atStart;
  /** @type {number | undefined} */
  let loaded;
  const policy = scope.trustedTypes?.createPolicy('crowvault', {
    // Only what is made here.
    createScriptURL: (/** @type {string} */ address) => (address.startsWith('blob:') ? address : ''),
  });
  scope.modulesLoaded = (/** @type {Factories} */ given) => {
    factories = given;
  };
  const load = (/** @type {string} */ text) => {
    const address = URL.createObjectURL(new Blob([`modulesLoaded(${text});`], { type: 'text/javascript' }));
    try {
      scope.importScripts?.(policy?.createScriptURL(address) ?? address);
    } finally {
      URL.revokeObjectURL(address);
    }
  };
  /** @type {Request | undefined} */
  let next;
  let busy = false;
  const work = async () => {
    busy = true;
    while (next !== undefined) {
      const request = next;
      next = undefined;
      if (request.files !== undefined && request.modules !== loaded) {
        /** @type {string | undefined} */
        let text;
        try {
          text = modulesOf(request.files);
          load(text);
          loaded = request.modules;
        } catch (error) {
          const reason = text === undefined ? { error: String(error) } : { mayNotLoad: text };
          scope.postMessage({ id: request.id, ...reason, done: true });
          continue;
        }
      }
      await answer(factories, request, (reply) => scope.postMessage(reply), () => next !== undefined);
    }
    busy = false;
  };
  scope.onmessage = (/** @type {{ data: Request }} */ { data }) => {
    next = data;
    if (!busy) {
      void work();
    }
  };
}
