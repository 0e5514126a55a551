// Writes docs/CLIENTS.md from what the suite has seen, when CROWVAULT_CLIENTS_MD=write; else only compares the clients it names.
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
  if (process.env.CROWVAULT_CLIENTS_MD === 'write') writeFileSync(path, page());
  const text = readFileSync(path, 'utf8');
  for (const { client, version } of rows)
    assert.ok(text.includes(`| ${client} | ${version} |`), `docs/CLIENTS.md lacks ${client} ${version}`);
};

function page() {
  return `# Clients

Which clients and frameworks were tried, and what a model behind them is given. \`tests/field/clients\` writes this page
(\`CROWVAULT_CLIENTS_MD=write node tests/field/run.mjs clients\`); each client lists the five tools, converts their schemas with its own
code without losing a member, a type, a choice or a description, and calls all five with every stated default filled in.

| Client | Version | Its model is given | Tokens of the five answers (o200k) |
|---|---|---|---|
${rows.map(({ client, version, given, tokens }) => `| ${client} | ${version} | ${given}, the code once | ${tokens.join(', ')} |`).join('\n')}

Answers are text blocks: first what is to be known and the command that writes the same files, then one block per file, as it is.
Clients that hand structured content to their models would give them the code escaped, or twice; start the server with
\`--answers structured\` only where a program reads the answers. With \`withCode: false\` an answer takes less than 450 tokens.
`;
}
