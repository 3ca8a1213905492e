#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How far a case is with a regime: the example of doc/fields.md, the form filled in, packs that are edited without building anything, and the
# same bytes whatever the threads, the time zone and the locale.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=80 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
{
  "$ASSAY" new people.assay -q && "$ASSAY" import people.assay data people.csv --id id --split order:train=60,test=rest -q &&
    "$ASSAY" train people.assay --target "score in ('Medium', 'High')" --terms age,group,priors --l2 0.01 -q
} >/dev/null || exit 1

# coverage OPTION...   one JSON document
coverage ()
{
  "$ASSAY" coverage people.assay --json -q "$@"
}
# answers OPTION...    the same without the identity of the question
answers ()
{
  coverage "$@" | grep -v '"identity"'
}
# states FILE ID       the record of a field, from its id on
states ()
{
  sed -n "/\"id\": \"$2\"/,/^    }/p" "$1"
}

# The example of the manual is a fields file, and does what the text beside it says.
sed -n '/^```json$/,/^```$/p' "$ASSAY_SRCDIR/doc/fields.md" | sed '/^```/d' >example.json
check "the manual has an example" grep -q purpose.intended example.json
check "the example of the manual is accepted" eval 'coverage --fields example.json >with.json'
check "an answer is declared, with its author" eval 'states with.json purpose.intended | grep -q "\"value\": \"Ranks"; grep -q "\"author\": \"A. Person, model risk\"" with.json'
check "stated power makes an energy" eval 'grep -q "which a person stated, times the seconds" with.json'
check "a confirmed field is no draft" eval 'grep -q "\"confirmed_by\": \"B. Person\"" with.json'

# The form: valid as it is, and every draft confirmed when a name is put in.
check "a form is written" "$ASSAY" coverage people.assay -q --form form.json
check "a form is not overwritten unasked" refuses "$ASSAY" coverage people.assay -q --form form.json
check "an untouched form answers nothing" eval 'answers >before.json; answers --fields form.json | cmp - before.json'
drafts=$(sed -n 's/.*"drafts": \([0-9]*\).*/\1/p' before.json)
check "there are drafts" test "$drafts" -gt 5
sed -e 's/"confirmed_by": null/"confirmed_by": "B. Person"/; s/"confirmed_utc": null/"confirmed_utc": "2026-03-01T12:00:00Z"/' form.json >confirmed.json
check "drafts are confirmed by their digests" eval 'coverage --fields confirmed.json | grep -q "\"drafts\": 0"'
"$ASSAY" train people.assay --name other --model linear --target priors --terms age,group --l2 0.1 -q >/dev/null
check "confirmations of other drafts are refused" prints 'confirmed.json: field .*the draft is another one now' coverage --fields confirmed.json
check "but hold for the model that they spoke of" eval 'coverage --fields confirmed.json --model-name logistic | grep -q "\"drafts\": [0-9]"'

# An audience sees what is for it; what is not is withheld, and its value is nowhere.
cat >secret.json <<'JSON'
{"schema": "assay.fields", "version": 1, "author": "A. Person", "fields": [{"id": "security.measures", "value": "the key lies under the mat"}]}
JSON
check "an internal reader sees an internal field" eval 'coverage --fields secret.json | grep -q "under the mat"'
check "the public does not" refuses eval 'coverage --fields secret.json --profile public | grep "under the mat"'
check "and is told so" eval 'coverage --fields secret.json --profile public | grep -q "not for the audience"'

# Packs are data: an edit shows without building anything, and a newer version leaves the older answer as it was, to the byte.
cp -R "$ASSAY_SRCDIR/data/regimes" packs && chmod -R u+w packs
coverage --regimes packs --regime fmti-2025-12 >v1.json
sed -e 's/"version": "2025-12"/"version": "2026-12"/; s/Data size/Sizes of the data/' packs/fmti-2025-12.json >packs/fmti-2026-12.json
check "an id alone means the newest version" eval 'coverage --regimes packs --regime fmti | grep -q "Sizes of the data"'
check "an older version answers as before" eval 'coverage --regimes packs --regime fmti-2025-12 | cmp - v1.json'
printf '%s' '{"id": "x"' >packs/broken-1.json
check "a broken pack is named" prints 'broken-1.json: line 1' coverage --regimes packs
rm packs/broken-1.json
check "a folder without packs is refused" refuses "$ASSAY" coverage people.assay -q --regimes .
check "an unknown regime is refused with those there are" prints 'regime "fmt": there are .*fmti-2025-12' "$ASSAY" coverage people.assay -q --regime fmt

# Reports answer regimes: the packs go with them, every field is there, and what is not for the reader is nowhere in the bundle.
report ()
{
  "$ASSAY" report people.assay -q --model-name logistic --format html,json,csv,markdown "$@" >/dev/null
}
check "a report with statements of people" report --profile regulator --fields secret.json --regime ai-act-annex-iv --regime sr-26-2 --out regulator
check "it has the packs that it answers, as they are" eval 'cmp regulator/regimes/sr-26-2-2026-04.json "$ASSAY_SRCDIR/data/regimes/sr-26-2-2026-04.json" &&
  test "$(ls regulator/regimes | wc -l)" -eq 2'
check "its regulator reads what is for the regulator" grep -q "under the mat" regulator/report.html
check "each item of the pack stands in it" eval 'for item in "2(g)" "3.2" effective-challenge; do grep -qF "$item" regulator/report.html || exit 1; done'
check "a report for the public" report --profile public --fields secret.json --out public
check "in which the secret is nowhere" refuses grep -raq "under the mat" public
check "it says so, item by item" grep -q "not for the audience" public/report.html
check "and that it is not an index's score" grep -q "self-assessment, not an FMTI score" public/report.html
check "nobody has signed off" grep -q "nobody yet" public/report.html
printf '%s' '{"schema": "assay.fields", "version": 1, "author": "A. Person", "fields": [{"id": "report.approved", "value": "C. Person, board"}]}' >approved.json
check "a person does" report --fields approved.json --out approved
check "with who says so" grep -qF '| report approved by | C\. Person, board | A\. Person |' approved/report.md
check "an unsigned bundle with fields is unaltered" eval '"$ASSAY" verify public -q >/dev/null; test $? -eq 5'
check "the same report has the same bytes" eval 'report --profile public --fields secret.json --out again && diff -r public again >differences; ! grep -q . differences'
printf '%s' '{"schema": "assay.fields"' >broken.json
check "a broken fields file is refused before anything is written" eval '! report --fields broken.json --out nothing 2>err; test ! -e nothing'

# The same bytes.
coverage --threads 1 >one.json
check "two threads say the same" eval 'coverage --threads 2 | cmp - one.json'
check "another time zone says the same" eval 'TZ=Asia/Tokyo coverage --threads 1 | cmp - one.json'
for locale in $(locale -a 2>/dev/null | grep -iE '^(de|fr|tr)_' | head -n 3); do
  check "locale $locale says the same" eval "LC_ALL=$locale coverage --threads 1 | cmp - one.json"
done

# Text of a fields file stays text.
printf '%s' '{"schema": "assay.fields", "version": 1, "author": "A", "fields": [{"id": "provider.name", "value": "\u001b[31m<b>=1+1\u202e"}]}' >hostile.json
check "hostile text is kept" eval 'coverage --fields hostile.json | grep -qF "<b>=1+1"'
check "and reaches no terminal" eval '! "$ASSAY" coverage people.assay -q --items --fields hostile.json | grep -q "$(printf "\033")"'
finish
