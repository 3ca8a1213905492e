#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One job of several ranks that talk (mpirun): one answer, the same numbers as by one process, with what the case says of it; what is refused, and by whom it
# is said; ranks that die, and other numbers of ranks behind them.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_STEP

# Where a launcher has started several and there is no module, nobody does the whole job beside the others.
mkdir bare && cp "$ASSAY" bare/assay || exit 1
check "ranks without the module are refused by name" prints 'this build has no MPI module, and its ranks cannot talk' env OMPI_COMM_WORLD_SIZE=2 \
  bare/assay info
check "as something that this build has not" test "$(OMPI_COMM_WORLD_SIZE=2 bare/assay info >/dev/null 2>&1; echo $?)" = 4
check "and --ranks none knows nothing of them" prints '^processors' env OMPI_COMM_WORLD_SIZE=2 bare/assay info --ranks none

reason=
command -v mpirun >/dev/null || reason="no mpirun"
[ -e "$(dirname "$ASSAY")/mpi/assay-mpi.so" ] || reason="built without MPI (configure found no mpicc)"
if [ -n "$reason" ]; then
  skip "ranks that talk" "$reason"
  finish
fi

# ranks N COMMAND...    by N ranks; more than there are processors, by root, in a box that lets nobody look into another process
OMPI_MCA_btl_vader_single_copy_mechanism=none
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
ranks ()
{
  ranks_number=$1
  shift
  mpirun --oversubscribe -n "$ranks_number" "$@" --threads 1
}
mpirun --oversubscribe -n 2 true >run.said 2>&1 || skip_all "mpirun starts nothing here: $(grep -m1 '[a-z]' run.said)"

# made NAME ROWS STEPS    the case NAME.assay with a small network
made ()
{
  "${AWK-awk}" -v rows="$2" -f "$ASSAY_SRCDIR/tests/cli/people.awk" >"$1.csv"
  "$ASSAY" new "$1.assay" -q && "$ASSAY" import "$1.assay" data "$1.csv" --id id -q &&
    "$ASSAY" train "$1.assay" --name net --target "score in ('Medium', 'High')" --terms age,group,priors --model mlp --steps "$3" --checkpoints 3 -q
}
{ made few 61 40 && made many 3500 10 && made slow 61 1500; } >/dev/null || exit 1

# What an answer says, less what two runs of one program do not have in common: where, when, how long, how much was there before.
answer ()
{
  sed -e '/"case":/d' -e '/seconds":/d' -e '/bytes":/d' -e '/"parts":/d' -e '/factors net/d' -e 's/,$//' "$1"
}

same ()
{
  answer "$1" >one.said
  answer "$2" >two.said
  [ "$(wc -l <one.said)" -gt 10 ] && diff one.said two.said
}

# together SENTENCE CASE N COMMAND OPTION...    N ranks and one process, each in a new copy of the case
together ()
{
  together_sentence=$1 from=$2 n=$3 command=$4
  shift 4
  rm -rf one.assay ranks.assay
  cp -r "$from.assay" one.assay
  cp -r "$from.assay" ranks.assay
  "$ASSAY" "$command" one.assay --json -q --threads 1 "$@" >one.json
  ranks "$n" "$ASSAY" "$command" ranks.assay --json -q "$@" >ranks.json 2>ranks.said
  check "$together_sentence" same one.json ranks.json
}

# More examples than one stretch of sums holds.
together "factors of two ranks are those of one process" many 2 factors
together "and of three" many 3 factors
check "which say nothing else" test ! -s ranks.said
"$ASSAY" influence one.assay --method ekfac --query train:0-2 --top 5 --json -q >one.json
"$ASSAY" influence ranks.assay --method ekfac --query train:0-2 --top 5 --json -q >ranks.json
check "and so are scores by them" same one.json ranks.json
together "factors with a name are kept by it" many 2 factors --name mine --basis shampoo
check "by one rank" test "$("$ASSAY" info ranks.assay | grep -c '^factors ')" = 1
ranks 2 "$ASSAY" factors ranks.assay --name mine --basis shampoo --json >again.json 2>/dev/null
check "asked again they have the answer from the case" prints '"from_store": true' cat again.json
check "which is printed once" test "$(grep -c '"schema"' again.json)" = 1
ranks 2 "$ASSAY" factors ranks.assay --name mine --basis shampoo --json -q --force >again.json
check "and by force they fit anew" prints '"from_store": false' cat again.json

