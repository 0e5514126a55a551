#!/usr/bin/env node
// Stands in for a command of the README that is not here: claude, copilot, code, docker. It takes the arguments that the real one takes,
// refuses others, and writes the server it was told of to the file STAND_IN_LOG. As npx it starts the inspector of the neighbouring
// workspace, and as scripts/release.sh it gives the release that was built before.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { basename, delimiter, dirname, join } from 'node:path';

const name = basename(process.argv[1]);
const given = process.argv.slice(2);
const log = (entry) => appendFileSync(process.env.STAND_IN_LOG, `${JSON.stringify(entry)}\n`);
const fail = (text) => {
  console.error(`${name}: ${text}`);
  process.exit(64);
};

const loaded = 'image-loaded';
const roles = {
  claude: addServer,
  copilot: addServer,
  code() {
    if (given.length !== 2 || given[0] !== '--add-mcp') fail(`unknown arguments ${given.join(' ')}`);
    const { name: server, ...config } = JSON.parse(given[1]);
    log({ server, config });
  },
  docker() {
    const [verb, ...rest] = given;
    if (verb === 'load' && rest[0] === '--input' && rest.length === 2) {
      const tags = JSON.parse(execFileSync('tar', ['-xzOf', rest[1], 'manifest.json'], { encoding: 'utf8' }))[0].RepoTags;
      appendFileSync(loaded, tags.join('\n'));
      return;
    }
    const flags = ['--rm', '--interactive', '--network', 'none'];
    if (verb !== 'run' || flags.some((flag, index) => rest[index] !== flag)) fail(`unknown arguments ${given.join(' ')}`);
    const [image, ...args] = rest.slice(flags.length);
    if (!readFileSync(loaded, 'utf8').split('\n').includes(image)) fail(`no image ${image}`);
    follow(process.env.STAND_IN_PROGRAM, args);
  },
  npx() {
    const inspector = given.indexOf('@modelcontextprotocol/inspector');
    if (inspector !== 1 || given[0] !== '-y') follow(realNpx(), given);
    const modules = join(process.env.STAND_IN_REPOSITORY, 'tests/conformance/node_modules');
    const { bin } = JSON.parse(readFileSync(join(modules, '@modelcontextprotocol/inspector/package.json'), 'utf8'));
    const start = join(modules, '@modelcontextprotocol/inspector', typeof bin === 'string' ? bin : Object.values(bin)[0]);
    follow(Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : join(modules, 'node24/bin/node'), [
      start,
      ...given.slice(2),
    ]);
  },
  'release.sh'() {
    if (!['', '--platforms linux-x64'].includes(given.join(' '))) fail(`unknown arguments ${given.join(' ')}`);
    mkdirSync('artifacts', { recursive: true });
    if (!existsSync('artifacts/release')) symlinkSync(process.env.CROWVAULT_RELEASE, 'artifacts/release');
  },
};
roles[name]();

// mcp add [--transport http] NAME (-- COMMAND ARGUMENT... | URL [--header "Name: value"])
function addServer() {
  const rest = [...given];
  if (rest.shift() !== 'mcp' || rest.shift() !== 'add') fail(`unknown arguments ${given.join(' ')}`);
  if (rest[0] === '--transport') {
    const [, transport, server, url, flag, header, ...others] = rest;
    const [, key, value] = /^([\w-]+): (.+)$/.exec(header ?? '') ?? [];
    if (transport !== 'http' || flag !== '--header' || key === undefined || others.length > 0) fail(`unknown arguments ${given.join(' ')}`);
    log({ server, config: { type: 'http', url, headers: { [key]: value } } });
    return;
  }
  const [server, dashes, command, ...args] = rest;
  if (dashes !== '--' || !command || server.startsWith('-')) fail(`unknown arguments ${given.join(' ')}`);
  log({ server, config: { command, args } });
}

// A client may start a server with little more than PATH, on which this file comes first.
function realNpx() {
  const own = dirname(process.argv[1]);
  const folder = process.env.PATH.split(delimiter).find((each) => each !== own && existsSync(join(each, 'npx')));
  return join(folder, 'npx');
}

function follow(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  process.exit(status ?? 1);
}
