// What the README, docs/INSTALL.md and docs/REFERENCE.md say works: their commands are run, their configurations are those that each client takes and are started, their links lead there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { after, before, test } from 'node:test';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import { clientSchemas } from '../lib/client-schemas.mjs';
import { dotnetFolder, npmFolder } from '../lib/installed.mjs';
import { blocksOf, linksOf } from '../lib/readme.mjs';
import { files, inRepository, json, program, release, workspace } from '../lib/release.mjs';
import { converse, converseOver, execute, serve, succeed } from '../lib/server.mjs';

const pages = ['README.md', 'docs/INSTALL.md', 'docs/REFERENCE.md'];
const blocks = pages.flatMap((page) => blocksOf(page));
const used = new Set();
let expected;

/** The blocks of a section in one language, which count as checked from now on. */
function take(section, language) {
  const found = blocks.filter((block) => block.section === section && block.language === language);
  assert.ok(found.length > 0, `no ${language} block in "${section}"`);
  for (const block of found) used.add(block);
  return found.map(({ text }) => text);
}

// A folder in which dotnet and npm know the packages of the release, as if they were published, and other programs have stand-ins.
let cwd;
let env;
before(async () => {
  expected = await converse({ command: program() });
  ({ cwd, env } = dotnetFolder());
  await npmFolder(['npm', 'npmNative'], cwd);
  const bin = join(cwd, 'bin');
  mkdirSync(bin);
  mkdirSync(join(cwd, 'scripts'));
  chmodSync(join(workspace, 'lib/stand-in.mjs'), 0o755);
  for (const name of ['claude', 'copilot', 'code', 'docker', 'npx']) symlinkSync(join(workspace, 'lib/stand-in.mjs'), join(bin, name));
  symlinkSync(join(workspace, 'lib/stand-in.mjs'), join(cwd, 'scripts/release.sh'));
  env = {
    ...env,
    PATH: `${bin}:${join(env.DOTNET_CLI_HOME, '.dotnet/tools')}:${env.PATH}`,
    npm_config_offline: 'true',
    npm_config_cache: join(cwd, 'cache'),
    npm_config_prefix: join(cwd, 'npm'),
    STAND_IN_LOG: join(cwd, 'log'),
    STAND_IN_PROGRAM: program(),
    STAND_IN_REPOSITORY: inRepository('.'),
  };
});

const shell = (text, options = {}) => succeed('bash', ['-euo', 'pipefail', '-c', text], { cwd, env, ...options });

/** Runs blocks and gives the servers that clients were told of. */
async function told(texts, options) {
  writeFileSync(env.STAND_IN_LOG, '');
  for (const text of texts) await shell(text, options);
  return readFileSync(env.STAND_IN_LOG, 'utf8')
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

async function start({ command, args }, where = { cwd, env }) {
  assert.equal(await converse({ command, args, ...where }), expected, `${command} ${args.join(' ')}`);
}

/** Reaches a server as a client with a remote entry does: the address and the variable of the token are this test's own. */
async function reach({ url, serverUrl, headers }) {
  const example = url ?? serverUrl;
  assert.ok(example.startsWith('https://mcp.example.com/'), example);
  const { token, entry } = JSON.parse(await succeed(program(), ['token', 'create', '--name', 'readme', '--json']));
  const server = await serve(program(), { env: { CROWVAULT_HTTP_TOKENS: entry } });
  try {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        value.replace(/\$\{(env:CROWVAULT_TOKEN|CROWVAULT_TOKEN|input:token)\}|^(Bearer) secret$/, (_, variable, bearer) =>
          bearer ? `${bearer} ${token}` : token,
        ),
      ]),
    );
    const address = example.replace('https://mcp.example.com', server.url);
    assert.equal(await converseOver(address, filled), expected);
    await assert.rejects(converseOver(address, { Authorization: 'Bearer wrong' }), 'the server takes any token');
  } finally {
    await server.stop();
  }
}

