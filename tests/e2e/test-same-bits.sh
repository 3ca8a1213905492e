#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Scores have the same bits for any number of threads, any batch and memory of walks, in any number of parts, and after kill -9. With ASSAY_TEST_LONG all of it for
# every method of three models, a transformer among them, broken down and of examples for themselves; else for some of each.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_STEP

models="net deep words" threads=3 batches=7 shards=2
[ -z "${ASSAY_TEST_LONG-}" ] || threads="2 3 8 64" batches="1 4 7 1000" shards="2 7"
"${AWK-awk}" -v rows=150 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
data="--data main --target group --terms age,priors,score --standardise"
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q && "$ASSAY" import p.assay dose --name dose --modulus 3 --steps 1 -q &&
    "$ASSAY" train p.assay --name net --model mlp --steps 30 --checkpoints 3 $data -q &&
    "$ASSAY" train p.assay --name deep --model mlp --hidden 40,24 --dtype f64 --steps 30 --batch 16 --checkpoints 3 $data -q &&
    "$ASSAY" train p.assay --name words --data dose --model transformer --layers 1 --heads 2 --width 8 --steps 30 --batch 16 --checkpoints 3 -q
} >/dev/null || exit 1

# Every method there is: the message about one that is none lists them.
methods=$("$ASSAY" influence p.assay --query train:0 --method none 2>&1 | sed -n 's/.*method: one of \(.*\) expected.*/\1/p' | tr -d ,)

# questions MODEL: a method and its options in each line
questions ()
{
  if [ -n "${ASSAY_TEST_LONG-}" ]; then
    for each in $methods; do
      [ "$each" = loo ] && each="loo --examples 0-3 --examples 70-80"
      printf '%s\n' "$each" "$each --self" "$each --by module"
      [ "$1" != words ] || printf '%s\n' "$each --by token" "$each --by head"
    done
    return
  fi
  case $1 in
    deep) printf '%s\n' ekfac dot cg trak magic "cg --by module" "dot --self" "cg --self" "loo --examples 0-2 --examples 100" ;;
    words) printf '%s\n' ekfac "cg --by head" "dot --by token" ;;
  esac
}

# asks CASE OPTION...   the question of the model, about the examples that $about names
asks ()
{
  asked=$1
  shift
  "$ASSAY" influence "$asked" --model-name "$model" --method $question $about --top 0 --json -q "$@" 2>refusal
}

# The scores and intervals of all queries, and their parts, in order.
numbers ()
{
  grep -E '^ *"(example|score|lo|hi)": ' "$1" | sed 's/,$//'
}

# same FILE: its numbers are those of one thread
same ()
{
  numbers "$1" >now
  [ "$(wc -l <now)" -ge 300 ] && cmp once now
}

# afresh: a case in which nobody has asked yet
afresh ()
{
  rm -rf now.assay
  cp -r p.assay now.assay
}

# refused: so is every part of what only one process can do, in words
refused ()
{
  ! asks now.assay --shard 1/2 >now.json && grep -q "each part would do the work of the whole" refusal && [ ! -s now.json ]
}

for model in $models; do
  questions "$model" >questions
  while read -r question; do
    case $question in *--self*) about= ;; *) about="--query train:0-19" ;; esac
    afresh
    asks now.assay --threads 1 >one.json || {
      # Solves that did not converge are findings, with scores; refusals have none.
      grep -q '"scores": \[' one.json || { skip "$question" "$(head -n 1 refusal)"; continue; }
    }
    numbers one.json >once
    for n in $threads; do
      afresh
      asks now.assay --threads "$n" >now.json
      check "$question of $model: $n threads give the bits of one" same now.json
    done
    for n in $batches; do
      afresh
      asks now.assay --walk-batch "$n" >now.json
      check "$question of $model: walks of $n give the bits of 64" same now.json
    done
    afresh
    asks now.assay --walk-memory 0.00001 >now.json
    check "$question of $model: walks that are not kept give the bits of those that are" same now.json
    case $question in trackstar* | trak*--self | logra*--self | lorif*--self | representer*--self | rescaled*--self)
      afresh
      check "$question of $model: a part of it is refused" refused
      continue
      ;;
    esac
    for n in $shards; do
      afresh
      for i in $(seq "$n"); do
        timeout -s KILL 0.05 "$ASSAY" influence now.assay --model-name "$model" --method $question $about --top 0 --shard "$i/$n" >/dev/null 2>&1 &
      done
      wait
      for i in $(seq "$n"); do
        asks now.assay --threads 1 --shard "$i/$n" >now.json
      done
      check "$question of $model: $n parts, killed and asked again, give the bits of one" same now.json
    done 2>/dev/null
  done <questions
done
finish
