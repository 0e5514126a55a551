// Runs the scenarios and prints one table for each.
//
//   node run.mjs [--rounds N] [--check] [--only-sizes] [SCENARIO...]
//
// Every column runs in a process of its own, and the columns take turns, round after round, so that what else the machine does meets all of
// them. A figure is the median over the rounds of each round's median; the spread is the least and the greatest of those. A ratio compares
// two columns round by round, and its median counts. --check makes the exit code say whether every bound was held.
// Without --rounds the results go to results.json, of which docs/PROOF.md is made; named scenarios replace theirs there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emit } from '../generated/lib/emit.mjs';
import { disconnect } from '../generated/lib/server.mjs';
import { sizes } from './sizes.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const given = process.argv.slice(2);
const take = (flag) => given.includes(flag) && given.splice(given.indexOf(flag), 1).length > 0;
const check = take('--check');
const onlySizes = take('--only-sizes');
const at = given.indexOf('--rounds');
const rounds = at < 0 ? 7 : Number(given.splice(at, 2)[1]);
const packaged = join(here, 'node_modules/node24/bin/node');
const node = process.env.CROWVAULT_BENCH_NODE ?? (existsSync(packaged) ? packaged : process.execPath);
const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const show = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));

const names = readdirSync(join(here, 'scenarios'))
  .filter((each) => each.endsWith('.mjs') && !each.endsWith('.shared.mjs'))
  .map((each) => each.slice(0, -4))
  .filter((each) => given.length === 0 || given.some((name) => each.includes(name)));

mkdirSync(join(here, '.emitted'), { recursive: true });
const results = {
  on: { node: version, cpu: cpus()[0]?.model.trim(), cores: cpus().length, platform: `${process.platform} ${process.arch}`, rounds },
  scenarios: [],
};
let missed = 0;
const lines = [`${results.on.node}, ${results.on.cpu}, ${String(results.on.cores)} cores, ${String(rounds)} rounds`];

for (const name of onlySizes ? [] : names) {
  const scenario = await import(`./scenarios/${name}.mjs`);
  const columns = [];
  for (const [column, { emit: call }] of Object.entries(scenario.columns)) {
    let path = '';
    if (call) {
      path = join(here, '.emitted', `${name}-${column.replace(/\W+/gu, '-')}.mjs`);
      try {
        const { files } = await emit(...call);
        writeFileSync(path, files.find((each) => each.role === 'source').javascript);
      } catch (error) {
        console.error(`${name}: ${column} is left out: ${String(error.message).slice(0, 200)}`);
        continue;
      }
    }
    columns.push({ column, path, rounds: [] });
  }
  const turns = at < 0 ? (scenario.rounds ?? rounds) : rounds;
  for (let round = 0; round < turns; round++) {
    for (const entry of [...columns]) {
      const { stdout, stderr, error } = spawnSync(node, ['--expose-gc', join(here, 'column.mjs'), name, entry.column, entry.path], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      if (error?.code === 'ETIMEDOUT') {
        console.error(`${name}: ${entry.column} is left out: it needed more than 20 s`);
        columns.splice(columns.indexOf(entry), 1);
        continue;
      }
      try {
        entry.rounds.push(JSON.parse(stdout).p50);
      } catch {
        throw new Error(`${name}, ${entry.column}: ${stderr}`);
      }
    }
  }
  const base = columns.find((each) => each.column.startsWith('emitted')) ?? columns[0];
  const rows = columns.map((each) => ({
    column: each.column,
    nanoseconds: median(each.rounds),
    least: Math.min(...each.rounds),
    most: Math.max(...each.rounds),
    ratio: median(each.rounds.map((value, index) => value / base.rounds[index])),
  }));
  const bounds = (scenario.bounds ?? []).flatMap(({ column, against, most }) => {
    const [ours, theirs] = [column, against].map((wanted) => columns.find((each) => each.column === wanted));
    if (ours === undefined || theirs === undefined) {
      missed++;
      console.error(`${name}: ${column} against ${against} could not be measured, and counts as missed`);
      return [];
    }
    const ratio = median(ours.rounds.map((value, index) => value / theirs.rounds[index]));
    if (ratio > most) missed++;
    return [{ column, against, ratio, most, held: ratio <= most }];
  });
  const title = turns === rounds ? scenario.title : `${scenario.title} (${String(turns)} rounds)`;
  results.scenarios.push({ name, title, rows, bounds });
  lines.push('', `### ${title}`, '', `| | ns per ${scenario.unit ?? 'call'} (least to most) | of "${base.column}" |`, '|---|---:|---:|');
  for (const row of rows)
    lines.push(`| ${row.column} | ${show(row.nanoseconds)} (${show(row.least)} to ${show(row.most)}) | ${row.ratio.toFixed(2)} x |`);
  if (bounds.length > 0) lines.push('');
  for (const each of bounds)
    lines.push(
      `- ${each.column} against ${each.against}: ${each.ratio.toFixed(2)} (bound ${each.most.toFixed(2)}) ${each.held ? 'held' : '**missed**'}`,
    );
  console.log(lines.splice(0).join('\n'));
}

results.sizes = await sizes();
lines.push('', '### Size, bundled and minified, per feature', '', '| | bytes | gzip |', '|---|---:|---:|');
for (const each of results.sizes) lines.push(`| ${each.name} | ${each.bytes.toLocaleString('en')} | ${each.gzip.toLocaleString('en')} |`);
console.log(lines.splice(0).join('\n'));
await disconnect();
// Of the scenarios that are not named, what an earlier run has found stays.
const file = join(here, 'results.json');
if (!onlySizes && given.length > 0 && existsSync(file)) {
  const earlier = JSON.parse(readFileSync(file, 'utf8')).scenarios;
  const isAgain = ({ name }) => results.scenarios.some((each) => each.name === name);
  results.scenarios = [...earlier.filter((each) => !isAgain(each)), ...results.scenarios].sort((a, b) => (a.name < b.name ? -1 : 1));
}
if (!onlySizes && at < 0) writeFileSync(file, JSON.stringify(results, null, 2));
console.log(`\n${String(missed)} bounds missed`);
process.exit(check && missed > 0 ? 1 : 0);
