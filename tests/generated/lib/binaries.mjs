// Where the other programs are: the npm packages of this workspace hold them for Linux on x64, elsewhere PATH does.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

const known = {
  biome: '@biomejs/cli-linux-x64/biome',
  bun: '@oven/bun-linux-x64/bin/bun',
  deno: '@deno/linux-x64-glibc/deno',
  node20: 'node20/bin/node',
  node22: 'node22/bin/node',
  node24: 'node24/bin/node',
};

/** The absolute path of the program, or undefined where it is not to be had. */
export function binary(name) {
  const packaged = known[name] && join(modules, known[name]);
  if (packaged && existsSync(packaged)) return packaged;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    if (existsSync(candidate)) return candidate;
  }
  return undefined;
}
