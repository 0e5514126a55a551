// The shadcn registry: its own command line adds items of a server, and those of the release, to a project; their bytes are those of the program.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { registryItemSchema, registrySchema } from 'shadcn/schema';
import { json, list, pathOf, program, temporary, unpack, workspace } from '../lib/release.mjs';
import { serve, succeed } from '../lib/server.mjs';

// The command asks its own registry for a palette, whatever it adds. Here this answers, and serves the files of the release.
const palette = { inlineColors: { light: {}, dark: {} }, cssVars: { light: {}, dark: {} }, inlineColorsTemplate: '', cssVarsTemplate: '' };
let release;
let files;
let base;
before(async () => {
  release = unpack(pathOf('registry'));
  files = createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json');
    if (request.url === '/base/colors/neutral.json') response.end(JSON.stringify(palette));
    else if (/^\/r\/[a-z-]+\.json$/.test(request.url)) response.end(readFileSync(join(release, request.url)));
    else response.writeHead(404).end('{}');
  });
  await new Promise((listening) => files.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${String(files.address().port)}`;
});
after(() => new Promise((closed) => files.close(closed)));

/** A small project that shadcn knows. */
function project(components = {}) {
  const cwd = temporary();
  mkdirSync(join(cwd, 'src'));
  const write = (name, content) => writeFileSync(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
  write('package.json', { name: 'project', private: true, type: 'module' });
  write('tsconfig.json', { compilerOptions: { paths: { '@/*': ['./src/*'] } } });
  write('src/index.css', '');
  write('components.json', {
    style: 'new-york',
    rsc: false,
    tsx: true,
    tailwind: { config: '', css: 'src/index.css', baseColor: 'neutral', cssVariables: true },
    aliases: { components: '@/components', utils: '@/lib/utils', lib: '@/lib' },
    ...components,
  });
  return cwd;
}

const add = (cwd, item, env = {}) =>
  succeed(process.execPath, [join(workspace, 'node_modules/shadcn/dist/index.js'), 'add', item, '--yes'], {
    cwd,
    env: { ...process.env, REGISTRY_URL: `${base}/base`, HOME: cwd, NO_COLOR: '1', ...env },
  });

test('shadcn add writes what a served item holds, the bytes of the program', async () => {
  const server = await serve(program());
  try {
    const cwd = project();
    await add(cwd, `${server.url}/r/retry-policy.json?max-retries=2&withTests`);
    const expected = temporary();
    await succeed(program(), ['generate', 'retry-policy', '--max-retries', '2', '--with-tests', '-o', expected]);
    for (const name of ['retry.ts', 'retry.test.ts'])
      assert.equal(readFileSync(join(cwd, 'src/resilience', name), 'utf8'), readFileSync(join(expected, name), 'utf8'));
    await succeed(
      program(),
      ['generate', 'retry-policy', '--max-retries', '2', '--with-tests', '--import-extension', 'ts', '-o', 'src/resilience', '--check'],
      {
        cwd,
      },
    );
  } finally {
    await server.stop();
  }
});

test('A server with tokens is a named registry with its header', async () => {
  const { token, entry } = JSON.parse(await succeed(program(), ['token', 'create', '--name', 'registry', '--json']));
  const server = await serve(program(), { env: { CROWVAULT_HTTP_TOKENS: entry } });
  try {
    const cwd = project({
      registries: { '@resilience': { url: `${server.url}/r/{name}.json`, headers: { Authorization: 'Bearer ${CROWVAULT_TOKEN}' } } },
    });
    await add(cwd, '@resilience/circuit-breaker', { CROWVAULT_TOKEN: token });
    assert.match(readFileSync(join(cwd, 'src/resilience/circuit-breaker.ts'), 'utf8'), /export class CircuitBreaker /);
    await assert.rejects(add(project({ registries: { '@resilience': `${server.url}/r/{name}.json` } }), '@resilience/circuit-breaker'));
  } finally {
    await server.stop();
  }
});

test('The registry of the release is what shadcn takes, and its items are added', async () => {
  const names = list(join(release, 'r'));
  assert.deepEqual(names, [
    'bulkhead.json',
    'circuit-breaker.json',
    'rate-limiting.json',
    'registry.json',
    'retry-policy.json',
    'timeout-config.json',
  ]);
  const index = registrySchema.parse(json(join(release, 'r/registry.json')));
  for (const { name, files: wanted } of index.items) {
    const item = registryItemSchema.parse(json(join(release, `r/${name}.json`)));
    assert.deepEqual([item.name, item.files[0].target], [name, wanted[0].target]);
    const cwd = project();
    await add(cwd, `${base}/r/${name}.json`);
    assert.equal(readFileSync(join(cwd, item.files[0].target), 'utf8'), item.files[0].content);
  }
  assert.equal(registryItemSchema.safeParse({ name: 'x', type: 'registry:nothing' }).success, false);
});
