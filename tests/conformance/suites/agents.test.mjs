// The coding agents that npm has, with a model on loopback behind each: it calls the five tools, and what it is given next must hold the
// code of each once and as it is. Only in a full run, which installs them in a folder of their own.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { record } from '../../field/clients/matrix.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { execute, modernNode, program, programArguments, workspace } from '../lib/server.mjs';
import { startModel, textsOf } from '../lib/model.mjs';

const agents = join(workspace, 'agents/node_modules');
const prompt = 'Generate the five resilience files with the tools of api-mcp.';
const plan = [
  { tool: 'generate_circuit_breaker', args: { failureThreshold: 7 } },
  { tool: 'generate_retry_policy', args: { maxRetries: 4 } },
  { tool: 'generate_rate_limiting', args: { requestsPerWindow: 50 } },
  { tool: 'generate_timeout_config', args: { operations: [{ name: 'orders.get', timeoutMs: 2000 }] } },
  { tool: 'generate_bulkhead', args: { partitions: [{ name: 'orders', maxConcurrent: 10 }] } },
];
const server = { command: program, args: programArguments };

before(async () => {
  for (const step of plan) {
    const { stdout, stderr } = await execute(program, [...programArguments, 'call', '--json', step.tool, JSON.stringify(step.args)]);
    assert.notEqual(stdout, '', stderr);
    step.code = JSON.parse(stdout).files[0].content;
  }
});
after(() => record.finish());

const count = (text, part) => text.split(part).length - 1;

/** Runs an agent in a home of its own; `start(home, model)` gives its command line and its environment. */
function agent(name, packageName, start) {
  test(name, async () => {
    const home = join(temporaryFolder('agent'), 'home');
    mkdirSync(home);
    const model = await startModel(plan);
    const { command, args, env } = start(home, model);
    const { PATH, TMPDIR, LANG } = process.env;
    const { code, stdout, stderr } = await execute(command, args, {
      cwd: home,
      timeout: 240_000,
      env: {
        ...{ PATH, TMPDIR, LANG },
        HOME: home,
        XDG_CONFIG_HOME: join(home, '.config'),
        XDG_DATA_HOME: join(home, '.local/share'),
        XDG_CACHE_HOME: join(home, '.cache'),
        XDG_STATE_HOME: join(home, '.local/state'),
        ...env,
      },
    });
    await model.stop();
    const told = `${String(code)}: ${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}\n${JSON.stringify(model.seen.at(-1)?.names)}\n${model.strange.slice(0, 5).join('\n')}`;
    const results = model.seen.at(-1)?.results ?? [];
    assert.equal(results.length, plan.length, told);
    assert.equal(code, 0, told);
    const given = results.map((each) => textsOf(each).join('\n'));
    for (const [index, step] of plan.entries()) {
      const raw = given.map((text) => count(text, step.code.trimEnd()));
      assert.deepEqual(
        raw,
        plan.map((_, other) => (other === index ? 1 : 0)),
        `${step.tool}: ${given[index].slice(0, 1_500)}`,
      );
      // Neither a second time, escaped.
      assert.equal(count(given.join('\n'), JSON.stringify(step.code.slice(0, 200)).slice(1, -1)), 0, step.tool);
    }
    const { version } = JSON.parse(readFileSync(join(agents, packageName, 'package.json'), 'utf8'));
    record({ client: name, version, given: 'text blocks', tokens: given.map((text) => encode(text).length) });
  });
}

/** The program of a package that brings one for each platform. */
function native(...candidates) {
  const found = candidates.map((path) => join(agents, path)).find((path) => existsSync(path));
  assert.ok(found, `None of ${candidates.join(', ')}; npm ci --ignore-scripts in ${agents}`);
  return found;
}

const platform = `${process.platform}-${process.arch}`;

agent('Claude Code', '@anthropic-ai/claude-code', (home, { url }) => {
  writeFileSync(join(home, 'mcp.json'), JSON.stringify({ mcpServers: { 'api-mcp': server } }));
  return {
    command: native(`@anthropic-ai/claude-code-${platform}/claude`),
    args: ['-p', prompt, '--mcp-config', 'mcp.json', '--strict-mcp-config', '--allowedTools', 'mcp__api-mcp', '--output-format', 'json'],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: 'none',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      ENABLE_TOOL_SEARCH: 'false',
    },
  };
});

agent('Codex', '@openai/codex', (home, { url }) => {
  writeFileSync(
    join(home, 'config.toml'),
    [
      // One that it knows: of others' tools it hands on 10,000 bytes of an answer.
      'model = "gpt-5.5"',
      'model_provider = "mock"',
      'approval_policy = "never"',
      'sandbox_mode = "read-only"',
      'check_for_update_on_startup = false',
      '[model_providers.mock]',
      `name = "mock"\nbase_url = "${url}/v1"\nwire_api = "responses"\nenv_key = "MOCK_KEY"`,
      '[mcp_servers.api-mcp]',
      `command = ${JSON.stringify(server.command)}\nargs = ${JSON.stringify(server.args)}`,
    ].join('\n'),
  );
  return {
    command: modernNode,
    args: [join(agents, '@openai/codex/bin/codex.js'), 'exec', '--skip-git-repo-check', prompt],
    env: { CODEX_HOME: home, MOCK_KEY: 'none' },
  };
});

agent('Gemini CLI', '@google/gemini-cli', (home, { url }) => {
  mkdirSync(join(home, '.gemini'));
  writeFileSync(
    join(home, '.gemini/settings.json'),
    JSON.stringify({
      mcpServers: { 'api-mcp': { ...server, trust: true } },
      security: { auth: { selectedType: 'gemini-api-key' } },
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    }),
  );
  return {
    command: modernNode,
    args: [join(agents, '@google/gemini-cli/bundle/gemini.js'), '-m', 'gemini-2.5-flash', '-p', prompt],
    env: { GEMINI_API_KEY: 'none', GOOGLE_GEMINI_BASE_URL: url, GEMINI_CLI_TRUST_WORKSPACE: 'true', GEMINI_CLI_NO_RELAUNCH: 'true' },
  };
});

agent('opencode', `opencode-${platform}`, (home, { url }) => ({
  command: native(`opencode-${platform}/bin/opencode`, `opencode-${platform}-baseline/bin/opencode`),
  args: ['run', '-m', 'mock/mock', prompt],
  env: {
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_CONFIG_CONTENT: JSON.stringify({
      provider: {
        mock: {
          npm: '@ai-sdk/openai-compatible',
          name: 'Mock',
          options: { baseURL: `${url}/v1`, apiKey: 'none' },
          models: { mock: { name: 'Mock', limit: { context: 200_000, output: 20_000 } } },
        },
      },
      mcp: { 'api-mcp': { type: 'local', command: [server.command, ...server.args], enabled: true } },
      autoupdate: false,
      share: 'disabled',
    }),
  },
}));
