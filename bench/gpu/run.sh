#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks and times the CUDA module on the device of this machine, in one call of under ten minutes. In a bundle (make gpu-bundle) everything is there; in the
# sources it needs nvcc, a C compiler and a driver, builds the module from kernels/, and takes what needs more of Assay, walks of models, EK-FAC and the suites,
# out of the build tree that BUILD names. PyTorch, where it is there, is the peer and measures the card's ceilings; kronfluence is EK-FAC's peer,
# bergson that of projected gradients.
#
#   bench/gpu/run.sh            results into $OUT, or bench/results/ where it is not set
#   LIMIT=S ...                 seconds for everything (570); what would come later is left out
#   MODULE=FILE ROWS=N ...      that module instead of the bundle's or one built here, an index of N rows instead of a million
#   FACTORS='bf16 512 481' ...  EK-FAC in that precision on so many sequences and queries, and again for every three more words
#   BUILD=DIR ...               a build tree with `make bench check-gpu` behind it
#   TINY=1 ...                  sizes for a host that stands in for a device, which is not looked for
#
# Each step ends by itself or is ended, and the others go on.  Exit status: 0, 77 without a device, 1 when a check failed.

cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/local/cuda/bin
nvcc=${NVCC-nvcc}
cc=${CC-cc}
command -v "$cc" >/dev/null || cc=gcc

# locate NAME: the first file of that name in the toolkit's folder, or in the packages that PyTorch brought.
locate ()
{
  for folder in "$cuda" $(python3 -c 'import nvidia; print(*nvidia.__path__)' 2>/dev/null) /usr/local /opt; do
    found=$(find -L "$folder" -name "$1" 2>/dev/null | head -n 1)
    [ -n "$found" ] && echo "$found" && return
  done
}
cuda=$(dirname "$(dirname "$(command -v "$nvcc" || echo /usr/local/cuda/bin/nvcc)")")
cublas=$(locate 'libcublasLt.so.[0-9]*')
cusolver=$(locate 'libcusolver.so.[0-9]*')

