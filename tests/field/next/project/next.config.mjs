import { join } from 'node:path';

// The packages are in a folder above this one.
const root = join(import.meta.dirname, '../..');

export default { turbopack: { root }, outputFileTracingRoot: root };
