#!/usr/bin/env bash
# Drafts with a real model, drafts with letters from a list, and judges one letter that may be sent and
# one that may not; says whether that came out so.
set -uo pipefail
cd "$(dirname "$0")/.."
bin="${BIN:-.venv/bin}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export WINNOW_STORE="$work/winnow.db"

show() { # expected exit status, command
  local expected="$1"
  shift
  echo "\$ winnow $*" | sed "s#$work/##g"
  "$bin/winnow" "$@"
  local status=$?
  echo "(exit status $status)"
  echo
  if [ "$status" -ne "$expected" ]; then
    echo "demo: this should have ended with status $expected; please report it" >&2
    exit 1
  fi
}

echo "A model with random weights, run by llama.cpp. Its text is noise, so the honest result is to abstain:"
"$bin/python" -m training.random_model "$work/noise.gguf" || exit 1
show 0 draft examples/prospect.json --backbone "llama:$work/noise.gguf" --max-tokens 96 --max-rounds 2
echo "Letters from a list in place of a model, through the same graph:"
show 0 draft examples/prospect.json --backbone scripted
echo "Letters that somebody else wrote:"
show 0 check --prospect examples/prospect.json examples/good.txt
show 4 check --prospect examples/prospect.json examples/bad.txt
echo "The noise was refused, the scripted letter passed; of the two others the first may be sent, and the second is blocked with every fault, its place and its fix."
