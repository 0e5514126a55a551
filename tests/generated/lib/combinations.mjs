import { randomOf } from './random.mjs';

/** How many combinations `{ name: [values] }` has. */
export const count = (domains) => Object.values(domains).reduce((product, values) => product * values.length, 1);

/** All of them. */
export function* all(domains) {
  const names = Object.keys(domains);
  const total = count(domains);
  for (let index = 0; index < total; index++) {
    let rest = index;
    const row = {};
    for (const name of names) {
      const values = domains[name];
      row[name] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    yield row;
  }
}

/** A small set of rows in which every pair of values of every two names occurs (greedy, seeded); rows that `valid` refuses are not used. */
export function pairwise(domains, { seed = 1, valid = () => true, tries = 40 } = {}) {
  const names = Object.keys(domains);
  const random = randomOf(seed);
  const open = new Set();
  const key = (a, i, b, j) => `${a}.${i}|${b}.${j}`;
  for (let a = 0; a < names.length; a++)
    for (let b = a + 1; b < names.length; b++)
      for (let i = 0; i < domains[names[a]].length; i++)
        for (let j = 0; j < domains[names[b]].length; j++) open.add(key(a, i, b, j));
  const rows = [];
  const toRow = (picks) => Object.fromEntries(names.map((name, a) => [name, domains[name][picks[a]]]));
  const gain = (picks) => {
    let found = 0;
    for (let a = 0; a < names.length; a++)
      for (let b = a + 1; b < names.length; b++) if (open.has(key(a, picks[a], b, picks[b]))) found++;
    return found;
  };
  while (open.size > 0) {
    const [first] = open;
    const [left, right] = first.split('|').map((each) => each.split('.').map(Number));
    let best;
    for (let attempt = 0; attempt < tries; attempt++) {
      const picks = names.map((name) => random.below(domains[name].length));
      picks[left[0]] = left[1];
      picks[right[0]] = right[1];
      if (!valid(toRow(picks))) continue;
      const score = gain(picks);
      if (best === undefined || score > best.score) best = { picks, score };
    }
    if (best === undefined) {
      open.delete(first); // the pair itself makes no sense, as Redis in a browser
      continue;
    }
    const { picks } = best;
    for (let a = 0; a < names.length; a++)
      for (let b = a + 1; b < names.length; b++) open.delete(key(a, picks[a], b, picks[b]));
    rows.push(toRow(picks));
  }
  return rows;
}
