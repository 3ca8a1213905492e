#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The strings of tests/e2e/hostile.py in the window: each is there as text, no markup of theirs is parsed, and nothing warns.

. "$ASSAY_SRCDIR/tests/tap.sh"
. "$ASSAY_SRCDIR/tests/gui/display.sh"
[ $# -gt 0 ] || { needs_accessibility; screen=1280x18000x24; rerun_on_display; }
within_display "$1"
accessible
PYTHONPATH=$ASSAY_SRCDIR/tests/e2e
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

setup ()
{
  set -e                        # check makes a subshell
  "$ASSAY" new p.assay
  printf '{"fields": []}' >asked.json
  $python -c "import hostile; hostile.make('hostile')"
  "$ASSAY" import p.assay data wide.csv --name wide --id key
  "$ASSAY" train p.assay --name wide --data wide --model logistic --l2 0.1 --target class
  "$ASSAY" influence p.assay --model-name wide --query train:3 --method exact --top 20
  "$ASSAY" import p.assay data people.csv --id name
  "$ASSAY" train p.assay --name people --model logistic --l2 0.1 --target y --terms x
  "$ASSAY" audit p.assay --data main --score s --outcome y
}
check "a case of hostile strings" setup
mkdir -p "$XDG_CONFIG_HOME/assay"
printf '[workbench]\nwindow-width=1280\nwindow-height=18000\nrestore=false\n' >"$XDG_CONFIG_HOME/assay/workbench.conf"
open_window "$scratch/p.assay"
check "the window opens it" test $? = 0
sleep 2
timeout 200 "$python" "$ASSAY_SRCDIR/tests/gui/hostile_window.py" >looked 2>&1
looked=$?
grep '^# ' looked
check "every string is there, as text" eval 'cat looked; test $looked = 0'
check "the program is alive" is_alive
close_window
check "and nothing was warned of" eval 'cat window.err; test ! -s window.err'
finish
