#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The real window on a display of its own: it opens a case, shows every page, survives bad cases, and ends without a warning.

. "$ASSAY_SRCDIR/tests/tap.sh"
. "$ASSAY_SRCDIR/tests/gui/display.sh"
[ $# -gt 0 ] || rerun_on_display
within_display "$1"

"${AWK-awk}" -v rows=60 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
setup ()
{
  "$ASSAY" new p.assay && "$ASSAY" import p.assay data people.csv --id id \
    && "$ASSAY" train p.assay --model logistic --target "score in ('Medium', 'High')" --terms age,priors --l2 0.01 \
    && "$ASSAY" influence p.assay --query train:0 --method exact
}
check "a case is made" setup

# No subshell, as check makes one: the program's number would be forgotten.
opens ()
{
  opens_sentence=$1
  shift
  open_window "$@"
  check "$opens_sentence" test $? -eq 0
}

# After a moment, in which the window has drawn what it was asked for.
still_alive ()
{
  sleep "${1-0.4}"
  is_alive && return 0
  cat window.err
  return 1
}

quiet ()
{
  [ ! -s window.err ] && return 0
  cat window.err
  return 1
}

ended ()
{
  [ $status -eq 0 ] && return 0
  echo "exit status 0 expected, $status found"
  cat window.err
  return 1
}

opens "the window opens a case" p.assay
check "and shows it" still_alive 1
for page in $(sed -n 's/^ASSAY_REGISTER (\(.*\))$/\1/p' "$ASSAY_BUILDDIR/gui/pages.def"); do
  act go "'$page'"
  check "page $page" still_alive
done
act back; act back; act forward
check "back and forward" still_alive
act follow "('overview', 'example', 'train:3')"
act clear-selection
check "a selection, cleared" still_alive
act palette
check "the palette" still_alive
app_act preferences
check "the preferences" still_alive
act copy-view
act go-to-view "'assay-view:1?page=jobs&example=train:5'"
act go-to-view "'no view'"
check "links to views, and what is none" still_alive
act run "\"assay info $scratch/p.assay\""
check "a job" still_alive 1

mv p.assay gone.assay
act refresh
check "the case goes away while it is open" still_alive 1
mv gone.assay p.assay
act refresh
check "and comes back" still_alive 1
act open-path "'$scratch/nothing.assay'"
check "a case that is not there" still_alive 1
cp -R p.assay damaged.assay
head -c 40 p.assay/journal >damaged.assay/journal 2>/dev/null || printf x >>"$(find damaged.assay -maxdepth 1 -name 'journal*' | head -n 1)"
act open-path "'$scratch/damaged.assay'"
check "a damaged case" still_alive 1
cp -R p.assay newer.assay
sed 's/"version":1/"version":99/' p.assay/assay-case.json >newer.assay/assay-case.json
act open-path "'$scratch/newer.assay'"
check "a case of a newer program" still_alive 1
act open-path "'$scratch/p.assay'"
check "and a good one again" still_alive 1
close_window
check "the window ends" ended
check "without a word of warning" quiet

opens "the next start finds the case again"
check "where it was left" still_alive 1
kill -9 $workbench 2>/dev/null; wait $workbench 2>/dev/null
opens "also when the program was killed"
check "it shows the case" still_alive 1
close_window
check "and ends" ended
check "without a warning either" quiet
check "the command line says the version" prints '^assay-workbench ' "$ASSAY_BUILDDIR/assay-workbench" --version

finish
