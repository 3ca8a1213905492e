#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands on a device whose calls fail, one run for each: of the host's stand-in for CUDA the k-th call runs out of memory, does not launch, or loses the device.
# The command says so in one line, its answer is not committed (what it needs and had finished before, as fitted factors, may be), the case verifies, and the same command afterwards has the bits of one that nothing happened to.
# The calls that fail are a first few and some drawn by a fixed seed; all of them in `make check-long`.

. "$ASSAY_SRCDIR/tests/tap.sh"

module=$ASSAY_BUILDDIR/tests/gpu/emulated-cuda.so
[ -e "$module" ] || skip_all "the kernels were not built for the host"
cd "$scratch" || exit 1

awk 'BEGIN { srand (3); for (i = 0; i < 300; i++) printf "%c", 97 + int (rand () * 6) }' >text.txt
"$ASSAY" new base.assay >/dev/null && "$ASSAY" import base.assay data text.txt --context 12 --name text --quiet >/dev/null || exit 1
small="--model transformer --width 8 --layers 1 --heads 2 --batch 8"
"$ASSAY" train base.assay --name m --data text $small --steps 2 --quiet >/dev/null || exit 1

# on_device CASE COMMAND...: its document to standard output; what it said, to standard error.
on_device ()
{
  case_folder=$1 command=$2
  shift 2
  "$ASSAY" "$command" "$case_folder" "$@" --device cuda --cuda-module "$module" --threads 1 --json --quiet
}

# plain FILE: a document without times, and without notes, which say whether factors were fitted now or earlier.
plain () { python3 -c 'import json, sys
def strip (x):
    if isinstance (x, dict): return {k: strip (v) for k, v in x.items () if k not in ("seconds", "cpu_seconds", "case", "from_store", "identity", "notes")}
    return [strip (v) for v in x] if isinstance (x, list) else x
print (json.dumps (strip (json.load (open (sys.argv[1]))), sort_keys=True, indent=1))' "$1"; }

# one K ERROR COMMAND...: one failing call; prints what is wrong.
one ()
{
  k=$1 error=$2
  shift 2
  rm -rf c.assay && cp -r base.assay c.assay
  ASSAY_EMULATION_FAIL=$k:$error on_device c.assay "$@" >said.json 2>said.txt
  status=$?
  # Where it was in the last of the calls, nothing hangs on it any more: then it is whole. Where less memory would do, too.
  if [ $status -eq 0 ]; then
    plain said.json | cmp - whole.json || { echo "call $k, error $error: status 0, and another answer"; return 1; }
    survived=$((survived + 1))
    return 0
  fi
  failed=$((failed + 1))
  [ "$(wc -l <said.txt)" = 1 ] && grep -q '^assay[ :].*device 0' said.txt || { echo "call $k, error $error: no one line that names the device: $(cat said.txt)"; return 1; }
  python3 -c 'import json; d = json.load (open ("said.json")); assert d["schema"] == "assay.error" and set (d) == {"command", "error", "exit_status", "schema", "version"}' \
    || { echo "call $k, error $error: more than an error in the answer"; cat said.json; return 1; }
  "$ASSAY" verify c.assay >verified.txt 2>&1 || { echo "call $k, error $error: $(cat verified.txt)"; return 1; }
  on_device c.assay "$@" >again.json 2>again.txt || { echo "call $k, error $error: not afterwards: $(cat again.txt)"; return 1; }
  grep -q '"from_store": false' again.json || { echo "call $k, error $error: an answer was committed"; return 1; }
  plain again.json | cmp - whole.json || { echo "call $k, error $error: other bits afterwards"; return 1; }
}

# each COMMAND...
each ()
{
  failed=0 survived=0 wrong=0
  rm -rf c.assay && cp -r base.assay c.assay
  ASSAY_EMULATION_CALLS=calls on_device c.assay "$@" >whole.raw || return 1
  plain whole.raw >whole.json
  calls=$(cat calls)
  for error in 2 719 214; do
    for k in $(awk -v n="$calls" -v long="${ASSAY_TEST_LONG-}" -v seed=$error 'BEGIN { srand (seed); if (long) for (k = 1; k <= n; k++) print k
        else { print 1; for (k = 0; k < 3; k++) print 1 + int (rand () * n); print n } }'); do
      one "$k" $error "$@" || wrong=1
    done
  done
  echo "# $calls calls, $failed runs failed, $survived survived" >&2
  [ $wrong -eq 0 ] && [ $failed -gt $survived ]
}

check "training" each train --name d --data text $small --steps 3
check "influence by solved products" each influence --model-name m --query train:0 --method cg --damping 0.1 --error-bars 0 --curvature-examples 8
check "influence by factors of the curvature" each influence --model-name m --query train:0 --method ekfac --damping 0.1 --fisher empirical
check "recording" each record --model-name m --split train --taps 'h.0.mlp.act'

finish
