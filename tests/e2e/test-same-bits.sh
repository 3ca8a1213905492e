#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Scores have the same bits for any number of threads, any batch and memory of walks, in any number of parts, and after kill -9. With ASSAY_TEST_LONG all of it for
# every method and two models, else for some of each.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_STEP

methods="ekfac dot cg trak magic" models=deep threads="2 8" batches="1 7" shards="2" rows=150
if [ -n "${ASSAY_TEST_LONG-}" ]; then
  models="net deep" threads="2 3 8 64" batches="1 4 7 1000" shards="2 7"
fi
"${AWK-awk}" -v rows=$rows -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
data="--target group --terms age,priors,score --standardise"
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q &&
    "$ASSAY" train p.assay --name net --model mlp --steps 30 --checkpoints 3 $data -q &&
    "$ASSAY" train p.assay --name deep --model mlp --hidden 40,24 --dtype f64 --steps 30 --batch 16 --checkpoints 3 $data -q
} >/dev/null || exit 1

# Every method there is: the message about one that is none lists them.
[ -z "${ASSAY_TEST_LONG-}" ] ||
  methods=$("$ASSAY" influence p.assay --query train:0 --method none 2>&1 | sed -n 's/.*method: one of \(.*\) expected.*/\1/p' | tr -d ,)

# asks CASE OPTION...
asks ()
{
  asked=$1
  shift
  "$ASSAY" influence "$asked" --model-name "$model" --method $method --query train:0-19 --top 0 --json -q "$@" 2>refusal
}

# The scores and intervals of all queries, in order.
numbers ()
{
  grep -E '^ *"(example|score|lo|hi)": ' "$1" | sed 's/,$//'
}

# same FILE: its numbers are those of one thread
same ()
{
  numbers "$1" >now
  [ "$(wc -l <now)" -ge 800 ] && cmp once now
}

# afresh: a case in which nobody has asked yet
afresh ()
{
  rm -rf now.assay
  cp -r p.assay now.assay
}

for model in $models; do
  for method in $methods; do
    afresh
    asks now.assay --threads 1 >one.json || {
      # Solves that did not converge are findings, with scores; refusals have none.
      grep -q '"scores": \[' one.json || { skip "$method" "$(head -n 1 refusal)"; continue; }
    }
    numbers one.json >once
    for n in $threads; do
      afresh
      asks now.assay --threads "$n" >now.json
      check "$method of $model: $n threads give the bits of one" same now.json
    done
    for n in $batches; do
      afresh
      asks now.assay --walk-batch "$n" >now.json
      check "$method of $model: walks of $n give the bits of 64" same now.json
    done
    afresh
    asks now.assay --walk-memory 0.00001 >now.json
    check "$method of $model: walks that are not kept give the bits of those that are" same now.json
    case $method in trackstar | loo) continue ;; esac              # their scores hang together, and they say so
    for n in $shards; do
      afresh
      for i in $(seq "$n"); do
        timeout -s KILL 0.05 "$ASSAY" influence now.assay --model-name "$model" --method $method --query train:0-19 --top 0 --shard "$i/$n" \
          >/dev/null 2>&1 &
      done
      wait
      for i in $(seq "$n"); do
        asks now.assay --threads 1 --shard "$i/$n" >now.json
      done
      check "$method of $model: $n parts, killed and asked again, give the bits of one" same now.json
    done 2>/dev/null
  done
done
finish
