#!/usr/bin/env node
// Starts the native program for this platform, with this process's arguments, standard streams and exit code.
//
// An MCP client starts this in whatever folder its user has opened, so nothing of that folder may choose what runs: the program comes
// from the package that npm has put beside this one, in this version and with this checksum, or from the .NET SDK by an explicit source.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants as access,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, homedir, tmpdir } from 'node:os';
import { basename, delimiter, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = realpathSync(fileURLToPath(new URL('.', import.meta.url)));
const { name, version, sha256 = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const windows = process.platform === 'win32';
// Windows on arm64 runs programs for x64. A program for glibc does not run on musl (Alpine), nor the other way round.
const platform = `${process.platform}-${windows ? 'x64' : process.arch}${isMusl() ? '-musl' : ''}`;
const source = process.env.CROWVAULT_MCP_SOURCE ?? 'https://api.nuget.org/v3/index.json';

/** Says what is wrong in one sentence. */
function end(sentence) {
  console.error(`${name}: ${sentence}`);
  process.exit(127);
}

/** The folder that this was called in, which may have been removed. */
function workingFolder() {
  try {
    return process.cwd();
  } catch {
    return end('the working directory is not there any more; change to another.');
  }
}

/** Whether this is a Linux with musl: Node.js names the glibc that it runs on, where there is one. */
function isMusl() {
  if (process.platform !== 'linux') return false;
  process.report.excludeNetwork = true; // Else it looks up the names of all open connections.
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

/** The native program: below this package, or beside it under the same scope. No folder further up is searched, nor NODE_PATH or the home. */
function nativeProgram() {
  const [scope, short] = name.split('/');
  const places = [join(here, 'node_modules', scope, `${short}-${platform}`)];
  // .../node_modules/@scope/name: whatever installed this package has put its sibling there.
  if (basename(join(here, '..')) === scope && basename(join(here, '../..')) === 'node_modules') {
    places.push(join(here, '..', `${short}-${platform}`));
  }
  for (const place of places) {
    let its;
    try {
      its = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    } catch {
      continue;
    }
    if (its.name !== `${name}-${platform}` || its.version !== version) continue;
    const program = join(place, windows ? 'crowvault-mcp.exe' : 'crowvault-mcp');
    // A package that was changed after its release is no program of this version.
    const wanted = sha256[platform];
    let sum;
    try {
      sum = createHash('sha256').update(readFileSync(program)).digest('hex');
    } catch ({ code }) {
      end(`${program} cannot be read (${code}); a virus scanner may have taken it away. Reinstall ${name}.`);
    }
    if (wanted !== undefined && sum !== wanted) end(`${program} is not the released program of ${version}. Reinstall ${name}.`);
    return program;
  }
  return undefined;
}

const isIn = (folder, path) => {
  const from = relative(folder, path);
  return from === '' || (from !== '..' && !from.startsWith(`..${sep}`) && !isAbsolute(from));
};

/** The absolute entries of PATH outside of any node_modules and, where it is not the user's home or around it, of the working directory. */
function trustedPath() {
  const opened = realpathSync(folder);
  const isOwn = isIn(opened, existsSync(homedir()) ? realpathSync(homedir()) : homedir());
  return (process.env.PATH ?? process.env.Path ?? '').split(delimiter).filter((entry) => {
    if (!isAbsolute(entry)) return false;
    let place;
    try {
      place = realpathSync(entry);
    } catch {
      return false; // Not there.
    }
    return (isOwn || !isIn(opened, place)) && ![...place.split(sep), ...entry.split(sep)].includes('node_modules');
  });
}

/** `dotnet` from those; Windows would look in the working directory first. */
function dotnet() {
  for (const entry of path) {
    const program = join(entry, windows ? 'dotnet.exe' : 'dotnet');
    try {
      accessSync(program, access.X_OK);
      if (statSync(program).isFile()) return program;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** This process's environment, with that PATH: what is started looks there for others, `dotnet` for a shell and `simulate` for a runtime. */
function environment() {
  const others = Object.entries(process.env).filter(([key]) => key.toUpperCase() !== 'PATH');
  return { ...Object.fromEntries(others), PATH: path.join(delimiter) };
}

/** An empty folder whose own global.json, nuget.config and list of tools end the search for others. */
function neutralFolder() {
  let folder;
  try {
    folder = mkdtempSync(join(tmpdir(), 'crowvault-mcp-'));
  } catch ({ code }) {
    return end(`no folder can be made in ${tmpdir()} (${code}); let TMPDIR (Windows: TEMP) name one that can be written.`);
  }
  writeFileSync(join(folder, 'global.json'), '{ "sdk": { "rollForward": "latestMajor", "version": "10.0.100" } }\n');
  writeFileSync(
    join(folder, 'nuget.config'),
    '<configuration><packageSources><clear /></packageSources><config><clear /></config></configuration>\n',
  );
  writeFileSync(join(folder, 'dotnet-tools.json'), '{ "version": 1, "isRoot": true, "tools": {} }\n');
  return folder;
}

const its = `${name}-${platform}`;

function fail() {
  const known = Object.keys(optionalDependencies).map((each) => each.slice(name.length + 1));
  const way = found
    ? `Reinstall ${name}.`
    : its in optionalDependencies
      ? `The package ${its} is missing: install ${name} again, with its optional dependencies. Or install the .NET 10 SDK.`
      : `Install the .NET 10 SDK, or run it on ${known.join(', ')}.`;
  end(`no program for ${platform} could be started. ${way}`);
}

const folder = workingFolder();
const path = trustedPath();
const found = nativeProgram();
const command = found ?? dotnet();
if (command === undefined) fail();

const given = process.argv.slice(2);
const neutral = found ? undefined : neutralFolder();
if (neutral) process.once('exit', () => rmSync(neutral, { recursive: true, force: true }));
const first = neutral
  ? ['dnx', `CrowVault.Mcp@${version}`, '--yes', '--source', source, '--configfile', join(neutral, 'nuget.config'), '--']
  : [];
const child = spawn(command, [...first, ...given], {
  stdio: 'inherit',
  shell: false,
  cwd: neutral ?? folder,
  // The program goes back to the folder in which it was called, and ends when this process is gone.
  env: { ...environment(), CROWVAULT_MCP_PARENT: String(process.pid), ...(neutral && { CROWVAULT_MCP_FOLDER: folder }) },
});

child.on('error', fail);

// The program ends by itself once it has answered; this process must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}

child.on('exit', (code, signal) => {
  if (code === 127 && found && isMusl()) console.error(`${name}: the program needs libstdc++; on Alpine: apk add libstdc++`);
  // Whether the SDK has failed or the program cannot be told.
  if (code && !found && its in optionalDependencies) {
    console.error(
      `${name}: the .NET SDK was asked, for the package ${its} is missing: install ${name} again, with its optional dependencies.`,
    );
  }
  process.exitCode = code ?? 128 + constants.signals[signal];
});
