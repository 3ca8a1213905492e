#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Corpora of a user's own: from pipes and compressed files, prompts and completions, to a model that was trained on them.

. "$ASSAY_SRCDIR/tests/tap.sh"

cd "$scratch" || exit 1

# refuses PATTERN COMMAND...   in one line that matches, and nothing has changed in the case
refuses ()
{
  pattern=$1
  shift
  before=$(ls -R c.assay | cksum)
  "$@" >/dev/null 2>refusal && return 1
  test "$(wc -l <refusal)" -eq 1 && grep -Eq -e "$pattern" refusal && test "$before" = "$(ls -R c.assay | cksum)"
}
import ()
{
  "$ASSAY" import c.assay data "$@" -q --json
}
rows ()
{
  sed -n 's/^ *"rows": \([0-9]*\),*$/\1/p' "$1" | head -1
}

"$ASSAY" new c.assay -q >/dev/null
awk 'BEGIN { for (i = 0; i < 400; i++) print "the sum of " i % 10 " and " int (i / 10) % 10 " is " i % 10 + int (i / 10) % 10 "." }' >sums.txt
awk 'BEGIN { for (i = 0; i < 100; i++) printf "{\"prompt\": \"%d+%d=\", \"completion\": \"%d.\", \"kind\": \"%s\"}\n", i % 10, int (i / 10), i % 10 + int (i / 10), i % 7 ? "seen" : "kept" }' >sums.jsonl

# --- where a corpus comes from ---
import sums.txt --context 16 --name file >file.json
import - --format text --context 16 --name pipe <sums.txt >pipe.json
check "standard input is read as a file of that content" eval 'test "$(rows file.json)" = "$(rows pipe.json)" && test "$(rows file.json)" -gt 500'
check "and known again" eval '"$ASSAY" import c.assay data - --format text --context 16 --name pipe -q <sums.txt >/dev/null'
gzip -c sums.txt | import - --format text --context 16 --name gzip >gzip.json
check "gzip in a pipe is unpacked" test "$(rows gzip.json)" = "$(rows file.json)"
check "standard input twice is refused" refuses "named twice" import - - --format text --name twice
check "an empty one, too" refuses "standard input: the file is empty" eval 'import - --format text --name empty </dev/null'
check "and one whose format nothing tells" refuses "say --format" eval 'import - --name unknown <sums.txt'
head -c 100000000 /dev/zero | gzip -c >bomb.gz
check "what unpacks to a thousand times its size is refused by a limit that has a name" refuses "max-expansion" import bomb.gz --format text --tokens byte --name bomb
printf 'PAR1' >table.parquet
check "Parquet is answered with how to make JSONL of it" refuses "Parquet found.*to_json" import table.parquet --name parquet
printf 'a\nb\377c\n' >bad.txt
check "what is no UTF-8 is refused with its place" refuses "bad.txt line 2: not UTF-8 at byte offset 3" import bad.txt --context 1 --name bad
printf 'ab' | import - --format uint16 --context 1 --name short >/dev/null 2>&1
check "no scratch file stays" eval '! ls "${TMPDIR:-/tmp}"/assay-input-*/"standard input" >/dev/null 2>&1'

# --- prompts and completions ---
import sums.jsonl --tokens byte --context 12 --split column:kind --name sums >sums.json
check "prompts and completions are token sequences, a row for each line" eval 'test "$(rows sums.json)" -eq 100 && grep -q "\"kept\": 15" sums.json'
import sums.jsonl --tokens byte --context 32 --pack --name packed >packed.json
check "several of them are packed into one sequence" test "$(rows packed.json)" -lt 50
check "which the notes say" grep -q "attention sees the documents before it" packed.json

