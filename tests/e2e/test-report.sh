#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A report from the program to its reader: formats, pins, what --strict refuses, profiles, and the same bytes in any place.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python numpy h5py
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=120 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" new p.assay -q >/dev/null
check "an empty case has nothing to report, and says what to do" prints "assay import CASE data FILE" "$ASSAY" report p.assay --out empty
"$ASSAY" import p.assay data people.csv --id id -q >/dev/null
"$ASSAY" train p.assay --name r --model logistic --l2 0.01 --target "score in ('Medium', 'High')" --terms age,group,priors -q >/dev/null
"$ASSAY" influence p.assay --model-name r --query train:3 --method exact --top 5 -q >/dev/null

formats=html,json,csv,markdown,notebook
check "a report is written" "$ASSAY" report p.assay --format $formats --out out -q
for file in report.html report.json report.md notebook/report.ipynb evidence/results.h5 proofs.jsonl statement.json SHA256SUMS VERIFY.md \
            tables/attribution.1.scores.csv; do
  check "it holds $file" test -s out/$file
done
check "its sums are right" sh -c 'cd out && sha256sum --check --quiet --strict SHA256SUMS'
check "an unknown format is answered with those there are" prints "html.*json" "$ASSAY" report p.assay --format docx --out other

# people and profiles
check "outside readers see pseudonyms" prints "record [0-9a-f]{16}" cat out/report.json
check "and no name" refuses grep -rqE "people.csv row [0-9]|, id [0-9]" out
check "internal readers see names" "$ASSAY" report p.assay --profile internal --format json --out inside -q
check "with row and id" prints "people.csv row [0-9]" cat inside/report.json

# discipline
check "strict refuses a score that was never validated" prints "influence-validity" "$ASSAY" report p.assay --strict --out strict
check "and writes nothing" test ! -e strict
"$ASSAY" validate p.assay --model-name r --query train:3 --method exact --leave-one-out 6 --groups 0 -q >/dev/null
check "after a validation it does not" "$ASSAY" report p.assay --strict --format json --out strict -q

# pins
check "claims are listed" prints "^attribution/1/first" "$ASSAY" pin p.assay
check "one is pinned" "$ASSAY" pin p.assay attribution/1/first --note "look <b>here</b>" --author "A. Reader" -q
check "a mistyped one is answered with the nearest" prints 'did you mean "attribution/1/first"' "$ASSAY" pin p.assay attribution/1/frist
"$ASSAY" report p.assay --format html,json --out pinned -q >/dev/null
check "the summary has the person's words, as text" prints "look &lt;b&gt;here&lt;/b&gt;" cat pinned/report.html
"$ASSAY" train p.assay --name r --model logistic --l2 0.1 --target "score in ('Medium', 'High')" --terms age,group,priors -q >/dev/null
"$ASSAY" report p.assay --format html,json --out changed -q >/dev/null 2>&1
check "a pinned claim that the case no longer makes is on the first page" prints "was pinned, and the case no longer makes it" cat changed/report.html
check "a job whose model was superseded is named there too" prints "is not in this report" cat changed/report.html
check "in words for its reader" prints "the data or the model that it was made from are others now" cat changed/report.html
check "the pin is taken away" "$ASSAY" pin p.assay attribution/1/first --remove -q

# the same bytes: a number of threads, a locale and a time zone; every start has hash seeds of its own
everything=$formats,pdf
for locale in de_DE tr_TR; do   # where the machine has not got them
  localedef -i $locale -f UTF-8 "$scratch/$locale.UTF-8" >/dev/null 2>&1
done
TZ=UTC "$ASSAY" report p.assay --format $everything --out once -q --threads 1 >/dev/null 2>&1
for place in 2:de_DE.UTF-8:Asia/Tokyo 4:tr_TR.UTF-8:America/St_Johns 1:C:Pacific/Chatham; do
  rest=${place#*:}
  LOCPATH=$scratch LC_ALL=${rest%:*} LANGUAGE=ja PANGO_LANGUAGE=ja TZ=${rest#*:} "$ASSAY" report p.assay --format $everything --out again -q --yes --threads "${place%%:*}" >/dev/null 2>&1
  check "the same bytes with threads, locale and time zone $place" diff -r once again
  rm -r again
done
if command -v qpdf >/dev/null; then
  check "qpdf finds nothing wrong with the PDF" qpdf --check once/report.pdf
else
  skip "qpdf finds nothing wrong with the PDF" "qpdf is not there"
fi
if command -v pdfinfo >/dev/null; then
  check "its structure is tagged" prints "^ *(H1|Table|P)" pdfinfo -struct once/report.pdf
  check "without complaints" eval 'pdfinfo -struct once/report.pdf 2>complaints >/dev/null && test ! -s complaints'
else
  skip "its structure is tagged" "pdfinfo is not there"
fi

cat >judge.py <<'PY'
import contextlib, io, json, os, sys
what, path = sys.argv[1:]
if what == "schema":
    import jsonschema
    schema = json.load(open(os.environ["ASSAY_SRCDIR"] + "/data/schemas/report-document-1.json"))
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(json.load(open(path)), schema)
elif what == "nbformat":
    import nbformat
    nbformat.validate(nbformat.read(path, 4))
else:
    notebook = json.load(open(path))
    os.chdir(os.path.dirname(path) or ".")
    names, agreed = {}, 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code" or cell["source"].startswith("plot("):
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(cell["source"], names)
        stored = "".join(o.get("text", "") for o in cell["outputs"] if o["output_type"] == "stream")
        assert out.getvalue() == stored, (cell["source"], out.getvalue(), stored)
        agreed += "agree with the evidence" in stored
    assert agreed > 1
PY
check "the notebook gives the outputs that it was stored with" $python judge.py run out/notebook/report.ipynb
check "so does one that was exported" sh -c "\"$ASSAY\" export p.assay notebook --out book.ipynb -q && $python judge.py run book.ipynb"
if $python -c "import jsonschema" 2>/dev/null; then
  check "report.json follows its schema" $python judge.py schema out/report.json
else
  skip "report.json follows its schema" "python3-jsonschema is not there"
fi
if $python -c "import nbformat" 2>/dev/null; then
  check "the notebook follows nbformat" $python judge.py nbformat out/notebook/report.ipynb
else
  skip "the notebook follows nbformat" "python3-nbformat is not there"
fi
finish
