#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tour of tour.py: the real window on a display of its own, driven through the accessibility tree.

. "$ASSAY_SRCDIR/tests/tap.sh"
. "$ASSAY_SRCDIR/tests/gui/display.sh"
[ $# -gt 0 ] || { needs_accessibility; rerun_on_display; }
within_display "$1"
accessible
setup ()
{
  "${AWK-awk}" -v rows=60 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
  "$ASSAY" new p.assay && "$ASSAY" import p.assay dose --name dose --modulus 3 --steps 2 \
    && "$ASSAY" train p.assay --name dose --data dose --model transformer --layers 1 --heads 1 --width 8 --steps 50 \
    && "$ASSAY" cot p.assay --model-name dose \
    && "$ASSAY" import p.assay data people.csv --id id \
    && "$ASSAY" train p.assay --model logistic --target "score in ('Medium', 'High')" --terms age,priors --l2 0.01 \
    && "$ASSAY" influence p.assay --query train:1 --method ekfac \
    && "$ASSAY" influence p.assay --query train:0 --method exact
}
# Forty pictures of 4 x 4 grey values, of two classes, as IDX files.
pictures ()
{
  "$python" - <<'PYTHON' && "$ASSAY" new images.assay && "$ASSAY" import images.assay data images-idx3-ubyte --labels labels-idx1-ubyte \
    && "$ASSAY" train images.assay --model logistic --l2 0.1 && "$ASSAY" influence images.assay --query train:0 --method exact
import struct
with open("images-idx3-ubyte", "wb") as out:
    out.write(struct.pack(">4B3I", 0, 0, 8, 3, 40, 4, 4))
    out.write(bytes((97 * k + 31 * (k % 2) * p) % 256 for k in range(40) for p in range(16)))
with open("labels-idx1-ubyte", "wb") as out:
    out.write(struct.pack(">4BI", 0, 0, 8, 1, 40) + bytes(k % 2 for k in range(40)))
PYTHON
}
pictures >setup.log 2>&1 || { cat setup.log; exit 1; }
setup >setup.log 2>&1 || { cat setup.log; exit 1; }
ASSAY_WORKBENCH_WATCHDOG=$scratch/watchdog
export ASSAY_WORKBENCH_WATCHDOG
open_window "$scratch/p.assay" || { cat window.err; exit 1; }
sleep 1
"$python" "$ASSAY_SRCDIR/tests/gui/tour.py" "$scratch/p.assay" "$scratch/images.assay"
tour=$?
close_window
sed 's/^/# /' watchdog
if [ -s window.err ]; then
  sed 's/^/# /' window.err
  tour=1
fi
exit $tour
