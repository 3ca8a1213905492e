#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands with --device cuda, by the host's stand-in for a device: the same numbers as on the processor, within what rounding can do, and the words for
# what is not there.

. "$ASSAY_SRCDIR/tests/tap.sh"

module=$ASSAY_BUILDDIR/tests/gpu/emulated-cuda.so
cd "$scratch" || exit 1

# near PART FILE FILE: all numbers of both documents within PART of the largest, in the same places.
near ()
{
  python3 - "$@" <<'PYTHON'
import json, sys

def numbers (x, path, found):
    if isinstance (x, dict):
        for key in sorted (x):
            if key not in ("seconds", "cpu_seconds", "solver"):     # what a solver saw on its way hangs on last bits
                numbers (x[key], path + (key,), found)
    elif isinstance (x, list):
        for k, y in enumerate (x):
            numbers (y, path + (k,), found)
    elif isinstance (x, float):
        found[path] = x
    return found

a, b = (numbers (json.load (open (name)), (), {}) for name in sys.argv[2:4])
largest = max (map (abs, a.values ()), default=0)
apart = max ((abs (a[k] - b[k]) for k in a), default=0) if a.keys () == b.keys () else float ("inf")
print (f"{len (a)} numbers, {apart:.3g} apart, the largest {largest:.3g}")
sys.exit (not (a and apart <= float (sys.argv[1]) * largest))
PYTHON
}

# both PART COMMAND...: the command's document from either device.
both ()
{
  part=$1
  shift
  "$ASSAY" "$@" --force --json --quiet --device cpu >cpu.json || return 1
  "$ASSAY" "$@" --force --json --quiet --device cuda >cuda.json || return 1
  near "$part" cpu.json cuda.json
}

# both_in OPTIONS OPTIONS PART COMMAND...: the command's document on the device with either.
both_in ()
{
  first=$1 second=$2 part=$3
  shift 3
  "$ASSAY" "$@" $first --force --json --quiet --device cuda >cpu.json || return 1
  "$ASSAY" "$@" $second --force --json --quiet --device cuda >cuda.json || return 1
  near "$part" cpu.json cuda.json
}

if [ ! -e "$module" ]; then
  skip "commands on a device" "the kernels were not built for the host"
  finish
  exit
fi
ASSAY_CUDA_MODULE=$module
export ASSAY_CUDA_MODULE

"$ASSAY" new c.assay >/dev/null && "$ASSAY" import c.assay dose --modulus 2 --name dose --held-out 0.2 --quiet >/dev/null || exit 1
train="train c.assay --name m --data dose --model transformer --width 16 --layers 1 --heads 4 --steps 6 --batch 16"
check "a training in f64 ends where the processor's does" both 1e-11 $train --dtype f64
check "influence by solved Gauss-Newton products is the processor's" both 1e-9 influence c.assay --model-name m --query edited:0 --method cg --damping 0.1 --error-bars 0 --tolerance 1e-12 --curvature-examples 24
check "a solve by steps in bf16 meets the residual of one in full" both_in "--compute full" "--compute bf16" 1e-4 influence c.assay --model-name m --query edited:0 --method cg --precision f32 --damping 0.1 --error-bars 0 --tolerance 1e-5 --curvature-examples 24
cp -r c.assay d.assay
"$ASSAY" influence c.assay --model-name m --query edited:0 --method ekfac --damping 0.1 --fisher empirical --json --quiet --device cpu >cpu.json
"$ASSAY" influence d.assay --model-name m --query edited:0 --method ekfac --damping 0.1 --fisher empirical --json --quiet --device cuda >cuda.json
check "and by factors of the curvature, fitted by each" near 1e-9 cpu.json cuda.json
cp -r c.assay e.assay
cp -r c.assay f.assay
"$ASSAY" influence e.assay --model-name m --query edited:0 --method kfac --damping 0.1 --json --quiet --device cpu >cpu.json
"$ASSAY" influence f.assay --model-name m --query edited:0 --method kfac --damping 0.1 --json --quiet --device cuda >cuda.json
check "and by factors of labels that were drawn, the same ones" near 1e-9 cpu.json cuda.json
check "and by gradients alone" both 1e-11 influence c.assay --model-name m --query edited:0 --method dot
"$ASSAY" index c.assay --model-name m --quiet >/dev/null
check "an index is searched there to the same answer" both 1e-9 search c.assay --model-name m --query edited:0-2 --top 5
check "a training in f32 is near" both 1e-4 train c.assay --name single --data dose --model transformer --width 16 --layers 1 --heads 4 --steps 6 --batch 16 --dtype f32
single="train c.assay --name low --data dose --model transformer --width 16 --layers 1 --heads 4 --steps 6 --batch 16 --dtype f32"
"$ASSAY" $single --compute full --json --quiet --device cpu >cpu.json
"$ASSAY" $single --compute tf32 --json --quiet --device cuda >cuda.json
check "a training with products in tf32 is near as far as its factors are rounded" near 1e-2 cpu.json cuda.json
check "and is recorded as what it was" sh -c 'grep -raq "\"compute\": *\"tf32\"" c.assay'
check "the record says which device it was" sh -c 'grep -raq "\"device\": *\"cuda\"" c.assay'

