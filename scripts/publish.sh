#!/usr/bin/env bash
# Publishes a release that scripts/release.sh has built: packages to NuGet and npm, files to a release of the repository.
# Says what it would do, and does nothing, unless --really is given.
#
#   scripts/publish.sh [--really] [FOLDER]
#
# With --really it needs NUGET_API_KEY, a login of npm, and a login of gh; each step is left out of a second run when its version is there already.
set -euo pipefail
from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
really=
if [[ ${1:-} == --really ]]; then really=1; shift; fi
[[ ${1:-} != -* && $# -le 1 ]] || { echo "usage: scripts/publish.sh [--really] [FOLDER]" >&2; exit 2; }
folder=${1:-$PWD/artifacts/release}
[[ $folder == /* ]] || folder=$from/$folder
[[ -f $folder/SHA256SUMS ]] || { echo "$folder: holds no release; run scripts/release.sh first" >&2; exit 2; }
version=$(sed -nE 's:.*<Version>(.*)</Version>.*:\1:p' Directory.Build.props)

# What is sent is what was built, for this version, and for every platform.
(cd "$folder" && sha256sum --check --strict --quiet SHA256SUMS)
for each in linux-x64 linux-arm64 linux-musl-x64 osx-arm64 osx-x64 win-x64 any; do
  [[ -f $folder/CrowVault.Mcp.$each.$version.nupkg ]] || { echo "$folder: nothing of $version for $each; build all platforms with scripts/release.sh" >&2; exit 2; }
done

run() {
  if [[ -n $really ]]; then "$@"; else printf 'would run: %s\n' "${*//${NUGET_API_KEY:-no key}/\$NUGET_API_KEY}"; fi
}

# The packages of the platforms first: one that points to them must not be there before them.
parts=() pointers=()
for each in "$folder"/CrowVault.Mcp.*.nupkg; do
  if [[ $each == */CrowVault.Mcp.$version.nupkg ]]; then pointers+=("$each"); else parts+=("$each"); fi
done
[[ -z $really || -n ${NUGET_API_KEY:-} ]] || { echo "NUGET_API_KEY is not set" >&2; exit 2; }
for each in "${parts[@]}" "${pointers[@]}"; do
  run dotnet nuget push "$each" --source https://api.nuget.org/v3/index.json --api-key "${NUGET_API_KEY:-no key}" --skip-duplicate
done

parts=() pointers=()
for each in "$folder"/crowvault-mcp-*.tgz; do
  if [[ $each == */crowvault-mcp-$version.tgz ]]; then pointers+=("$each"); else parts+=("$each"); fi
done
for each in "${parts[@]}" "${pointers[@]}"; do
  name=$(tar -xzOf "$each" package/package.json | sed -nE 's/^ *"name": "(.*)",$/\1/p' | head -1)
  if [[ -n $really ]] && npm view "$name@$version" version >/dev/null 2>&1; then continue; fi
  run npm publish "$each" --access public --provenance
done

files=()
for each in "$folder"/*; do
  case $each in *.nupkg | *.tgz) ;; *) files+=("$each") ;; esac
done
if [[ -z $really ]] || ! gh release view "v$version" >/dev/null 2>&1; then
  run gh release create "v$version" "${files[@]}" --title "$version" --notes-file CHANGELOG.md
fi
echo "Then tell the MCP registry: mcp-publisher publish $folder/server.json"
