#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at random moments of training and recording, through the program: after every kill the case is whole and has all that it had,
# what was reported as done is done, and the run that at last comes through leaves the same bits as one that nobody disturbed. A kill
# counts when the program died of it. 200 kills with ASSAY_TEST_LONG or as many as ASSAY_TEST_KILLS says, else 10 of shorter jobs.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

kills=10 steps=600 rows=4000
[ -z "${ASSAY_TEST_LONG-}" ] || kills=200 steps=2000 rows=12000
kills=${ASSAY_TEST_KILLS-$kills}
seed=${ASSAY_TEST_SEED-20261126}

# Sets $moment to seconds between 0 and the argument, of the minimal standard generator. Not by its output: that would draw in a subshell,
# the same number for ever.
draw_moment ()
{
  seed=$(((seed * 16807) % 2147483647))
  moment=$("${AWK-awk}" -v s="$seed" -v most="$1" 'BEGIN { printf "%.3f", most * s / 2147483647 }')
}

now ()
{
  date +%s.%N
}

# Each takes the place of its shell, so that the kill hits the program; so each is called in a shell of its own.
train ()
{
  exec "$ASSAY" train "$1" --json -q --threads 1 --name net --model mlp --hidden 256 --target score --terms age,group,priors --standardise --steps $steps \
    --batch 64 --checkpoint-every 40
}

record ()
{
  exec "$ASSAY" record "$1" --json -q --threads 1 --model-name net --taps act1 --gradients fc2.weight --type f64
}

# What a case has promised: kind, name and rows of every object.
promised ()
{
  "$ASSAY" info "$1" --json 2>/dev/null | "${AWK-awk}" '
    /"kind": / { kind = $2 } /"name": / { name = $2 } /"rows": / { rows = $2 }
    /^ *}/ { if (kind != "") print kind, name, rows + 0; kind = "" }'
}

# kept BEFORE AFTER: every object is still there, with no fewer rows
kept ()
{
  "${AWK-awk}" 'NR == FNR { rows[$1 " " $2] = $3; next } { seen[$1 " " $2] = $3 }
    END { for (k in rows) if (!(k in seen) || seen[k] < rows[k]) { print k ": " rows[k] " rows before, " (k in seen ? seen[k] : "none") " now"; bad = 1 }
          exit bad }' "$1" "$2"
}

# acknowledged: a whole answer that was printed before the kill is in the case
acknowledged ()
{
  grep -q '^}$' answer || return 0
  answered=$((answered + 1))
  ($what work.assay) >again 2>errors && grep -q '"from_store": true' again && return 0
  echo "$what had answered, and its answer is not in the case"
  cat errors
  return 1
}

# disturbed WHAT SECONDS START EXPECTED COUNT: runs WHAT on copies of START, kills it COUNT times, compares what came through with EXPECTED
disturbed ()
{
  what=$1 seconds=$2 start=$3 expected=$4 left=$5 hits=0 grown=0 answered=0 through=0
  while [ "$left" -gt 0 ]; do
    rm -rf work.assay && cp -r "$start" work.assay && promised work.assay >before && [ -s before ] || return 1
    while :; do
      ($what work.assay) >answer 2>errors &
      pid=$!
      if [ "$left" -gt 0 ]; then
        draw_moment "$seconds"
        sleep "$moment"
        kill -9 $pid 2>/dev/null
      fi
      wait $pid 2>/dev/null
      status=$?
      [ $status -eq 0 ] && break
      [ $status -eq 137 ] || { echo "$what ended with status $status"; cat errors; return 1; }
      left=$((left - 1)) hits=$((hits + 1))
      promised work.assay >after
      kept before after && "$ASSAY" verify work.assay >report 2>&1 || { cat report; return 1; }
      acknowledged || return 1
      cmp -s before after || grown=$((grown + 1))
      mv after before
    done
    through=$((through + 1))
    "$ASSAY" verify work.assay >report 2>&1 || { cat report; return 1; }
    same_bits work.assay "$expected" || return 1
  done
  echo "$hits kills of $what within $seconds s, $grown of them after something new was committed, $answered after the answer, $through runs came through" >>hits
}

# exported CASE WHAT FILE
exported ()
{
  "$ASSAY" export "$1" "$2" --out "$3" -q >/dev/null
}

same_bits ()
{
  for pair in model:safetensors activations:npy gradients:npy; do
    [ "$what" = record ] || [ "$pair" = model:safetensors ] || continue
    rm -f "one.${pair#*:}" "other.${pair#*:}"
    exported "$1" "${pair%:*}" "one.${pair#*:}" && exported "$2" "${pair%:*}" "other.${pair#*:}" \
      && cmp "one.${pair#*:}" "other.${pair#*:}" || return 1
  done
}

"${AWK-awk}" -v rows=$rows -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" new data.assay -q >/dev/null && "$ASSAY" import data.assay data people.csv --id id -q >/dev/null
cp -r data.assay trained.assay
begin=$(now)
check "a training that nobody disturbs" train trained.assay
train_seconds=$("${AWK-awk}" -v a="$begin" -v b="$(now)" 'BEGIN { print b - a }')
cp -r trained.assay recorded.assay
begin=$(now)
check "a recording that nobody disturbs" record recorded.assay
record_seconds=$("${AWK-awk}" -v a="$begin" -v b="$(now)" 'BEGIN { print b - a }')
counted ()
{
  [ "$(wc -l <hits)" -eq 2 ] || { cat hits; return 1; }
}
check "trainings killed at random moments lose nothing and end with the same bits" \
  disturbed train "$train_seconds" data.assay trained.assay $((kills / 2))
check "recordings killed at random moments lose nothing and end with the same bits" \
  disturbed record "$record_seconds" trained.assay recorded.assay $((kills - kills / 2))
check "all kills were counted" counted
sed 's/^/# /' hits
finish
