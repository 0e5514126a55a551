#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test; the last line is "N passed, N failed".
#
#   ./test.sh            everything that fits into 25 minutes on two cores
#   ./test.sh --quick    under 3 minutes: the .NET tests but those over HTTP, and the emitted code on this machine's Node
#   ./test.sh --full     with all compilers, runtimes, hostile inputs and mutation testing
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

mode=${1:-}
case $mode in
  "" | --quick | --full) ;;
  *) echo "usage: ./test.sh [--quick | --full]" >&2; exit 2 ;;
esac

passed=0
failed=0
started=$SECONDS

# Runs one step; a suite's own count is added to the whole, and a step that fails without counting is one failure.
suite() {
  local name=$1 log code line since=$SECONDS
  shift
  log=$(mktemp)
  printf '\n== %s\n' "$name"
  "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1)
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    if [[ $code -ne 0 && ${BASH_REMATCH[2]} -eq 0 ]]; then failed=$((failed + 1)); fi
  elif [[ $code -ne 0 ]]; then
    failed=$((failed + 1))
  fi
  printf -- '-- %s: %s s\n' "$name" "$((SECONDS - since))"
  rm -f "$log"
  return "$code"
}

finish() {
  printf '\n%s seconds in all\n' "$((SECONDS - started))"
  printf '%s passed, %s failed\n' "$passed" "$failed"
  if [[ $failed -eq 0 && $passed -gt 0 ]]; then exit 0; else exit 1; fi
}

install_packages() {
  local missing=()
  command -v redis-server >/dev/null || missing+=(redis-server)
  if [[ $mode != --quick ]]; then
    command -v clang >/dev/null || missing+=(clang)
    [[ -e /usr/include/zlib.h ]] || missing+=(zlib1g-dev)
    command -v chromium >/dev/null || missing+=(chromium)
    command -v unzip >/dev/null || missing+=(unzip)
    command -v curl >/dev/null || missing+=(curl)
    command -v slowhttptest >/dev/null || missing+=(slowhttptest)
  fi
  [[ ${#missing[@]} -eq 0 ]] && return 0
  local as_root=()
  [[ $(id -u) -eq 0 ]] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Warnings are errors.
build() { dotnet build CrowVault.Mcp.sln -c Release --nologo -v quiet; }

# Microsoft.Testing.Platform counts as "succeeded: N" and "failed: N".
count_dotnet_tests() {
  local log code
  log=$(mktemp)
  dotnet test -c Release --no-build "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  printf '%s passed, %s failed\n' \
    "$(sed -nE 's/^ *succeeded: ([0-9]+)$/\1/p' "$log" | tail -1)" "$(sed -nE 's/^ *failed: ([0-9]+)$/\1/p' "$log" | tail -1)"
  rm -f "$log"
  return "$code"
}

dotnet_tests() {
  local filter=()
  [[ $mode == --quick ]] && filter=(-- --filter-not-namespace CrowVault.Mcp.Tests.Http)
  count_dotnet_tests --solution CrowVault.Mcp.sln "${filter[@]}"
}

generated() {
  (cd tests/generated && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node run.mjs ${mode:+"$mode"})
}

field() { (cd tests/field && node run.mjs ${mode:+"$mode"}); }

conformance() {
  (cd tests/conformance && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node run.mjs ${mode:+"$mode"})
}

# Builds the release, native program included, into a folder of this run.
packages() {
  (cd tests/packages && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && CROWVAULT_RELEASE=$work/release node run.mjs ${mode:+"$mode"})
  local code=$?
  mkdir -p "$work/program" && tar -xzf "$work"/release/crowvault-mcp-*-linux-x64.tar.gz -C "$work/program" && return "$code"
}

native_dotnet_tests() { CROWVAULT_MCP=$native count_dotnet_tests --project tests/CrowVault.Mcp.Tests; }

native_doors() { (cd tests/conformance && CROWVAULT_MCP=$native node run.mjs doors); }

suite "System packages" install_packages || finish
suite "Build" build || finish
suite ".NET tests" dotnet_tests
suite "Emitted code" generated
suite "Cases from the field" field
if [[ $mode != --quick ]]; then
  suite "Doors and official clients" conformance
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  native=$work/program/crowvault-mcp
  suite "Packages" packages
  suite ".NET tests of the native program" native_dotnet_tests
  suite "Doors of the native program" native_doors
fi
finish
