// What a shell completes when its user presses Tab, asked of the shells themselves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { programUnderTest } from '../../shared/program.mjs';
import { newFolder, run } from './lib.mjs';

const name = 'crowvault-mcp';
const { command, args } = programUnderTest();
const full = process.env.CROWVAULT_PROOF === 'full';
const posix = process.platform !== 'win32';

/** A folder that is the working directory and stands on the path, with the program under its own name and two files. */
const folder = newFolder();
const quoted = [command, ...args].map((each) => `'${each.replaceAll("'", "'\\''")}'`).join(' ');
writeFileSync(join(folder, name), `#!/bin/sh\nexec ${quoted} "$@"\n`);
chmodSync(join(folder, name), 0o755);
writeFileSync(join(folder, 'generated.json'), '{}');
const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, HOME: folder, XDG_CONFIG_HOME: folder, TERM: 'dumb' };

const commands = 'accept call completion generate init serve setup simulate stack token tools upgrade'.split(' ');
const tools = 'bulkhead circuit-breaker rate-limiting retry-policy timeout-config'.split(' ');
/** A line up to the cursor, and what stands for its last word; none where it is a path, of which the shell knows more. */
const lines = {
  '': [...commands, '--answers', '--help', '--tools', '--version'],
  comp: ['completion'],
  'generate ': [...tools, '--help'],
  'generate bulk': ['bulkhead'],
  'generate circuit-breaker --with-': ['--with-metrics', '--with-tests'],
  'generate rate-limiting --store ': ['memory', 'redis'],
  'generate rate-limiting --store m': ['memory'],
  'generate rate-limiting --store=m': ['--store=memory'],
  'generate rate-limiting --store redis --framework h': ['hono'],
  'generate retry-policy --language j': ['javascript'],
  'serve --transport ': ['http', 'sse', 'stdio'],
  'completion p': ['powershell'],
  'call generate_b': ['generate_bulkhead'],
  'stack -o ': [],
  'stack -o gen': [],
  'nonsense --no=': [],
};
/** Of an answer, what begins with the word at the cursor, as every shell narrows it down. */
const fitting = (answer, line) => {
  const word = line.slice(line.lastIndexOf(' ') + 1);
  return [...answer].filter((each) => each.startsWith(word)).sort();
};
const sorted = (words) => [...words].sort();

const has = (shell) => !spawnSync(shell, ['--version'], { env }).error;
const unless = (shell) => (has(shell) ? false : `${shell} is not installed; what its script asks for is checked above`);

// What each script sends, by which shells that are not installed here are covered too.
const questions = {
  'a line and a position, as bash has them': (line) => [`[suggest:${String(line.length)}]`, `${line} and more`],
  'a line up to the cursor, as zsh and fish have it': (line) => ['[suggest]', line],
  'a line without its last blank, as PowerShell has it': (line) => [`[suggest:${String(line.length)}]`, line.trimEnd().padEnd(line.length)],
};
for (const [i, [question, ask]] of Object.entries(questions).entries()) {
  test(`completion is asked with ${question}`, () => {
    for (const [j, [line, words]] of Object.entries(lines).entries()) {
      // By default all lines in the first way, and every third in the others.
      if (!full && i > 0 && j % 3 !== i) continue;
      const { code, out, err } = run(folder, ...ask(`${name} ${line}`));
      assert.deepEqual([code, err], [0, ''], line);
      const answer = out.split('\n').filter(Boolean);
      assert.equal(new Set(answer).size, answer.length, `${line}: each once`);
      assert.deepEqual(fitting(answer, line), sorted(words), line);
    }
  });
}

