#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a reader is not to be told stands nowhere in the bundle: values of withheld fields, people of the data, where files lie; and what a final
# report needs.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python h5py
cd "$scratch" || exit 1

mkdir -p home/somebody
"${AWK-awk}" -v rows=120 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >home/somebody/registry.csv
"$ASSAY" new p.assay -q >/dev/null
"$ASSAY" import p.assay data "$scratch/home/somebody/registry.csv" --id id -q >/dev/null
"$ASSAY" train p.assay --name r --model logistic --l2 0.01234567 --target "score in ('Medium', 'High')" --terms age,group,priors -q >/dev/null
"$ASSAY" influence p.assay --model-name r --query train:3 --method exact --top 5 -q >/dev/null
cp -R p.assay unchecked.assay
"$ASSAY" validate p.assay --model-name r --query train:3 --method exact --leave-one-out 6 --groups 0 -q >/dev/null
"$ASSAY" audit p.assay --group group -q >/dev/null
"$ASSAY" explain p.assay --example train:3 --example id:17 -q >/dev/null
"$ASSAY" pin p.assay decisions/1/person-1/reason --note "look here" --author "A. Reader" -q >/dev/null

cat >leaks.py <<'PY'
"""leaks.py INSIDE FIELD DIR: prints what of the value of FIELD, as the report INSIDE has it, stands anywhere in the bundle DIR that withholds it:
names of files, digests, and numbers with so many digits that they cannot be there by chance."""
import json, os, re, sys
inside, field, bundle = sys.argv[1:]

def read(path):
    with open(path) as file:
        return {f["id"]: f for f in json.load(file)["fields"]}

def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for v in value:
            yield from leaves(v)
    elif value is not None:
        yield value

def is_telling(word):
    return re.fullmatch(r"[0-9a-f]{16,}|[A-Za-z][\w-]*\.csv", word) or re.fullmatch(r"-?\d+\.\d{7,}(e-?\d+)?", word)

value = read(inside)[field]["value"]
words = {w for leaf in leaves(value) for w in re.split(r"[\s,;:()\"'/]+", repr(leaf) if isinstance(leaf, float) else str(leaf)) if is_telling(w)}
assert read(bundle + "/report.json")[field]["state"] == "withheld", field
assert words, "nothing of the field can be recognised"
found = set()

def look(where, text):
    found.update((w, where) for w in words if re.search(r"(?<![\w.])" + re.escape(w) + r"(?!\w)", text))

for folder, _, names in os.walk(bundle):
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            look(path, file.read().decode("latin-1"))
import h5py
with h5py.File(bundle + "/evidence/results.h5") as file:
    def visit(name, node):
        for key, attribute in node.attrs.items():
            look(f"{name} @{key}", str(attribute))
        if isinstance(node, h5py.Dataset):
            for element in node[...].flatten().tolist():
                look(name, element.decode() if isinstance(element, bytes) else repr(element))
    file.visititems(visit)
for word, where in sorted(found):
    print(word, where)
sys.exit(bool(found))
PY

"$ASSAY" report p.assay --profile internal --format json --out inside -q >/dev/null
formats=html,json,csv,markdown,notebook
# Those of one bundle do not speak of each other: what one withholds cannot hide what another one tells.
for together in "data.files model.relevance influence.validity" "data.identity training.configuration evaluation.metrics" \
                "model.identity influence.scores capabilities.evaluation" "training.result release.change_log"; do
  for field in $together; do
    printf '{"id": "%s", "withheld": "a contract about %s"}\n' $field $field
  done | "$python" -c '
import json, sys
json.dump({"schema": "assay.fields", "version": 1, "author": "A. Person", "fields": [json.loads(line) for line in sys.stdin]}, open("fields.json", "w"))'
  rm -rf some
  "$ASSAY" report p.assay --profile regulator --format $formats --fields fields.json --out some -q >/dev/null
  for field in $together; do
    check "withheld, $field stands nowhere else" "$python" leaks.py inside/report.json $field some
    check "and the report says so" grep -q "a contract about $field" some/report.html
  done
done

# To withhold how well scores were compared with retraining does not say that they were.
echo '{"schema": "assay.fields", "version": 1, "author": "A. Person", "fields": [{"id": "influence.validity", "withheld": "a contract"}]}' >validity.json
check "scores never compared are refused, withheld or not" prints "influence-validity" "$ASSAY" report unchecked.assay --strict --fields validity.json --out never
check "compared ones are not" refuses prints "influence-validity" "$ASSAY" report p.assay --strict --fields validity.json --out once

for profile in public downstream regulator; do
  "$ASSAY" report p.assay --profile $profile --format $formats,pdf --out $profile -q >/dev/null
  check "$profile: no place, row or id of a person" refuses grep -raqE '(train|test)[:-][0-9]|id:[0-9]|, id [0-9]|registry\.csv row [0-9]' $profile
  check "$profile: no folder of somebody's machine" refuses grep -raq "home/somebody" $profile
  check "$profile: commands are there all the same" grep -q "assay import p.assay data registry.csv --id id" $profile/report.html
done
check "the public is told of decisions that some were explained" prints "not for the public" cat public/report.md
check "and nothing of any of them" test ! -e public/tables/decisions.1.people.csv
check "nor in the sections" refuses grep -q "what speaks most for" public/report.html
check "a pin on one of them is no gap in the case" refuses grep -q "no longer makes it" public/report.html
check "it is named among what is missing" grep -q "it stands in a section that is not for this reader" public/report.html
check "the regulator is shown it" grep -q "what speaks most for" regulator/report.html
check "internal readers see where the files are" grep -q "home/somebody/registry.csv" inside/report.json

# --- each command once ----------------------------------------------------------------------------------------------------------------------------

check "a claim names its command by number" grep -q '<a href="#command/[0-9]">command [0-9]</a>' regulator/report.html
check "each number has its command" "$python" -c '
import re, sys
page = open("regulator/report.html").read()
cited, there = set(re.findall("href=\"#command/([0-9]+)\"", page)), set(re.findall("id=\"command/([0-9]+)\"", page))
assert cited and cited <= there, (cited, there)'

# --- final ----------------------------------------------------------------------------------------------------------------------------------------

"$ASSAY" keygen me.key -q >/dev/null
check "the first page says what a report is" grep -q "not final: it holds drafts" regulator/report.html
check "a final report needs every draft confirmed" prints "draft-confirmed.*training.stages" "$ASSAY" report p.assay --final --key me.key --out final
check "somebody who approved it" prints "approved" "$ASSAY" report p.assay --final --key me.key --out final
check "and a key" prints "no key signs it" "$ASSAY" report p.assay --final --out final
check "else nothing is written" test ! -e final
"$ASSAY" coverage p.assay --form form.json -q >/dev/null
"$python" -c '
import json
form = json.load(open("form.json"))
form["author"] = "A. Person"
for field in form["fields"]:
    if field.get("digest"):
        field.update(confirmed_by="A. Person", confirmed_utc="2026-03-01T12:00:00Z")
    elif field["id"] == "report.approved":
        field["value"] = "A. Person, model risk, on 1 March 2026"
json.dump(form, open("filled.json", "w"))'
check "confirmed, approved and with a key it is written, for outside readers too" "$ASSAY" report p.assay --final --fields filled.json --key me.key --out final -q
check "and says that it is final" grep -q "final: every claim has what must stand beside it" final/report.html
check "signed" "$ASSAY" verify final --key me.key.pub
finish
