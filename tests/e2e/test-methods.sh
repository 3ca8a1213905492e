#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is asked of influence besides plain scores: other measures, self-influence, parts, groups, several models; and what is refused.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=60 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
# train NAME OPTION...
train ()
{
  name=$1
  shift
  "$ASSAY" train p.assay --name "$name" --target "score in ('Medium', 'High')" --terms age,group,priors -q "$@"
}
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q && train convex --model logistic --l2 0.01 &&
    train net --model mlp --steps 40 && train other --model mlp --steps 40 --seed 7
} >/dev/null || exit 1

# asks OPTION...    one JSON document
asks ()
{
  "$ASSAY" influence p.assay --json -q "$@"
}
# top FILE          the first score of a document
top ()
{
  sed -n 's/^ *"score": \([-0-9.e+]*\),*$/\1/p' "$1" | sed -n 1p
}
# same A B          two files with the same first score
same ()
{
  [ -n "$(top "$1")" ] && [ "$(top "$1")" = "$(top "$2")" ]
}

asks --model-name convex --query train:0 --method exact >loss.json
asks --model-name convex --query train:0 --method exact --measure margin >margin.json
check "a margin is another measure, with a sign of its own" prints '"sign": "positive: removing the example raises what is measured of the query"' cat margin.json
check "and has other scores than the loss" refuses same loss.json margin.json
check "validate measures the margin after retraining" prints '"pearson"' "$ASSAY" validate p.assay --model-name convex --query train:0-2 \
  --method exact --measure margin --leave-one-out 6 --groups 4 --json -q
check "self-influence has no query" refuses prints '"query":' asks --model-name convex --self --method exact
check "and says what its sign means" prints 'raises its own loss' asks --model-name convex --self --method exact
check "it cannot predict a removal" refuses "$ASSAY" retrain p.assay --model-name convex --count 3 \
  --scores "$(asks --model-name convex --self --method exact | sed -n 's/.*"scores_object": "\(.*\)".*/\1/p')"
check "parts by module are named" prints '"part": "fc1"' asks --model-name net --query train:0 --method dot --by module --top 1
check "a group's scores are added up" prints '"examples": 10' asks --model-name convex --query train:0 --method exact --group train:0-9
asks --model-name net --query train:0 --method trak >one.json
asks --model-name net --query train:0 --method trak --models other >two.json
check "several models are averaged" refuses same one.json two.json
check "and said so" prints '1 other models' cat two.json
check "a model of another architecture is refused" prints 'the architecture of the model that is asked about expected' asks --model-name net \
  --query train:0 --method trak --models convex
check "a model that is not there is refused" refuses asks --model-name net --query train:0 --method trak --models nothing
check "neither query nor --self is refused" prints 'or --self' "$ASSAY" influence p.assay
check "both are refused" prints 'without --query' "$ASSAY" influence p.assay --self --query train:0
check "a measure that is none is refused" prints 'activation:TAP' asks --model-name net --query train:0 --measure sureness
check "parts of a method without a direction are refused" prints 'expected, rescaled found' asks --model-name convex --query train:0 --method rescaled --by module
check "a method without self-influence is refused by name" prints 'cosine found' asks --self --method cosine --model-name net
finish
