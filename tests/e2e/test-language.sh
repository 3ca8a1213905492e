#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Language models of others, asked in words: the text and the losses that were computed elsewhere.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}
stories=$data/stories260K
cd "$scratch" || exit 1

refuses ()
{
  "$@" >/dev/null 2>refusal && return 1
  test "$(wc -l <refusal)" -eq 1
}
differ ()
{
  ! cmp -s "$1" "$2"
}
# field FILE NAME: a number of a document
field ()
{
  sed -n "s/^ *\"$2\": \([-0-9.e]*\),*$/\1/p" "$1"
}
near ()
{
  "${AWK-awk}" -v a="$1" -v b="$2" -v most="$3" 'BEGIN { d = a - b; exit !(a != "" && d <= most && -d <= most) }'
}

if test ! -e "$stories/stories260K.bin"; then
  skip "the text and losses of stories260K" "stories260K/stories260K.bin is not there"
else
  ask ()
  {
    command=$1
    shift
    "$ASSAY" "$command" --model "$stories/stories260K.bin" --tokenizer "$stories/tok512.bin" -q "$@"
  }
  ask generate --max-tokens 200 >greedy
  check "200 greedy tokens are those of the program that the model was made for" cmp greedy "$stories/expected_greedy_200.txt"
  ask generate --max-tokens 200 --precision f64 --threads 2 >greedy64
  check "in double precision, on two threads" cmp greedy greedy64
  ask loss --text "$data/text/tinystories_sample.txt" --separator '<|endoftext|>' --precision f64 --json >sample.json
  check "the mean loss of each story by itself" near "$(field sample.json mean_nats)" 1.26644 1e-5
  check "over as many predictions" test "$(field sample.json predictions)" -eq 1804
  ask generate --prompt "Once" --max-tokens 30 --temperature 1 --seed 5 >drawn1
  ask generate --prompt "Once" --max-tokens 30 --temperature 1 --seed 5 --threads 2 >drawn2
  ask generate --prompt "Once" --max-tokens 30 --temperature 1 --seed 6 >drawn3
  check "a seed draws the same text" cmp drawn1 drawn2
  check "another draws another" differ drawn1 drawn3
  ask generate --max-tokens 60 --stop " loved" >stopped
  check "a stop ends the text before it" eval 'test "$(sed "s/ loved.*//" greedy | head -1)" = "$(cat stopped)"'
  ask generate --prompt "Once upon a time" --max-tokens 5 --ablate "model.layers.0.mlp.act" >ablated
  ask generate --prompt "Once upon a time" --max-tokens 5 >plain
  check "what is put to zero changes the text" differ plain ablated
  check "a tap that there is not is refused" refuses ask generate --ablate nothing
  check "a prompt longer than the context is refused" refuses ask generate --prompt "$(seq 1 900)"
  check "as is a tokenizer with more tokens than the model" refuses "$ASSAY" generate --model "$stories/stories260K.bin" --tokenizer "$data/gpt2_tokenizer/gpt_neox_20B_tokenizer.json" -q

  head -c 20000 "$data/text/tinystories_197k.txt" >some.txt
  "$ASSAY" new st.assay -q >/dev/null && "$ASSAY" import st.assay model "$stories/stories260K.bin" --context 64 --name stories -q >/dev/null
  "$ASSAY" import st.assay data some.txt --tokenizer "$stories/tok512.bin" --context 64 -q >/dev/null
  influence ()
  {
    "$ASSAY" influence st.assay --method dot -q "$@"
  }
  influence --prompt "Once upon a time, there was a little" --completion " girl named Lily" --json >asked.json
  check "a text is asked about, and it is told that nobody knows whether the examples were in the training" \
    eval 'test $? -eq 0 && grep -q "\"membership_known\": false" asked.json && grep -q "\"completion\": \" girl named Lily\"" asked.json'
  printf '{"prompt": "Once upon a time, there was a little", "completion": " girl named Lily"}\n\n{"prompt": "The cat", "completion": " sat"}\n' >queries.jsonl
  influence --queries queries.jsonl --json >two.json
  scores ()
  {
    sed -n 's/^ *"score": \([-0-9.e]*\),*$/\1/p' "$1" | tail -10 | "${AWK-awk}" '{ printf "%.10e\n", $1 }'
  }
  check "questions of a file get the same scores, to rounding" eval 'scores asked.json >a; scores two.json >b; test -s a && cmp a b'
  influence --prompt "Once upon a time, there was a little" --completion " girl named Lily" >told
  check "the text of each example is shown" grep -q "Once upon a time" told
  printf '{"prompt": "The cat", "completion": " sat"}\n{"prompt": "x"}\n' >bad.jsonl
  check "a line without a completion is refused by its number" eval 'refuses influence --queries bad.jsonl && grep -q "bad.jsonl line 2" refusal'
  check "a question longer than the data is refused" refuses influence --completion "$(seq 1 100)"
fi

if test ! -e "$stories/stories260K.bin"; then
  skip "a model and its tokenizer in one GGUF file" "stories260K/stories260K.bin is not there"
elif ! "${PYTHON3-python3}" -c "" 2>/dev/null; then
  skip "a model and its tokenizer in one GGUF file" "there is no python3"
