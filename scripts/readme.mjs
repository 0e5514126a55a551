// Writes what the README shows of real runs: the picture docs/answer.svg, from an answer of the program, and the table of key figures,
// from docs/PROOF.md.
//
//   node scripts/readme.mjs [PROGRAM]            writes both; the program is the Release build unless it is given
//   node scripts/readme.mjs --check [PROGRAM]    writes nothing; exit code 1 when one of them is not what it would write
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name) => readFileSync(path(name), 'utf8');

const call = { tool: 'generate_bulkhead', arguments: { partitions: { payments: 20, 'search-api': 10 }, maxWaitMs: 250 } };
const request =
  'A slow search must not take the connections of payments:\n20 calls at once for payments, 10 for search-api,\nand nobody waits longer than 250 ms.';

/** The picture: what was asked, the call, and the top of the file that came back. */
export function picture(program) {
  const answer = JSON.parse(execFileSync(program, ['call', call.tool, JSON.stringify(call.arguments), '--json'], { encoding: 'utf8' }));
  const [file] = answer.files;
  const left = [
    ...lines(request, 'text'),
    [],
    [['call', call.tool]],
    ...lines(JSON.stringify(call.arguments, null, 2).replaceAll(/\[\s+/gu, '['), 'json'),
    [],
    ...answer.notes.flatMap((note) => wrap(note, 56)).map((line) => [['note', line]]),
  ];
  const source = file.content.split('\n');
  const right = highlight(source.slice(0, 30).map((line) => (line.length > 88 ? `${line.slice(0, 87)}…` : line)));
  return svg(left, right, file.path, source.length - 1);
}

function lines(text, kind) {
  if (kind === 'json')
    return text
      .split('\n')
      .map((line) => tokens(line, /"[^"]*"(?=:)|"[^"]*"|[0-9]+/gu, (found) => (/^[0-9]/u.test(found) ? 'number' : 'string')));
  return text.split('\n').map((line) => [[kind, line]]);
}

function wrap(text, width) {
  const wrapped = [''];
  for (const word of text.split(' ')) {
    if (wrapped.at(-1).length + word.length >= width) wrapped.push('');
    wrapped.push(`${wrapped.pop()}${word} `);
  }
  return wrapped.map((line) => line.trimEnd()).filter(Boolean);
}

const words =
  'as async await catch class const constructor else export extends finally for function if import in interface keyof let new of private readonly return static super this throw try type typeof undefined while void number string boolean';
const keywords = new Set(words.split(' '));

function highlight(source) {
  let inComment = false;
  return source.map((line) => {
    if (inComment || /^\s*\/\*/u.test(line)) {
      inComment = !line.includes('*/');
      return [['comment', line]];
    }
    return tokens(line, /\/\/.*|'[^']*'|`[^`]*`|[A-Za-z_$][\w$]*|[0-9][0-9_]*/gu, (found, next) => {
      if (found.startsWith('//')) return 'comment';
      if (/^['`]/u.test(found)) return 'string';
      if (/^[0-9]/u.test(found)) return 'number';
      if (keywords.has(found)) return 'keyword';
      if (/^[A-Z]/u.test(found)) return 'type';
      return next === '(' ? 'call' : 'text';
    });
  });
}

function tokens(line, pattern, kindOf) {
  const parts = [];
  let from = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > from) parts.push(['text', line.slice(from, match.index)]);
    from = match.index + match[0].length;
    parts.push([kindOf(match[0], line[from]), match[0]]);
  }
  if (from < line.length) parts.push(['text', line.slice(from)]);
  return parts;
}

const colours = {
  text: '#d5dbe3',
  comment: '#7d8794',
  keyword: '#ff7b84',
  string: '#9ecbff',
  number: '#79c0ff',
  type: '#ffb86b',
  call: '#c9a6ff',
  note: '#8fd19e',
};

