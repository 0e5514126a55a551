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

/** As few of the given rows as needed, so that every pair of values that occurs in any of them still occurs (greedy). */
export function covering(rows) {
  const pairsOf = (row) => {
    const cells = Object.entries(row).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return cells.flatMap((cell, index) => cells.slice(index + 1).map((other) => `${cell}|${other}`));
  };
  const candidates = rows.map((row) => ({ row, pairs: pairsOf(row) }));
  const open = new Set(candidates.flatMap((each) => each.pairs));
  const chosen = [];
  while (open.size > 0) {
    let best;
    for (const each of candidates) {
      each.pairs = each.pairs.filter((pair) => open.has(pair));
      if (best === undefined || each.pairs.length > best.pairs.length) best = each;
    }
    for (const pair of best.pairs) open.delete(pair);
    chosen.push(best.row);
  }
  return chosen;
}
