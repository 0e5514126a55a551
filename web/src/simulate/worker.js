// The worker's part: runs one simulation after the other for the modules that it was started with.
import { simulate, simulateVariant, stormResult, stormVariants } from './index.js';

/**
 * @typedef {{ id: number, tool: string, args: Record<string, any>, world: Record<string, any> }} Request
 * @typedef {{ id: number, result?: import('./result.js').Result, error?: string, done: boolean }} Reply
 */

/**
 * Answers a request, a storm after each of its variants. Stops early once `isStale` says so.
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
    const runs = [];
    const variants = stormVariants(args);
    for (const variant of variants) {
      runs.push(await simulateVariant(factories, args, world, variant));
      // A turn of the event loop, in which a newer request may arrive.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (isStale()) {
        return;
      }
      reply({ id, result: stormResult(world, runs), done: runs.length === variants.length });
    }
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error), done: true });
  }
}

/**
 * Serves a worker's messages: only the newest that has not begun is worth an answer.
 *
 * @param {Record<string, import('./module.js').ModuleFactory>} factories
 * @param {{ onmessage: unknown, postMessage: (reply: Reply) => void }} scope
 */
export function serve(factories, scope) {
  /** @type {Request | undefined} */
  let next;
  let busy = false;
  const work = async () => {
    busy = true;
    while (next !== undefined) {
      const request = next;
      next = undefined;
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
