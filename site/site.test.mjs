// The site as it is built: no dead link, a page for everything that there is, and no command or option on it that the program does not know.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { programUnderTest, repository } from '../tests/shared/program.mjs';
import { temporaryFolder } from '../tests/shared/temporary.mjs';
import { errors } from './errors.mjs';
import { recipes } from './recipes.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const here = fileURLToPath(new URL('.', import.meta.url));
const built = join(repository, 'artifacts/site');
const { command, args } = programUnderTest();
const run = (...given) => spawnSync(command, [...args, ...given], { encoding: 'utf8' });
const page = (name) => readFileSync(join(here, `.pages/${name}.md`), 'utf8');
const files = (folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' });

before(() => {
  for (const each of [
    ['generate.mjs', command],
    ['node_modules/vitepress/bin/vitepress.js', 'build'],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(here, each[0]), each[1]], {
      cwd: here,
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: temporaryFolder('site') },
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
  }
});

test('Every page is built, and its text is there without a script', () => {
  const names = files(join(here, '.pages')).filter((name) => name.endsWith('.md'));
  assert.ok(names.length >= 25, names.join());
  for (const name of names) {
    const html = readFileSync(join(built, name.replace(/\.md$/u, '.html')), 'utf8');
    const heading = /^# (.+)$/mu.exec(page(name.slice(0, -3)))?.[1] ?? 'Resilience code that you own';
    assert.ok(html.replaceAll(/<[^>]+>/gu, '').includes(heading.replaceAll(/[`*]/gu, '')), `${name}: no "${heading}"`);
    assert.doesNotMatch(html, /<script[^>]+src="https?:/u, name);
  }
});

test('Every code of an error has a page, and every page is of such a code', () => {
  const folder = join(repository, 'snapshots');
  const codes = files(folder)
    .filter((name) => name.includes('.verified.') && !name.includes('.test.') && /\.(?:ts|diff)$/u.test(name))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/readonly code = '([A-Z_]+)'/gu)].map(([, code]) => code));
  assert.deepEqual(errors.map(({ code }) => code).sort(), [...new Set(codes)].sort());
});

test('Every tool has its arguments, its exports and its whole file', () => {
  for (const name of ['circuit-breaker', 'retry-policy', 'rate-limiting', 'timeout-config', 'bulkhead']) {
    const text = page(`tools/${name}`);
    const help = run('generate', name, '--help').stdout;
    const options = [...help.matchAll(/^\s+--([a-z-]+)/gmu)].map(([, option]) =>
      option.replaceAll(/-([a-z])/gu, (_, letter) => letter.toUpperCase()),
    );
    for (const option of options.filter(
      (each) => !/^(?:output|language|dryRun|diff|check|force|merge|name|json|withCode|args|prune)$/u.test(each),
    ))
      assert.ok(text.includes(`| \`${option}\` |`), `${name}: ${option}`);
    // All that the file exports, each with what stands right above it.
    const lines = text.slice(text.indexOf('<summary>The whole file')).split('\n');
    const exported = lines.flatMap((line, index) => {
      const [, kind, own] = /^export (?:async )?(class|function|const|interface|type) (\w+)/u.exec(line) ?? [];
      const [, comment = ''] = /^\/\*\* (.*?[^.]*)(?:\. .*)? \*\/$/u.exec(lines[index - 1]) ?? [];
      return own === undefined ? [] : [{ row: `| \`${own}\` | ${kind} |`, comment }];
    });
    assert.ok(exported.length >= 6, name);
    for (const { row, comment } of exported) {
      const found = text.split('\n').filter((line) => line.startsWith(row));
      assert.equal(found.length, 1, `${name}: ${row}`);
      assert.ok(comment.includes('{@link') || found[0].includes(comment.split('. ')[0]), `${name}: ${found[0]} / ${comment}`);
      assert.doesNotMatch(found[0], /\| \*|\*\/|@default/u);
    }
  }
});

test('Every recipe is of calls that work, and shows their figures', () => {
  for (const { name, calls } of recipes) {
    const text = page(`recipes/${name}`);
    assert.equal(text.match(/^npx -y @crowvault\/mcp generate /gmu)?.length, calls.length, name);
    assert.ok(text.includes('\n- '), name);
  }
});

test('What stands beside a library is a call of the program, or options that it has', () => {
  const text = page('coming-from');
  const help = ['circuit-breaker', 'retry-policy', 'rate-limiting', 'timeout-config', 'bulkhead']
    .map((each) => run('generate', each, '--help').stdout)
    .join('\n');
  const calls = [...text.matchAll(/`(generate [^`]+)`/gu)].map(([, call]) => call);
  assert.ok(calls.length > 10);
  for (const call of new Set(calls)) {
    // Named alone, it stands for its page.
    const given = call.split(' ');
    const { status, stderr } = run(...given, ...(given.length > 2 && !call.includes('with-operations') ? [] : ['--help']));
    assert.equal(status, 0, `${call}: ${stderr}`);
  }
  for (const [option] of text.matchAll(/--[a-z][a-z-]+/gu)) assert.ok(help.includes(`${option} `), option);
});

test('The commands of the guide to the stack do what it says, with its manifest', () => {
  const text = page('docs/STACK');
  const folder = temporaryFolder('guide');
  const manifest = /```json\n(\{\n {2}"\$schema"[\s\S]*?\n\})\n```/u.exec(text)[1];
  writeFileSync(join(folder, 'resilience.json'), manifest.replace('"runtime"', '"withMetrics": true,\n  "runtime"'));
  const commands = [...text.matchAll(/(?:^ {7}|^|`)crowvault-mcp ((?:stack|simulate) [^`\n#]+)/gmu)].map((match) => match[1].trim());
  assert.deepEqual(
    commands.map((each) => each.replace(/ (?:-c|-o) \S+/gu, '')),
    ['stack', 'stack --check', 'stack --diff', 'stack --schema', 'stack --dashboard grafana.json --alerts alerts.yml', 'simulate'],
  );
  for (const each of commands) {
    const { status, stderr } = spawnSync(command, [...args, ...each.split(/\s+/u)], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, `${each}: ${stderr}`);
  }
  for (const name of ['grafana.json', 'alerts.yml', 'src/resilience/upstreams.ts', 'src/resilience/ingress.ts'])
    assert.ok(existsSync(join(folder, name)), name);
});

test('The search index and the pages are all that there is: nothing comes from elsewhere', () => {
  assert.ok(existsSync(join(built, 'index.html')));
  for (const name of files(built).filter((each) => each.endsWith('.css')))
    assert.doesNotMatch(readFileSync(join(built, name), 'utf8'), /url\(["']?https?:/u, name);
});

test('Each tool has its plot', () => {
  for (const name of ['circuit-breaker', 'retry-policy', 'rate-limiting', 'timeout-config', 'bulkhead']) {
    const html = readFileSync(join(built, `tools/${name}.html`), 'utf8');
    const [, source, alt] = /<img src="([^"]+\.svg|data:image\/svg[^"]+)" alt="([^"]+)"/u.exec(html) ?? [];
    assert.ok(alt?.length > 20, `${name}: ${alt}`);
    assert.ok(source.startsWith('data:') || existsSync(join(built, source)), source);
  }
});

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** The built site on this machine, until the test ends. */
async function serve(context) {
  const server = createServer((request, response) => {
    const wanted = join(built, decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const path = wanted.endsWith('/') ? join(wanted, 'index.html') : wanted;
    if (!existsSync(path) || !path.startsWith(built)) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return `http://127.0.0.1:${String(server.address().port)}`;
}

test('A page fits into a phone and onto paper, and its diagrams follow the theme', async (context) => {
  const origin = await serve(context);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  context.after(() => browser.close());
  for (const width of [320, 1280]) {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const missing = [];
    page.on('response', (response) => response.ok() || missing.push(response.url()));
    for (const name of files(join(here, '.pages')).filter((each) => each.endsWith('.md'))) {
      await page.goto(`${origin}/${name.replace(/\.md$/u, '.html')}`);
      const overflow = await page.evaluate(
        () => globalThis.document.documentElement.scrollWidth - globalThis.document.documentElement.clientWidth,
      );
      assert.ok(overflow <= 0, `${name}: ${String(overflow)} px too wide at ${String(width)} px`);
    }
    assert.deepEqual(missing, []);
    await page.close();
  }
  const page = await browser.newPage({ colorScheme: 'light' });
  await page.goto(`${origin}/choose.html`);
  const drawing = async () => {
    await page.waitForFunction(() => globalThis.document.querySelectorAll('div.language-mermaid[data-drawn="true"]').length === 1);
    return page.locator('figure.diagram svg style').textContent();
  };
  const light = await drawing();
  await page.locator('.VPNavBarAppearance button').click();
  await page.waitForFunction((was) => globalThis.document.querySelector('figure.diagram svg style')?.textContent !== was, light);
  assert.notEqual(await drawing(), light);
  await page.emulateMedia({ media: 'print' });
  for (const part of ['.VPNav', '.VPSidebar', '.VPDocFooter']) assert.equal(await page.locator(part).isVisible(), false, part);
});

test('The playground is a click away, draws without a server, and asks nobody for anything', async (context) => {
  const origin = await serve(context);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  context.after(() => browser.close());
  for (const [from, link] of [
    ['index', '.VPHero a'],
    ['docs/STACK', '.VPNavBarMenu a'],
  ]) {
    const page = await browser.newPage();
    const faults = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    await page.goto(`${origin}/${from}.html`);
    const asked = [];
    await page.locator(link).filter({ hasText: 'Playground' }).click();
    await page.waitForURL(`${origin}/playground/**`);
    page.on('request', (request) => request.url().startsWith('http') && asked.push(request.url()));
    await page.locator('.figure').first().waitFor();
    await page.locator('.code').getByText('Generated by').first().waitFor();
    const former = await page.locator('.figures').textContent();
    await page.locator('.tabs a').filter({ hasText: 'Bulkhead' }).click();
    await page.waitForFunction((was) => !['', was].includes(globalThis.document.querySelector('.figures').textContent), former);
    assert.deepEqual(asked, []);
    assert.deepEqual(faults, []);
    await page.close();
  }
});

test('axe finds nothing on a page of each kind, light and dark, and diagrams are drawn', async (context) => {
  const origin = await serve(context);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  context.after(() => browser.close());
  const some = [
    'index',
    'choose',
    'anti-patterns',
    'coming-from',
    'tools/retry-policy',
    'recipes/login',
    'errors/CIRCUIT_OPEN',
    'docs/STACK',
  ];
  const every = files(join(here, '.pages'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -3));
  const kinds = process.env.CROWVAULT_PROOF === 'full' ? every : some;
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ colorScheme });
    const faults = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    for (const kind of kinds) {
      await page.goto(`${origin}/${kind}.html`);
      await page.waitForFunction(() => globalThis.document.querySelectorAll('div.language-mermaid:not([data-drawn="true"])').length === 0);
      const drawn = await page.locator('figure.diagram svg').count();
      assert.equal(drawn, [...readFileSync(join(here, `.pages/${kind}.md`), 'utf8').matchAll(/^```mermaid/gmu)].length, kind);
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => globalThis.axe.run(globalThis.document, { resultTypes: ['violations'] }));
      for (const { id, nodes } of violations)
        found.push(`${kind}, ${colorScheme}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' ')}`);
    }
    assert.deepEqual(faults, []);
    await page.close();
  }
  assert.deepEqual(found, []);
});