test('From a clone, the first command prints the code, and the second block connects an assistant', async () => {
  const [first, second, ...others] = take('Try it', 'sh');
  assert.deepEqual(others, []);
  const clone = { cwd: inRepository('.') };
  assert.match(await shell(first, { ...clone, env: process.env }), /export class CircuitBreaker /);
  const [{ server, config }, ...more] = await told([second], {
    ...clone,
    env: { ...process.env, ...pick(env, 'STAND_IN_'), PATH: env.PATH },
  });
  assert.equal(server, 'api-mcp');
  assert.deepEqual(more, []);
  await start(config);
});

test('The packages install as docs/INSTALL.md says, and then their first commands work', async () => {
  const [build, dotnet, ...others] = take('Packages from a clone', 'sh');
  assert.deepEqual(others, []);
  await shell(build);
  await start({ command: join(cwd, 'npm/bin/crowvault-mcp'), args: [] });
  const [first, ...more] = take('Clients', 'sh');
  assert.deepEqual(more, []);
  assert.match(await shell(first), /export class CircuitBreaker /);
  assert.match(await shell(dotnet), /export class CircuitBreaker /);
  assert.ok(existsSync(join(env.DOTNET_CLI_HOME, '.dotnet/tools/crowvault-mcp')));
  await start({ command: join(env.DOTNET_CLI_HOME, '.dotnet/tools/crowvault-mcp'), args: [] });
});

test('One command writes the server into a configuration, shows what it would write, and takes it out', async () => {
  const [block, ...others] = take('By one command', 'sh');
  assert.deepEqual(others, []);
  const home = join(cwd, 'home');
  mkdirSync(join(home, '.codex'), { recursive: true });
  const codex = 'model = "x"\n\n[mcp_servers.api-mcp]\ncommand = "npx"\n';
  writeFileSync(join(home, '.codex/config.toml'), codex);
  await shell(block, { env: { ...env, HOME: home } });
  await start(JSON.parse(readFileSync(join(home, '.cursor/mcp.json'), 'utf8')).mcpServers['api-mcp']);
  assert.equal(existsSync(join(cwd, '.vscode/mcp.json')), false);
  assert.equal(readFileSync(join(home, '.codex/config.toml'), 'utf8'), 'model = "x"\n');
});

test('Where others write, the client starts the installed program by its path', async () => {
  const [block, ...others] = take('In folders that you do not trust', 'sh');
  assert.deepEqual(others, []);
  const [install, setup] = block.split('\n');
  const { name } = json(join(cwd, 'npm/lib/node_modules/@crowvault/mcp/package.json'));
  assert.match(install, new RegExp(`^npm install -g ${name} +# or: dotnet tool install -g CrowVault\\.Mcp$`, 'u'));
  const home = join(cwd, 'other-home');
  mkdirSync(home);
  await shell(setup, { env: { ...env, HOME: home, PATH: `${join(cwd, 'npm/bin')}:${env.PATH}` } });
  const entry = json(join(home, '.cursor/mcp.json')).mcpServers['api-mcp'];
  assert.ok(isAbsolute(entry.command) && existsSync(entry.command), entry.command);
  await start(entry);
});

test('The checksums of a release hold, and its provenance names the same files', async () => {
  const [block, ...others] = take('Check a release', 'sh');
  assert.deepEqual(others, []);
  await shell(block, { cwd: release });
  const sums = readFileSync(join(release, files.checksums), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ [ *]/u).reverse());
  const { subject } = json(join(release, files.provenance));
  assert.deepEqual(
    Object.fromEntries(subject.map(({ name, digest }) => [name, digest.sha256])),
    Object.fromEntries(sums.filter(([name]) => name !== files.provenance)),
  );
});

test('The commands for Claude Code, Copilot CLI and VS Code tell of servers that start', async () => {
  for (const [section, amount] of [
    ['Claude Code', 3],
    ['Copilot CLI', 2],
    ['VS Code', 1],
  ]) {
    const servers = await told(take(section, 'sh'), { env: { ...env, CROWVAULT_TOKEN: 'secret' } });
    assert.equal(servers.length, amount, section);
    for (const { server, config } of servers) {
      assert.equal(server, 'api-mcp');
      if (config.url === undefined) await start(config);
      else await reach(config);
    }
  }
});

