#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A new influence method is one file and one line: a toy method is added to a copy of the tree in just that way, and is then found in
# the list of methods, in help, manual page and completion, and gives scores.

. "$ASSAY_SRCDIR/tests/tap.sh"

command -v autoreconf > /dev/null || { echo "1..0 # SKIP autoreconf is not installed"; exit 0; }
[ -f "$ASSAY_SRCDIR/bootstrap" ] || { echo "1..0 # SKIP not a source tree"; exit 0; }

tree=$scratch/tree
mkdir "$tree" && (cd "$ASSAY_SRCDIR" && tar cf - --exclude=.git --exclude=_build --exclude=autom4te.cache .) | (cd "$tree" && tar xf -)
chmod -R u+w "$tree"

sed -e 's/score_dot/score_toy/g; s/cost_dot/cost_toy/g; s/ASSAY_METHOD_DEFINE (dot)/ASSAY_METHOD_DEFINE (toy)/; s/\.name = "dot"/.name = "toy"/' \
    -e 's/\.help = "[^"]*"/.help = "a toy that a test adds"/' \
    -e 's/static const AssayParam params\[\] = {/static const AssayParam params[] = { { .name = "toy-option", .type = ASSAY_PARAM_INT, .def.i = 3, .min = 0, .max = 9, .help = "an option that a test adds" },/' \
    "$tree/src/influence/method_dot.c" > "$tree/src/influence/method_toy.c"
sed 's|^  src/influence/method_exact.c|  src/influence/method_toy.c \\\n  src/influence/method_exact.c|' \
    "$ASSAY_SRCDIR/src/influence/local.mk" > "$tree/src/influence/local.mk"

build ()
{
  mkdir "$scratch/build" && cd "$scratch/build" && (cd "$tree" && autoreconf -i) && "$tree/configure" -q CFLAGS=-O0 --with-cuda=no --with-gtk=no \
    && make -s -j2 assay
}
check "the copy with one more file and one more line builds" build
toy=$scratch/build/assay

printf 'a,b,y\n1,2,0\n2,1,1\n3,5,0\n4,1,1\n0,3,1\n5,4,0\n' > "$scratch/t.csv"
prepare ()
{
  "$toy" new "$scratch/t.assay" && "$toy" import "$scratch/t.assay" data "$scratch/t.csv" \
    && "$toy" train "$scratch/t.assay" --model logistic --target y --l2 0.1
}
check "the program still works" prepare
check "the method gives scores" prints '"method": "toy"' "$toy" influence "$scratch/t.assay" --query train:0 --method toy --json
check "its option is known" prints '"unit": "relative"' "$toy" influence "$scratch/t.assay" --query train:0 --method toy --toy-option 4 --json
check "and its range is kept" prints 'toy-option' "$toy" influence "$scratch/t.assay" --query train:0 --method toy --toy-option 40
check "help names the method" prints 'toy' "$toy" influence --help
check "help names its option" prints 'toy-option' "$toy" influence --help
for page in man completion; do
  check "the $page names its option" prints 'toy.option' "$toy" documentation $page
done
finish
