#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# All influence methods on a small fine-tuned language model, held to retrainings that another program made: the table of doc/validity.md.
#
#   bench/methods.sh [ASSAY [RECIPE [SCRATCH [METHODS]]]]
#
# ASSAY    the program (default: $ASSAY, else ./assay)
# RECIPE   a fine-tuning's directory (default: $ASSAY_TEST_DATA/lm_lds); doc/fine-tuning.md says what it holds
# SCRATCH  where the case is made, or gone on with (default: a folder that is removed)
# METHODS  names with commas between them (default: all that are defined for it)
# Exit status: 0, or 2 when something is missing.
set -eu
assay=${1-${ASSAY-./assay}}
recipe=${2-${ASSAY_TEST_DATA-.}/lm_lds}
scratch=${3-}
methods=${4-magic,source,cg,ekfac,kfac,shampoo,diagonal,trak,trackstar,dot,cosine,bm25,representation}

command -v "$assay" >/dev/null || { echo "methods: no program $assay; usage: methods.sh ASSAY RECIPE" >&2; exit 2; }
[ -r "$recipe/recipe.json" ] || { echo "methods: no file $recipe/recipe.json; usage: methods.sh ASSAY RECIPE" >&2; exit 2; }
if [ -z "$scratch" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
fi
cas=$scratch/methods.assay
if [ ! -d "$cas" ]; then
  "$assay" new "$cas" --quiet >"$scratch/new"
  "$assay" import "$cas" recipe "$recipe" --json --quiet >"$scratch/import.json"
fi
# The import says the training's command.
train=$(sed -n 's/^ *"train_command": "assay \(.*\)",\{0,1\}$/\1/p' "$scratch/import.json")
echo "assay $train"
eval "\"\$assay\" $train --quiet" >"$scratch/train"
echo "assay validate $cas --bank main --model-name main --method $methods --precision f32 --leave-one-out 0"
"$assay" validate "$cas" --bank main --model-name main --method "$methods" --precision f32 --leave-one-out 0
"$assay" --version | head -n 1
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
