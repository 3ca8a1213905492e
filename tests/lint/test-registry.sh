#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One line in a local.mk makes one line in a registry.

. "$ASSAY_SRCDIR/tests/tap.sh"

registry ()
{
  sh "$ASSAY_SRCDIR/build-aux/make-registry.sh" "$scratch/ops.def" "$@"
}

entries ()
{
  test "$(grep -v '^/\*' "$scratch/ops.def")" = "$1"
}

registry op_ src/ops/op_add.c src/ops/op_layer_norm.c
check "each file becomes an entry, in order" entries 'ASSAY_REGISTER (add)
ASSAY_REGISTER (layer_norm)'

registry op_
check "an empty list becomes a table without entries" entries ''

registry op_ src/ops/op_add.c
check "a file with another prefix is refused" refuses registry op_ src/ops/block_mlp.c
check "a file that is no C file is refused" refuses registry op_ src/ops/op_add.h
check "a file listed twice is refused" refuses registry op_ src/ops/op_add.c src/ops/op_add.c
check "a refused list leaves the table as it was" entries 'ASSAY_REGISTER (add)'
check "a refused list leaves nothing else behind" test "$(ls "$scratch")" = ops.def

finish
