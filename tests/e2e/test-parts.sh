#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One job done by several processes (--shard): the same numbers as by one, in any cut and order, at once or one after the other, after kill -9; and what is
# said when parts are missing or cannot be.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=61 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q &&
    "$ASSAY" train p.assay --name net --target "score in ('Medium', 'High')" --terms age,group,priors --model mlp --steps 40 --checkpoints 3 -q
} >/dev/null || exit 1
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_STEP

# What an answer says, less what two runs of one program do not have in common: where, when, how long, how much was there before.
answer ()
{
  sed -e '/"case":/d' -e '/"from_store":/d' -e '/seconds":/d' -e '/bytes":/d' -e '/"parts":/d' -e '/factors net/d' -e 's/,$//' "$1"
}

same ()
{
  answer "$1" >one.said
  answer "$2" >two.said
  [ "$(wc -l <one.said)" -gt 10 ] && diff one.said two.said
}

# whole NAME COMMAND OPTION...    the answer of one process, in a case of its own, in NAME.json
whole ()
{
  cp -r p.assay whole.assay
  name=$1 command=$2
  shift 2
  "$ASSAY" "$command" whole.assay --json -q "$@" >"$name.json"
  rm -rf whole.assay
}

# cut N COMMAND OPTION...    N processes at once in a new case cut.assay; the answer of the one that completed the job in cut.json
cut ()
{
  rm -rf cut.assay part.*
  cp -r p.assay cut.assay
  n=$1 command=$2
  shift 2
  for i in $(seq "$n"); do
    "$ASSAY" "$command" cut.assay --json -q --threads 1 --shard "$i/$n" "$@" >"part.$i" &
  done
  wait
  for i in $(seq "$n"); do
    grep -q '"share": {' "part.$i" || cp "part.$i" cut.json
  done
}

queries="--query train:0-19"
for method in dot cosine tracin ekfac diagonal exact trak "cg --solver cg"; do
  # shellcheck disable=SC2086
  whole one influence --model-name net --method $method $queries --top 0
  # shellcheck disable=SC2086
  cut 3 influence --model-name net --method $method $queries --top 0
  check "$method has the same scores from three processes as from one" same one.json cut.json
done
whole one influence --model-name net --method ekfac --query train:0-2 --top 0
cut 7 influence --model-name net --method ekfac --query train:0-2 --top 0
check "and from seven" same one.json cut.json

record="--model-name net --taps act1 --gradients * --type f64"
set -f
whole one record $record
cut 5 record $record
check "a recording of five processes is complete" same one.json cut.json
whole one retrain --model-name net --without train:3 --without train:8 --without train:9 --each --query train:0-4 --controls 4 --method dot
cut 3 retrain --model-name net --without train:3 --without train:8 --without train:9 --each --query train:0-4 --controls 4 --method dot
check "retrainings of three processes are those of one" same one.json cut.json
whole one validate --model-name net --query train:0-3 --method dot --leave-one-out 6 --groups 8 --seeds 2
cut 2 validate --model-name net --query train:0-3 --method dot --leave-one-out 6 --groups 8 --seeds 2
check "and so is what a validation measures, over its seeds" same one.json cut.json

# Factors: more examples than one stretch of sums holds, in two stages.
"${AWK-awk}" -v rows=3500 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >many.csv
{
  "$ASSAY" new many.assay -q && "$ASSAY" import many.assay data many.csv --id id -q &&
    "$ASSAY" train many.assay --name net --target "score in ('Medium', 'High')" --terms age,group,priors --model mlp --steps 10 -q
} >/dev/null || exit 1
cp -r many.assay alone.assay
"$ASSAY" factors alone.assay --json -q >one.json
share ()
{
  "$ASSAY" factors many.assay --json -q --shard "$@" >cut.json
}
check "a share of a fit waits for the moments of all" prints '^5' sh -c "\"$ASSAY\" factors many.assay --shard 2/2 -q; echo \$?"
check "the other one fits the eigenvalues of its examples" share 1/2
check "and the first, asked again, completes the fit" share 2/2
check "with the factors of one process" same one.json cut.json
score="--model-name net --method ekfac --query train:0-2 --top 5 --json -q"
# shellcheck disable=SC2086
"$ASSAY" influence alone.assay $score >one.json
# shellcheck disable=SC2086
"$ASSAY" influence many.assay $score >cut.json
check "and their scores" same one.json cut.json

# Parts one by one, in another order and another cut, and the array of a batch system.
rm -rf cut.assay
cp -r p.assay cut.assay
part ()
{
  "$ASSAY" influence cut.assay --model-name net --method tracin --query train:0-2 --top 0 "$@"
}
whole one influence --model-name net --method tracin --query train:0-2 --top 0
check "a part says what is missing" prints 'part 4 of 7 is done: 1 of 7 parts are here; run with --shard 1/7' part --shard 4/7
check "and as a document, too" prints '"of": 7,' part --shard 4/7 --json
check "a part's exit status is 0" part --shard 7/7
check "an array's task is a part" prints 'part 2 of 3 is done: 1 of 3' env SLURM_ARRAY_TASK_ID=15 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=10 \
  SLURM_ARRAY_TASK_STEP=5 "$ASSAY" influence cut.assay --model-name net --method tracin --query train:0-2 --top 0
check "an array that is not numbered evenly is refused" prints 'tasks numbered evenly expected' env SLURM_ARRAY_TASK_ID=16 SLURM_ARRAY_TASK_COUNT=3 \
  SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_STEP=5 "$ASSAY" influence cut.assay --model-name net --method tracin --query train:0-2
part --json -q --shard 1/1 >cut.json
check "one process alone takes the parts that are there and does the rest" same one.json cut.json
check "asked again, every part has the whole answer" prints '"from_store": true' part --shard 2/7 --json
for wrong in 0/7 8/7 1/0 x 1 1/2/3 -1/2 1/1e3 ''; do
  check "--shard $wrong is refused" prints 'I/N with I from 1 to N expected' part --shard "$wrong"
done
check "with the exit status of a mistaken command" test "$(part --shard 8/7 >/dev/null 2>&1; echo $?)" = 2
check "scores that hang together are refused by name" prints 'trackstar: every score hangs on the gradients of all examples' "$ASSAY" influence cut.assay --model-name net \
  --method trackstar --query train:0 --shard 1/2
check "so is self-influence that each part would project every example for" prints 'trak: self-influence hangs on the gradients of all examples' "$ASSAY" influence \
  cut.assay --model-name net --method trak --self --shard 1/2

# kill -9 at moments that grow: whoever died is asked again.
whole one retrain --model-name net --without train:0-29 --each --query train:0-4 --method none
rm -rf cut.assay
cp -r p.assay cut.assay
for round in 1 2 3 4 5 6 7 8 9; do
  for i in 1 2; do
    timeout -s KILL "0.0$round" "$ASSAY" retrain cut.assay --json -q --threads 1 --shard "$i/2" --model-name net --without train:0-29 --each \
      --query train:0-4 --method none >"part.$i" &
  done
  wait
done 2>/dev/null
for i in 1 2; do
  "$ASSAY" retrain cut.assay --json -q --shard "$i/2" --model-name net --without train:0-29 --each --query train:0-4 --method none >cut.json
done
check "after kills the same commands end with the same numbers" same one.json cut.json
check "and the case is whole" prints '^sound' "$ASSAY" verify cut.assay
finish
