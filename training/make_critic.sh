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

audit() { # name of the pairs, tasks to hold them against; what is found is left out
  local name="$1" bench=()
  shift
  for tasks in "$@"; do bench+=(--bench "$work/$tasks.jsonl"); done
  "$bin/winnow" train audit "$work/$name-made.jsonl" "${bench[@]}" --keep "$work/$name.jsonl"
  local status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 4 ] || die "the pairs are not fit to train on" "$status" # 4: a check could not be made, which the audit tells
}

calibrate() { # adapter, files
  "$bin/winnow" critic calibrate "$@" || die "$1 was not calibrated" $?
}

card() { # adapter, files; status 3 says that a run would refuse the adapter
  "$bin/winnow" critic card "$@" --write
  local status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || die "the card of $1 was not made" "$status"
}

critic() {
  local adapter="$work/rank/seed-0"
  [ -s "$work/pairs.jsonl" ] || audit pairs dev unseen
  "$bin/winnow" train run --config embedded-rank || die "the critic was not trained" $?
  calibrate "$adapter" --pools "$work/dev.pools.jsonl"
  card "$adapter" --pairs "$work/dev.jsonl" --pairs "$work/unseen.jsonl" --pools "$work/dev.pools.jsonl"
}

judge() {
  local adapter="$work/verdict/seed-0"
  [ -s "$work/verdicts.jsonl" ] || audit verdicts verdicts-dev verdicts-unseen
  "$bin/winnow" train run --config embedded-verdict || die "the judge was not trained" $?
  calibrate "$adapter" --pairs "$work/verdicts-fit.jsonl"
  card "$adapter" --pairs "$work/verdicts-dev.jsonl" --pairs "$work/verdicts-unseen.jsonl"
}

ship() {
  "$bin/python" -m training.export.shipment --adapter "$work/$1/seed-0" || unfit=1
}

trap 'trap - TERM; kill 0' INT TERM # what runs in the background does not hear an interrupt

same_model
pairs pairs-made "${letters[@]}" --count 4000 --on-policy 2000
pairs dev "${letters[@]}" --split dev --count 400 --on-policy 200
pairs unseen "${letters[@]}" --split dev --count 300 --unseen --seed 1
pairs verdicts-made --roles judge --count 6000
pairs verdicts-fit --roles judge --split dev --count 400
pairs verdicts-dev --roles judge --split dev --count 400 --seed 1
pairs verdicts-unseen --roles judge --split dev --count 800 --unseen --seed 2

# One core each: two threads of one training gain less than two trainings side by side.
echo 'backbone: {kind: llama, model: embedded, threads: 1}' >"$work/one_thread.yaml"
export WINNOW_CONFIG="$work/one_thread.yaml" OMP_NUM_THREADS=1
critic 2>&1 | sed -u 's/^/critic  /' &
one=$!
judge 2>&1 | sed -u 's/^/judge   /' &
two=$!
unfit=0
wait "$one" || unfit=1
wait "$two" || unfit=1
[ "$unfit" -eq 0 ] || exit 1
ship rank
ship verdict
exit "$unfit"
