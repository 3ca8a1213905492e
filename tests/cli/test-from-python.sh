#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The recipes of doc/from-python.md, run in order in one directory: what the page says is what happens.

. "$ASSAY_SRCDIR/tests/tap.sh"

find_python numpy h5py
mkdir "$scratch/bin" "$scratch/work" && ln -s "$ASSAY" "$scratch/bin/assay" || exit 1
PATH=$scratch/bin:$PATH
XDG_CONFIG_HOME=$scratch/config
export PATH XDG_CONFIG_HOME
cd "$scratch/work" || exit 1

# NUMBER.LANGUAGE.LINE files, one for each block of the page.
"${AWK-awk}" -v folder="$scratch" '
  /^```[a-z]+$/ { language = substr ($0, 4); file = sprintf ("%s/%03d.%s.%d", folder, ++n, language, FNR); printf "" > file; next }
  /^```$/ { if (file) close (file); file = ""; next }
  file { print > file }' "$ASSAY_SRCDIR/doc/from-python.md"

for block in "$scratch"/[0-9]*; do
  line=${block##*.}
  named=$(sed -n '1s/^# \([a-z_]*\.py\)$/\1/p' "$block")
  case $block in
    *.python.*)
      if [ -n "$named" ]; then
        check "line $line: $named compiles" "$python" -m py_compile "$block"
        cp "$block" "$named"
      else
        cp "$block" recipe.py
        check "line $line: the program runs, and what it asserts is so" "$python" recipe.py
      fi ;;
    *.sh.*) check "line $line: the commands run" sh -e "$block" ;;
  esac
done
check "the page has recipes" test "$tap_number" -gt 10

finish
