// Writes what assistants are given besides the server itself, from the list of tools and the guides:
// a skill, a plugin of Claude Code, an extension of Gemini CLI, a snippet for the AGENTS.md of a user's repository, and llms.txt.
//
//   node scripts/assistants.mjs            writes them
//   node scripts/assistants.mjs --check    writes nothing; exit code 1 when one of them is not what it would write
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name) => readFileSync(path(name), 'utf8');

const { tools } = JSON.parse(read('snapshots/tools-list.verified.json'));
const version = /<Version>(.+)<\/Version>/u.exec(read('Directory.Build.props'))[1];
const start = { command: 'npx', args: ['-y', '@crowvault/mcp'] };
const npx = 'npx -y @crowvault/mcp';
const summary = 'Resilience code in plain TypeScript that you own: circuit breaker, retry, rate limiter, timeouts, bulkhead.';

const commandOf = (tool) => tool.name.replace('generate_', '').replaceAll('_', '-');
const optionOf = (name) => `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
const guide = (name) => read(`src/CrowVault.Mcp/Server/Guides/${name}.md`);

/** A guide below a heading of its own, one level down, without its first line. */
const below = (text) => text.split('\n').slice(1).join('\n').trim();

/** What one example call needs, where something is required. */
const needed = { operations: 'orders.get=2000,payments.charge=5000', partitions: 'orders=20,payments=10' };
const example = (tool) =>
  `${npx} generate ${commandOf(tool)}${(tool.inputSchema.required ?? []).map((name) => ` ${optionOf(name)} ${needed[name]}`).join('')} -o src/resilience/`;

/** One line for each argument, in the form of the command line. */
function argumentsOf(tool) {
  return Object.entries(tool.inputSchema.properties)
    .filter(([name]) => name !== 'withCode')
    .map(([name, { description, enum: choices, type }]) => {
      const form = choices
        ? ` ${choices.join('|')}`
        : type === 'boolean'
          ? ''
          : type === 'array' && name in needed
            ? ' name=number,...'
            : '';
      return `- \`${optionOf(name)}${form}\`: ${description}`;
    })
    .join('\n');
}

const table = tools
  .map((tool) => `| \`${commandOf(tool)}\` | ${tool.description.split('. ').slice(1).join('. ').replaceAll('|', '\\|')} |`)
  .join('\n');

const rules = `- Run the command and import the file; do not write such code by hand, and do not copy it through the conversation.
- Give only what was asked for; the defaults are sound. The code depends on no package.
- Read the warnings and notes on standard error, and tell the user of them.
- The first comment of a file holds its arguments; keep it. \`${npx} upgrade src/resilience/\` brings files up to date and keeps edits.
- A wrong call says how to do it right; exit code 2, nothing written.`;

const skill = `---
name: crowvault
description: Writes dependency-free TypeScript for calls that fail, hang or flood (circuit breaker, retry with backoff and jitter, rate limiter, timeouts, bulkhead, or all as one stack). Use when code calls a remote service, database, queue or LLM API and needs retries, timeouts, limits or protection from outages, or when an API must be protected from its clients.
---

# Resilience code that the user owns

Use the command line: it writes the file into the project without passing the code through the conversation. The MCP server \`api-mcp\` has the same tools where
there is no shell.

\`\`\`sh
${tools.map((tool) => example(tool)).join('\n')}
\`\`\`

| Command | Use |
|---|---|
${table}

${rules}

## Which pattern

${below(guide('choose-pattern'))}

## Arguments

${tools.map((tool) => `### ${commandOf(tool)}\n\n${argumentsOf(tool)}`).join('\n\n')}

## Several services

\`${npx} init --upstreams orders,payments\` writes a manifest, \`${npx} stack -c resilience.json -o src/resilience/\` all files from it, its layers checked against
each other. \`--check\` in CI keeps them in step.
`;

