#!/usr/bin/env bash
# From nothing to the critic and the judge that ship with the embedded model: pairs, audit, training, cards, files.
# What is done is kept in build/critic; stopped half-way, the same command goes on.
set -uo pipefail
cd "$(dirname "$0")/.."
bin="${BIN:-.venv/bin}"
work=build/critic
unset WINNOW_CONFIG
letters=(--roles baseline,augmented,revision)
embedded=(--backbone llama:embedded)

die() {
  echo "make critic: $1" >&2
  exit "${2:-1}"
}

same_model() { # everything in the folder is made with and for one model
  local sum
  sum="$(sha256sum <agent/models/embedded.gguf)"
  mkdir -p "$work"
  [ -e "$work/model" ] || echo "$sum" >"$work/model"
  [ "$(cat "$work/model")" = "$sum" ] || die "$work was made with another embedded model; delete it, and run the same command again" 2
}

pairs() { # file, options of `winnow train pairs`
  local file="$work/$1.jsonl"
  shift
  [ -s "$file" ] || "$bin/winnow" train pairs --out "$file" "${embedded[@]}" "$@" || die "the pairs $file were not made" $?
}

audit() { # pairs, tasks; status 4 says that a check could not be made, which the audit itself tells
  "$bin/winnow" train audit "$work/$1.jsonl" --bench "$work/$2.jsonl"
  local status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 4 ] || die "the pairs are not fit to train on" "$status"
}

card() { # adapter, files; status 3 says that a run would refuse the adapter
  "$bin/winnow" critic card "$@" "${embedded[@]}" --write
  local status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || die "the card of $1 was not made" "$status"
}

ship() {
  "$bin/python" -m training.export.shipment --adapter "$1" || unfit=1
}

same_model
pairs pairs "${letters[@]}" --count 800 --on-policy 400
pairs dev "${letters[@]}" --split dev --count 400 --on-policy 200
pairs unseen "${letters[@]}" --split dev --count 300 --unseen --seed 1
pairs verdicts --roles judge --count 1200
pairs verdicts-fit --roles judge --split dev --count 300
pairs verdicts-dev --roles judge --split dev --count 400 --seed 1
pairs verdicts-unseen --roles judge --split dev --count 400 --unseen --seed 2

audit pairs dev
audit verdicts verdicts-dev
"$bin/winnow" train run --config embedded-rank || die "the critic was not trained" $?
"$bin/winnow" train run --config embedded-verdict || die "the judge was not trained" $?

unfit=0
rank="$work/rank/seed-0" judge="$work/verdict/seed-0"
"$bin/winnow" critic calibrate "$rank" "${embedded[@]}" --pools "$work/dev.pools.jsonl" || die "the critic's threshold was not found" $?
card "$rank" --pairs "$work/dev.jsonl" --pairs "$work/unseen.jsonl" --pools "$work/dev.pools.jsonl"
"$bin/winnow" critic calibrate "$judge" "${embedded[@]}" --pairs "$work/verdicts-fit.jsonl" || die "the judge was not calibrated" $?
card "$judge" --pairs "$work/verdicts-dev.jsonl" --pairs "$work/verdicts-unseen.jsonl"
ship "$rank"
ship "$judge"
exit "$unfit"