together "scores of ranks that fit their factors together are those of one process" many 2 influence --method ekfac --query train:0-9 --top 0
check "and the factors are fitted once" test "$("$ASSAY" info ranks.assay | grep -c '^factors ')" = 1
together "scores that are cut by examples" few 3 influence --method tracin --query train:0-9 --top 0
together "scores that are cut by queries" few 2 influence --method cg --query train:0-19 --top 0
together "self-influence" few 2 influence --method diagonal --self --top 0
set -f
together "recordings" few 3 record --taps act1 --gradients * --type f64
set +f
together "a validation" few 2 validate --query train:0-3 --method dot --leave-one-out 6 --groups 8
check "leaves the case whole" prints '^sound' "$ASSAY" verify ranks.assay

# said SENTENCE STATUS PATTERN COMMAND...    one line of ours, once, and the exit status of all
said ()
{
  said_sentence=$1 expected=$2 pattern=$3
  shift 3
  "$@" >run.out 2>run.said
  status=$?
  check "$said_sentence" eval '[ $status = $expected ] && [ "$(grep -c "^assay " run.said)" = 1 ] && grep -Eq "^assay .*$pattern" run.said && [ ! -s run.out ] ||
    { echo "status $status"; cat run.said run.out; false; }'
}
said "work that is not cut is refused" 2 'one process expected, 2 ranks found' ranks 2 "$ASSAY" train few.assay --name other --target score
said "so are parts of parts" 2 'either parts .* or 2 ranks expected' ranks 2 "$ASSAY" influence few.assay --method dot --query train:0 --shard 1/2
said "what all find missing is said by the first" 3 'no model named "nope"' ranks 2 "$ASSAY" factors few.assay --model-name nope
said "scores that hang together" 2 'trackstar: every score hangs on' ranks 2 "$ASSAY" influence few.assay --method trackstar --query train:0
said "ranks with other commands" 2 'rank 1: command: that of rank 0 expected' mpirun --oversubscribe -n 1 "$ASSAY" influence few.assay --method dot --query train:0 : \
  -n 1 "$ASSAY" influence few.assay --method dot --query train:1
said "and of other instruction sets" 2 'rank 1: instruction set .--isa.: that of rank 0 expected, baseline' mpirun --oversubscribe -n 1 "$ASSAY" factors few.assay \
  --isa baseline : -n 1 "$ASSAY" factors few.assay
said "an instruction set that one of them has not" 4 'rank 1: .*nonesuch' mpirun --oversubscribe -n 1 "$ASSAY" factors few.assay : -n 1 "$ASSAY" factors few.assay --isa nonesuch
said "one whose launcher is not of the module's MPI" 4 'several expected, as the launcher.s environment says' env PMI_SIZE=2 PMI_RANK=0 "$ASSAY" factors few.assay
check "a plan is printed once" test "$(ranks 2 "$ASSAY" factors few.assay --dry-run 2>/dev/null | grep -c 'fit curvature factors')" = 1

# A rank that dies takes the others with it, at whatever moment; other ranks go on, and take what a process with a part of its own has left, too.
retrainings="--model-name net --without train:0-29 --each --query train:0-4 --method none --json -q --threads 1"
rm -rf one.assay ranks.assay
cp -r slow.assay one.assay
# shellcheck disable=SC2086
"$ASSAY" retrain one.assay $retrainings >one.json
for delay in 0 0.3 0.6; do
  # shellcheck disable=SC2086
  mpirun --oversubscribe -n 2 "$ASSAY" retrain slow.assay $retrainings >killed.json 2>killed.said &
  mpirun=$!
  victim=
  while [ -z "$victim" ] && kill -0 "$mpirun" 2>/dev/null; do
    victim=$(pgrep -P "$mpirun" -f retrain | tail -n 1)
  done
  sleep "$delay"
  kill -KILL "$victim" 2>/dev/null
  wait "$mpirun"
  echo "$?" >"killed.$delay"
done
check "a rank that is killed ends the job" grep -qx 137 killed.0 killed.0.3 killed.0.6
cp -r slow.assay ranks.assay
# shellcheck disable=SC2086
"$ASSAY" retrain ranks.assay $retrainings --shard 2/4 >part.json
# shellcheck disable=SC2086
ranks 3 "$ASSAY" retrain ranks.assay $retrainings 2>ranks.said | sed 's/"from_store": true/"from_store": false/' >ranks.json     # a slow kill may come too late
check "three ranks go on where two ended, with the numbers of one process" same one.json ranks.json
check "in a case that is whole" prints '^sound' "$ASSAY" verify ranks.assay
finish
