#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a regime asks for stands in data alone: no source file has a sentence of a pack, nor speaks of a regime by name. The packs keep to their schema.

. "$ASSAY_SRCDIR/tests/tap.sh"

# Texts, titles and names of all packs below the tree $1, one a line; single words can stand anywhere.
sentences ()
{
  sed -n 's/.*"citation": "\([^"]*\)", "text": "\([^"]*\)".*/\1\n\2/p; s/^  "title": "\(.*\)",$/\1/p' "$1"/data/regimes/*.json | grep ' .* ' | LC_ALL=C sort -u
}
# Prints each line of a source file that has one of them, or the name of a regime.
quoted ()
{
  sentences "$1" >"$scratch/sentences"
  (cd "$1" && find src gui -name '*.[ch]' -o -name '*.inc' -o -name '*.ui' | while IFS= read -r file; do
    grep -HnF -f "$scratch/sentences" "$file"
    grep -HnE 'AI Act|Annex (IV|XI)|(^|[^A-Za-z])SR ?-?(26-2|11-7)|Foundation Model Transparency|FMTI' "$file"
  done)
  :
}
check "packs have sentences" test "$(sentences "$ASSAY_SRCDIR" | wc -l)" -gt 100
check "no source file has one of them, or a regime's name" silent quoted "$ASSAY_SRCDIR"

planted ()
{
  mkdir -p "$scratch/tree/src/report" "$scratch/tree/gui" "$scratch/tree/data"
  cp -R "$ASSAY_SRCDIR/data/regimes" "$scratch/tree/data/"
  printf '%s\n' "$1" >"$scratch/tree/src/report/planted.c"
  prints '^src/report/planted.c:1:' quoted "$scratch/tree"
}
check "a planted sentence is found" planted 'const char *s = "How the system interacts: Instructions. What the system is for, who provides it, and which version it is, seen against the versions before.";'
check "a planted name of an indicator is found" planted '/* External reproducibility of capabilities evaluation */'
check "a planted name of a regime is found" planted 'static const char name[] = "EU AI Act";'

# Ids of fields that sources name, one a line: of a name that no field has, nothing would be withheld. All are written whole, between quotes.
named ()
{
  { sed -n '/^static const struct.* tells\[\]/,/^};/p' "$1"/src/report/field_spread.c
    grep -hoE '\.tells = "[^"]*"|assay_report_(leaves_out|get_withheld) \(report, "[^"]*"' "$1"/src/report/*.c; } | grep -oE '"[a-z_. ]+"' | tr -d '"' | tr ' ' '\n' | grep . | LC_ALL=C sort -u
}
unknown ()
{
  named "$1" | while IFS= read -r id; do
    grep -q "\"id\": \"$id\"" "$ASSAY_SRCDIR/data/regimes/fields.json" || echo "$id"
  done
}
check "sources name fields" test "$(named "$ASSAY_SRCDIR" | wc -l)" -gt 30
check "which there are" silent unknown "$ASSAY_SRCDIR"
cp "$ASSAY_SRCDIR"/src/report/field_spread.c "$scratch/tree/src/report/"
echo 'static S s = { .tells = "evaluation.metrixs" };' >"$scratch/tree/src/report/planted.c"
check "a misspelt one is found" prints '^evaluation.metrixs$' unknown "$scratch/tree"

if ( find_python jsonschema ) >/dev/null 2>&1; then
  find_python jsonschema
else
  skip "packs and examples keep to their schemas" "no python3 with jsonschema"
  finish
fi
cat >"$scratch/judge.py" <<'PY'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
for name in sys.argv[2:]:
    jsonschema.Draft7Validator(schema).validate(json.load(open(name)))
PY
valid ()
{
  "$python" "$scratch/judge.py" "$@"
}
schemas=$ASSAY_SRCDIR/data/schemas
for pack in "$ASSAY_SRCDIR"/data/regimes/*.json; do
  [ "${pack##*/}" = fields.json ] || check "${pack##*/} keeps to its schema" valid "$schemas/regime-1.json" "$pack"
done
sed -n '/^```json$/,/^```$/p' "$ASSAY_SRCDIR/doc/fields.md" | sed '/^```/d' >"$scratch/example.json"
check "the example of the manual keeps to its schema" valid "$schemas/fields-1.json" "$scratch/example.json"
sed 's/"class": "S"/"class": "T"/' "$ASSAY_SRCDIR/data/regimes/fmti-2025-12.json" >"$scratch/wrong.json"
check "the schema refuses what the program refuses" refuses valid "$schemas/regime-1.json" "$scratch/wrong.json"
finish