for (const [section, schema] of Object.entries(clientSchemas)) {
  test(`The configuration for "${section}" is what the client takes, and its servers start`, async () => {
    const validate = new Ajv({ strict: false }).compile(schema);
    for (const text of take(section, 'json')) {
      const document = JSON.parse(text);
      assert.ok(validate(document), `${text}\n${JSON.stringify(validate.errors)}`);
      const [[name, entry], ...others] = Object.entries(document.mcpServers ?? document.servers);
      assert.deepEqual([name, others.length], ['api-mcp', 0]);
      assert.equal(
        validate({ ...document, [Object.keys(document)[0]]: { [name]: { ...entry, comand: 'x' } } }),
        false,
        'the schema refuses nothing',
      );
      if (entry.url ?? entry.serverUrl) await reach(entry);
      else await start(entry, section === 'From a clone' ? { cwd: inRepository('.') } : undefined);
    }
  });
}

test('CI runs what CONTRIBUTING.md says', () => {
  assert.match(readFileSync(inRepository('.ci/run'), 'utf8'), /^exec \.\/test\.sh$/m);
  assert.match(readFileSync(inRepository('CONTRIBUTING.md'), 'utf8'), /^\.\/test\.sh .*what CI runs$/m);
  assert.match(readFileSync(inRepository('.github/workflows/ci.yml'), 'utf8'), /run: \.ci\/run$/m);
});

test('The configurations beside the README are those it shows', () => {
  const shown = (section) => JSON.parse(blocks.find((block) => block.section === section && block.language === 'json').text);
  assert.deepEqual(shown('From a clone'), json(inRepository('mcp.json')));
  assert.deepEqual(shown('A server over HTTP'), json(inRepository('mcp.remote.json')));
});

test('The links that install with one click carry the configurations beside them', () => {
  const entries = (section) =>
    blocks
      .filter((block) => block.section === section && block.language === 'json')
      .flatMap(({ text }) => Object.values(JSON.parse(text).mcpServers ?? JSON.parse(text).servers))
      .filter(({ command }) => command);
  const decodeCursor = (url) => JSON.parse(Buffer.from(url.searchParams.get('config'), 'base64').toString('utf8'));
  const linked = (section) =>
    linksOf('docs/INSTALL.md')
      .filter((link) => link.section === section)
      .map(({ target }) => new URL(target));

  const code = linked('VS Code');
  assert.deepEqual(
    code.map(({ host, pathname }) => host + pathname),
    ['vscode.dev', 'vscode.dev', 'insiders.vscode.dev', 'insiders.vscode.dev'].map((host) => `${host}/redirect/mcp/install`),
  );
  const configs = code.map((url) => JSON.parse(url.searchParams.get('config')));
  assert.deepEqual(configs, [...entries('VS Code'), ...entries('VS Code')]);
  const [codeLink] = take('VS Code', 'text');
  assert.deepEqual(JSON.parse(decodeURIComponent(codeLink.replace(/^vscode:mcp\/install\?/, ''))), { name: 'api-mcp', ...configs[0] });

  const cursor = linked('Cursor');
  assert.deepEqual(
    cursor.map(({ host, pathname }) => host + pathname),
    Array(2).fill('cursor.com/en/install-mcp'),
  );
  assert.deepEqual(cursor.map(decodeCursor), entries('Cursor'));
  const cursorLink = new URL(take('Cursor', 'text')[0]);
  assert.equal(cursorLink.href.split('?')[0], 'cursor://anysphere.cursor-deeplink/mcp/install');
  assert.deepEqual(decodeCursor(cursorLink), decodeCursor(cursor[0]));
  for (const url of [...code, ...cursor, cursorLink]) assert.equal(url.searchParams.get('name'), 'api-mcp');
});

test('MCP Inspector lists the tools through the packages and from a clone', async () => {
  const [packages] = take('MCP Inspector', 'sh');
  const lines = packages.split('\n');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.equal(JSON.parse(await shell(line)).tools.length, 5, line);
  const [clone] = take('From a clone', 'sh');
  const printed = await shell(clone, { cwd: inRepository('.'), env: { ...process.env, ...pick(env, 'STAND_IN_'), PATH: env.PATH } });
  assert.equal(JSON.parse(printed.slice(printed.indexOf('{\n'))).tools.length, 5);
});

