#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a stranger does with a bundle: the commands that VERIFY.md prints, the small program assay-verify, and the second verifier, which shares no
# code with the first and must agree with it on intact and on altered bundles.

. "$ASSAY_SRCDIR/tests/tap.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"
find_python json
cd "$scratch" || exit 1
second=$ASSAY_SRCDIR/doc/assay_verify.py

"${AWK-awk}" -v rows=120 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" new p.assay -q >/dev/null
"$ASSAY" import p.assay data people.csv --id id -q >/dev/null
"$ASSAY" train p.assay --name r --model logistic --l2 0.01 --target "score in ('Medium', 'High')" --terms age,group,priors -q >/dev/null
"$ASSAY" influence p.assay --model-name r --query train:3 --method exact --top 5 -q >/dev/null
"$ASSAY" keygen key -q >/dev/null
"$ASSAY" keygen other -q >/dev/null
out="a signed report; it's here"
check "a signed report is written" "$ASSAY" report p.assay --format html,json,csv,markdown,notebook,pdf --key key --out "$out" -q
"$ASSAY" report p.assay --format html,json --out unsigned -q >/dev/null

# The blocks of VERIFY.md between ```sh and ```, as they stand.
sed -n '/^```sh$/,/^```$/{/^```/d;p;}' "$out/VERIFY.md" >commands
commands ()
{
  (cd "$out" && sh -e ../commands)
}
check "VERIFY.md has commands" test "$(wc -l <commands)" -gt 5
check "which hold, as they stand, in a directory with blanks and an apostrophe in its name" test "$(commands 2>&1 | grep -c '^Verified OK$')" = 2
check "and print the fingerprint of the key" prints "^$(openssl pkey -pubin -in key.pub -outform DER | sha256sum | cut -c1-64) " commands
cp -R "$out" bent
printf ' ' >>bent/report.md
out=bent
check "they fail for an altered file" refuses commands
cp "a signed report; it's here/report.md" bent/report.md
sed 's/"profile": "regulator"/"profile": "internal"/' "bent/statement.json" >edited && cp edited bent/statement.json
(cd bent && grep -v '  statement.json$' SHA256SUMS >../kept; { cat ../kept; sha256sum statement.json; } | sort -k 2 >SHA256SUMS)
check "and for an edited statement" refuses commands
out="a signed report; it's here"

# agrees STATUS DIRECTORY OPTION...   both verifiers end so
small=$ASSAY_BUILDDIR/assay-verify
agrees ()
{
  agrees_status=$1
  shift
  "$small" "$@" >first 2>&1
  agrees_first=$?
  $python "$second" "$@" >seconds 2>&1
  agrees_second=$?
  [ "$agrees_first $agrees_second" = "$agrees_status $agrees_status" ] && return
  echo "statuses $agrees_first and $agrees_second, expected $agrees_status"
  cat first seconds
  return 1
}
number=$(sed -n 's/.*"number_id":"\([^"]*\)".*/\1/p' "$out/proofs.jsonl" | head -1)
check "both say: unaltered, signed by somebody" agrees 0 "$out"
check "by the key that is expected" agrees 0 "$out" --key key.pub
check "not by another" agrees 1 "$out" --key other.pub
check "unsigned, where nobody signed" agrees 5 unsigned
check "which is not what a key asks for" agrees 1 unsigned --key key.pub
check "one number from its proof" agrees 0 "$out" --number "$number"
check "a number that nobody printed" agrees 3 "$out" --number 'no/such[0]'
check "no bundle" agrees 3 p.assay/journal
check "no directory" agrees 3 nowhere
check "no key" agrees 3 "$out" --key "$out/VERIFY.md"
"$ASSAY" verify "$out" -q >theirs 2>&1
"$small" "$out" >ours 2>&1
check "the small program says what assay verify says" eval 'tr -s "\n " "  " <theirs >a; tr -s "\n " "  " <ours >b; cmp a b'
"$ASSAY" verify "$out" --json >theirs.json
"$small" --json -- "$out" >ours.json
check "and the same JSON, but for the job" $python -c "
import json
theirs, ours = json.load(open('theirs.json')), json.load(open('ours.json'))
assert set(theirs) - set(ours) == {'case', 'from_store', 'identity', 'notes'}, set(theirs) ^ set(ours)
assert all(theirs[key] == ours[key] for key in ours)"
check "it has no part that writes cases, trains or draws" refuses sh -c "ldd '$small' | grep -E 'libgtk|libcairo|libopenblas|liblapack|libcuda|libgsl|libqpdf'"
check "wrong usage of it" eval '"$small" 2>/dev/null; test $? = 2 && { "$small" a b 2>/dev/null; test $? = 2; } && { "$small" --nonsense 2>/dev/null; test $? = 2; }'
for option in $("$small" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p'); do
  check "its manual page has $option" grep -q "Fl -${option#--}" "$ASSAY_SRCDIR/doc/assay-verify.1"
done
check "and help lists options" test "$("$small" --help | grep -c '^  --')" -ge 7
check "wrong usage of the second" eval 'refuses $python "$second" --no-such-option 2>/dev/null; $python "$second" 2>/dev/null; test $? = 2'
check "the second verifier is short enough to be read" test "$(wc -l <"$second")" -le 500

# the same of altered bundles
check "both find what was altered, wherever it was" $python "$ASSAY_SRCDIR/tests/e2e/verify.py" "$second" "$out"
finish
