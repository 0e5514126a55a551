#!/bin/sh
# Starts the program for this Mac's processor; a shell that runs translated still says x86_64, and the program for it runs too.
case $(uname -m) in
  arm64) platform=osx-arm64 ;;
  *) platform=osx-x64 ;;
esac
exec "$(dirname "$0")/$platform/crowvault-mcp" "$@"