# build FOLDER: the module and the two programs; one process a file, side by side.
build ()
{
  work=$1
  if [ -e launch.sh ]; then
    cp "${MODULE:-lib/assay/assay-cuda.so}" "$work/assay-cuda.so" || return 1
    for program in test-parity measure walks factors test-ops_cuda test-products_cuda test-modules_cuda test-walks_cuda test-narrow_cuda test-oracle_cuda; do ln -s "$PWD/launch.sh" "$work/$program"; done
    return
  fi
  for program in bench/gpu/walks bench/gpu/factors tests/gpu/test-ops_cuda tests/gpu/test-products_cuda tests/gpu/test-modules_cuda tests/gpu/test-walks_cuda tests/gpu/test-narrow_cuda tests/gpu/test-oracle_cuda; do
    [ ! -x "${BUILD:-/nowhere}/$program" ] || ln -s "$BUILD/$program" "$work/"
  done
  if [ -n "${MODULE-}" ]; then
    cp "$MODULE" "$work/assay-cuda.so" || return 1
  else
    capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | sed -n '1s/\.//p')
    archs=${CUDA_ARCHS:--arch=${capability:+sm_}${capability:-native}}
    for header in cublasLt.h cusolverDn.h; do archs="$archs -I$(dirname "$(locate $header)")"; done
    pids=
    for file in kernels/*.cu; do
      "$nvcc" $archs -O3 -lineinfo -Xcompiler -fPIC,-fvisibility=hidden -c -o "$work/$(basename "$file" .cu).o" "$file" &
      pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || return 1; done
    "$nvcc" $archs -shared -o "$work/assay-cuda.so" "$work"/*.o -Xlinker "$cublas" -Xlinker "$cusolver" || return 1
  fi
  for program in tests/gpu/test-parity.c bench/gpu/measure.c; do
    "$cc" -O2 -ffp-contract=off -Ikernels -o "$work/$(basename "$program" .c)" "$program" -ldl -lm || return 1
  done
}

if [ "${1-}" = build ]; then
  build "$2"
  exit
fi

[ -n "${TINY-}" ] || nvidia-smi -L 2>/dev/null | grep -q . || { echo "SKIP: nvidia-smi finds no device on this machine"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
out=${OUT:-bench/results}
mkdir -p "$out"
before=${LD_LIBRARY_PATH-}              # PyTorch brings its own libraries
[ -e launch.sh ] || LD_LIBRARY_PATH=$(dirname "$cublas"):$(dirname "$cusolver"):$cuda/lib64:$cuda/lib:$before && export LD_LIBRARY_PATH
parts=full
[ -z "${TINY-}" ] || parts=scores ROWS=256
start=$(date +%s)
log=$out/gpu-checks.txt
results=$out/gpu-results.jsonl
failed=0
unfinished=
: >"$log"
: >"$results"

say () { echo "== $*" | tee -a "$log"; }

# step SECONDS NAME COMMAND...: its output goes into the log; a failure is noted and the next step goes on.
step ()
{
  limit=$1 name=$2
  shift 2
  begin=$(date +%s)
  left=$((start + ${LIMIT:-570} - begin))
  : >"$work/step"
  [ $left -gt 0 ] || { say "$name: left out, the time is up"; status=124; return $status; }
  [ $limit -le $left ] || limit=$left
  say "$name"
  timeout -k 5 "$limit" "$@" >"$work/step" 2>&1
  status=$?
  cat "$work/step" >>"$log"
  say "$name: status $status, $(($(date +%s) - begin)) s"
  return $status
}

# checked: a step that makes the run a failure when it fails; not when it was ended for taking too long, or when what it needs is not installed.
checked ()
{
  step "$@" && return
  [ $status -eq 124 ] && { unfinished="$unfinished, $name"; return; }
  [ $status -eq 77 ] && { grep '^SKIP' "$work/step" | tee -a "$log"; return; }
  failed=1
  tail -n 15 "$work/step"
}

nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv 2>/dev/null | tee -a "$log"
checked 150 build sh bench/gpu/run.sh build "$work"
[ -e "$work/measure" ] || exit 1

printf '{"what": "run", "date": "%s", "commit": "%s", "driver": "%s", "nvcc": "%s", "host_processors": %s}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
  "${COMMIT:-$(cat commit 2>/dev/null || git rev-parse HEAD 2>/dev/null || echo unknown)}" "$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)" \
  "$("$nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\).*/\1/p')" "$(nproc)" >>"$results"

checked 90 "parity, every size" "$work/test-parity" "$work/assay-cuda.so" $parts
if grep -q '^1\.\.0 # SKIP' "$work/step"; then
  say "SKIP: $(sed -n 's/^1\.\.0 # SKIP //p' "$work/step")"
  exit 77
fi
grep -c '^ok' "$work/step" | sed 's/^/checks passed: /' | tee -a "$log"
grep '^not ok' "$work/step" | head -n 40
cp "$work/step" "$work/parity.first"

# Operations and whole models, against the oracle.
for suite in test-products_cuda test-modules_cuda test-walks_cuda test-narrow_cuda test-ops_cuda test-oracle_cuda; do
  [ -x "$work/$suite" ] || { say "$suite: left out, not built"; continue; }
  [ -z "${TINY-}" ] || [ $suite = test-ops_cuda ] || continue
  checked 120 "$suite" env ASSAY_CUDA_MODULE="$work/assay-cuda.so" "$work/$suite" --tap ${TINY:+-p /ops/cuda/add}
  grep -c '^ok' "$work/step" | sed 's/^/checks passed: /' | tee -a "$log"
done

# Walks of a model: times only of what agrees with the processor and, where it is there, with PyTorch.
walks=
if [ -x "$work/walks" ]; then
  mkdir "$work/case"
  checked 60 "walks, parity" "$work/walks" parity "$work/assay-cuda.so" "$work/case" ${TINY:+tiny}
  grep '^{' "$work/step" >>"$results"
  [ $status -ne 0 ] || walks=1
else
  say "walks: left out, not built"
fi

# EK-FAC of the same model, likewise.
factors=
if [ -n "$walks" ] && [ -x "$work/factors" ]; then
  checked 90 "EK-FAC, parity" "$work/factors" parity "$work/assay-cuda.so" "$work/case"
  grep '^{' "$work/step" >>"$results"
  [ $status -ne 0 ] || factors=1