const snippet = `## Resilience code

Files in \`src/resilience/\` come from \`${npx}\` and are ours to edit. Do not write retries, circuit breakers, rate limiters, timeouts or bulkheads by hand:

\`\`\`sh
${npx} generate retry-policy --max-retries 3 -o src/resilience/     # or ${tools
  .map((tool) => commandOf(tool))
  .filter((name) => name !== 'retry-policy')
  .join(', ')}
${npx} generate retry-policy --help                                 # its arguments
${npx} upgrade src/resilience/                                      # after an update; keeps edits
\`\`\`

- Calls to other services get a timeout first, then a retry (only where repeating is safe), then a circuit breaker; a bulkhead where one slow service could take
  every connection. Entrances that anybody can reach get a rate limiter.
- Keep the first comment of a generated file: it holds the arguments.
`;

const gemini = `# CrowVault

${summary} The tools are ${tools.map((tool) => `\`${tool.name}\``).join(', ')}.

${rules.replace('Run the command and import the file', 'Call a tool with `withCode: false`, run the command that its answer begins with, and import the file')}

${below(guide('choose-pattern'))}
`;

const llms = `# CrowVault.Mcp

> ${summary} An MCP server, and the same on the command line and over HTTP. The code depends on nothing.

\`\`\`sh
${example(tools[0])}
\`\`\`

## Tools

${tools.map((tool) => `- \`${tool.name}\`, \`generate ${commandOf(tool)}\`: ${tool.description}`).join('\n')}

## Documentation

- [Install and connect](docs/INSTALL.md): every client, packages, containers
- [Reference](docs/REFERENCE.md): every argument, the answer, wrong calls, the command line
- [Stack](docs/STACK.md): all layers from one manifest
- [HTTP](docs/HTTP.md): MCP, REST and a shadcn registry for others
- [Proof](docs/PROOF.md): what was compiled, run and measured

## Guides

${['choose-pattern', ...tools.map((tool) => commandOf(tool))].map((name) => `- [${guide(name).split('\n')[0].slice(2)}](src/CrowVault.Mcp/Server/Guides/${name}.md)`).join('\n')}

## Optional

- [Security](SECURITY.md)
- [Architecture](docs/ARCHITECTURE.md)
- [Changes](CHANGELOG.md)
`;

const data = (value) => `${JSON.stringify(value, null, 2)}\n`;
const author = { name: 'CrowVault' };

/** Every file by its name. */
export const files = {
  'skills/crowvault/SKILL.md': skill,
  'assistants/claude-code/.claude-plugin/plugin.json': data({
    name: 'crowvault',
    version,
    description: summary,
    author,
    license: 'MIT',
    keywords: ['resilience', 'typescript', 'circuit-breaker', 'retry', 'rate-limiting', 'timeout', 'bulkhead'],
  }),
  'assistants/claude-code/.mcp.json': data({ mcpServers: { 'api-mcp': start } }),
  'assistants/claude-code/skills/crowvault/SKILL.md': skill,
  '.claude-plugin/marketplace.json': data({
    name: 'crowvault',
    owner: author,
    plugins: [{ name: 'crowvault', source: './assistants/claude-code', description: summary }],
  }),
  'assistants/gemini-cli/gemini-extension.json': data({
    name: 'crowvault',
    version,
    description: summary,
    // npx reads the folder that it starts in, and the one that is open may be anybody's.
    mcpServers: { 'api-mcp': { ...start, cwd: '${extensionPath}' } },
    contextFileName: 'GEMINI.md',
  }),
  'assistants/gemini-cli/GEMINI.md': gemini,
  'assistants/AGENTS.snippet.md': snippet,
  'llms.txt': llms,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  let stale = 0;
  for (const [name, content] of Object.entries(files)) {
    let existing;
    try {
      existing = read(name);
    } catch {
      existing = undefined;
    }
    if (existing === content) continue;
    if (check) {
      stale += 1;
      console.error(`${name} is not what scripts/assistants.mjs writes; run it.`);
    } else {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content);
    }
  }
  process.exitCode = stale > 0 ? 1 : 0;
}
