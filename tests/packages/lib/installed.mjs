// A folder in which `dotnet` and `npm` know the packages of the release and nothing else: no network, no cache of this machine.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, temporary } from './release.mjs';
import { succeed } from './server.mjs';

/** A folder in which the given packages are the only source there is, or none is when `configured` is false, with the environment for it. */
export function dotnetFolder(names = ['pointer', 'native', 'any'], configured = true) {
  const cwd = temporary();
  const source = join(cwd, 'source');
  mkdirSync(source);
  for (const name of names) cpSync(pathOf(name), join(source, pathOf(name).split('/').at(-1)));
  const sources = `<packageSources><clear />${configured ? '<add key="release" value="source" />' : ''}</packageSources>`;
  writeFileSync(join(cwd, 'NuGet.config'), `<configuration>${sources}</configuration>\n`);
  const env = {
    ...process.env,
    NUGET_PACKAGES: join(cwd, 'packages'),
    DOTNET_CLI_HOME: join(cwd, 'home'),
    DOTNET_NOLOGO: '1',
    DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  };
  return { cwd, source, env };
}

/** A folder in which the npm packages are installed without network and without scripts. */
export async function npmFolder(names = ['npm', 'npmNative'], cwd = temporary()) {
  const env = { ...process.env, npm_config_cache: join(cwd, 'cache'), npm_config_update_notifier: 'false' };
  writeFileSync(join(cwd, 'package.json'), '{ "name": "somewhere", "private": true }\n');
  const tarballs = names.map(pathOf);
  await succeed('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], { cwd, env });
  return { cwd, env };
}
