// One column of one scenario in a process of its own; prints JSON.
import { measure } from 'mitata';

const [scenarioName, columnName, modulePath] = process.argv.slice(2);
const scenario = await import(`./scenarios/${scenarioName}.mjs`);
const column = scenario.columns[columnName];
const run = await column.setup(modulePath ? await import(modulePath) : undefined);
const { p25, p50, p75, min, samples } = await measure(run, { min_cpu_time: 250e6, min_samples: 10, warmup_samples: 5 });
const operations = scenario.operations ?? 1;
console.log(JSON.stringify({ p25: p25 / operations, p50: p50 / operations, p75: p75 / operations, min: min / operations, samples: samples.length }));
process.exit(0);
