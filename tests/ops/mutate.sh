#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Is the suite of the ops able to see a wrong sign?  A copy of the suite is linked with copies of the ops in which mutate.awk has put
# a switch at every sign of every derivative rule; each is thrown in turn, and the suite must fail.

. "$ASSAY_SRCDIR/tests/tap.sh"

suite=$ASSAY_BUILDDIR/tests/ops/mutants
list=$ASSAY_BUILDDIR/tests/ops/mutated/list
ulimit -c 0

# An op whose mathematics includes the file.
op_of ()
{
  user=$(cd "$ASSAY_SRCDIR/src/ops" && grep -l "ops/$1\"" op_*.c op_*.inc | grep -v op_instances | sort | sed -n 1p)
  user=${user#op_}
  echo "${user%.*}"
}

# The most telling tests first: most mutants die there.
survives ()
{
  op=$(op_of "$2")
  for test in "tangent backward is the complex step of backward" "backward is the adjoint of tangent forward" ""; do
    ASSAY_MUTANT=$1 "$suite" -p "/ops/baseline/$op${test:+/$test}" >"$scratch/output" 2>&1 || return 1
  done
}

# Numbers of the mutants of one file that nobody noticed.
survivors ()
{
  while read -r number file function; do
    if [ "$file" = "$1" ] && survives "$number" "$file"; then
      echo "mutant $number in $function survives"
    fi
  done <"$list"
}

check "without a mutant the suite passes" "$suite" -p /ops/baseline/layernorm -p /ops/baseline/conv2d
check "mutant 0 is the op itself and survives" survives 0 op_add.inc
check "there are mutants" test "$(wc -l <"$list")" -ge 100
for file in $(cut -d ' ' -f 2 "$list" | sort -u); do
  check "a wrong sign in $file is noticed" silent survivors "$file"
done
finish