test('bash completes', { skip: posix ? unless('bash') : 'POSIX only' }, () => {
  // The words as readline splits them: at blanks and around =.
  const script = `
    source <(${name} completion bash) || exit 1
    complete -p ${name} | grep -q -- '-o default' || exit 1
    while IFS= read -r COMP_LINE; do
      COMP_POINT=\${#COMP_LINE} COMP_WORDS=() COMPREPLY=()
      for word in \${COMP_LINE//=/ = }; do COMP_WORDS+=("$word"); done
      if [[ $COMP_LINE == *' ' ]]; then COMP_WORDS+=(''); fi
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _crowvault_mcp
      echo "\${COMPREPLY[*]}"
    done`;
  const input = Object.keys(lines).map((line) => `${name} ${line}\n`);
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
    input: input.join(''),
  });
  assert.deepEqual([status, stderr], [0, '']);
  const answers = stdout.split('\n').slice(0, -1);
  assert.equal(answers.length, input.length);
  for (const [i, [line, words]] of Object.entries(lines).entries()) {
    // Of --store=m only what follows = is the word.
    const values = words.map((word) => word.replace(/^.*=/u, ''));
    assert.deepEqual(sorted(answers[i].split(' ').filter(Boolean)), sorted(values), line);
  }
});

test('zsh completes', { skip: posix ? unless('zsh') : 'POSIX only' }, () => {
  // An interactive shell on a terminal of its own; control-X hands over the line as it is then.
  const unique = Object.entries(lines).filter(([, words]) => words.length === 1);
  const asked = [...unique.map(([line]) => line), 'stack -c generated.'];
  const script = `
    zmodload zsh/zpty || exit 1
    zpty shell zsh -f -i
    show='show() { print -r -- "$BUFFER" >> shown; BUFFER=; zle .accept-line }; zle -N show; bindkey "^X" show'
    zpty -w shell "PS1='> '; autoload -Uz compinit; compinit -D -u; source <(${name} completion zsh); $show; echo REA''DY"
    zpty -r -m shell seen '*READY*'
    for line in "$@"; do
      zpty -w -n shell "${name} $line"$'\\t\\x18'
      count=$((count + 1))
      for _ in {1..600}; do [[ -e shown && $(wc -l < shown) -ge $count ]] && break; sleep 0.05; done
    done
    zpty -d shell`;
  const { status, stderr } = spawnSync('zsh', ['-f', '-c', script, 'zsh', ...asked], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual([status, stderr], [0, '']);
  const shown = readFileSync(join(folder, 'shown'), 'utf8').split('\n').slice(0, -1);
  const expected = unique.map(([line, [word]]) => `${name} ${line.slice(0, line.lastIndexOf(' ') + 1)}${word}`);
  assert.deepEqual(
    shown.map((line) => line.trimEnd()),
    [...expected, `${name} stack -c generated.json`],
  );
});

test('fish completes', { skip: posix ? unless('fish') : 'POSIX only' }, () => {
  const script = `
    ${name} completion fish | source
    for line in $argv; echo "= $line"; complete -C "${name} $line"; end`;
  const asked = Object.keys(lines);
  const { status, stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script, ...asked], { cwd: folder, env, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  const answers = stdout.split(/^= .*\n/mu).slice(1);
  assert.equal(answers.length, asked.length);
  for (const [i, [line, words]] of Object.entries(lines).entries()) {
    const answer = answers[i].split('\n').filter(Boolean);
    // Files where no word is known.
    if (line.startsWith('stack -o')) assert.ok(answer.includes('generated.json'), `${line}: ${answer.join()}`);
    else assert.deepEqual(fitting(answer, line), sorted(words), line);
  }
});

test('PowerShell completes', { skip: unless('pwsh') }, () => {
  const script = `
    ${name} completion powershell | Out-String | Invoke-Expression
    foreach ($line in (Get-Content lines.json | ConvertFrom-Json)) {
      (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches.CompletionText -join ' '
    }`;
  // Where the program knows no word, PowerShell offers files by itself.
  const asked = Object.entries(lines).filter(([, words]) => words.length > 0);
  writeFileSync(join(folder, 'lines.json'), JSON.stringify(asked.map(([line]) => `${name} ${line}`)));
  const { status, stdout, stderr } = spawnSync('pwsh', ['-NoProfile', '-Command', script], { cwd: folder, env, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  const answers = stdout.split(/\r?\n/u).slice(0, -1);
  for (const [i, [line, words]] of asked.entries()) assert.deepEqual(sorted(answers[i].split(' ')), sorted(words), line);
});
