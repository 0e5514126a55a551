// The fenced blocks and links of a Markdown page, each with the heading or folded section that it stands in.
import { readFileSync } from 'node:fs';
import { inRepository } from './release.mjs';

/** The blocks as `{ language, text, section }`, in their order. */
export function blocksOf(name) {
  const blocks = [];
  const sectionOf = sections();
  let open;
  for (const line of readFileSync(inRepository(name), 'utf8').split('\n')) {
    if (open !== undefined) {
      if (line === '```') {
        blocks.push({ ...open, text: open.text.join('\n') });
        open = undefined;
      } else open.text.push(line);
      continue;
    }
    const section = sectionOf(line);
    const fence = /^```(\w*)$/.exec(line);
    if (fence) open = { language: fence[1], text: [], section };
  }
  if (open !== undefined) throw new Error(`${name}: a block is not closed`);
  return blocks;
}

/** The targets of all links and pictures, with the section each stands in. */
export function linksOf(name) {
  const links = [];
  const sectionOf = sections();
  for (const line of readFileSync(inRepository(name), 'utf8').split('\n')) {
    const section = sectionOf(line);
    for (const match of line.matchAll(/\]\(([^)\s]+)\)/g)) links.push({ section, target: match[1] });
  }
  return links;
}

/** Tells, line by line, where one is: under a heading, or in what a summary folds until it ends. */
function sections() {
  let heading = '';
  let folded;
  return (line) => {
    heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
    folded = line === '</details>' ? undefined : (/^<summary>(.+)<\/summary>$/.exec(line)?.[1] ?? folded);
    return folded ?? heading;
  };
}
