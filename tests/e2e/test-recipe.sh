#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A fine-tuning that another program made: imported, made again by the command that the import says, and compared with what came out there.
. "$ASSAY_SRCDIR/tests/tap.sh"
data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/lm_lds
[ -d "$data" ] || skip_all "lm_lds is not there"

# refused TEXT COMMAND...   the command fails, and its message has the text
refused ()
{
  text=$1
  shift
  if "$@" 2>"$scratch/refusal"; then return 1; fi
  cat "$scratch/refusal"
  grep -q -e "$text" "$scratch/refusal"
}

cas=$scratch/lm.assay
assay=$PWD/assay
"$assay" new "$cas" >"$scratch/new"
check "a recipe is imported" "$assay" import "$cas" recipe "$data" --json
"$assay" import "$cas" recipe "$data" --json >"$scratch/import.json"
command=$(sed -n 's/.*"train_command": *"\(.*\)",\{0,1\}$/\1/p' "$scratch/import.json" | sed "s|^assay|'$assay'|")
check "its training can be planned" eval "$command --dry-run"
check "a name is taken once" refuses "$assay" import "$cas" recipe "$data" --force

# Without a part of the recipe the fault is named.
cp -r "$data" "$scratch/part"; chmod -R u+w "$scratch/part"
rm "$scratch/part/order.npy"
check "a recipe without its order is refused by name" refused "order.npy" "$assay" import "$cas" recipe "$scratch/part" --name part
check "nothing of it was kept" refuses "$assay" examples "$cas" --data part
cp "$data/query_loss_base.npy" "$scratch/part/order.npy"; chmod u+w "$scratch/part/order.npy"
check "an order that is no list of places is refused" refused "places in the training split" "$assay" import "$cas" recipe "$scratch/part" --name part

check "trainings made here end in the losses of those made there" "$assay" check --reference "$data"
finish