const pick = (from, prefix) => Object.fromEntries(Object.entries(from).filter(([name]) => name.startsWith(prefix)));

test('The container of docs/INSTALL.md is the image of the release', async () => {
  const [{ config }, ...others] = await told(take('In a container', 'sh'));
  assert.deepEqual(others, []);
  await start(config);
});

test('The commands of the command line work in the order in which they stand', async () => {
  const folder = join(cwd, 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'resilience.json'), '{ "circuitBreaker": {}, "retryPolicy": {} }');
  const [text, ...others] = take('Command line', 'sh');
  assert.deepEqual(others, []);
  await shell(text, { cwd: folder, env: { ...env, PATH: `${dirname(program())}:${env.PATH}` } });
  for (const name of ['circuit-breaker.ts', 'circuit-breaker.test.ts', 'retry.ts'])
    assert.ok(existsSync(join(folder, 'src/resilience', name)), name);
  assert.ok(existsSync(join(folder, 'lib/bulkhead.js')));
});

test('A file that its owner edits and formats is upgraded, merged and accepted as docs/REFERENCE.md says', async () => {
  const folder = join(cwd, 'edited');
  mkdirSync(folder);
  const [text, ...others] = take('Files that you edit', 'sh');
  assert.deepEqual(others, []);
  const [generate, diff, upgrade, merge, accept] = text.split('\n');
  const call = (line) => shell(line, { cwd: folder, env: { ...env, PATH: `${dirname(program())}:${env.PATH}` } });
  const path = join(folder, 'src/resilience/retry.ts');
  const check = `${generate.split('#')[0]} --check`;
  await call(generate);
  assert.ok(existsSync(join(folder, 'src/resilience/.crowvault/retry.ts.gz')));
  writeFileSync(path, `// A licence.\n${readFileSync(path, 'utf8').replaceAll(/^( +)/gmu, '$1$1').replaceAll('\n', '\r\n')}`);
  await call(check);
  writeFileSync(path, readFileSync(path, 'utf8').replace('baseDelayMs: 200', 'baseDelayMs: 250'));
  await assert.rejects(call(check), /edited since it was generated/u);
  for (const line of [diff, upgrade, merge]) await call(line);
  assert.match(readFileSync(path, 'utf8'), /maxRetries: 3[\s\S]*baseDelayMs: 250/u);
  await assert.rejects(call(check), /edited since it was generated/u);
  await call(accept);
  await call(check);
});

test('The schema of the manifest takes what docs/STACK.md shows, and refuses what is misspelt in it', () => {
  const validate = new Ajv2020({ strict: false }).compile(json(inRepository('schemas/resilience.schema.json')));
  const [, text] = /```json\n(\{\n {2}"\$schema"[\s\S]*?\n\})\n```/u.exec(readFileSync(inRepository('docs/STACK.md'), 'utf8'));
  const manifest = JSON.parse(text);
  assert.ok(validate(manifest), JSON.stringify(validate.errors));
  assert.ok(validate({ ...manifest, language: 'javascript' }), JSON.stringify(validate.errors));
  for (const upstreams of [
    { payments: { baseUri: 'https://payments.example' } },
    { payments: { circuitBreaker: { failureThreshold: 0 } } },
    { payments: { retryPolicy: { withFetch: true } } },
    { payments: { operations: { 'payments.charge': { retries: 1 } } } },
  ])
    assert.equal(validate({ ...manifest, upstreams }), false, JSON.stringify(upstreams));
});

test('A wrong call is answered as docs/REFERENCE.md shows', async () => {
  const [shown] = take('Wrong calls', 'text');
  const { code, stderr } = await execute(program(), ['call', 'generate_circuit_breaker', '{"failureThreshold":0,"withMetric":true}']);
  assert.equal(code, 2);
  // As over MCP; here the corrected call is a command.
  const [, tool, corrected] = /^Corrected call: crowvault-mcp call (\S+) '(.*)'$/mu.exec(stderr);
  assert.equal(stderr.trimEnd().replace(/^Corrected call: .*$/mu, `Corrected call: ${tool} ${corrected}`), shown);
});

