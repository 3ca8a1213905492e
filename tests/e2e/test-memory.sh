#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The memory that a plan says is never below what the job then takes, and at most twice as much: curvature factors of a perceptron and of a transformer.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python json
cd "$scratch" || exit 1
grep -q '^INSTRUMENT_CFLAGS = .*-fsanitize' "$ASSAY_BUILDDIR/Makefile" && skip_all "sanitizers take memory of their own"
"${AWK-awk}" -v rows=300 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q && "$ASSAY" import p.assay dose --name dose --modulus 3 --steps 1 -q &&
    "$ASSAY" train p.assay --name perceptron --data main --model mlp --hidden 400,400 --steps 3 --target group --terms age,priors,score --standardise -q &&
    "$ASSAY" train p.assay --name transformer --data dose --model transformer --layers 2 --heads 4 --width 96 --steps 3 -q
} >/dev/null || exit 1

# fits MODEL BASIS: prints what the plan said, in units of the peak, and succeeds from 1 to 2
fits ()
{
  rm -rf now.assay
  cp -r p.assay now.assay
  "$python" - "$ASSAY" factors now.assay --model-name "$1" --basis "$2" -q --json --threads 2 <<'PYTHON'
import json, resource, subprocess, sys
plan = json.loads(subprocess.run(sys.argv[1:] + ["--dry-run"], stdout=subprocess.PIPE, check=True).stdout)["plan"]["memory_bytes"]
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"# {' '.join(sys.argv[4:8])}: planned {plan / 1e6:.1f} MB, taken {peak / 1e6:.1f} MB, {plan / peak:.2f} times")
sys.exit(not 1 <= plan / peak <= 2)
PYTHON
}

for model in perceptron transformer; do
  for basis in kronecker diagonal; do
    check "$basis factors of a $model take no more than planned, and half of it at least" fits $model $basis
  done
done
finish
