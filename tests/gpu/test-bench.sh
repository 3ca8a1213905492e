#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The run that checks and times a device (bench/gpu/run.sh), from end to end, small, with the host's stand-in for one.

. "$ASSAY_SRCDIR/tests/tap.sh"

module=$ASSAY_BUILDDIR/tests/gpu/emulated-cuda.so
[ -e "$module" ] || skip_all "the kernels were not built for the host"
cd "$scratch" || exit 1
OUT=$scratch TINY=1 MODULE=$module BUILD=$ASSAY_BUILDDIR COMMIT=this sh "$ASSAY_SRCDIR/bench/gpu/run.sh" >out 2>&1
status=$?

check "no check fails" eval "[ $status -eq 0 ] || { cat out gpu-checks.txt; false; }"
check "nothing is left out" refuses grep -E "left out|not finished" out
check "the results say which commit and device" eval 'grep "\"what\": \"run\"" gpu-results.jsonl | grep -q "\"commit\": \"this\"" && grep -q "\"name\": \"emulated device\"" gpu-results.jsonl'

# lines WHAT JOB...: one line of that kind for each, and no other of that kind.
lines ()
{
  what=$1
  shift
  for job; do
    [ "$(grep -c "\"what\": \"$what\".*\"$job\"" gpu-results.jsonl)" = 1 ] || { echo "$what $job"; return 1; }
  done
  [ "$(grep -c "\"what\": \"$what\"" gpu-results.jsonl)" = $# ]
}
check "every walk agrees with the processor before it is timed" lines 'parity", "with": "processor' forward gradient hessian hessian-cold gauss-newton sketch 'ekfac moments' 'ekfac scores' 'ekfac spectrum'
check "projected gradients have theirs in every precision, of two models" eval '
  for layers in 1 2; do grep "\"sketch pass\".*\"layers\": $layers," gpu-results.jsonl >sketches; for compute in full bf16 tf32; do grep -q "\"compute\": \"$compute\"" sketches || exit 1; done; done'
check "EK-FAC has its times, stage by stage" eval 'lines ekfac full tf32 bf16 && [ "$(grep -c "\"moments_s\": .*\"eigenvectors_s\": .*\"spectrum_s\": .*\"queries_s\": .*\"scores_s\": " gpu-results.jsonl)" = 3 ]'
check "and its table" eval '[ "$(grep -c "4 x 2 of 16 " gpu-table.txt)" = 3 ]'
cat >factors.jsonl <<END
{"what": "ekfac", "compute": "bf16", "N": 100, "Q": 481, "T": 512, "seconds": 10.0}
{"what": "ekfac", "compute": "bf16", "N": 200, "Q": 481, "T": 512, "seconds": 14.0}
{"what": "ekfac", "compute": "full", "N": 200, "Q": 481, "T": 512, "seconds": 20.0}
{"what": "kronfluence: ekfac", "compute": "f32", "query_batch": 32, "N": 200, "Q": 481, "T": 512, "seconds": 50.0}
END
cat >sketches.jsonl <<END
{"what": "sketch pass", "compute": "full", "parameters": 18000000, "width": 256, "layers": 6, "B": 64, "T": 512, "numbers": 6144, "batch_ms": 1.0, "tokens_per_s": 128.0}
{"what": "bergson: sketch pass", "compute": "f32", "parameters": 18000000, "width": 256, "layers": 6, "B": 4, "T": 512, "numbers": 6144, "tokens_per_s": 4.0}
{"what": "bergson: sketch pass", "compute": "f32", "parameters": 18000000, "width": 256, "layers": 6, "B": 64, "T": 512, "numbers": 6144, "tokens_per_s": 64.0}
{"what": "bergson: sketch pass", "compute": "bf16", "parameters": 18000000, "width": 256, "layers": 6, "B": 64, "T": 512, "numbers": 6144, "tokens_per_s": 256.0}
END
check "projected gradients stand beside the peer's best of the same model and precision" prints '^projected gradients in full, 18 M parameters .*, 2\.0 x bergson, goal 30$' \
  python3 "$ASSAY_SRCDIR/bench/gpu/table.py" sketches.jsonl
