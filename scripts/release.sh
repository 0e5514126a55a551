#!/usr/bin/env bash
# Builds everything that is published into one folder (artifacts/release, or the one given), without publishing anything:
# .NET tool packages, npm packages, the .mcpb bundle, the program with its symbols, the page as one file, server.json, bill of materials, checksums.
# Times, owners and order inside archives are fixed, so that runs on the same commit can be compared.
#
#   scripts/release.sh [FOLDER]
#   CONTAINER=1 scripts/release.sh   also the container image, for which the registry of the base image must be reachable;
#                                    CONTAINER_BASE=HOST/NAME:TAG takes another base than the project's
#   RELEASE_URL=https://... scripts/release.sh   also lists the .mcpb bundle, which will be downloaded from there, in server.json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
out=$(mkdir -p "${1:-artifacts/release}" && cd "${1:-artifacts/release}" && pwd)
build=$root/artifacts/build
rid=linux-x64
version=$(sed -nE 's:.*<Version>(.*)</Version>.*:\1:p' Directory.Build.props)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH TZ=UTC
rm -rf "${out:?}"/* "$build"

say() { printf -- '-- %s\n' "$*"; }

pack() {
  dotnet pack src/CrowVault.Mcp -c Release --nologo -v quiet --artifacts-path "$build" -o "$out" \
    -p:ContinuousIntegrationBuild=true -p:RestoreLockedMode=true "$@"
}

say ".NET tool"
pack -r "$rid"

if [[ -n ${CONTAINER:-} ]]; then
  say "Container image"
  dotnet publish src/CrowVault.Mcp -c Release --nologo -v quiet --artifacts-path "$build" -r "$rid" --no-restore -t:PublishContainer \
    -p:ContinuousIntegrationBuild=true -p:RestoreLockedMode=true -p:ContainerArchiveOutputPath="$build/image.tar" \
    ${CONTAINER_BASE:+"-p:ContainerBaseImage=$CONTAINER_BASE"}
fi

say ".NET tool for other platforms"
pack -r any
pack

program=$build/publish/CrowVault.Mcp/release_$rid/CrowVault.Mcp
any=$build/publish/CrowVault.Mcp/release_any

# Files with the same names, modes, owners and times give the same archive.
archive() {
  find "$2" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  tar -C "$2" --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -cf - . | gzip -n9 >"$1"
}

say "Program"
stage=$build/stage
mkdir -p "$stage/program" "$stage/symbols" "$stage/npm" "$stage/mcpb/server/$rid"
install -m 755 "$program" "$stage/program/crowvault-mcp"
install -m 644 LICENSE "$stage/program/LICENSE"
archive "$out/crowvault-mcp-$version-$rid.tar.gz" "$stage/program"
install -m 644 "$build/bin/CrowVault.Mcp/release_$rid/native/CrowVault.Mcp.dbg" "$stage/symbols/crowvault-mcp.dbg"
mkdir "$stage/symbols/any"
install -m 644 "$build/bin/CrowVault.Mcp/release_any/"CrowVault.{Emitters,Mcp}.pdb "$stage/symbols/any"
archive "$out/crowvault-mcp-$version-$rid.symbols.tar.gz" "$stage/symbols"
[[ -z ${CONTAINER:-} ]] || gzip -n1 <"$build/image.tar" >"$out/crowvault-mcp-$version-image.tar.gz"

say "npm packages"
cp -R packages/npm/. "$stage/npm"
node scripts/version.mjs "$version" "$stage/npm/mcp/package.json" "$stage/npm/$rid/package.json"
install -m 755 "$program" "$stage/npm/$rid/crowvault-mcp"
# What the package starts is the program of this release and no other.
node -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const [path, platform, program] = process.argv.slice(1);
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.sha256 = { [platform]: require("node:crypto").createHash("sha256").update(readFileSync(program)).digest("hex") };
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
' "$stage/npm/mcp/package.json" "$rid" "$program"
for package in mcp "$rid"; do
  install -m 644 LICENSE "$stage/npm/$package/LICENSE"
  (cd "$stage/npm/$package" && npm pack --silent --ignore-scripts --pack-destination "$out" >/dev/null)
done

say "Bundle"
[[ -d scripts/node_modules ]] || (cd scripts && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
"$program" tools --json >"$stage/tools.json"
node -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const [from, tools, to] = process.argv.slice(1);
  const manifest = JSON.parse(readFileSync(from, "utf8"));
  manifest.tools = JSON.parse(readFileSync(tools, "utf8")).tools.map(({ name, description }) => ({ name, description }));
  writeFileSync(to, `${JSON.stringify(manifest, null, 2)}\n`);
' packages/mcpb/manifest.json "$stage/tools.json" "$stage/mcpb/manifest.json"
node scripts/version.mjs "$version" "$stage/mcpb/manifest.json"
install -m 755 "$program" "$stage/mcpb/server/$rid/crowvault-mcp"
cp -R "$any" "$stage/mcpb/server/any"
install -m 644 LICENSE "$stage/mcpb/LICENSE"
find "$stage/mcpb" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
scripts/node_modules/.bin/mcpb pack "$stage/mcpb" "$out/crowvault-mcp-$version.mcpb" >"$stage/mcpb.log" || { cat "$stage/mcpb.log"; exit 1; }

say "Page without a server"
node scripts/static-page.mjs "$program" "$out/crowvault-mcp-$version-page.html"

say "server.json, bill of materials, checksums"
node scripts/sbom.mjs "$version" "$rid" "$out/crowvault-mcp-$version.cdx.json"
node scripts/server-json.mjs "$version" "$out/crowvault-mcp-$version.mcpb" "${RELEASE_URL:-}" "$out/server.json"
(cd "$out" && sha256sum -- * >"$stage/SHA256SUMS" && mv "$stage/SHA256SUMS" .)
ls -l "$out"
