// One column of one scenario in a process of its own; prints JSON.
import { measure } from 'mitata';

const [scenarioName, columnName, modulePath] = process.argv.slice(2);
const scenario = await import(`./scenarios/${scenarioName}.mjs`);
const column = scenario.columns[columnName];
const run = await column.setup(modulePath ? await import(modulePath) : undefined);
// Where one call takes seconds, one is measured after one that is not.
const once = async () => {
  await run();
  const started = performance.now();
  await run();
  const nanoseconds = (performance.now() - started) * 1e6;
  return { p25: nanoseconds, p50: nanoseconds, p75: nanoseconds, min: nanoseconds, samples: [nanoseconds] };
};
// What a first call makes once is no part of the others; mitata would take its time for theirs, and measure them one by one.
for (let call = 0; call < 20 && !column.once; call += 1) await run();
const { p25, p50, p75, min, samples } = column.once
  ? await once()
  : await measure(run, { min_cpu_time: 250e6, min_samples: 10, warmup_samples: 5 });
const operations = column.operations ?? scenario.operations ?? 1;
console.log(
  JSON.stringify({ p25: p25 / operations, p50: p50 / operations, p75: p75 / operations, min: min / operations, samples: samples.length }),
);
process.exit(0);
