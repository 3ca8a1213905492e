#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The page Prompt of the real window, on a display of its own, with a language model of others: prompt.py drives it.

. "$ASSAY_SRCDIR/tests/tap.sh"
. "$ASSAY_SRCDIR/tests/gui/display.sh"
data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}
[ $# -gt 0 ] || { needs_accessibility; [ -e "$data/stories260K/stories260K.bin" ] || skip_all "no stories260K/stories260K.bin"; rerun_on_display; }
within_display "$1"
accessible
setup ()
{
  head -c 20000 "$data/text/tinystories_197k.txt" >some.txt
  "$ASSAY" new st.assay && "$ASSAY" import st.assay model "$data/stories260K/stories260K.bin" --context 128 --name stories \
    && "$ASSAY" import st.assay data some.txt --tokenizer "$data/stories260K/tok512.bin" --context 128
}
setup >setup.log 2>&1 || { cat setup.log; exit 1; }
open_window "$scratch/st.assay" || { cat window.err; exit 1; }
sleep 1
"$python" "$ASSAY_SRCDIR/tests/gui/prompt.py" "$scratch/st.assay" "$data/stories260K/stories260K.bin" "$XDG_DATA_HOME/assay"
prompt=$?
close_window
if [ -s window.err ]; then
  sed 's/^/# /' window.err
  prompt=1
fi
exit $prompt
