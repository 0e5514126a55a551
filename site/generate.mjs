// Writes the pages of the site into .pages/: those of pages/, one for each tool, recipe and error, and the documents of the repository.
//
//   node generate.mjs [PROGRAM]    the program is the Release build unless it is given
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errors } from './errors.mjs';
import { recipes } from './recipes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const pages = join(here, '.pages');
const program = process.argv[2] ?? join(root, 'src/CrowVault.Mcp/bin/Release/net10.0/CrowVault.Mcp');
const read = (name) => readFileSync(join(root, name), 'utf8');
const run = (...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const npx = 'npx -y @crowvault/mcp';

rmSync(pages, { recursive: true, force: true });
cpSync(join(here, 'pages'), pages, { recursive: true });
const write = (name, text) => {
  const path = join(pages, `${name}.md`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

cpSync(join(root, 'docs/plots'), join(pages, 'docs/plots'), { recursive: true });

// The page that needs no server, as it is in a release.
const playground = join(pages, 'public/playground');
mkdirSync(playground, { recursive: true });
execFileSync(process.execPath, [join(root, 'scripts/static-page.mjs'), program, join(playground, 'index.html')], { stdio: 'inherit' });

/** What VitePress would take for a component or an expression, and tables whose first column has no name. */
const plain = (text) =>
  text
    .replaceAll(/^\| *\|(?=.*\n\|[-:| ]+\n)/gmu, '| Case |')
    .split(/(```[\s\S]*?```|`[^`\n]*`)/u)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('{{', '&#123;&#123;').replaceAll(/<(?=[A-Z])/gu, '&lt;')))
    .join('');

// --- Tools: when to use it, every argument, the emitted API, what it says of itself.
const { tools } = JSON.parse(run('tools', '--json'));
const commandOf = (name) => name.replace('generate_', '').replaceAll('_', '-');
const guide = (name) => read(`src/CrowVault.Mcp/Server/Guides/${name}.md`);
const examples = { generate_timeout_config: { operations: { 'orders.get': 2000 } }, generate_bulkhead: { partitions: { orders: 20 } } };
const tables = new Map(
  [...read('docs/REFERENCE.md').matchAll(/<summary><code>(generate_\w+)<\/code>[\s\S]*?\n(\| Argument [\s\S]*?)\n\n<\/details>/gu)].map(
    (match) => [match[1], match[2]],
  ),
);

/** The plot of a tool, with the words that the documents have for it. */
function plotOf(tool) {
  const file = { 'retry-policy': 'retry', 'rate-limiting': 'rate-limiter', 'timeout-config': 'timeouts' }[tool] ?? tool;
  const image = new RegExp(`!\\[([^\\]]+)\\]\\(plots/${file}\\.svg\\)`, 'u').exec(read('docs/STACK.md'));
  if (image === null) throw new Error(`docs/STACK.md shows no plot of ${tool}`);
  return `![${image[1]}](../docs/plots/${file}.svg)`;
}

/** The exported declarations of a file, each with its sentence. */
function surface(source) {
  const found = [];
  // A comment belongs to what stands right below it.
  for (const [, comment = '', kind, name] of source.matchAll(
    /^(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export (?:async )?(class|function|const|interface|type) (\w+)/gmu,
  )) {
    const [sentence] = comment
      .replaceAll(/^\s*\* ?/gmu, '')
      .replaceAll(/\{@link (\w+)\}/gu, '`$1`')
      .replaceAll(/\s+/gu, ' ')
      .trim()
      .split(/(?<=\.) |(?:^| )@/u);
    const code = errors.find(({ error }) => error === name)?.code;
    const says = [sentence, code === undefined ? '' : `Its page: [${code}](../errors/${code}.md).`].join(' ').trim();
    found.push(`| \`${name}\` | ${kind} | ${says.replaceAll('|', '\\|')} |`);
  }
  return `| Name | Kind | What |\n|---|---|---|\n${found.join('\n')}`;
}

for (const tool of tools) {
  const table = tables.get(tool.name);
  if (table === undefined) throw new Error(`docs/REFERENCE.md has no table for ${tool.name}`);
  const answer = JSON.parse(run('call', tool.name, JSON.stringify(examples[tool.name] ?? {}), '--json'));
  const [file] = answer.files;
  const [, title, ...rest] = /^# (.+)\n([\s\S]*)$/u.exec(guide(commandOf(tool.name)));
  write(
    `tools/${commandOf(tool.name)}`,
    plain(`# ${title}

${tool.description}

\`\`\`sh
${answer.command}
\`\`\`

## When, and which figures

${rest.join('').trim()}

## What it does over time

${plotOf(commandOf(tool.name))}

With the defaults. The playground of this site has the code for one changed argument at a time; on the page of \`crowvault-mcp serve\` every number can be turned.

## Arguments

${table}

## In your code

\`\`\`ts
${answer.usage}
\`\`\`

${answer.notes.map((note) => `- ${note}`).join('\n')}

## What ${file.path} exports

With the arguments above; options add to it.

${surface(file.content)}

<details>
<summary>The whole file</summary>

\`\`\`ts
${file.content}\`\`\`

</details>
`),
  );
}

// --- Decision help is the guide that assistants read.
write('choose', plain(guide('choose-pattern')));

// --- Recipes: a call of each, with the figures and the warnings that the program gives, and the code that uses what they write.
for (const { name, title, story, calls, file, code, then } of recipes) {
  const parts = calls.map(({ tool, args, why }) => {
    const answer = JSON.parse(run('call', tool, JSON.stringify(args), '--json'));
    const remarks = [...answer.warnings.map((each) => `- **Warning.** ${each}`), ...answer.notes.map((each) => `- ${each}`)];
    return `## ${why}\n\n\`\`\`sh\n${answer.command}\n\`\`\`\n\n${remarks.join('\n')}\n`;
  });
  const together = `## In your code\n\n\`${file}\`:\n\n\`\`\`ts\n${code}\n\`\`\`\n\n${then}\n`;
  write(`recipes/${name}`, plain(`# ${title}\n\n${story}\n\n${parts.join('\n')}\n${together}`));
}

// --- Errors: one page for each code that emitted code throws.
for (const { code, error, file, means, does } of errors)
  write(
    `errors/${code}`,
    plain(`# ${code}\n\n\`${error}\`, from \`${file}\`.\n\n## What happened\n\n${means}\n\n## What to do\n\n${does}\n`),
  );

// --- The documents as they are; what lies outside of docs/ is named, not linked.
const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
for (const name of documents) {
  const text = read(`docs/${name}`)
    .replaceAll(/\[([^\]]+)\]\((?:\.\.?\/|decisions)[^)]*\)/gu, '$1')
    .replaceAll(/!\[[^\]]*\]\((?!plots\/)[^)]*\)/gu, '');
  write(`docs/${name.slice(0, -3)}`, plain(text));
}

const titleOf = (name) => /^# (.+)$/mu.exec(read(`docs/${name}`))[1];
writeFileSync(
  join(pages, 'menu.json'),
  JSON.stringify({
    tools: tools.map(({ name, title }) => ({ text: title, link: `/tools/${commandOf(name)}` })),
    recipes: recipes.map(({ name, title }) => ({ text: title, link: `/recipes/${name}` })),
    errors: errors.map(({ code }) => ({ text: code, link: `/errors/${code}` })),
    documents: documents.map((name) => ({ text: titleOf(name), link: `/docs/${name.slice(0, -3)}` })),
  }),
);
console.log(
  `${npx}: ${String(tools.length)} tools, ${String(recipes.length)} recipes, ${String(errors.length)} errors, ${String(documents.length)} documents`,
);
