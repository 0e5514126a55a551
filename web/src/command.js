// What `crowvault-mcp simulate` hands to node, deno or bun: the page's own simulation, on the files that the program has emitted.
import { stripTypes } from './simulate/strip.js';
import { knobsOf, simulate, worldOf, wrap } from './simulate/index.js';
import { say } from './simulate/result.js';
import { svgOf } from './simulate/svg.js';

/**
 * @param {{ manifest: Record<string, any>, scenario: string, service: string | null, operation: string | null, files: { path: string, content: string }[] }} request
 */
export async function command({ manifest, scenario, service, operation, files }) {
  const factories = Object.fromEntries(
    files.map(({ path, content }) => [path, new Function(`return ${wrap(stripTypes(content))}`)()]),
  );
  const given = { scenario, ...(service === null ? {} : { partition: service }), ...(operation === null ? {} : { operation }) };
  const knobs = knobsOf('stack', manifest, given);
  const world = worldOf(knobs, given);
  const result = await simulate('stack', factories, manifest, world);
  const shown = knobs
    .filter(({ name }) => name !== 'scenario' && !(scenario === 'outage' && name === 'severity'))
    .map(({ name, label, unit }) => `${label}: ${unit === 'choice' ? String(world[name]) : say(world[name], unit)}`);
  const several = (knobs.find(({ name }) => name === 'partition')?.choices?.length ?? 0) > 1;
  const remarks = several ? [`The service that is called: ${String(world.partition)}.`, ...result.remarks] : result.remarks;
  const title = `${scenario}, with and without each layer`;
  console.log(
    JSON.stringify({
      scenario,
      world: shown,
      columns: result.table?.columns ?? [],
      rows: result.table?.rows ?? [],
      figures: result.figures,
      remarks,
      svg: svgOf({ ...result, remarks }, title),
    }),
  );
}
