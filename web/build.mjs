// Builds the page: one HTML file with its script and style, which the server embeds.
//
//   node build.mjs            writes src/CrowVault.Mcp/Page/page.html
//   node build.mjs --check    fails when that file is not what the sources give
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const MOST_BYTES = 350 * 1024;
const root = fileURLToPath(new URL('.', import.meta.url));
const quiet = { root, configFile: false, logLevel: 'warn', envDir: false };
const target = 'es2022';

/** The simulation as one classic script, which the page starts its workers with. */
async function bundleSimulation() {
  const { output } = [
    await build({
      ...quiet,
      build: {
        target,
        write: false,
        minify: true,
        lib: { entry: `${root}src/simulate/worker.js`, formats: ['iife'], name: 'CrowVaultSimulation' },
      },
    }),
  ].flat()[0];
  return output[0].code;
}

const simulation = await bundleSimulation();
const { output } = await build({
  ...quiet,
  plugins: [
    {
      name: 'simulation',
      resolveId: (id) => (id === 'virtual:simulation' ? '\0simulation' : undefined),
      load: (id) => (id === '\0simulation' ? `export default ${JSON.stringify(simulation)};` : undefined),
    },
  ],
  build: { target, write: false, minify: true, cssCodeSplit: false, modulePreload: false, assetsInlineLimit: 1_000_000, rollupOptions: { output: { codeSplitting: false } } },
});

const find = (test) => output.find(({ fileName }) => test(fileName));
const script = find((name) => name.endsWith('.js')).code;
const style = find((name) => name.endsWith('.css')).source.toString();
const html = find((name) => name.endsWith('.html')).source.toString();
const page = html
  .replace(/\s*<script type="module"[^>]*><\/script>/u, '')
  .replace(/\s*<link rel="stylesheet"[^>]*>/u, () => `\n    <style>${style.trim()}</style>`)
  .replace('</body>', () => `  <script type="module">${script.trim().replaceAll('</script', '<\\/script')}</script>\n  </body>`);

const path = fileURLToPath(new URL('../src/CrowVault.Mcp/Page/page.html', import.meta.url));
const size = gzipSync(page, { level: 9 }).length;
console.log(`page.html: ${String(page.length)} bytes, ${String(size)} with gzip`);
if (size > MOST_BYTES) {
  console.error(`page.html is over ${String(MOST_BYTES)} bytes with gzip.`);
  process.exitCode = 1;
}
if (!process.argv.includes('--check')) {
  writeFileSync(path, page);
} else if (readFileSync(path, 'utf8') !== page) {
  console.error('page.html is not what web/ gives; run npm run build in web/ and commit the file.');
  process.exitCode = 1;
}
