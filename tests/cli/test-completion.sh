#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the completion for bash offers.

. "$ASSAY_SRCDIR/tests/tap.sh"

command -v bash >/dev/null || skip_all "bash is not installed"
"$ASSAY" documentation completion >"$scratch/completion"
mkdir "$scratch/work" && cd "$scratch/work" && : >people.csv || exit 1

# offers WORD...   the completions of the last word, one a line
offers ()
{
  bash -c '. "$0"; COMP_WORDS=(assay "$@"); COMP_CWORD=$#; _assay; printf "%s\n" "${COMPREPLY[@]}"' "$scratch/completion" "$@"
}
has ()
{
  has_wanted=$1
  shift
  offers "$@" >out && grep -qxF -e "$has_wanted" out && return 0
  echo "$has_wanted expected, found:"
  cat out
  return 1
}
lacks ()
{
  refuses has "$@" >/dev/null
}

check "it is a script that bash reads" bash -n "$scratch/completion"
check "a command" has influence in
check "only what fits" lacks train in
check "every command" eval 'test "$(offers "" | wc -l)" -eq "$("$ASSAY" --help | sed -n "/^Commands\$/,/^\$/s/^  \([a-z][a-z]*\) .*/\1/p" | wc -l)"'
check "an option of the command" has --query influence p.assay --
check "of a section" has --max-iterations influence p.assay --max
check "not one of another command" lacks --epochs influence p.assay --
check "a general option" has --json influence p.assay --js
check "the way back from a flag that is set" has --no-bias train p.assay --no-b
check "each option once" eval 'test -z "$(offers check p.assay -- | sort | uniq -d)"'
check "a choice" has hessian influence p.assay --curvature he
check "a value that brings in a section" has exact influence p.assay --method ex
check "after the short form too" has people.csv export p.assay scores -o peo
check "nothing for a number" eval 'test -z "$(offers influence p.assay --top "")"'
check "a word of an argument" has data import p.assay da
check "a file" has people.csv import p.assay data peo
check "the command is found behind general options" has --query --json influence --qu

finish
