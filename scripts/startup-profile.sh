#!/usr/bin/env bash
# Writes src/CrowVault.Mcp/startup.mibc: what the programs that hold the trimmed runtime would still compile while they start, so that it is compiled ahead.
# Run it on Linux x64 after an upgrade of the SDK or of a package, or when the way to the first answer has changed; a stale profile costs time, not correctness.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
profile=src/CrowVault.Mcp/startup.mibc
dotnet publish src/CrowVault.Mcp -c Release -r linux-x64 -p:PublishAot=false -p:StartupProfile= -p:RestoreLockedMode=false \
  -p:NuGetLockFilePath="$work/lock.json" --artifacts-path "$work/artifacts" -o "$work/program" --nologo -v quiet
export DOTNET_JitStdOutFile=$work/compiled DOTNET_JitDisasmSummary=1
program=$work/program/CrowVault.Mcp
{
  printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"profile","version":"1"}}}' \
    '{"jsonrpc":"2.0","method":"notifications/initialized"}' '{"jsonrpc":"2.0","id":2,"method":"tools/list"}' \
    '{"jsonrpc":"2.0","id":3,"method":"prompts/list"}' '{"jsonrpc":"2.0","id":4,"method":"resources/list"}'
  for tool in generate_circuit_breaker generate_retry_policy generate_rate_limiting generate_timeout_config generate_bulkhead; do
    printf '{"jsonrpc":"2.0","id":"%s","method":"tools/call","params":{"name":"%s","arguments":{%s}}}\n' "$tool" "$tool" "$(
      case $tool in *timeout*) echo '"operations":{"a":500}' ;; *bulkhead) echo '"partitions":{"a":5}' ;; esac
    )"
  done
} | "$program" >"$work/answers"
[[ $(grep -c '"isError":true' "$work/answers" || true) == 0 && $(wc -l <"$work/answers") == 9 ]] || { cat "$work/answers" >&2; exit 1; }
"$program" generate circuit-breaker >/dev/null
"$program" generate rate-limiting --store memory -o "$work/code" >/dev/null 2>&1
"$program" --help >/dev/null
unset DOTNET_JitStdOutFile DOTNET_JitDisasmSummary
dotnet run --project scripts/startup-profile -c Release -- "$work/compiled" \
  "$(find "$work/artifacts" -type d -name linked | head -1)" "$profile"
