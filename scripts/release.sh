#!/usr/bin/env bash
# Builds everything that is published into one folder (artifacts/release, or the one given), without publishing anything:
# .NET tool packages, npm packages, the .mcpb bundle, the program with its symbols, the page as one file, a static shadcn registry, server.json, bill of
# materials, checksums.
# Times, owners and order inside archives are fixed, so that runs on the same commit can be compared.
#
#   scripts/release.sh [--platforms linux-x64,osx-arm64] [FOLDER]
#
# Without --platforms for all of them: linux-x64 and linux-arm64 ahead of time (the latter needs lld and Debian's compiler for arm64, see docs/INSTALL.md), the
# others as one file that holds the runtime. linux-x64 is always among them. Windows on arm64 runs the program for x64.
#   CONTAINER=1 scripts/release.sh   also the container image, for which the registry of the base image must be reachable;
#                                    CONTAINER_BASE=HOST/NAME:TAG takes another base than the project's
#   RELEASE_URL=https://... scripts/release.sh   also lists the .mcpb bundle, which will be downloaded from there, in server.json
set -euo pipefail
from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
all=linux-x64,linux-arm64,linux-musl-x64,osx-arm64,osx-x64,win-x64
platforms=$all
while [[ ${1:-} == -* ]]; do
  case $1 in
    --platforms) platforms=${2:?--platforms needs a list such as $all}; shift 2 ;;
    *) echo "usage: scripts/release.sh [--platforms LIST] [FOLDER]" >&2; exit 2 ;;
  esac
