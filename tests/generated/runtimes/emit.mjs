// lib/emit.mjs where there is neither child process nor file system: what the run on Node recorded, bundled by Vite.
import { keyOf } from '../lib/keys.mjs';

export const replay = true;

const answers = import.meta.glob('/.emitted/recorded/*.json', { import: 'default' });
const modules = import.meta.glob('/.emitted/recorded/*.mjs');

export async function emit(tool, args = {}) {
  const answer = await answers[`/.emitted/recorded/${keyOf(tool, args)}.json`]?.();
  if (answer === undefined) throw new Error(`Not recorded: ${tool} ${JSON.stringify(args)}`);
  if (answer.result) return answer.result;
  throw new Error(`${tool} refused ${JSON.stringify(args)}: ${answer.refused}`);
}

// One copy of the module for each load() that the recorded run made, so that no two share state.
const loads = new Map();

export async function load(tool, args = {}) {
  await emit(tool, args);
  const key = keyOf(tool, args);
  const count = (loads.get(key) ?? 0) + 1;
  loads.set(key, count);
  const path = `/.emitted/recorded/${key}.mjs`;
  if (modules[path] === undefined) throw new Error(`Not recorded: ${path}`);
  return import(/* @vite-ignore */ `${path}?load=${String(count)}`);
}

export const compared = async (_subject, run) => void (await run());
