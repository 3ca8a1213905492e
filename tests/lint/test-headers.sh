#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header compiles alone, and twice.

. "$ASSAY_SRCDIR/tests/tap.sh"

compiles ()
{
  printf '#include "%s"\n#include "%s"\n' "$2" "$2" >"$scratch/alone.c"
  # $CC and the flags are lists of words.
  ${CC-cc} $ASSAY_TEST_CPPFLAGS -I"$ASSAY_BUILDDIR/src" -I"$1" -I"$ASSAY_BUILDDIR" -I"$ASSAY_SRCDIR" \
    -Wall -Wextra -Werror -fsyntax-only "$scratch/alone.c"
}

for header in $(cd "$ASSAY_SRCDIR/src" && find . -name '*.h' | sed 's|^\./||' | LC_ALL=C sort); do
  check "$header compiles alone" compiles "$ASSAY_SRCDIR/src" "$header"
done

# Those of the window need GTK.
for header in $(cd "$ASSAY_SRCDIR" && find gui -name '*.h' | LC_ALL=C sort); do
  if [ -d "$ASSAY_BUILDDIR/gui" ] && [ -e "$ASSAY_BUILDDIR/gui/libgui.la" ]; then
    check "$header compiles alone" compiles "$ASSAY_SRCDIR/src" "$header"
  else
    skip "$header compiles alone" "configured without GTK"
  fi
done

mkdir -p "$scratch/src/base"
echo 'typedef guint64 planted;' >"$scratch/src/base/needs.h"
echo 'struct planted { int x; };' >"$scratch/src/base/unguarded.h"
check "a header that needs another is found" refuses compiles "$scratch/src" base/needs.h
check "a header without a guard is found" refuses compiles "$scratch/src" base/unguarded.h

finish
