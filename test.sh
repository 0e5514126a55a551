#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test; the last line is "N passed, N failed".
#
#   ./test.sh            everything that fits into 25 minutes on two cores
#   ./test.sh --quick    under 3 minutes: the .NET tests but those that start the program, the emitted code on this machine's Node, and the quick areas of the field
#   ./test.sh --full     with all compilers, runtimes, hostile inputs and mutation testing
#
# The tests have a temporary folder of their own, and leave nothing in it.
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

work=$(mktemp -d)
chmod 711 "$work" # tests that run as another user pass through it
trap 'rm -rf "$work"' EXIT
mkdir "$work/tests" "$work/sdk"
export TMPDIR=$work/tests
export PROMTOOL=${PROMTOOL:-$work/promtool}

# Runs one step; a suite's own count is added to the whole, and a step that fails without counting is one failure.
suite() {
  local name=$1 log code line since=$SECONDS
  shift
  log=$work/step.log
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
  return "$code"
}

# Begins a step while others run; `ended` waits for it, prints what it printed and ends as it did.
begin() {
  ("$@"; echo $? >"$work/$1.ended") >"$work/$1.log" 2>&1 &
}

ended() {
  until [[ -s $work/$1.ended ]]; do sleep 0.2; done
  cat "$work/$1.log"
  return "$(cat "$work/$1.ended")"
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
    command -v zsh >/dev/null || missing+=(zsh)
    command -v fish >/dev/null || missing+=(fish)
  fi
  if [[ $mode == --full ]]; then
    # To build and to run the programs of other platforms.
    command -v ld.lld >/dev/null || missing+=(lld)
    command -v aarch64-linux-gnu-objcopy >/dev/null || missing+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross)
    command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
    [[ -e /usr/lib/wine/wine64 ]] || missing+=(wine64)
    [[ -e /lib/ld-musl-x86_64.so.1 ]] || missing+=(musl)
  fi
  local as_root=()
  [[ $(id -u) -eq 0 ]] || as_root=(sudo)
  if [[ ${#missing[@]} -gt 0 ]]; then
    "${as_root[@]}" apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null || return 1
  fi
  [[ $mode == --quick ]] || command -v promtool >/dev/null || [[ -x $PROMTOOL ]] || unpack_promtool "${as_root[@]}"
  return 0
}

# Alerts are tested by it; the package's service is not wanted. Without it those tests are skipped, and say so.
unpack_promtool() {
  mkdir "$work/prometheus"
  (
    cd "$work/prometheus" || exit 1
    apt-get download -q prometheus >/dev/null 2>&1 || { "$@" apt-get update -q >/dev/null && apt-get download -q prometheus >/dev/null 2>&1; }
    dpkg-deb --fsys-tarfile ./prometheus_*.deb | tar -xO ./usr/bin/promtool >"$PROMTOOL" && chmod 755 "$PROMTOOL"
  ) || { rm -f "$PROMTOOL"; echo "promtool could not be had."; }
  rm -rf "$work/prometheus"
}

# Warnings are errors. The SDK leaves folders behind, which are not the tests' concern.
build() { TMPDIR=$work/sdk dotnet build CrowVault.Mcp.sln -c Release --nologo -v quiet; }

# Microsoft.Testing.Platform counts as "succeeded: N" and "failed: N".
count_dotnet_tests() {
  local log code
  log=$work/dotnet.log
  dotnet test -c Release --no-build "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  printf '%s passed, %s failed\n' \
    "$(sed -nE 's/^ *succeeded: ([0-9]+)$/\1/p' "$log" | tail -1)" "$(sed -nE 's/^ *failed: ([0-9]+)$/\1/p' "$log" | tail -1)"
  return "$code"
}

# The repository's own code: layout and rules of its scripts, layout of its C#.
lint() {
  local good=0 bad=0 each
  install || return 1
  for each in "prettier --check --log-level warn ." "eslint --config eslint.config.mjs --max-warnings 0 ."; do
    # shellcheck disable=SC2086
    if npx --no-install $each; then good=$((good + 1)); else bad=$((bad + 1)); fi
  done
  # The build has held the rules of style already; a quick run is content with it.
  local -a what=()
  [[ $mode == --quick ]] && what=(whitespace)
  if TMPDIR=$work/sdk dotnet format "${what[@]}" CrowVault.Mcp.sln --verify-no-changes --no-restore; then good=$((good + 1)); else bad=$((bad + 1)); fi
  printf '%s passed, %s failed\n' "$good" "$bad"
  [[ $bad -eq 0 ]]
}

dotnet_tests() {
  local filter=()
  local http=(--filter-not-namespace CrowVault.Mcp.Tests.Http)
  local starts=()
  local each
  for each in CommandLine PromptsAndResources Stdio; do starts+=(--filter-not-class "CrowVault.Mcp.Tests.${each}Tests"); done
  # What starts the program again and again is tried on the native one alone, which people get and which starts ten times faster.
  [[ $mode == --full ]] || filter=(-- "${http[@]}" "${starts[@]}")
  CROWVAULT_PROOF=${mode#--} count_dotnet_tests --solution CrowVault.Mcp.sln "${filter[@]}"
}

# npm ci, where the packages are not those of the lock file yet.
install() { cmp -s package-lock.json node_modules/.crowvault-lock.json || npm_ci; }

npm_ci() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.crowvault-lock.json
}

generated() {
  (cd tests/generated && install && node run.mjs ${mode:+"$mode"})
}

page() {
  (
    [[ -x $native ]] && export CROWVAULT_MCP=$native
    cd tests/page && node run.mjs ${mode:+"$mode"}
  )
}

site() { (cd site && install && node run.mjs); }

requests() { (cd tests/requests && node run.mjs); }

field() {
  (
    [[ -x $native ]] && export CROWVAULT_MCP=$native
    cd tests/field && node run.mjs ${mode:+"$mode"}
  )
}

peers() { (cd tests/field && node run.mjs ${mode:+"$mode"} --install); }

conformance() {
  (cd tests/conformance && install && node run.mjs ${mode:+"$mode"})
}

# Builds the release, native program included, into a folder of this run. The README's first lines are run with the clients of the doors.
packages() {
  (cd tests/conformance && install)
  (cd tests/packages && install && CROWVAULT_RELEASE=$work/release node run.mjs ${mode:+"$mode"})
  local code=$?
  mkdir -p "$work/program" && tar -xzf "$work"/release/crowvault-mcp-*-linux-x64.tar.gz -C "$work/program" && return "$code"
}

native_dotnet_tests() { CROWVAULT_MCP=$native count_dotnet_tests --project tests/CrowVault.Mcp.Tests; }

# What this run has left in its temporary folder.
leftovers() {
  local found
  found=$(ls -A "$TMPDIR")
  if [[ -z $found ]]; then
    echo "1 passed, 0 failed"
  else
    printf 'FAIL left behind in the temporary folder:\n%s\n0 passed, 1 failed\n' "$found"
    return 1
  fi
}

native_doors() { (cd tests/conformance && CROWVAULT_MCP=$native node run.mjs doors); }

suite "System packages" install_packages || finish
suite "Build" build || finish
begin lint
begin peers
if [[ $mode == --quick ]]; then
  begin dotnet_tests
  suite "Emitted code" generated
  suite ".NET tests" ended dotnet_tests
else
  # The native compiler keeps one core busy for minutes.
  begin packages
  suite ".NET tests" dotnet_tests
  suite "Emitted code" generated
fi
suite "Lint" ended lint
suite "Requests in people's words" requests
[[ $mode == --quick ]] || suite "Packages" ended packages
# The program that people get starts ten times faster than the one that the build leaves; where it is missing, the other is tried.
native=$work/program/crowvault-mcp
ended peers >/dev/null # what could not be installed is tried again, and told, by the suite
suite "Cases from the field" field
if [[ $mode != --quick ]]; then
  begin site
  suite "Doors and official clients" conformance
  suite "Site" ended site
  suite "Page" page
  suite ".NET tests of the native program" native_dotnet_tests
  suite "Doors of the native program" native_doors
fi
suite "Temporary folder" leftovers
finish
