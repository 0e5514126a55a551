// What assistants are given is what scripts/assistants.mjs writes, is of the form that each of them takes, and its commands work.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programUnderTest, repository } from '../shared/program.mjs';
import { temporaryFolder } from '../shared/temporary.mjs';

const script = join(repository, 'scripts/assistants.mjs');
const { files } = await import(script);
const skill = files['skills/crowvault/SKILL.md'];

test('Nothing differs from the schemas and guides that it is made of', () => {
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
  assert.equal(Object.keys(files).length, 9);
  for (const [name, content] of Object.entries(files)) assert.equal(readFileSync(join(repository, name), 'utf8'), content, name);
});

test('The skill has the head that skills have, and room for its reader', () => {
  const [, head] = /^---\n([\s\S]+?)\n---\n/u.exec(skill);
  const members = Object.fromEntries(head.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]));
  assert.deepEqual(Object.keys(members), ['name', 'description']);
  assert.match(members.name, /^[a-z0-9-]{1,64}$/u);
  assert.ok(members.description.length <= 1024 && !/: |[<>]/u.test(members.description), members.description);
  assert.ok(skill.split('\n').length < 500);
});

test('Plugin, marketplace and extension name one server, one version and files that are there', () => {
  const read = (name) => JSON.parse(files[name]);
  const plugin = read('assistants/claude-code/.claude-plugin/plugin.json');
  const extension = read('assistants/gemini-cli/gemini-extension.json');
  const [listed] = read('.claude-plugin/marketplace.json').plugins;
  assert.match(plugin.version, /^\d+\.\d+\.\d+$/u);
  assert.equal(extension.version, plugin.version);
  assert.equal(listed.name, plugin.name);
  assert.ok(files[`${listed.source.slice(2)}/.claude-plugin/plugin.json`]);
  assert.ok(files[`assistants/gemini-cli/${extension.contextFileName}`]);
  const start = { command: 'npx', args: ['-y', '@crowvault/mcp'] };
  assert.deepEqual(read('assistants/claude-code/.mcp.json').mcpServers, { 'api-mcp': start });
  // Started in the extension's folder, npx reads nothing of the one that is open.
  assert.deepEqual(extension.mcpServers, { 'api-mcp': { ...start, cwd: '${extensionPath}' } });
});

test('Every command that assistants read works', () => {
  const cwd = temporaryFolder('assistants');
  const program = programUnderTest();
  const run = (command) =>
    execFileSync('bash', ['-euc', `npx() { shift 2; $PROGRAM "$@"; }\n${command}`], {
      cwd,
      env: { ...process.env, PROGRAM: [program.command, ...program.args].join(' ') },
      encoding: 'utf8',
      stdio: 'pipe',
    });
  const commands = new Set(
    Object.values(files).flatMap((text) => text.match(/npx -y @crowvault\/mcp (?:generate|init|stack|upgrade)[^`\n#]*/gu) ?? []),
  );
  assert.ok(commands.size >= 9, [...commands].join('\n'));
  const order = ['init', 'generate', 'stack', 'upgrade'];
  const rank = (command) => order.indexOf(command.split(' ')[3]);
  for (const command of [...commands].sort((a, b) => rank(a) - rank(b))) run(command.trim());
  const help = run(
    'for each in circuit-breaker retry-policy rate-limiting timeout-config bulkhead; do npx -y x generate $each --help; done',
  );
  for (const option of new Set(skill.match(/^- `--[a-z-]+/gmu))) assert.ok(help.includes(`${option.slice(3)} `), option);
});

test('Every link of llms.txt leads to a file', () => {
  const targets = [...files['llms.txt'].matchAll(/\]\(([^)]+)\)/gu)].map(([, target]) => target);
  assert.ok(targets.length > 10);
  for (const target of targets) assert.ok(readFileSync(join(repository, target)).length > 0, target);
});
