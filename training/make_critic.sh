#!/usr/bin/env bash
# From nothing to the critic and the judge that ship with the embedded model: pairs, audit, training, cards, files.
# What is done is kept in build/critic; stopped half-way, the same command goes on. To begin anew, delete the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="${BIN:-.venv/bin}"
work=build/critic
mkdir -p "$work"
letters=(--roles baseline,augmented,revision)

pairs() { # file, options of `winnow train pairs`
  local file="$work/$1.jsonl"
  shift
  [ -s "$file" ] || "$bin/winnow" train pairs --out "$file" "$@"
}

audit() { # pairs, tasks; status 4 says that a check could not be made, which the audit itself tells
  local status=0
  "$bin/winnow" train audit "$work/$1.jsonl" --bench "$work/$2.jsonl" || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 4 ]
}

pairs pairs "${letters[@]}" --count 800 --on-policy 400
pairs dev "${letters[@]}" --split dev --count 200 --on-policy 150
pairs unseen "${letters[@]}" --split dev --count 300 --unseen
pairs verdicts --roles judge --count 1200
pairs verdicts-dev --roles judge --split dev --count 400
pairs verdicts-unseen --roles judge --split dev --count 400 --unseen

audit pairs dev
audit verdicts verdicts-dev
"$bin/winnow" train run --config embedded-rank
"$bin/winnow" train run --config embedded-verdict

rank="$work/rank/seed-0" judge="$work/verdict/seed-0"
"$bin/winnow" critic card "$rank" --pairs "$work/dev.jsonl" --pairs "$work/unseen.jsonl" --pools "$work/dev.pools.jsonl" --write
"$bin/winnow" critic calibrate "$rank" --pools "$work/dev.pools.jsonl"
"$bin/winnow" critic calibrate "$judge" --pairs "$work/verdicts-dev.jsonl"
"$bin/winnow" critic card "$judge" --pairs "$work/verdicts-dev.jsonl" --pairs "$work/verdicts-unseen.jsonl" --write
"$bin/python" -m training.export.shipment --adapter "$rank"
"$bin/python" -m training.export.shipment --adapter "$judge"