refused_with () { words=$1; shift; ! "$ASSAY" "$@" >out 2>&1 && grep -qF -- "$words" out; }
cp -r c.assay g.assay
cp -r c.assay h.assay
parts="--model-name m --query edited:4 --method kfac --damping 0.1 --json --quiet"
"$ASSAY" influence g.assay $parts --device cuda >cpu.json
ASSAY_EMULATED_DEVICES=2 "$ASSAY" influence h.assay $parts --device cuda:0,1 >cuda.json
check "two devices give the numbers of one to the last digit" near 0 cpu.json cuda.json
OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
if [ -e "$(dirname "$ASSAY")/mpi/assay-mpi.so" ] && mpirun --oversubscribe -n 2 true >/dev/null 2>&1; then
  cp -r c.assay r.assay
  ASSAY_EMULATED_DEVICES=2 mpirun --oversubscribe -n 2 "$ASSAY" influence r.assay $parts --device cuda:0,1 >cuda.json
  check "and so do two ranks with a device each, which add up their sums in memory" near 0 cpu.json cuda.json
  check "and leave the factors alone behind" sh -c '"$ASSAY" info r.assay | grep -q "^factors " && ! "$ASSAY" info r.assay | grep -q "^factors-part"'
  check "a rank whose device is not there ends both" sh -c '! ASSAY_EMULATED_DEVICES=2 mpirun --oversubscribe -n 2 "$ASSAY" influence r.assay --model-name m --query edited:2 \
    --method dot --device cuda:0,7 >out 2>&1 && grep -qF "rank 1: " out && grep -qF "device 7: 2 found" out'
else
  skip "and so do two ranks with a device each" "no mpirun, or built without MPI"
fi
check "by a part each, the last of which made the answer" sh -c 'grep -raqE "shard=[12]/2" h.assay'
check "a part whose device is not there fails, and says which" sh -c '! ASSAY_EMULATED_DEVICES=2 "$ASSAY" influence h.assay --model-name m --query edited:2 --method dot --device cuda:0,7 >out 2>&1 && grep -qF "device 7: 2 found" out'
ASSAY_EMULATED_DEVICES=2 "$ASSAY" influence h.assay --model-name m --query edited:2 --method dot --json --quiet --device cuda:0,1 >cuda.json
"$ASSAY" influence g.assay --model-name m --query edited:2 --method dot --json --quiet --device cuda >cpu.json
check "and the same command goes on" near 0 cpu.json cuda.json
check "what has no parts is for one device" sh -c '! "$ASSAY" cot h.assay --device cuda:0,1 >out 2>&1 && grep -qF "one device expected for cot" out'
check "the record says which card" sh -c 'grep -raq "emulated device, compute capability 9.0" c.assay'
check "a plan says what the device has" sh -c '"$ASSAY" influence c.assay --model-name m --query edited:3 --method dot --dry-run --device cuda | grep -q "on emulated device.* free"'
check "an unknown device is refused in words" refused_with "--device: cpu, cuda or cuda:N expected, tpu found" $train --device tpu
check "a device that is not there is told with how many are" refused_with "device 3: 1 found" $train --force --device cuda:3
check "a module that is not there is told by its path" refused_with "none.so is not there" $train --force --device cuda --cuda-module none.so
check "the complex step is walked on the processor" refused_with "leave --device cuda out" influence c.assay --model-name m --query edited:1 --method cg --damping 0.1 --curvature complex-step --device cuda
check "the processor has no products in tf32" refused_with "tf32" $single --compute tf32 --force --device cpu
"${AWK-awk}" -v rows=40 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q >/dev/null
"$ASSAY" train p.assay --name net --model mlp --hidden 8 --dtype f32 --steps 5 --data main --target group --terms age,priors,score --standardise -q >/dev/null
check "curvature factors in bf16 are for a device" refused_with "walks in f32 on a CUDA device expected, in f32 on cpu found" factors p.assay --compute bf16 --device cpu
check "and for f32" refused_with "in f64 on cuda found" factors p.assay --compute bf16 --factor-precision f64 --device cuda
ekfac="influence p.assay --query train:0 --method ekfac --fisher empirical --device cuda"
"$ASSAY" $ekfac --json --quiet --compute full >cpu.json
"$ASSAY" $ekfac --json --quiet --compute bf16 >cuda.json
check "scores by factors say what their walks multiplied in" sh -c 'grep -q "multiply in bf16" cuda.json && ! grep -q "multiply in bf16" cpu.json'
check "and are by factors of their own" test "$("$ASSAY" info p.assay --json | grep -o '"net/kronecker/[0-9a-f]*"' | sort -u | wc -l)" = 2
check "which remember it" sh -c 'grep -raq "\"compute\": *\"bf16\"" p.assay'
check "parts in full are refused beside scores that are not" refused_with "leave --by out, or --compute" $ekfac --compute bf16 --by module
check "chains are edited on a device as on the processor" both 1e-9 cot c.assay --model-name m --most 4

finish
