#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The demonstration as a person meets it: its text, its commands for doing the same by hand, and what it says to try next. A hurried size; the example
# of its own help.

. "$ASSAY_SRCDIR/tests/tap.sh"

mkdir "$scratch/bin" "$scratch/work" && ln -s "$ASSAY" "$scratch/bin/assay" && cd "$scratch/work" || exit 1
PATH=$scratch/bin:$PATH
XDG_CONFIG_HOME=$scratch/config
export PATH XDG_CONFIG_HOME

# status NUMBER COMMAND...   for `check`: passes when COMMAND ends with that status
status ()
{
  wanted=$1
  shift
  "$@" </dev/null
  found=$?
  [ "$found" -eq "$wanted" ] || { echo "status $found"; return 1; }
}

hurried=$(assay documentation examples | grep "^assay demo hurried")
check "the hurried example of the help finds what it is: no organism" status 1 sh -c "$hurried > story"
check "no line of the story is wider than 100 columns" sh -c '! grep -E "^.{101}" story'
check "it names what was predicted and what happened" sh -c 'grep -Eq "^predicted +[+-]" story && grep -Eq "^happened +[+-]" story'
check "it says where it fell short" sh -c 'grep -q "^Where it fell short" story && grep -q "certificate was refused" story'
check "the second time it is answered from the case" prints 'done before' sh -c "$hurried > again"
check "with the same words" cmp story again

# commands LIST   the commands of a list of the JSON document, one a line
commands ()
{
  sh -c "$hurried --json --quiet" | sed -n "/^  \"$1\": \[/,/^  \]/s/^ *\"command\": \"\(.*\)\",\{0,1\}\$/\1/p" | sed 's/\\"/"/g'
}
commands by_hand > by_hand
commands next > next
check "there are eight parts by hand" test "$(wc -l < by_hand)" -eq 8
while IFS= read -r line; do
  check "$line  -- is the job that was done" prints '"from_store": true' sh -c "$line --json"
done < by_hand
while IFS= read -r line; do
  check "$line" status 0 sh -c "$line"
done < next
check "the exported scores have a row for each training example" test "$(wc -l < demo-scores.csv)" -eq 1161
check "the case is as it was written" status 0 assay verify hurried.assay
check "a report of it is written" status 0 assay report hurried.assay --format html,json,csv --out hurried-report
for section in attribution retraining mechanisms reasoning; do
  check "with the section $section" grep -q "\"id\": \"$section\"" hurried-report/report.json
done
check "where no certificate stands behind it, no chain is judged" prints 'could not be judged' cat hurried-report/report.html
check "the report is unaltered, and unsigned" status 5 assay verify hurried-report

mkdir taken && echo mine > taken/file
check "a directory of something else is refused in one line" prints '^assay demo: taken: is not empty' assay demo taken
check "and left alone" test "$(ls taken)" = file
finish
