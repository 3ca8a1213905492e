#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Searches in a gradient index: the order of assay influence at any damping; indexes that do not belong; builds that were killed.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=1500 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
# train NAME OPTION...
train ()
{
  name=$1
  shift
  "$ASSAY" train p.assay --name "$name" --target "score in ('Medium', 'High')" --terms age,group,priors -q "$@"
}
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q && train net --model mlp --steps 40 && train other --model mlp --steps 40 --seed 7
} >/dev/null || exit 1

# number FILE KEY   numbers under a key of the scores, in order, one a line
number ()
{
  sed -n "/\"scores\": \\[/,/\\]/s/^ *\"$2\": \\([-0-9.e+]*\\),*\$/\\1/p" "$1"
}

check "there is no answer without an index" refuses "$ASSAY" search p.assay --model-name net --query train:3 -q
check "and what to do is said" eval '"$ASSAY" search p.assay --model-name net --query train:3 -q 2>&1 | grep -q "make one with assay index"'
"$ASSAY" index p.assay --model-name net -q >/dev/null || exit 1
for damping in 0.001 0.1 3; do
  "$ASSAY" influence p.assay --model-name net --query train:3 --method ekfac --damping $damping --top 8 --json -q >whole.json
  "$ASSAY" search p.assay --model-name net --query train:3 --damping $damping --top 8 --json -q >found.json
  number whole.json example | head -8 >whole.order
  number found.json example | head -8 >found.order
  number whole.json score | head -8 >whole.scores
  number found.json score | head -8 >found.scores
  check "examples are those of assay influence at damping $damping" eval 'test "$(wc -l <whole.order)" -eq 8 && cmp whole.order found.order'
  check "and so are their scores, every digit" eval 'test "$(wc -l <whole.scores)" -eq 8 && cmp whole.scores found.scores'
  check "few training examples were walked for it" eval 'test "$(sed -n "/\"walked\"/,/]/s/^ *\([0-9]*\),*\$/\1/p" found.json)" -lt 300'
done
"$ASSAY" search p.assay --model-name net --query train:3-4 --damping 0.001,0.1 --top 3 --json -q --threads 1 >one.json
"$ASSAY" search p.assay --model-name net --query train:3-4 --damping 0.001,0.1 --top 3 --json -q --threads 3 >three.json
check "any number of threads gives the same document" cmp one.json three.json
check "it is certified" prints '"certified": true' cat one.json
"$ASSAY" search p.assay --model-name net --query train:3 --order harmful --top 2 --json -q >harmful.json
check "the most harmful come first on request" eval 'test "$(number harmful.json score | grep -c "^-")" -eq 2'
check "more than there are cannot be asked for" eval '"$ASSAY" search p.assay --model-name net --query train:3 --top 1501 -q 2>&1 | grep -q "1 to 1500 expected"'
check "a damping is a number" eval '"$ASSAY" search p.assay --model-name net --query train:3 --damping 0.1,much -q 2>&1 | grep -q "found \"much\""'
check "nothing is divided by 0" eval '"$ASSAY" search p.assay --model-name net --query train:3 --damping 0 -q 2>&1 | grep -q "damping above 0"'
index=$("$ASSAY" index p.assay --model-name net --json -q | sed -n 's/^ *"index": "\(.*\)",*$/\1/p')
check "an index of another model is refused" \
  eval '"$ASSAY" search p.assay --model-name other --index "$index" --query train:3 -q 2>&1 | grep -q "of another model"'
check "a method in another basis says which index it needs" \
  eval '"$ASSAY" search p.assay --model-name net --method shampoo --index "$index" --query train:3 -q 2>&1 | grep -q "assay index --basis shampoo"'
cp -r p.assay named.assay
"$ASSAY" index named.assay --model-name other --name mine --dimensions 64 -q >/dev/null
check "an index that was given a name is found like others" prints '"index": "mine"' "$ASSAY" search named.assay --model-name other --query train:3 --json -q
check "but not for another model" eval '"$ASSAY" search named.assay --model-name net --query train:3 --json -q | grep -q "\"index\": \"net/"'
factors=$("$ASSAY" index p.assay --model-name net --json -q | sed -n 's/^ *"factors": "\(.*\)",*$/\1/p')
check "factors in another basis are refused to an index" \
  eval '"$ASSAY" index p.assay --model-name net --basis shampoo --factors "$factors" -q 2>&1 | grep -q "basis shampoo expected, in the basis kronecker found"'
check "and to a method, which would give their scores its own name" \
  eval '"$ASSAY" influence p.assay --model-name net --method diagonal --factors "$factors" --query train:3 -q 2>&1 | grep -q "basis diagonal expected, in the basis kronecker found"'

# A build killed at several moments, and finished by the same command.
cp -r p.assay killed.assay
"$ASSAY" factors killed.assay --model-name other -q >/dev/null
for moment in 0.05 0.1 0.15 0.2; do
  "$ASSAY" index killed.assay --model-name other -q >/dev/null 2>&1 &
  pid=$!
  sleep $moment
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
done
"$ASSAY" index killed.assay --model-name other -q >/dev/null
"$ASSAY" index p.assay --model-name other -q >/dev/null
check "the case is whole after kills" "$ASSAY" verify killed.assay
"$ASSAY" search killed.assay --model-name other --query train:9 --top 20 --json -q | sed '/"case"/d; /"identity"/d' >killed.json
"$ASSAY" search p.assay --model-name other --query train:9 --top 20 --json -q | sed '/"case"/d; /"identity"/d' >whole.json
check "and its index answers as one that nobody killed, intervals included" cmp killed.json whole.json

finish