check "of EK-FAC two sizes tell a third, by a line, and one does not" eval 'python3 "$ASSAY_SRCDIR/bench/gpu/table.py" factors.jsonl >table && [ "$(grep -c " 192.2 " table)" = 2 ] && grep -q "^f32.* 50.00 .* 2.5 x, goal 10$" table'
# walks TYPE JOB...: likewise of walks in that type.
walks ()
{
  what="walk\", .*\"type\": \"$1"
  shift
  for job; do
    [ "$(grep "$what" gpu-results.jsonl | grep -c "\"job\": \"$job\"")" = 1 ] || { echo "$what $job"; return 1; }
  done
}
for type in f32 tf32 bf16; do
  check "every walk in $type has its time" walks $type forward gradient hessian hessian-cold gauss-newton hessian-block gauss-newton-block
done
check "and so has a search, down to the rows that are left" eval '[ "$(grep "\"what\": \"index search, rows that are left" gpu-results.jsonl | grep -c "\"queries_with_other_counts\": 0")" = 2 ]'
check "rules have theirs, with operations and bytes" eval '[ "$(grep "\"what\": \"rule\"" gpu-results.jsonl | grep -c "\"flops\": [1-9].*\"bytes\": [1-9]")" = 20 ]'
check "and stand in the table beside the floor" eval '[ "$(grep -c "of the floor" gpu-table.txt)" = 41 ]'

if command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ]; then
  check "what kernels take of a processor is told without a device" eval '
    "$ASSAY_BUILDDIR/bench/gpu/walks" costs >costs && python3 "$ASSAY_SRCDIR/bench/gpu/resources.py" --archs sm_90 --jobs 1 --costs costs kernels/op_position.cu >table &&
    grep -q "^sm_90 .* 256 .*each_" table && grep -q "memory  *layernorm forward" table'
else
  skip "what kernels take of a processor" "nvcc is not installed"
fi

# Wrong results are not timed: an exponential that is a little off in the loss.
check "a walk that differs is refused, and not timed" eval '
  sed "s|exp_of (-l\[n\]) - S (1)|exp_of (-l[n]) - S (1.01)|" "$ASSAY_SRCDIR/kernels/op_loss.cu" >op_loss.cu && ! cmp -s op_loss.cu "$ASSAY_SRCDIR/kernels/op_loss.cu" &&
  mkdir objects wrong && cp "$ASSAY_BUILDDIR"/tests/gpu/emulated-*.o objects &&
  ${CXX-c++} -std=c++17 -O1 -w -U_FORTIFY_SOURCE -fPIC -ffp-contract=off -DASSAY_EMULATED -I"$ASSAY_SRCDIR/tests/gpu/emulation" -I"$ASSAY_SRCDIR/kernels" -x c++ -c -o objects/emulated-op_loss.o op_loss.cu &&
  ${CXX-c++} -shared -o wrong.so objects/*.o $LAPACKE_LIBS &&
  { OUT=$scratch/wrong TINY=1 MODULE=$scratch/wrong.so BUILD=$ASSAY_BUILDDIR sh "$ASSAY_SRCDIR/bench/gpu/run.sh" >out 2>&1; [ $? -eq 1 ]; } &&
  refuses grep -E "\"what\": \"(walk|ekfac)\"" wrong/gpu-results.jsonl && grep -q "A CHECK FAILED" out'
check "so is EK-FAC by itself" eval '
  mkdir case && "$ASSAY_BUILDDIR/bench/gpu/walks" parity "$module" case tiny >walks && { "$ASSAY_BUILDDIR/bench/gpu/factors" parity "$scratch/wrong.so" case >wrong.txt; [ $? -eq 1 ]; } &&
  [ "$(grep -c "\"job\": \"ekfac " wrong.txt)" = 3 ]'

finish
