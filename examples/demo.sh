#!/usr/bin/env bash
# Drafts with the embedded model and replays its receipt, drafts with letters from a list, and judges one
# letter that may be sent and one that may not; says whether that came out so.
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

receipt() { # result with its receipt, as --json prints it
  "$bin/python" - "$1" <<'PYTHON' || exit 1
import json, sys
receipt = json.load(open(sys.argv[1], encoding="utf-8"))["receipt"]
model, cost = receipt["model"], receipt["cost"]
print(f"  model     {model['model']}, hash {model['hash']}; playbook {receipt['playbook']['name']}, hash {receipt['playbook']['hash']}")
for number, drawn in enumerate(receipt["rounds"]):
    for index in drawn["ranking"]["order"]:
        one, judged = drawn["candidates"][index], drawn["judged"][index]
        rules = ", ".join(dict.fromkeys(f["rule"] for f in judged["findings"] if f["decision"] != "PASS"))
        score = drawn["ranking"]["scores"][index]
        print(f"  round {number}   candidate {index}, seed {one['seed']}, {drawn['ranking']['ranker']} {score:.3f}: {judged['decision']} {rules}")
for step in receipt["path"]:
    print(f"  walk      {step}")
print(f"  work      {cost['prompt_computed']} prompt tokens computed, {cost['prompt_reused']} reused, {cost['decoded']} sampled, {cost['passes']} passes")
parts = ", ".join(f"{name} {spent:.2f} s" for name, spent in cost["seconds"].items())
print(f"  time      {sum(cost['seconds'].values()):.2f} s for {len(receipt['rounds'])} x {len(receipt['rounds'][0]['candidates'])} candidates: {parts}")
PYTHON
}

echo "The embedded model, a small one of Winnow's own, run by llama.cpp; four candidates, ranked and judged:"
strict=(--fail-on abstain --fail-on suppress --fail-on escalate --fail-on review)
show 0 draft examples/prospect.json "${strict[@]}"
"$bin/winnow" draft examples/prospect.json --json >"$work/draft.json" || exit 1
echo "Its receipt, in short:"
receipt "$work/draft.json"
echo
show 0 replay "$work/draft.json"
echo "Letters from a list in place of a model, through the same graph:"
show 0 draft examples/prospect.json --backbone scripted
echo "Letters that somebody else wrote:"
show 0 check --prospect examples/prospect.json examples/good.txt
show 4 check --prospect examples/prospect.json examples/bad.txt
echo "The model's letter and the scripted one passed; of the two others the first may be sent, and the second is blocked with every fault, its place and its fix."
receipt "$work/draft.json" | grep "^  time" | sed "s/^  time     /The embedded model's draft took/"
