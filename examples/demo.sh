#!/usr/bin/env bash
# Judges one letter that may be sent and one that may not, and says whether that came out so.
set -uo pipefail
cd "$(dirname "$0")/.."
winnow="${BIN:-.venv/bin}/winnow"

judge() { # letter, expected exit status
  echo "\$ winnow check --prospect examples/prospect.json $1"
  "$winnow" check --prospect examples/prospect.json "$1"
  local status=$?
  echo "(exit status $status)"
  echo
  if [ "$status" -ne "$2" ]; then
    echo "demo: $1 should have ended with status $2; please report this" >&2
    exit 1
  fi
}

judge examples/good.txt 0
judge examples/bad.txt 4
echo "The first letter may be sent; the second is blocked, with every fault, its place and its fix above."
