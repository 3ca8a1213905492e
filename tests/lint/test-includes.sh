#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The floors of the house, read from the #include lines.

. "$ASSAY_SRCDIR/tests/tap.sh"

# Prints the breaches among the floors that lie in the folder $1.
breaches ()
{
  (cd "$1" && find ${2-.} -name '*.[ch]' -o -name '*.inc' -o -name '*.cu' -o -name '*.cuh' | sed 's|^\./||' | LC_ALL=C sort |
    xargs "${AWK-awk}" -f "$ASSAY_SRCDIR/tests/lint/includes.awk")
}

check "no file of src includes from above, from a sibling, or past a door" silent breaches "$ASSAY_SRCDIR/src"
check "nor does a file of gui" silent breaches "$ASSAY_SRCDIR" gui

# The check itself: plant one breach at a time in a copy.
cp -R "$ASSAY_SRCDIR/src" "$scratch/src"
chmod -R u+w "$scratch/src"

planted ()
{
  mkdir -p "$scratch/src/${1%/*}"
  printf '%s\n' "$2" >"$scratch/src/$1"
  prints "^$1:[0-9]+: " breaches "$scratch/src"
  planted_status=$?
  rm -f "$scratch/src/$1"
  return $planted_status
}

clean ()
{
  refuses planted "$@" >/dev/null
}

check "a floor that includes the floor above is found" planted base/planted.c '#include "tensor/tensor.h"'
check "a floor that includes the top is found" planted tensor/planted.h '#include "cli/table.h"'
check "siblings that include each other are found" planted stats/planted.c '#include "ops/op.h"'
check "model including dataset is found" planted model/planted.c '#  include "dataset/batch.h"'
check "influence including probes is found" planted influence/planted.c '#include "probes/probe.h"'
check "an include in an .inc file is read" planted ops/planted.inc '#include "model/graph.h"'
check "an include by a name is read" planted ops/planted.c '#define BODY "model/graph.h"
#include BODY'
check "an include by an unknown name is found" planted ops/planted.c '#include SOMETHING'
check "an include that names no floor is found" planted store/planted.c '#include "shard.h"'
check "a folder that is no floor is found" planted attic/planted.c '#include "base/mem.h"'
check "HDF5 outside store is found" planted run/planted.c '#include <hdf5.h>'
check "LAPACK outside hessian, stats and probes is found" planted ops/planted.c '#include <lapacke.h>'
check "BLAS outside tensor is found" planted model/planted.c '#include <cblas.h>'
check "GSL outside stats is found" planted influence/planted.c '#include <gsl/gsl_cdf.h>'
check "OpenSSL outside store and report is found" planted base/planted.c '#include <openssl/evp.h>'
check "HDF5 in the window is found" planted gui/planted.c '#include <hdf5.h>'
check "the window including the command line is found" planted gui/planted.c '#include "cli/text.h"'
check "GTK outside the window is found" planted cli/planted.c '#include <gtk/gtk.h>'

check "a floor may include itself and the floors below" clean run/planted.c '#include "run/train.h"
#include "model/graph.h"
#include "dataset/batch.h"
#include "base/mem.h"'
check "GTK in the window is no breach" clean gui/planted.c '#include <adwaita.h>
#include "job/spec.h"'
check "HDF5 in store is no breach" clean store/planted.c '#include <hdf5.h>'
check "an include in a comment is no breach" clean base/planted.c '/* #include "tensor/tensor.h" */'

finish
