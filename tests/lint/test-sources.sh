#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What every file of the source tree keeps to: a licence line, no forbidden
# words, a size a person can read, a place in a local.mk.

. "$ASSAY_SRCDIR/tests/tap.sh"

# Our own files in the tree $1, one a line, relative to it.
sources ()
{
  (cd "$1" && {
    for file in bootstrap .ci/run configure.ac Makefile.am m4/assay_*.m4 build-aux/make-registry.sh; do
      [ -f "$file" ] && echo "$file"
    done
    for folder in src gui kernels mpi tests bench data doc; do
      [ -d "$folder" ] && find "$folder" -name '*.[ch]' -o -name '*.inc' -o -name '*.cu' -o -name '*.cuh' \
        -o -name '*.sh' -o -name '*.awk' -o -name '*.mk' -o -name '*.py'
    done
  } | LC_ALL=C sort)
}

code ()
{
  sources "$1" | grep -E '^(src|gui|kernels|mpi)/.*\.(c|h|inc|cu|cuh)$'
}

# Each check prints what it found wrong in the tree $1.

unlicensed ()
{
  (cd "$1" && for file in $(sources .); do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3\.0-or-later' || echo "$file: no SPDX line at its top"
  done)
}

# These print and end; everything else is a library.
programs='src/cli/|gui/main\.c'

words ()
{
  (cd "$1" && {
    code . | grep -vE "^($programs)" | xargs "${AWK-awk}" -v library=1 -f "$ASSAY_SRCDIR/tests/lint/words.awk"
    code . | grep -E "^($programs)" | xargs "${AWK-awk}" -f "$ASSAY_SRCDIR/tests/lint/words.awk" /dev/null
  })
}

too_long ()
{
  (cd "$1" && code . | xargs "${AWK-awk}" 'FNR == 851 { print FILENAME ": more than 850 lines" }' /dev/null)
}

unlisted ()
{
  (cd "$1" && for file in $(code .); do
    grep -qF "$file" "${file%/*}/local.mk" || echo "$file: not in ${file%/*}/local.mk"
  done)
}

vague_names ()
{
  (cd "$1" && code . | grep -E '/(utils?|helpers?|misc|common)[^/]*$')
  :
}

# Flags that would let the compiler assume away NaN and Inf.
loose_mathematics ()
{
  (cd "$1" && sources . | grep -E '(\.mk|\.am|\.c|\.h|\.inc)$' |
    xargs grep -nE -e '-ffast-math|-Ofast|-ffinite-math-only' /dev/null)
  :
}

# A test of a name of config.h in a file that does not include it is silently false.
unconfigured ()
{
  (cd "$1" && for file in $(code . | grep '\.c$'); do
    ! grep -q '^ *# *if.*ASSAY_HAVE_' "$file" || grep -q '^#include "config\.h"' "$file" || echo "$file: asks for ASSAY_HAVE_... without config.h"
  done)
}

check "every file has its licence line" silent unlicensed "$ASSAY_SRCDIR"
check "no file says what it must not" silent words "$ASSAY_SRCDIR"
check "no file is too long to read" silent too_long "$ASSAY_SRCDIR"
check "every source file is listed in its folder's local.mk" silent unlisted "$ASSAY_SRCDIR"
check "no file has a name that says nothing" silent vague_names "$ASSAY_SRCDIR"
check "a file that asks what the machine has includes config.h" silent unconfigured "$ASSAY_SRCDIR"
check "no flag lets the compiler forget NaN" silent loose_mathematics "$ASSAY_SRCDIR"

# The checks themselves: plant one breach at a time.
planted ()
{
  planted_check=$1
  planted_file=$2
  mkdir -p "$scratch/tree/${planted_file%/*}"
  printf '%s\n' "$3" >"$scratch/tree/$planted_file"
  touch "$scratch/tree/${planted_file%/*}/local.mk"
  prints "^$planted_file:|^$planted_file\$" "$planted_check" "$scratch/tree"
  planted_status=$?
  rm -rf "$scratch/tree"
  return $planted_status
}

clean ()
{
  refuses planted "$@" >/dev/null
}

check "a missing licence line is found" planted unlicensed src/base/planted.c '/* A file. */'
check "another licence is found" planted unlicensed tests/base/planted.c '/* SPDX-License-Identifier: MIT */'
check "unfinished work is found" planted words src/base/planted.c '/* TODO: the rest */'
check "unfinished work in the program is found" planted words src/cli/planted.c '/* FIXME */'
check "replacing NaN is found" planted words src/ops/planted.inc 'y[i] = isnan (x[i]) ? 0.0 : x[i];'
check "nan_to_num is found" planted words src/ops/planted.c 'nan_to_num (x);'
check "exit in a library is found" planted words src/store/planted.c '  exit (1);'
check "abort in a library is found" planted words src/store/planted.c 'if (x) abort ();'
check "printing in a library is found" planted words src/run/planted.c '  fprintf (stderr, "no\n");'
check "a thousand lines are found" planted too_long src/base/planted.c "$(seq 1000)"
check "a file that no local.mk lists is found" planted unlisted src/base/planted.c 'int x;'
check "a name that says nothing is found" planted vague_names src/base/utils.c 'int x;'
check "asking without config.h is found" planted unconfigured src/base/planted.c '#ifdef ASSAY_HAVE_X86
#endif'
check "-ffast-math is found" planted loose_mathematics src/ops/planted.mk 'CFLAGS = -ffast-math'

check "asking with config.h is no breach" clean unconfigured src/base/planted.c '#include "config.h"
#ifdef ASSAY_HAVE_X86
#endif'
check "exit in the program is no breach" clean words src/cli/planted.c '  exit (1);'
check "exit in a comment or a string is no breach" clean words src/store/planted.c '/* no exit (1) */ const char *s = "abort ()";'
check "a name that ends in exit is no breach" clean words src/store/planted.c '  assay_loop_exit (loop);'

finish
