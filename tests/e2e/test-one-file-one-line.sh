#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A new influence method is one file and one line: a toy method is added to a copy of the tree in just that way, and is then found in
# the list of methods, in help, manual page and completion, and gives scores.

. "$ASSAY_SRCDIR/tests/tap.sh"

command -v autoreconf >/dev/null || skip_all "autoreconf is not installed"

# The sources alone: what a build left among them would be taken for the copy's own.
tree=$scratch/tree
mkdir "$tree" "$scratch/build" && (cd "$ASSAY_SRCDIR" && tar cf - --exclude=.git --exclude=./_build --exclude=autom4te.cache --exclude=.deps --exclude=.libs \
  --exclude='*.o' --exclude='*.lo' --exclude='*.la' --exclude='*.def' --exclude=./config.status --exclude=./config.h --exclude=./Makefile --exclude=./assay .) \
  | (cd "$tree" && tar xf -)
chmod -R u+w "$tree"

# The file, made of the shortest method, and the line.
sed -e 's/score_dot/score_toy/g; s/cost_dot/cost_toy/g; s/ASSAY_METHOD_DEFINE (dot)/ASSAY_METHOD_DEFINE (toy)/; s/\.name = "dot"/.name = "toy"/' \
    -e 's/\.help = "[^"]*"/.help = "a toy that a test adds"/' \
    -e 's/static const AssayParam params\[\] = {/static const AssayParam params[] = { { .name = "toy-option", .type = ASSAY_PARAM_INT, .def.i = 3, .min = 0, .max = 9, .help = "an option that a test adds" },/' \
    "$ASSAY_SRCDIR/src/influence/method_dot.c" >"$tree/src/influence/method_toy.c"
sed 's|^  src/influence/method_exact.c|  src/influence/method_toy.c \\\n&|' "$ASSAY_SRCDIR/src/influence/local.mk" >"$tree/src/influence/local.mk"
check "the copy differs by one line" test "$(diff "$ASSAY_SRCDIR/src/influence/local.mk" "$tree/src/influence/local.mk" | grep -c '^[<>]')" -eq 1

# Neither the options of an outer make nor optimisation.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
build ()
{
  (cd "$tree" && autoreconf -i) && cd "$scratch/build" && "$tree/configure" -q CFLAGS=-O0 --with-cuda=no --with-gtk=no && make -s -j2 assay
}
check "the copy with one more file and one more line builds" build
toy=$scratch/build/assay
cd "$scratch" || exit 1

printf 'a,b,y\n1,2,0\n2,1,1\n3,5,0\n4,1,1\n0,3,1\n5,4,0\n' >t.csv
prepare ()
{
  "$toy" new t.assay && "$toy" import t.assay data t.csv && "$toy" train t.assay --model logistic --target y --l2 0.1
}
check "the program works" prepare
check "the method gives scores" prints '"method": "toy"' "$toy" influence t.assay --query train:0 --method toy --json
check "its option is known" prints '"unit": "' "$toy" influence t.assay --query train:0 --method toy --toy-option 4 --json
check "and its range is kept" prints 'toy-option: .*40' "$toy" influence t.assay --query train:0 --method toy --toy-option 40
check "a wrong method is told which there are" prints 'toy' "$toy" influence t.assay --query train:0 --method none
check "help names the method" prints '^With --method toy \(a toy that a test adds\)$' "$toy" influence --help
check "and its option" prints '^ *--toy-option N ' "$toy" influence --help
check "the manual page names the method" prints 'method toy' sh -c '"$0" documentation man | sed "s/\\\\%//g; s/\\\\-/-/g"' "$toy"
check "and its option" prints 'toy-option' sh -c '"$0" documentation man | sed "s/\\\\%//g; s/\\\\-/-/g"' "$toy"
check "completion offers the method" prints '"influence --method"\).*[ "]toy[ "]' "$toy" documentation completion
check "and its option" prints ' --toy-option' "$toy" documentation completion
check "a validation takes it too" prints 'toy' "$toy" validate t.assay --query train:0 --method toy --leave-one-out 3 --groups 0 --json
finish
