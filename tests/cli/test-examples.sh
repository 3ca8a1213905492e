#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of every command's help really run, in the order in which the manual has them, on a small table.

. "$ASSAY_SRCDIR/tests/tap.sh"

mkdir "$scratch/bin" "$scratch/work" && ln -s "$ASSAY" "$scratch/bin/assay" && cd "$scratch/work" || exit 1
PATH=$scratch/bin:$PATH
XDG_CONFIG_HOME=$scratch/config
export PATH XDG_CONFIG_HOME
"${AWK-awk}" -v rows=60 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv

# The demonstration has a test of its own and takes minutes.
assay documentation examples | grep -v '^assay demo' >"$scratch/examples"

# A broken-off line of the help is joined again by the shell; so the help's own text is what runs here.
from_help ()
{
  for command in $(assay --help | sed -n '/^Commands$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'); do
    assay "$command" --help | sed -n '/^Examples$/,$ { /^  assay /p; /^      /p; }'
  done | sed -e ':a' -e '/\\$/ { N; s/ *\\\n */ /; ta' -e '}' -e 's/^  //' | grep -v '^assay demo'
}
check "help and manual have the same examples" eval 'from_help | diff "$scratch/examples" -'

# What another program would have left: weights beside their architecture, and where its training came through. Files of arrays are those that export writes.
elsewhere ()
{
  mkdir there && cp logistic.safetensors there/model.safetensors && cp logistic.safetensors there/step-10.safetensors \
    && printf '%s\n' "$architecture" >there/config.json \
    && echo '{"checkpoints": [{"step": 10, "learning_rate": 0.1, "weights": "step-10.safetensors"}]}' >there/checkpoints.json \
    && printf '%s\n' "$tokenizer" >there/tokenizer.json && echo 'a word and another' >sentence.txt \
    && mkdir story && cp there/tokenizer.json story && printf '%s\n' "$language" >story/config.json \
    && { printf "\\$(printf %o "${#header}")\\0\\0\\0\\0\\0\\0\\0"; printf '%s' "$header"; head -c 48 /dev/zero; } >story/model.safetensors \
    && assay new story.assay && assay import story.assay model story && assay import story.assay data sentence.txt --tokenizer story --separator '|' --context 16
}
language='{"architecture": "transformer", "config": {"vocabulary": 4, "context": 16, "width": 2, "layers": 0, "heads": 1, "positions": "none"}, "dtype": "f32"}'
header='{"wte.weight":{"dtype":"F32","shape":[4,2],"data_offsets":[0,32]},"ln_f.weight":{"dtype":"F32","shape":[2],"data_offsets":[32,40]},"ln_f.bias":{"dtype":"F32","shape":[2],"data_offsets":[40,48]}}'
architecture='{"architecture": "linear", "config": {"inputs": 4, "outputs": 2, "bias": true, "loss": "logistic", "name": "fc"}, "dtype": "f64"}'
tokenizer='{"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1, "word": 2, "##nd": 3}}}'
later='^assay (tokenizer|check (--model )?story|influence story.assay|tokenize|generate|lens|logits|loss|import people.assay (activations|gradients|model|checkpoints))( |$)'
succeeds ()
{
  sh -c "$1" </dev/null
}
while IFS= read -r line; do
  check "$line" succeeds "$line"
done <<EXAMPLES
$(grep -Ev "$later" "$scratch/examples")
EXAMPLES
check "another program has left its files" elsewhere
while IFS= read -r line; do
  check "$line" succeeds "$line"
done <<EXAMPLES
$(grep -E "$later" "$scratch/examples")
EXAMPLES
check "there are examples" test "$tap_number" -gt 15

for file in scores.csv scores.h5 act1.npy logistic.safetensors; do
  check "they left $file" test -s $file
done
finish
