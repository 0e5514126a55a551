// The same simulations in Node, on code that the same server emits.
import { createRequire } from 'node:module';
import { knobsOf, simulate, worldOf, wrap } from '../../../web/src/simulate/index.js';

const { transform } = createRequire(new URL('../../../web/package.json', import.meta.url))('sucrase');

/** The schemas that the page makes its forms of, by tool. */
export async function schemasOf(url) {
  const { tools } = await (await fetch(`${url}/v1/tools`)).json();
  const { properties: sections } = await (await fetch(`${url}/v1/stack`)).json();
  const sectionOf = (name) => name.replace('generate_', '').replaceAll(/_(\w)/gu, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(
    tools.map(({ name }) => {
      const section = sections[sectionOf(name)];
      const properties = Object.entries(section.properties).map(([each, property]) => [each, { ...property.anyOf?.[0], ...property }]);
      return [name, { ...section, properties: Object.fromEntries(properties) }];
    }),
  );
}

/** The answer of the server, or undefined for a refusal. */
export async function emit(url, tool, args) {
  const response = await fetch(tool === 'stack' ? `${url}/v1/stack` : `${url}/v1/tools/call`, {
    method: 'POST',
    // A simulation may hold this process for longer than a connection is kept.
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(tool === 'stack' ? args : { tool, args }),
  });
  return response.ok ? response.json() : undefined;
}

export function factoriesOf(files) {
  return Object.fromEntries(
    files
      .filter(({ role }) => role === 'source')
      .map(({ path, content }) => {
        const { code } = transform(content, { transforms: ['typescript', 'imports'], disableESTransforms: true });
        return [path, new Function(`return ${wrap(code)}`)()];
      }),
  );
}

/** The arguments with the schema's defaults, as the page completes them. */
export function complete(schema, args) {
  const defaults = Object.entries(schema?.properties ?? {}).filter(([, property]) => property.default !== undefined);
  return { ...Object.fromEntries(defaults.map(([name, property]) => [name, property.default])), ...args };
}

/** What is run for a limiter: the store in memory. */
export function runArguments(tool, args) {
  if (tool !== 'generate_rate_limiting') return args;
  const { redisClient: _client, onStoreError: _policy, storeTimeoutMs: _limit, withTests: _tests, ...kept } = args;
  return { ...kept, runtime: 'node', store: 'memory', framework: 'fetch' };
}

export async function simulateInNode(url, tool, schema, args, world = {}, options = undefined) {
  const answer = await emit(url, tool, runArguments(tool, args));
  const all = complete(schema, args);
  return simulate(tool, factoriesOf(answer.files), all, worldOf(knobsOf(tool, all, world), world), options);
}

/** The same numbers for the same seed. */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Arguments that the schema allows, few of them far from the defaults; rules between arguments are left to the server. */
export function randomArguments(schema, random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const integer = ({ minimum = 0, maximum = 1_000_000, default: usual }) => {
    const low = Math.max(minimum, usual === undefined ? 1 : Math.floor(usual / 20));
    const high = Math.min(maximum, usual === undefined ? 5_000 : usual * 20 + 5);
    return Math.round(low * (high / Math.max(1, low)) ** random()) || minimum;
  };
  const value = (property) => {
    if (property.enum) return pick(property.enum);
    if (property.type === 'boolean') return random() < 0.5;
    if (property.type === 'integer') return integer(property);
    if (property.type === 'string') return `${pick(['orders', 'payments', 'users', 'search'])}.${pick(['get', 'list', 'charge'])}`;
    if (property.type === 'array') {
      if (property.items.type !== 'object') return [...new Set([429, 500, 502, 503, 504].filter(() => random() < 0.6)), 599].slice(0, 4);
      const entries = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
        Object.fromEntries(
          Object.entries(property.items.properties)
            .filter(([name]) => property.items.required.includes(name) || random() < 0.3)
            .map(([name, member]) => [name, member.type === 'integer' ? integer({ ...member, default: 50 }) : value(member)]),
        ),
      );
      return [...new Map(entries.map((entry) => [entry.name, entry])).values()];
    }
    return {};
  };
  return Object.fromEntries(
    Object.entries(schema.properties)
      .filter(([name]) => (schema.required ?? []).includes(name) || random() < 0.4)
      .map(([name, property]) => [name, value(property)]),
  );
}

/** Settings of the world, each anywhere in its range with a chance of one in three. */
export function randomWorld(tool, args, random) {
  return Object.fromEntries(
    knobsOf(tool, args)
      .filter(() => random() < 0.33)
      .map(({ name, value, min, max, choices }) => [
        name,
        choices
          ? choices[Math.floor(random() * choices.length)].value
          : Math.round(Math.min(max, Math.max(min, value * (0.3 + 2 * random())))),
      ]),
  );
}
