#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What influence costs as a language model and its data grow: a transformer of about a million parameters, fine-tuned on 4,000 windows of a
# text after training on the others, beside the small case of methods.sh. One thread; the table is in doc/validity.md.
#
#   bench/growth.sh ASSAY TEXT [SCRATCH [WIDTH [LAYERS [EXAMPLES]]]]
#
# ASSAY     the program
# TEXT      a plain text; tinyshakespeare.txt is the one of the table
# SCRATCH   where the case is made, or gone on with (default: a folder that is removed)
# WIDTH LAYERS EXAMPLES   128 5 4000
# Prints a line for each command: what it was, its processor seconds and its peak memory, then its answer.
# Exit status: 0, or 2 when something is missing.
set -eu
assay=${1-./assay}
text=${2-.}
scratch=${3-}
width=${4-128} layers=${5-5} examples=${6-4000}

command -v "$assay" >/dev/null || { echo "growth: no program $assay; usage: growth.sh ASSAY TEXT" >&2; exit 2; }
[ -f "$text" ] || { echo "growth: no file $text; usage: growth.sh ASSAY TEXT" >&2; exit 2; }
if [ -z "$scratch" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
fi
cas=$scratch/growth-$width-$layers-$examples.assay

measured ()
{
  echo "assay $*"
  env time -f "cpu %U s + %S s, wall %e s, peak %M KiB" "$assay" "$@" --quiet --threads 1 >"$scratch/answer" 2>"$scratch/cost" || cat "$scratch/cost"
  tail -n 1 "$scratch/cost"
  tail -n "${lines-6}" "$scratch/answer"
}

if [ ! -d "$cas" ]; then
  "$assay" new "$cas" --quiet >"$scratch/new"
  head -c "$(((examples + 3020) * 64 + 1))" "$text" >"$scratch/text.txt"
  "$assay" import "$cas" data "$scratch/text.txt" --context 64 --split "order:train=$examples,test=20,other=rest" --quiet >"$scratch/import"
fi
# The loss of a sequence is a sum over 63 predictions, so the damping 6.3 is that of 0.1 for their mean, as in the small case.
fine_tuning="--schedule linear --batch 50 --weight-decay 0.01 --beta1 0.95 --beta2 0.975 --eps-root 1e-08"
lines=4
measured train "$cas" --model transformer --name init --width "$width" --layers "$layers" --heads 4 --train-split other --steps 200 --batch 50 --schedule cosine
# shellcheck disable=SC2086
measured train "$cas" --model init --name main --train-split train --steps "$((examples / 50 * 4))" $fine_tuning
ask="--model-name main --precision f32"
# shellcheck disable=SC2086
{
  measured factors "$cas" --model-name main --factor-precision f32
  measured influence "$cas" $ask --method ekfac --factor-precision f32 --query test:0-19
  measured influence "$cas" $ask --method dot --query test:0-19
  measured influence "$cas" $ask --method cg --damping 6.3 --tolerance 1e-3 --preconditioner nystrom --rank 100 --walk-memory 0 --query test:0
  measured influence "$cas" $ask --method magic --query test:0
  lines=20
  measured validate "$cas" $ask --method ekfac,kfac,shampoo,dot,cosine --factor-precision f32 --leave-one-out 0 --qld none --groups 16 --group-size "$((examples / 100))"
}
"$assay" --version | head -n 1
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
