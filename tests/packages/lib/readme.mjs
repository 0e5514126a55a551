// The fenced blocks and links of a Markdown page, each with the heading or folded section that it stands in.
import { readFileSync } from 'node:fs';
import { inRepository } from './release.mjs';

/** The blocks as `{ language, text, section }`, in their order. */
export function blocksOf(name) {
  const blocks = [];
  let section = '';
  let open;
  for (const line of readFileSync(inRepository(name), 'utf8').split('\n')) {
    if (open !== undefined) {
      if (line === '```') {
        blocks.push({ ...open, text: open.text.join('\n') });
        open = undefined;
      } else open.text.push(line);
      continue;
    }
    section = /^#+ (.+)$/.exec(line)?.[1] ?? /^<summary>(.+)<\/summary>$/.exec(line)?.[1] ?? section;
    const fence = /^```(\w*)$/.exec(line);
    if (fence) open = { language: fence[1], text: [], section };
  }
  if (open !== undefined) throw new Error(`${name}: a block is not closed`);
  return blocks;
}

/** The targets of all links and pictures, with the section each stands in. */
export function linksOf(name) {
  const links = [];
  let section = '';
  for (const line of readFileSync(inRepository(name), 'utf8').split('\n')) {
    section = /^#+ (.+)$/.exec(line)?.[1] ?? /^<summary>(.+)<\/summary>$/.exec(line)?.[1] ?? section;
    for (const match of line.matchAll(/\]\(([^)\s]+)\)/g)) links.push({ section, target: match[1] });
  }
  return links;
}
