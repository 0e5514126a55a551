#!/usr/bin/env node
// Starts the native program for this platform, with this process's arguments, standard streams and exit code.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

const require = createRequire(import.meta.url);
const { name, version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const platform = `${process.platform}-${process.arch}`;

/** The program and the arguments that come before the user's. */
function find() {
  try {
    const suffix = process.platform === 'win32' ? '.exe' : '';
    return { command: require.resolve(`${name}-${platform}/crowvault-mcp${suffix}`), first: [] };
  } catch {
    return { command: 'dotnet', first: ['dnx', `CrowVault.Mcp@${version}`, '--yes', '--'] };
  }
}

const { command, first } = find();
const child = spawn(command, [...first, ...process.argv.slice(2)], { stdio: 'inherit' });

child.on('error', () => {
  const way = first.length === 0 ? `Reinstall ${name}.` : 'Install the .NET 10 SDK, or run it on linux-x64.';
  console.error(`${name}: no program for ${platform} could be started. ${way}`);
  process.exit(127);
});

// The program ends by itself once it has answered; this process must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}

child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
