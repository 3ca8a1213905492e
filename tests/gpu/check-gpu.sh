#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# check-gpu.sh PARITY MODULE SUITE...: the CUDA module on this machine's device: every result within its bound, the same errors to the last digit from a second
# process, the suites of operations and whole models, and nothing that compute-sanitizer finds.  SKIP by name where there is no device.
# Without arguments: those of the bundle that it is in.

[ $# -gt 0 ] || { top=$(cd "$(dirname "$0")/../.." && pwd) && set -- "$top/test-parity" "$top/lib/assay/assay-cuda.so" "$top/test-ops_cuda" "$top/test-products_cuda" "$top/test-modules_cuda" "$top/test-walks_cuda" "$top/test-narrow_cuda" "$top/test-oracle_cuda"; }
parity=$1
module=$2
shift 2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failed=0

"$parity" "$module" full >"$scratch/first"
status=$?
cat "$scratch/first"
if grep -q '^1\.\.0 # SKIP' "$scratch/first"; then
  echo "SKIP: check-gpu: $(sed -n 's/^1\.\.0 # SKIP //p' "$scratch/first")"
  exit 0
fi
[ $status -eq 0 ] || failed=1
"$parity" "$module" full >"$scratch/second"
cmp "$scratch/first" "$scratch/second" || { echo "FAIL: two runs differ"; failed=1; }
for suite in "$@"; do
  ASSAY_CUDA_MODULE=$module "$suite" --tap >"$scratch/suite" 2>&1 || { echo "FAIL: $suite"; grep -v '^ok' "$scratch/suite" | tail -n 20; failed=1; }
  cases=$(grep -c '^ok' "$scratch/suite")
  echo "$suite, cases passed: $cases"
  [ "$cases" -gt 0 ] || { echo "FAIL: $suite ran nothing"; failed=1; }
done
for tool in memcheck racecheck synccheck; do
  part=scores                           # hazards within the vendor's libraries are not ours
  [ $tool = memcheck ] && part=small
  if command -v compute-sanitizer >/dev/null; then
    compute-sanitizer --tool $tool --error-exitcode 9 "$parity" "$module" $part >"$scratch/$tool" 2>&1 \
      || { echo "FAIL: compute-sanitizer --tool $tool"; tail -n 20 "$scratch/$tool"; failed=1; }
    tail -n 1 "$scratch/$tool"
    for op in attention conv2d embedding layernorm wkv_matrix; do
      for suite in "$@"; do
        case $suite in *test-ops_cuda*) ;; *) continue ;; esac
        ASSAY_CUDA_MODULE=$module compute-sanitizer --tool $tool --error-exitcode 9 "$suite" -p "/ops/cuda/$op/tangent backward is the complex step of backward" \
          >"$scratch/$tool" 2>&1 || { echo "FAIL: compute-sanitizer --tool $tool, $op"; tail -n 20 "$scratch/$tool"; failed=1; }
      done
    done
  else
    echo "SKIP: compute-sanitizer --tool $tool: not installed"
  fi
done
[ $failed -eq 0 ] && echo "PASS: check-gpu" || echo "FAIL: check-gpu"
exit $failed
