// Writes docs/CLIENTS.md from what a suite has seen, when CROWVAULT_CLIENTS_MD=write; else only compares the clients it names. The rows of
// clients that the suite does not have stay as they are.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../shared/program.mjs';

const path = join(repository, 'docs/CLIENTS.md');
const rows = [];

/** Notes one client: `{ client, version, given, tokens }`, tokens as its model reads them, one number a tool. */
export function record(row) {
  rows.push(row);
}

record.finish = () => {
  if (process.env.CROWVAULT_CLIENTS_MD === 'write') writeFileSync(path, page(readFileSync(path, 'utf8')));
  const text = readFileSync(path, 'utf8');
  for (const { client, version } of rows)
    assert.ok(text.includes(`| ${client} | ${version} |`), `docs/CLIENTS.md lacks ${client} ${version}`);
};

function page(before) {
  const lines = new Map([...before.matchAll(/^\| ([^|]+) \| \d[^|]*\|.*$/gmu)].map(([line, client]) => [client, line]));
  for (const { client, version, given, tokens } of rows)
    lines.set(client, `| ${client} | ${version} | ${given}, the code once | ${tokens.join(', ')} |`);
  return `# Clients

Which clients and frameworks were tried, and what a model behind them is given. \`tests/field/clients\` writes this page
(\`CROWVAULT_CLIENTS_MD=write node tests/field/run.mjs clients\`); each client lists the five tools, converts their schemas with its own
code without losing a member, a type, a choice or a description, and calls all five with every stated default filled in. The coding
agents (Claude Code, Codex, Gemini CLI, opencode) run as their users start them, with a model on loopback that calls the five tools with
one argument each and keeps what it is given (\`CROWVAULT_CLIENTS_MD=write node tests/conformance/run.mjs --full agents\`).

| Client | Version | Its model is given | Tokens of the five answers (o200k) |
|---|---|---|---|
${[...lines.values()].join('\n')}

Answers are text blocks: first what is to be known and the command that writes the same files, then one block per file, as it is.
Clients that hand structured content to their models would give them the code escaped, or twice; start the server with
\`--answers structured\` only where a program reads the answers. Claude Code puts what is longer than 50,000 characters into a file, unless the tool's
\`_meta\` has \`anthropic/maxResultSizeChars\`: those that take a list (\`generate_rate_limiting\`, \`generate_timeout_config\`, \`generate_bulkhead\`), whose answers grow with what
they are given, say 200,000. In an answer no client looks for it. Codex keeps 10,000 tokens of an answer, and 10,000 bytes for a model
that it does not know; \`tool_output_token_limit\` in its configuration lifts that. With \`withCode: false\` an answer takes less than 450 tokens.
`;
}