test('The servers and calls over HTTP work as written, in docs/REFERENCE.md and in docs/HTTP.md', async () => {
  const [serving, curls, ...others] = take('Over HTTP', 'sh');
  assert.deepEqual(others, []);
  const commands = serving.split('\n').map((line) => line.split('#')[0].trim());
  assert.deepEqual(
    commands.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['crowvault-mcp serve', 'crowvault-mcp serve', 'crowvault-mcp token'],
  );
  for (const [, ...args] of commands.slice(0, 2).map((line) => line.split(' '))) {
    const server = await serve(program(), { args, cwd });
    assert.equal(await converseOver(`${server.url}/mcp`), expected, args.join(' '));
    const { status } = await fetch(`${server.url}/sse`, { method: 'DELETE' });
    assert.equal(status === 405, args.includes('sse'), `${args.join(' ')}: /sse gives ${String(status)}`);
    assert.equal(await server.stop(), 0);
  }
  const created = await shell(commands[2], { env: { ...env, PATH: `${dirname(program())}:${env.PATH}` } });
  const token = /^Token: (\S+)/m.exec(created)[1];
  const entry = /^Entry: (.+?)\s*$/m.exec(created)[1];

  const article = blocksOf('docs/HTTP.md').find(({ section, language }) => section === 'REST' && language === 'sh').text;
  for (const [tokens, texts] of [
    ['', [curls, article]],
    [entry, [article]],
  ]) {
    const server = await serve(program(), { env: tokens ? { CROWVAULT_HTTP_TOKENS: tokens } : {} });
    try {
      for (const text of texts) {
        assert.ok(text.includes('http://127.0.0.1:8080/'));
        const printed = await shell(text.replaceAll('curl -s', 'curl -s --fail').replaceAll('http://127.0.0.1:8080', server.url), {
          env: { ...env, TOKEN: token },
        });
        assert.ok(printed.includes('export class CircuitBreaker '), printed.slice(0, 200));
      }
      if (tokens) assert.equal((await fetch(`${server.url}/v1/tools`)).status, 401);
    } finally {
      assert.equal(await server.stop(), 0);
    }
  }
  assert.equal(readFileSync(join(cwd, 'circuit-breaker.ts'), 'utf8'), expected);
});

test('The picture and the key figures are those of this program and of docs/PROOF.md', async () => {
  await succeed(process.execPath, [inRepository('scripts/readme.mjs'), '--check', program()]);
});

const markdown = execFileSync('git', ['ls-files', '*.md'], { cwd: inRepository('.'), encoding: 'utf8' })
  .trimEnd()
  .split('\n')
  // The site's own pages link to pages that its build makes, and its build checks them.
  .filter((name) => !/^(?:src|packages|site)\//u.test(name));

test('Every link within the repository leads somewhere, and every file of a release is named by its version', () => {
  for (const name of markdown) {
    const text = readFileSync(inRepository(name), 'utf8');
    for (const { target } of linksOf(name)) {
      if (/^https?:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const there = path === '' ? inRepository(name) : join(dirname(inRepository(name)), path);
      assert.ok(existsSync(there), `${name}: ${target}`);
      const headings =
        anchor &&
        [...readFileSync(there, 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) =>
          match[1]
            .toLowerCase()
            .replaceAll(/[^\w -]/g, '')
            .replaceAll(' ', '-'),
        );
      if (anchor) assert.ok(headings.includes(anchor), `${name}: ${target}`);
    }
    for (const [file] of text.matchAll(/\bcrowvault-mcp-[0-9][\w.-]*\.(mcpb|gz)\b/g))
      assert.ok(Object.values(files).includes(file) && existsSync(join(release, file)), `${name}: ${file}`);
  }
});

after(() => {
  const left = blocks.filter((block) => !used.has(block));
  assert.deepEqual(
    left.map(({ section, language, text }) => `${section} (${language}): ${text.split('\n')[0]}`),
    [],
    'a block is checked by no test',
  );
});
