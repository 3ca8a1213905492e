#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Leave-one-out correlation of a 10-class logistic regression on 5,000 MNIST
# digits: predicted changes of 20 test losses against 100 exact retrainings, by
# conjugate gradients and by the dense inverse (7,850 parameters), and corrected
# for leverage.  The inverse's own correlation is the yardstick: CG must come
# within 0.002 of it, and the corrected one must reach 0.998.
#
#   bench/loo_mnist.sh [ASSAY [DATA]]
#
# ASSAY   the program (default: $ASSAY, else ./assay)
# DATA    a folder with t10k-images-idx3-ubyte.gz and its labels (default:
#         $ASSAY_TEST_DATA/mnist_t10k)
# Takes about ten minutes on two idle cores, and 1.2 GB of memory for the matrix
# and its factor.
# Exit status: 0 within the bound, 1 not, 2 when something is missing.

set -eu
LC_ALL=C
export LC_ALL
assay=${1-${ASSAY-./assay}}
data=${2-${ASSAY_TEST_DATA-.}/mnist_t10k}
images=$data/t10k-images-idx3-ubyte.gz
bound=0.002
corrected=0.998

command -v "$assay" >/dev/null || { echo "loo_mnist: no program $assay; usage: loo_mnist.sh ASSAY DATA" >&2; exit 2; }
[ -r "$images" ] || { echo "loo_mnist: no file $images; usage: loo_mnist.sh ASSAY DATA" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command of the program and keeps its JSON document as NAME.json.
step ()
{
  name=$1
  shift
  echo "assay $*"
  "$assay" "$@" --json --quiet >"$work/$name.json" || { cat "$work/$name.json" >&2; exit 1; }
}

# The value at a path such as loo/pearson/value of an indented document.
field ()
{
  awk -v wanted="$2" '
    {
      depth = match ($0, /[^ ]/) / 2 + 0.5
      if (split ($0, part, "\"") < 3) next
      key[depth] = part[2]
      path = key[2]
      for (d = 3; d <= depth; d++) path = path "/" key[d]
      if (path != wanted) next
      value = $0
      sub (/^[^:]*: */, "", value)
      sub (/,$/, "", value)
      print value
      exit
    }' "$work/$1.json"
}

cas=$work/digits.assay
step new new "$cas"
step import import "$cas" data "$images" --split order:train=5000,test=rest
step train train "$cas" --model logistic --l2 1e-2
echo "  loss $(field train loss), gradient norm $(field train gradient_norm), $(field train parameters) parameters, $(field train reason)"
for method in cg exact rescaled; do
  started=$(date +%s)
  step $method validate "$cas" --query test:0-19 --method $method --leave-one-out 100 --groups 0 --qld none
  printf '  %-8s mean correlation %.6f [%.6f, %.6f], of ranks %.6f, control %.3f, measured / predicted %.3f; %s s\n' $method \
    "$(field $method loo/pearson/value)" "$(field $method loo/pearson/lo)" "$(field $method loo/pearson/hi)" \
    "$(field $method loo/spearman/value)" "$(field $method loo/control/pearson/value)" \
    "$(field $method loo/slope)" $(($(date +%s) - started))
done
awk -v cg="$(field cg loo/pearson/value)" -v exact="$(field exact loo/pearson/value)" \
    -v rescaled="$(field rescaled loo/pearson/value)" -v bound=$bound -v corrected=$corrected 'BEGIN {
  apart = cg > exact ? cg - exact : exact - cg
  printf "%s: cg %.6f, dense inverse %.6f, apart %.2g, allowed %s\n", apart <= bound ? "reached" : "NOT REACHED", cg, exact, apart, bound
  printf "%s: corrected for leverage %.6f, wanted %s\n", rescaled >= corrected ? "reached" : "NOT REACHED", rescaled, corrected
  exit !(apart <= bound && rescaled >= corrected)
}'