elif [ -n "$walks" ]; then
  say "EK-FAC: left out, not built"
fi

checked 120 "times" "$work/measure" "$work/assay-cuda.so" ${ROWS:-1000000} ${TINY:+tiny}
grep '^{' "$work/step" >>"$results"
if [ -n "$walks" ]; then
  checked 140 "walks, times" "$work/walks" times "$work/assay-cuda.so" ${TINY:+tiny}
  grep '^{' "$work/step" >>"$results"
fi
# Two sizes of a precision make a line on to the whole; the whole itself comes last, where it may be ended.
if [ -n "$factors" ]; then
  sizes=${FACTORS:-bf16 512 481 bf16 256 481 tf32 512 481 tf32 256 481 full 128 96 bf16 4656 481}
  [ -z "${TINY-}" ] || sizes="full 4 2 tf32 4 2 bf16 4 2"
  checked 150 "EK-FAC, times" "$work/factors" times "$work/assay-cuda.so" "$work/case" $sizes
  grep '^{' "$work/step" >>"$results"
fi
if [ -n "$walks" ] && command -v python3 >/dev/null && LD_LIBRARY_PATH=$before python3 -c 'import torch' 2>/dev/null; then
  checked 120 "walks, PyTorch" env LD_LIBRARY_PATH="$before" python3 bench/gpu/walks_peer.py "$work/case" ${TINY:+--tokens 16 --lengths 16}
  grep '^{' "$work/step" >>"$results"
fi
if [ -z "${TINY-}" ] && command -v python3 >/dev/null && LD_LIBRARY_PATH=$before python3 -c 'import torch' 2>/dev/null; then
  step 100 "PyTorch" env LD_LIBRARY_PATH="$before" python3 bench/gpu/torch_peer.py
  grep '^{' "$work/step" >>"$results"
else
  say "PyTorch is not installed, or TINY: no ceilings"
fi

# A second process: the same lines to the last digit, each of which says how far off a result was.
checked 90 "parity again" "$work/test-parity" "$work/assay-cuda.so" $parts
if [ $status -eq 124 ]; then :
elif cmp -s "$work/step" "$work/parity.first"; then say "determinism: two processes, the same errors to the last digit"
else say "determinism: two processes differ"; failed=1; diff "$work/parity.first" "$work/step" | head -n 20 | tee -a "$log"; fi

if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck synccheck; do
    part=scores                                                   # hazards within the vendor's libraries are not ours
    [ $tool = memcheck ] && part=small
    checked 60 "compute-sanitizer $tool" compute-sanitizer --tool $tool --error-exitcode 9 "$work/test-parity" "$work/assay-cuda.so" $part
    grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' "$work/step" | tail -n 1
  done
else
  say "compute-sanitizer is not installed"
fi

if [ -n "$factors" ] && [ -z "${TINY-}" ] && command -v python3 >/dev/null; then
  checked 130 "EK-FAC, kronfluence" env LD_LIBRARY_PATH="$before" python3 -W ignore bench/gpu/kronfluence_peer.py "$work/case" f32 128 96 32 bf16 256 481 32 bf16 128 481 32 bf16 256 481 481
  grep '^{' "$work/step" >>"$results"
  checked 120 "projected gradients, bergson" env LD_LIBRARY_PATH="$before" python3 -W ignore bench/gpu/bergson_peer.py "$work/case" --shapes 256x6x8
  grep '^{' "$work/step" >>"$results"
fi

# Where the time of the index's kernels goes: into the log.
if [ -z "${TINY-}" ] && command -v ncu >/dev/null; then
  step 45 "profile" ncu --clock-control none -k regex:index_scores --section SpeedOfLight --section Occupancy --section WarpStateStats "$work/measure" \
    "$work/assay-cuda.so" 200000 profile
else
  say "ncu is not installed"
fi

if [ $failed != 0 ]; then say "A CHECK FAILED"
elif [ -n "$unfinished" ]; then say "no check failed; not finished: ${unfinished#, }"
else say "all checks passed"; fi
command -v python3 >/dev/null && python3 bench/gpu/table.py "$results" | tee "$out/gpu-table.txt"
exit $failed