else
  make_gguf ()
  {
    "${PYTHON3-python3}" "$ASSAY_SRCDIR/tests/e2e/gguf.py" "$stories/stories260K.bin" "$stories/tok512.bin" "$1" "$2"
  }
  make_gguf F32 stories.gguf && make_gguf F16 half.gguf && make_gguf Q8_0 quantised.gguf
  "$ASSAY" generate --model stories.gguf --max-tokens 200 -q >from-gguf
  check "200 greedy tokens from the one file" cmp from-gguf "$stories/expected_greedy_200.txt"
  printf 'Once upon a time, 3 gar\303\247ons' >sentence.txt
  "$ASSAY" tokenize --model stories.gguf --text sentence.txt -q --json | grep '"token"' >tokens-gguf
  "$ASSAY" tokenize --model "$stories/tok512.bin" --text sentence.txt -q --json | grep '"token"' >tokens-own
  check "the tokens of a text are those of its own tokenizer" eval 'test -s tokens-gguf && cmp tokens-gguf tokens-own'
  for name in stories half quantised; do
    "$ASSAY" loss --model $name.gguf --text "$data/text/tinystories_sample.txt" --separator '<|endoftext|>' --precision f64 --json -q >$name.json
  done
  check "its mean loss" near "$(field stories.json mean_nats)" 1.26644 1e-5
  check "in half precision, nearly" near "$(field half.json mean_nats)" 1.26644 1e-3
  check "in eight bits, nearly" near "$(field quantised.json mean_nats)" 1.26644 2e-2
  check "in eight bits, not quite" differ stories.json quantised.json
  "$ASSAY" logits --model quantised.gguf --prompt "Once" -q >/dev/null && "$ASSAY" lens --model quantised.gguf --prompt "Once" -q >/dev/null
  check "logits and lens" test $? -eq 0
  "$ASSAY" new stories.assay -q && "$ASSAY" import stories.assay model quantised.gguf --name stories --context 64 -q >/dev/null
  check "it is imported" test $? -eq 0
  check "and text by its tokenizer" "$ASSAY" import stories.assay data "$data/text/tinystories_sample.txt" --tokenizer quantised.gguf --context 64 -q
  head -c 300000 stories.gguf >cut.gguf
  check "a file that was cut is refused" refuses "$ASSAY" generate --model cut.gguf -q
  check "as is a vocabulary alone" refuses "$ASSAY" generate --model "$data/ggml_vocab/ggml-vocab-gpt-2.gguf" -q
fi

printf 'low lower lowest<|end|>new newer newest' >words.txt
"$ASSAY" tokenizer words.txt --size 265 --special '<|end|>' --out own -q
check "a tokenizer is learnt from a text, and reads it" eval '"$ASSAY" tokenize --model own --text words.txt --json -q >own.json && grep -q "\"tokens\"" own.json'
check "a vocabulary without room for the bytes is refused" refuses "$ASSAY" tokenizer words.txt --size 256 --special '<|end|>' --out none

tiny=$data/hf_tiny/gpt2
if test ! -e "$tiny/model.safetensors"; then
  skip "a model in several files" "hf_tiny/gpt2/model.safetensors is not there"
else
  mkdir parts && cp "$tiny"/*.json "$tiny"/*.txt parts/ && cp "$tiny/model.safetensors" parts/one.safetensors && chmod -R u+w parts
  echo '{"weight_map": {"transformer.wte.weight": "one.safetensors"}}' >parts/model.safetensors.index.json
  "$ASSAY" new parts.assay -q && "$ASSAY" import parts.assay model parts --name parts -q >/dev/null
  check "weights that an index names are imported" test $? -eq 0
  printf 'Hello there|Hello again' >short.txt
  check "and text by the tokenizer beside them" "$ASSAY" import parts.assay data short.txt --tokenizer parts --context 8 --separator '|' -q
  "$ASSAY" logits --model "$tiny" --prompt Hello --precision f64 --json -q | grep -v '"path"' >whole.json
  "$ASSAY" logits --model parts --prompt Hello --precision f64 --json -q | grep -v '"path"' >parts.json
  "$ASSAY" check "$tiny" --json -q >card.json
  check "a checkpoint says what it is, and passes its own checks" eval 'test $? -eq 0 && grep -q "\"model_type\": \"gpt2\"" card.json && test "$(grep -c "\"passed\": true" card.json)" -eq 4'
  "$ASSAY" logits --model "$tiny" --prompt "Hello there" --json -q >theirs.json
  check "logits that a program computed in f32 are near enough" "$ASSAY" check --model "$tiny" --logits theirs.json -q
  sed 's/^    -\([0-9]\)/    -1\1/' theirs.json >spoilt.json
  "$ASSAY" check --model "$tiny" --logits spoilt.json -q >/dev/null 2>&1
  check "spoilt ones are found" test $? -eq 1
  check "logits of another vocabulary are refused" eval 'echo "{\"tokens\": [1, 2], \"logits\": [1, 2, 3]}" >short.json; refuses "$ASSAY" check "$tiny" --logits short.json -q'
  check "they say what the whole says" eval 'sed -n "/\"logits\"/,/]/p" whole.json >a; sed -n "/\"logits\"/,/]/p" parts.json >b; test -s a && cmp a b'
fi
finish
