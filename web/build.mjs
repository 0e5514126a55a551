// Builds what the program embeds: the page, one HTML file with its script and style; what an MCP App has beside it; and the simulation for
// the command line.
//
//   node build.mjs            writes src/CrowVault.Mcp/Page/{page.html,app.js,simulate.js}
//   node build.mjs --check    fails when those files are not what the sources give
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const MOST_BYTES = 350 * 1024;
const root = fileURLToPath(new URL('.', import.meta.url));
const quiet = { root, configFile: false, logLevel: 'warn', envDir: false };
const target = 'es2022';

/** One script of an entry and all that it imports. */
async function bundle(entry, format, name) {
  const { output } = [
    await build({
      ...quiet,
      build: { target, write: false, minify: true, lib: { entry: `${root}src/${entry}`, formats: [format], name, fileName: 'bundle' } },
    }),
  ].flat()[0];
  return output[0].code;
}

// The page starts its workers with a classic script.
const engine = await bundle('engine.ts', 'iife', 'CrowVaultEngine');
const app = await bundle('app.ts', 'iife', 'CrowVaultHost');
const command = await bundle('command.js', 'iife', 'CrowVaultCommand');
const { output } = await build({
  ...quiet,
  plugins: [
    {
      name: 'engine',
      resolveId: (id) => (id === 'virtual:engine' ? '\0engine' : undefined),
      load: (id) => (id === '\0engine' ? `export default ${JSON.stringify(engine)};` : undefined),
    },
  ],
  build: {
    target,
    write: false,
    minify: true,
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 1_000_000,
    rollupOptions: { output: { codeSplitting: false } },
  },
});

const find = (test) => output.find(({ fileName }) => test(fileName));
const inline = (script) => script.trim().replaceAll('</script', '<\\/script');
const script = inline(find((name) => name.endsWith('.js')).code);
const style = find((name) => name.endsWith('.css')).source.toString();
const html = find((name) => name.endsWith('.html')).source.toString();
const page = html
  .replace(/\s*<script type="module"[^>]*><\/script>/u, '')
  .replace(/\s*<link rel="stylesheet"[^>]*>/u, () => `\n    <style>${style.trim()}</style>`)
  .replace('</body>', () => `  <script type="module">${script}</script>\n  </body>`);

const sizeOf = (text) => gzipSync(text, { level: 9 }).length;
const host = inline(app);
console.log(
  `page.html: ${String(page.length)} bytes, ${String(sizeOf(page))} with gzip; as an MCP App ${String(sizeOf(page + host))} in all`,
);
if (sizeOf(page + host) > MOST_BYTES) {
  console.error(`The page is over ${String(MOST_BYTES)} bytes with gzip.`);
  process.exitCode = 1;
}
for (const [name, text] of [
  ['page.html', page],
  ['app.js', host],
  ['simulate.js', command],
]) {
  const path = fileURLToPath(new URL(`../src/CrowVault.Mcp/Page/${name}`, import.meta.url));
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is not what web/ gives; run npm run build in web/ and commit the file.`);
    process.exitCode = 1;
  }
}