done
for each in ${platforms//,/ }; do
  [[ ,$all, == *,$each,* ]] || { echo "--platforms: $each is none of $all" >&2; exit 2; }
done
# In one order, and with the platform whose program is run on the way.
rids=()
for each in ${all//,/ }; do
  if [[ $each == linux-x64 || ,$platforms, == *,$each,* ]]; then rids+=("$each"); fi
done
if [[ " ${rids[*]} " == *" linux-arm64 "* && $(uname -m) == x86_64 ]] && ! command -v aarch64-linux-gnu-objcopy >/dev/null; then
  echo "linux-arm64 needs lld gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross" >&2
  exit 2
fi
# Where it was called from, as every other command takes a path.
out=${1:-$root/artifacts/release}
[[ $out == /* ]] || out=$from/$out
mkdir -p "$out"
out=$(cd "$out" && pwd)
# What is there makes way for the release, so it may be nothing but one.
other=$(find "$out" -mindepth 1 -maxdepth 1 ! -name 'CrowVault.Mcp.*.nupkg' ! -name 'crowvault-mcp-*' ! -name SHA256SUMS ! -name server.json -print -quit)
[[ -z $other ]] || { echo "$out: holds something else than a release: ${other##*/}; give another folder" >&2; exit 2; }
build=$root/artifacts/build
rid=linux-x64
# As Node.js calls the platforms.
declare -A npm=([linux-x64]=linux-x64 [linux-arm64]=linux-arm64 [linux-musl-x64]=linux-x64-musl [osx-arm64]=darwin-arm64 [osx-x64]=darwin-x64 [win-x64]=win32-x64)
version=$(sed -nE 's:.*<Version>(.*)</Version>.*:\1:p' Directory.Build.props)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH TZ=UTC
rm -rf "${out:?}"/* "$build"

say() { printf -- '-- %s\n' "$*"; }

pack() {
  # Analyzers have their say in every other build, and change nothing that is built.
  dotnet pack src/CrowVault.Mcp -c Release --nologo -v quiet --artifacts-path "$build" -o "$out" -p:RunAnalyzers=false \
    -p:ContinuousIntegrationBuild=true -p:RestoreLockedMode=true "-p:ToolPackageRuntimeIdentifiers=\"$(IFS=';'; echo "${rids[*]}");any\"" "$@"
}

for each in "${rids[@]}"; do
  say ".NET tool for $each"
  pack -r "$each"
done

if [[ -n ${CONTAINER:-} ]]; then
  say "Container image"
  dotnet publish src/CrowVault.Mcp -c Release --nologo -v quiet --artifacts-path "$build" -r "$rid" --no-restore -t:PublishContainer \
    -p:ContinuousIntegrationBuild=true -p:RestoreLockedMode=true -p:ContainerArchiveOutputPath="$build/image.tar" \
    ${CONTAINER_BASE:+"-p:ContainerBaseImage=$CONTAINER_BASE"}
fi

say ".NET tool for other platforms"
pack -r any
pack

# The program of a platform as it was published, and its name for people.
program_of() { echo "$build/publish/CrowVault.Mcp/release_$1/CrowVault.Mcp$([[ $1 != win-* ]] || echo .exe)"; }
name_of() { echo "crowvault-mcp$([[ $1 != win-* ]] || echo .exe)"; }
program=$(program_of "$rid")
any=$build/publish/CrowVault.Mcp/release_any

# Files with the same names, modes, owners and times give the same archive.
archive() {
  find "$2" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  tar -C "$2" --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -cf - . | gzip -n9 >"$1"
}

stage=$build/stage
mkdir -p "$stage/symbols" "$stage/npm" "$stage/mcpb/server"
for each in "${rids[@]}"; do
  say "Program for $each"
  mkdir -p "$stage/program/$each"
  install -m 755 "$(program_of "$each")" "$stage/program/$each/$(name_of "$each")"
  install -m 644 LICENSE "$stage/program/$each/LICENSE"
  archive "$out/crowvault-mcp-$version-$each.tar.gz" "$stage/program/$each"
done
for each in "${rids[@]}"; do
  debug=$build/bin/CrowVault.Mcp/release_$each/native/CrowVault.Mcp.dbg
  [[ ! -e $debug ]] || install -m 644 "$debug" "$stage/symbols/crowvault-mcp$([[ $each == "$rid" ]] || echo "-$each").dbg"
done
mkdir "$stage/symbols/any"
install -m 644 "$build/bin/CrowVault.Mcp/release_any/"CrowVault.{Emitters,Mcp}.pdb "$stage/symbols/any"
archive "$out/crowvault-mcp-$version-$rid.symbols.tar.gz" "$stage/symbols"
[[ -z ${CONTAINER:-} ]] || gzip -n1 <"$build/image.tar" >"$out/crowvault-mcp-$version-image.tar.gz"

say "shadcn registry"
mkdir "$stage/r"
"$program" tools --registry >"$stage/r/registry.json"
while read -r tool arguments; do
  "$program" call "generate_${tool//-/_}" "$arguments" --registry-item >"$stage/r/$tool.json"
done <<'END'
circuit-breaker {}
retry-policy {}
rate-limiting {}
timeout-config {"operations":{"default":5000}}
bulkhead {"partitions":{"default":20}}
END
chmod 644 "$stage/r"/*
mkdir "$stage/registry" && mv "$stage/r" "$stage/registry/r"
archive "$out/crowvault-mcp-$version-registry.tar.gz" "$stage/registry"

say "npm packages"
cp -R packages/npm/. "$stage/npm"
chosen=()
for each in "${rids[@]}"; do
  chosen+=("${npm[$each]}")
  install -m 755 "$(program_of "$each")" "$stage/npm/${npm[$each]}/$(name_of "$each")"
done
for package in mcp "${chosen[@]}"; do node scripts/version.mjs "$version" "$stage/npm/$package/package.json"; done
# What the package starts is the program of this release and no other, on the platforms of this release.
node -e '
  const { readFileSync, readdirSync, writeFileSync } = require("node:fs");
  const { createHash } = require("node:crypto");
  const [npm, ...platforms] = process.argv.slice(1);
  const path = `${npm}/mcp/package.json`;
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const chosen = ([name]) => platforms.includes(name.replace(`${manifest.name}-`, ""));
  manifest.optionalDependencies = Object.fromEntries(Object.entries(manifest.optionalDependencies).filter(chosen));
  manifest.sha256 = Object.fromEntries(platforms.map((platform) => {
    const program = readdirSync(`${npm}/${platform}`).find((name) => name.startsWith("crowvault-mcp"));
    return [platform, createHash("sha256").update(readFileSync(`${npm}/${platform}/${program}`)).digest("hex")];
  }));
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
' "$stage/npm" "${chosen[@]}"
for package in mcp "${chosen[@]}"; do
  install -m 644 LICENSE "$stage/npm/$package/LICENSE"
  (cd "$stage/npm/$package" && npm pack --silent --ignore-scripts --pack-destination "$out" >/dev/null)
done

say "Bundle"
[[ -d scripts/node_modules ]] || (cd scripts && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
"$program" tools --json >"$stage/tools.json"
node -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const [from, tools, to, ...platforms] = process.argv.slice(1);
  const manifest = JSON.parse(readFileSync(from, "utf8"));
  const { mcp_config: start } = manifest.server;
  if (platforms.includes("win-x64")) start.platform_overrides.win32 = { command: "${__dirname}/server/win-x64/crowvault-mcp.exe", args: [] };
  if (platforms.includes("osx-x64") && platforms.includes("osx-arm64"))
    start.platform_overrides.darwin = { command: "/bin/sh", args: ["${__dirname}/server/darwin.sh"] };
  manifest.tools = JSON.parse(readFileSync(tools, "utf8")).tools.map(({ name, description }) => ({ name, description }));
  writeFileSync(to, `${JSON.stringify(manifest, null, 2)}\n`);
' packages/mcpb/manifest.json "$stage/tools.json" "$stage/mcpb/manifest.json" "${rids[@]}"
node scripts/version.mjs "$version" "$stage/mcpb/manifest.json"
for each in linux-x64 osx-arm64 osx-x64 win-x64; do
  if [[ -d $stage/program/$each ]]; then
    mkdir "$stage/mcpb/server/$each"
    install -m 755 "$stage/program/$each/$(name_of "$each")" "$stage/mcpb/server/$each"
  fi
done
install -m 755 packages/mcpb/darwin.sh "$stage/mcpb/server/darwin.sh"
cp -R "$any" "$stage/mcpb/server/any"
install -m 644 LICENSE "$stage/mcpb/LICENSE"
find "$stage/mcpb" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
scripts/node_modules/.bin/mcpb pack "$stage/mcpb" "$out/crowvault-mcp-$version.mcpb" >"$stage/mcpb.log" || { cat "$stage/mcpb.log"; exit 1; }

say "Page without a server"
node scripts/static-page.mjs "$program" "$out/crowvault-mcp-$version-page.html"

say "server.json, bill of materials, provenance, checksums"
node scripts/sbom.mjs "$version" "$rid" "$out/crowvault-mcp-$version.cdx.json"
node scripts/server-json.mjs "$version" "$out/crowvault-mcp-$version.mcpb" "${RELEASE_URL:-}" "$out/server.json"
node scripts/provenance.mjs "$version" "$out" "$out/crowvault-mcp-$version.intoto.json"
(cd "$out" && sha256sum -- * >"$stage/SHA256SUMS" && mv "$stage/SHA256SUMS" .)
ls -l "$out"
