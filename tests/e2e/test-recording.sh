#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A language model's activations: rows and summaries of them say the same; one unit and one example are read without the rest.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}
stories=$data/stories260K
cd "$scratch" || exit 1
tap=model.layers.2.mlp.gated

# page RECORDING FIELD: lines of a unit's page from that member on
page ()
{
  "$ASSAY" units st.assay --recording "$1" --tap $tap --unit 13 --ablate none --json -q >page.json 2>/dev/null || return 1
  sed -n '/"page"/,$p' page.json | sed -n "/\"$2\"/,/]/p"
}
same_page ()
{
  page rows "$1" >a
  page brief "$1" >b
  test -s a && cmp a b
}

if test ! -e "$stories/stories260K.bin"; then
  skip "recordings of stories260K" "stories260K/stories260K.bin is not there"
  finish
fi
"$ASSAY" new st.assay -q && "$ASSAY" import st.assay model "$stories/stories260K.bin" --context 256 --name stories -q >/dev/null \
  && "$ASSAY" import st.assay data "$data/text/tinystories_sample.txt" --tokenizer "$stories/tok512.bin" --context 256 --separator '<|endoftext|>' --name text -q >/dev/null
check "model and text are imported" test $? -eq 0
check "rows without padding are recorded" prints '1,247 rows' "$ASSAY" record st.assay --taps "$tap" --name rows
check "and summarised" prints "summary/brief/$tap: 172 units over 1,247 rows" "$ASSAY" record st.assay --taps "$tap" --keep summary --name brief
check "both have one histogram" same_page histogram
check "the same largest activations" same_page top
check "and the same smallest" same_page bottom
check "contexts are text" prints '"after": "ing ?.*"|"before": ".*[a-z] [a-z].*"' cat page.json
check "a summary says what it does not know" prints 'quantiles are not known' "$ASSAY" units st.assay --recording brief --tap $tap --unit 13 --ablate none
check "its units are ablated as others are" prints 'loss  *[+-]' "$ASSAY" units st.assay --recording brief --tap $tap --unit 13 --ablate 13
check "a summary is made by one process" refuses "$ASSAY" record st.assay --taps "$tap" --keep summary --name cut --shard 1/2
check "a draw has as many rows as were asked for" prints ' 100 rows' "$ASSAY" record st.assay --taps "$tap" --sample 100 --name drawn
"$ASSAY" export st.assay activations --object rows --out all.csv -q && "$ASSAY" export st.assay activations --object rows --unit 13 --out unit.csv -q \
  && "$ASSAY" export st.assay activations --object rows --example train:3 --out example.csv -q
check "a unit, an example and all are written" test $? -eq 0
check "the unit is its column" eval 'tr -d "\r" <unit.csv >column; cut -d, -f1-8,22 all.csv | cmp - column'
check "the example is its rows" eval '{ head -1 all.csv; grep "^[0-9]*,train,3," all.csv; } | cmp - example.csv'
check "a unit that there is not is refused" refuses "$ASSAY" export st.assay activations --object rows --unit 172 --out no.csv
check "as is an example without rows" refuses "$ASSAY" export st.assay activations --object rows --example train:5 --out no.csv
large=$("${AWK-awk}" -F, 'NR > 1 { for (c = 9; c <= NF; c++) n += $c + 0 >= 2 || $c + 0 <= -2 } END { print n }' all.csv)
check "what is large is recorded by rows" prints "recorded sparse-entries/large/$tap: $large rows" "$ASSAY" record st.assay --taps "$tap" --keep sparse --threshold 2 --name large
check "sparse rows need a threshold" refuses "$ASSAY" record st.assay --taps "$tap" --keep sparse --name none
check "gradients of tokens are recorded" prints 'gradients/tokens: 1,2[0-9]* rows' "$ASSAY" record st.assay --gradients 'model.norm.*' --gradient-rows tokens --norms --name tokens
check "patterns of attention are recorded" prints '1,247 rows' "$ASSAY" record st.assay --taps 'model.layers.0.attn.heads.pattern' --name patterns
finish