function svg(left, right, name, length) {
  const [size, advance, leading, top] = [13, 7.8, 19, 74];
  const [margin, split, width] = [28, 500, 1240];
  const height = top + leading * Math.max(left.length, right.length) + 6;
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const column = (rows, x) =>
    rows
      .map((row, index) => {
        const text = row.map(([, part]) => part).join('');
        const indent = text.length - text.trimStart().length;
        if (text.trim() === '') return '';
        let spare = indent;
        const spans = row.map(([kind, part]) => {
          const cut = Math.min(spare, part.length);
          spare -= cut;
          return cut === part.length ? '' : `<tspan fill="${colours[kind]}">${escape(part.slice(cut))}</tspan>`;
        });
        const at = `x="${(x + indent * advance).toFixed(1)}" y="${String(top + index * leading)}"`;
        return `  <text ${at} textLength="${((text.length - indent) * advance).toFixed(1)}" xml:space="preserve">${spans.join('')}</text>\n`;
      })
      .join('');
  const caption = (x, text, anchor = 'start') =>
    `  <text class="caption" x="${String(x)}" y="27" text-anchor="${anchor}">${escape(text)}</text>\n`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="A call of ${call.tool} and the top of the file ${name} that it returns">
  <style>text { font: ${String(size)}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace } .caption { fill: #98a2b0; font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif }</style>
  <defs>
    <clipPath id="frame"><rect x="0.5" y="0.5" width="${String(width - 1)}" height="${String(height - 1)}" rx="10"/></clipPath>
    <linearGradient id="fade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#0f141b" stop-opacity="0"/><stop offset="1" stop-color="#0f141b"/></linearGradient>
  </defs>
  <g clip-path="url(#frame)">
  <rect width="${String(width)}" height="${String(height)}" fill="#0f141b"/>
  <rect width="${String(split - margin)}" height="${String(height)}" fill="#161c25"/>
  <rect width="${String(width)}" height="42" fill="#1c2430"/>
${caption(margin, 'asked and called')}${caption(split, name)}${caption(width - margin, `${String(length)} lines, no dependency`, 'end')}${column(left, margin)}${column(right, split)}  <rect x="${String(split - margin)}" y="${String(height - 76)}" width="${String(width)}" height="76" fill="url(#fade)"/>
  </g>
  <rect x="0.5" y="0.5" width="${String(width - 1)}" height="${String(height - 1)}" rx="10" fill="none" stroke="#303b4a"/>
</svg>
`;
}

const begin = '<!-- proof: begin';
const end = '<!-- proof: end -->';

/** The README with the table of key figures that docs/PROOF.md gives. */
export function withProof(readme, proof) {
  const from = readme.indexOf('\n', readme.indexOf(begin)) + 1;
  const to = readme.indexOf(end);
  if (!readme.includes(begin) || to < from) throw new Error(`README.md: ${begin} ... ${end} is missing`);
  return `${readme.slice(0, from)}${table(proof)}${readme.slice(to)}`;
}

function table(proof) {
  const section = (title) => proof.split(/^## /mu).find((part) => part.startsWith(title));
  const rows = (title) =>
    [...section(title).matchAll(/^\| (?<cells>.+) \|$/gmu)]
      .map((match) => match.groups.cells.split(' | '))
      .slice(1)
      .filter(([first]) => !first.startsWith('---'));
  const number = (text) => Number(text.replaceAll(',', ''));
  const sum = (all, column) => all.reduce((total, row) => total + number(row.at(column)), 0).toLocaleString('en-US');
  const names = (all) => [...new Set(all)].join(', ');

  const compilers = rows('Compilers');
  const linters = rows('Linters');
  const runtimes = rows('Runtimes');
  const injection = rows('Injection');
  const residue = rows('Residue');
  const promises = [...section('Against peers').matchAll(/promised at (?:most|least) [0-9.]+: (?<outcome>.+)$/gmu)].map(
    (match) => match.groups.outcome,
  );
  const versions = compilers.map(([compiler]) => /TypeScript ([0-9]+\.[0-9]+)/u.exec(compiler)[1]);
  const checked = linters.map(([tool]) => /^(?<name>[A-Za-z]+)/u.exec(tool).groups.name);
  const engines = runtimes.map(([runtime]) => /^(?<name>[A-Za-z]+(?: v[0-9]+)?)/u.exec(runtime).groups.name.replace(' v', ' '));
  const titles = {
    'Circuit breaker, closed: one call': 'A call through the closed breaker',
    'Circuit breaker, open: one rejection': 'A rejection by the open breaker',
    'Retry: success at the first try': 'A retry that needs none',
    'Timeout: work that is done in time': 'A timeout that does not fire',
    'Bulkhead: one call while slots are free': 'A call through a bulkhead with free slots',
    'Rate limiter in memory: one key': 'A decision of the rate limiter in memory',
  };
  const measured = section('Against peers')
    .split(/^### /mu)
    .flatMap((part) => {
      const [title] = part.split('\n');
      if (titles[title] === undefined) return [];
      const times = [...part.matchAll(/^\| (?<who>[^|]+) \| (?<ns>[0-9,.]+) \|/gmu)].map(({ groups }) => [groups.who, groups.ns]);
      const own = times.find(([who]) => who.startsWith('emitted'));
      const others = times.filter(
        ([who]) => !/^(emitted|bare |controller and timer|article|the article)/u.test(who) && !who.endsWith('the count alone'),
      );
      return [`| ${titles[title]} | ${own[1]} ns | ${others.map(([who, ns]) => `${who} ${ns} ns`).join(', ')} |`];
    });
  if (measured.length !== Object.keys(titles).length) throw new Error('docs/PROOF.md: a measurement is missing');
  return `
| What | How much | Found |
|---|---|---|
| Compiled under the strictest settings | ${String(compilers.length)} runs of TypeScript ${names(versions)} | ${sum(compilers, -1)} errors |
| Linted with every recommended rule | ${names(checked)} | ${sum(linters, -1)} findings |
| Run | ${sum(runtimes, -2)} tests passed on ${names(engines)} | ${sum(runtimes, -1)} failed |
| Attacked | ${sum(injection, 1)} hostile arguments | ${sum(injection, -1)} changed the code |
| Left behind after ${residue[0][1]} calls | ${String(residue.length)} guards | ${sum(residue, -2)} timers, ${sum(residue, -1)} listeners |
| Measured against the libraries it replaces | ${String(promises.length)} promises | ${String(promises.filter((outcome) => outcome === 'held').length)} held |

| Cost | Emitted code | Libraries |
|---|---|---|
${measured.join('\n')}

`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const given = process.argv.slice(2).filter((each) => each !== '--check');
  const program = given[0] ?? process.env.CROWVAULT_MCP ?? path('src/CrowVault.Mcp/bin/Release/net10.0/CrowVault.Mcp');
  const wanted = { 'docs/answer.svg': picture(program), 'README.md': withProof(read('README.md'), read('docs/PROOF.md')) };
  for (const [name, text] of Object.entries(wanted)) {
    if (!process.argv.includes('--check')) writeFileSync(path(name), text);
    else if (read(name) !== text) {
      console.error(`${name} is not what scripts/readme.mjs writes; run it.`);
      process.exitCode = 1;
    }
  }
}
