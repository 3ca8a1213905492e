#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a registry table from a list of source files, one line for each:
#   make-registry.sh src/ops/ops.def op_ src/ops/op_add.c   ->   ASSAY_REGISTER (add)
# A file whose name does not begin with the prefix is an error, and so is a name
# listed twice.

set -eu
out=$1
prefix=$2
shift 2
{
  echo "/* Made by build-aux/make-registry.sh from the folder's local.mk. */"
  for file in "$@"; do
    base=${file##*/}
    name=${base%.c}
    case $base in
      "$prefix"?*.c) echo "ASSAY_REGISTER (${name#"$prefix"})" ;;
      *) echo "$out: $file: expected a file named $prefix*.c" >&2; rm -f "$out.tmp"; exit 1 ;;
    esac
  done
} >"$out.tmp"
twice=$(sort "$out.tmp" | uniq -d)
if [ -n "$twice" ]; then
  echo "$out: listed twice: $twice" >&2
  rm -f "$out.tmp"
  exit 1
fi
mv -f "$out.tmp" "$out"
