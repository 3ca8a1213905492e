#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual page: roff finds nothing wrong with it, and it names every command, option and exit status that help knows.

. "$ASSAY_SRCDIR/tests/tap.sh"

page=$ASSAY_BUILDDIR/doc/assay.1
[ -r "$page" ] || page=$ASSAY_SRCDIR/doc/assay.1

"$ASSAY" documentation man >"$scratch/now.1"
without_date ()
{
  sed '/^\.Dd /d' "$1"
}
without_date "$page" >"$scratch/built" && without_date "$scratch/now.1" >"$scratch/fresh"
check "the built page is the program's own" cmp "$scratch/built" "$scratch/fresh"
check "its date is the release's, when that is given" eval 'SOURCE_DATE_EPOCH=0 "$ASSAY" documentation man | grep -q "^\.Dd January 1, 1970$"'

if command -v groff >/dev/null && groff -mdoc -Tutf8 -z /dev/null 2>/dev/null; then
  check "groff has no warning" silent groff -mdoc -ww -b -Tutf8 -z "$page"
  printf '.Dd January 1, 2025\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Nonsense\n' >"$scratch/bad.1"
  check "and would have one" refuses silent groff -mdoc -ww -b -Tutf8 -z "$scratch/bad.1"
  groff -mdoc -Tutf8 -rLL=200n -rHY=0 "$page" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' >"$scratch/text"
else
  skip "groff has no warning" "groff is not installed"
  sed -e 's/\\[%&]//g; s/\\-/-/g; s/\\e/\\/g' -e 's/"-\([a-z]\)/--\1/g; s/"//g; s/^\.It //; s/^\.Ss //' "$page" >"$scratch/text"
fi
if command -v mandoc >/dev/null; then
  check "mandoc has no warning" silent mandoc -Tlint -W warning "$page"
else
  skip "mandoc has no warning" "mandoc is not installed"
fi

"$ASSAY" --help >"$scratch/help"
commands=$(sed -n '/^Commands$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' "$scratch/help")
check "help names commands" test "$(printf '%s\n' $commands | wc -l)" -gt 8

# Options of a help text: all that begin a line of it.
options ()
{
  sed -n 's/^  \(-[a-zA-Z], \|    \)\(--[a-z0-9-]*\).*/\2/p'
}
names ()
{
  for option in $("$ASSAY" "$1" --help | options); do
    grep -qE -e "(^|[^a-z-])$option([^a-z0-9-]|\$)" "$scratch/text" || echo "$option of assay $1"
  done
}
for command in $commands; do
  check "the page has a section about assay $command" grep -Eq "^ *assay $command *\$" "$scratch/text"
  check "and names its options" silent names "$command"
  check "of which there are some" test "$("$ASSAY" "$command" --help | options | wc -l)" -gt 8
done
check "a missing option would be found" refuses grep -qE -e '--no-such-option' "$scratch/text"

statuses=$(sed -n '/^Exit status$/,/^$/s/^  \([0-9][0-9]*\) .*/\1/p' "$scratch/help")
check "help lists exit statuses" test "$(printf '%s\n' $statuses | wc -l)" -ge 7
for status in $statuses; do
  check "the page tells exit status $status" eval 'sed -n "/^EXIT STATUS/,/^EXAMPLES/p; /^.Sh EXIT STATUS/,/^.Sh EX/p" "$scratch/text" | grep -Eq "^ *$status( |\$)"'
done
for document in README.md from-python.md influence.md validity.md exact-products.md store-format.md; do
  check "the page names $document" grep -qF "$document" "$scratch/text"
  check "which is there" eval 'test -s "$ASSAY_SRCDIR/$document" || test -s "$ASSAY_SRCDIR/doc/$document"'
done

finish