# --- a model of one's own, asked in words, and taken out ---
train ()
{
  "$ASSAY" train c.assay --batch 8 --learning-rate 3e-3 -q "$@" >/dev/null
}
logits ()
{
  "$ASSAY" logits "$@" --precision f64 --json -q | sed -n '/"logits"/,/]/p'
}
for model in "gpt2 --model transformer --width 32 --heads 2" \
             "llama --model transformer --width 32 --heads 4 --kv-heads 2 --norm rmsnorm --positions rotary --gated --activation silu --no-bias --no-tied --names llama" \
             "mamba --model mamba --width 16 --state 4" \
             "rwkv --model rwkv --width 16 --mlp 24"; do
  set -- $model
  name=$1
  shift
  train --name "$name" --data file --steps 60 "$@"
  check "a model ($name) is trained on text of one's own" test $? -eq 0
  "$ASSAY" generate --model c.assay --model-name "$name" --prompt "the sum" --max-tokens 8 -q >"$name.text"
  check "and goes on with a text" eval 'test "$(wc -c <"$name.text")" -ge 8'
  check "it is written as the transformers library keeps it" "$ASSAY" export c.assay model --object "$name" --out "out-$name" -q
  logits --model c.assay --model-name "$name" --prompt "the sum of 7 and" >inside
  logits --model "out-$name" --prompt "the sum of 7 and" >outside
  check "and what is read back has the same logits, bit for bit" eval 'test "$(wc -l <inside)" -gt 10 && cmp inside outside'
  "$ASSAY" import c.assay model "out-$name" --name "back-$name" -q >/dev/null
  logits --model c.assay --model-name "back-$name" --tokenizer "out-$name" --prompt "the sum of 7 and" >again
  check "also in a case" cmp inside again
done
train --name odd --data file --steps 2 --model transformer --width 16 --heads 2 --norm rmsnorm
check "the newest model of a case is asked where none is named" eval '"$ASSAY" generate --model c.assay --prompt "the" --max-tokens 3 -q >newest && test -s newest'
check "a model that no family is, is refused with where it differs" refuses "GPT-2 differs at h.0.ln_1" "$ASSAY" export c.assay model --object odd --out out-odd
check "and --model-name is for cases" refuses "model-name" "$ASSAY" generate --model out-gpt2 --model-name x --prompt a

# --- fine-tuned on completions, with its course kept ---
train --name tuned --model back-gpt2 --data file --train-split train --steps 20 --checkpoints 4
check "an imported model is trained on, and its course is kept" eval '"$ASSAY" info c.assay | grep -q "checkpoint *tuned/step-20"'
check "so that tracin follows it" "$ASSAY" influence c.assay --model-name tuned --query train:0 --method tracin -q

# --- batches of sequences of like length ---
lengths ()
{
  train --name "$1" --data sums --train-split seen --model transformer --width 16 --heads 2 --epochs 2 --length-buckets 3 --checkpoints 3 --threads "$2"
}
lengths short 1
check "sequences of like length share batches" test $? -eq 0
lengths threads 2
says ()
{
  logits --model c.assay --model-name "$1" --prompt "3+4="
}
check "with the same bits for any number of threads" eval 'says short >one && says threads >two && test -s one && cmp one two'
check "other bits than at the context" eval 'train --name whole --data sums --train-split seen --model transformer --width 16 --heads 2 --epochs 2 && says whole >two && ! cmp -s one two'
for method in magic source tracin loo; do
  check "its batches are seen again by $method" "$ASSAY" influence c.assay --model-name short --query kept:0 --method $method -q
done
check "an encoder is refused them" refuses "do not look ahead" "$ASSAY" train c.assay --model encoder --data sums --train-split seen --length-buckets 3 --name none

# --- low-rank adapters ---
train --name adapted --model back-llama --data file --steps 20 --checkpoints 4 --lora-rank 2 --lora-modules "model.layers.*.self_attn.*"
check "adapters of an imported model are trained" test $? -eq 0
check "and only they are its parameters" eval '"$ASSAY" influence c.assay --model-name adapted --query train:0 --method tracin -q >/dev/null'
check "curvature factors are theirs" "$ASSAY" influence c.assay --model-name adapted --query train:0 --method ekfac -q
check "their training is repeated" "$ASSAY" influence c.assay --model-name adapted --query train:0 --method magic -q
"$ASSAY" export c.assay model --object adapted --out out-adapted -q >/dev/null
check "they are written merged" eval '! grep -q lora out-adapted/model.safetensors'
text ()
{
  "$ASSAY" generate "$@" --prompt "the sum of" --max-tokens 6 -q
}
check "and the merged model says the same" eval 'test "$(text --model c.assay --model-name adapted)" = "$(text --model out-adapted)"'
check "which is not what its base says" eval 'logits --model c.assay --model-name adapted --prompt "the sum" >one; logits --model out-llama --prompt "the sum" >two; ! cmp -s one two'
check "adapters of an architecture are refused" refuses "a model of the case expected" "$ASSAY" train c.assay --model mamba --data file --lora-rank 2 --name none
check "and patterns that no module has" refuses "patterns of linear modules" "$ASSAY" train c.assay --model back-llama --data file --lora-rank 2 --lora-modules nothing --name none
finish
