#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a report says of audits and of single decisions: performance, subgroups, an outside score that is never taken for a model of the case, packets
# of people whom outside readers cannot name, and what a report without them says is missing.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/tabular
find_python numpy h5py
cd "$scratch" || exit 1

# exits STATUS COMMAND...   passes when COMMAND ends with that status
exits ()
{
  exits_expected=$1
  shift
  "$@"
  exits_found=$?
  [ $exits_found -eq "$exits_expected" ] || { echo "exit status $exits_expected expected, $exits_found found"; return 1; }
}

# plain FILE   Markdown without its escapes
plain ()
{
  tr -d '\\' <"$1"
}

cat >judge.py <<'PY'
"""claim FILE ID LO HI WORDS...: the claim's value lies in [LO, HI], it has an interval or a reason, and its sentence holds each of the words.
   agree REPORT AUDIT: every count and rate of the groups in the report's evidence equals that of the audit's own answer."""
import json, sys

def read(path):
    with open(path) as file:
        return json.load(file)

def find_claims(node):
    if isinstance(node, dict):
        if "sentence" in node and "id" in node:
            yield node
        for value in node.values():
            yield from find_claims(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_claims(value)

def text_of(node):
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        return "".join(text_of(part) for part in node)
    if isinstance(node, dict):
        return text_of(node.get("text") or node.get("display") or node.get("number") or node.get("code") or "")
    return ""

what = sys.argv[1]
if what == "claim":
    path, name, lo, hi = sys.argv[2:6]
    claim = {c["id"]: c for c in find_claims(read(path))}[name]
    value = claim["value"]["value"]
    assert float(lo) <= value <= float(hi), value
    assert claim["lo"] is not None or claim["reason"], claim
    for words in sys.argv[6:]:
        assert words in text_of(claim["sentence"]), (words, text_of(claim["sentence"]))
else:
    import h5py
    section, folder, path = sys.argv[2:]
    parts, n = read(path)["parts"], 0
    with h5py.File(folder + "/evidence/results.h5") as file:
        for p, part in enumerate(parts):
            for k, grouping in enumerate(part["groupings"]):
                table = file[f"{section}/part-{p + 1}/groups-{k + 1}"]
                for g, group in enumerate(grouping["groups"]):
                    for name, count in group["confusion"].items():
                        assert table[name][g] == count, (name, g)
                        n += 1
                    for name, rate in group["rates"].items():
                        found = [table[name + end][g] for end in ("", "_lo", "_hi")]
                        wanted = [rate[end] for end in ("value", "lo", "hi")]
                        assert all(w is None and f != f or f == w for f, w in zip(found, wanted)), (name, found, wanted)
                        assert (table[name + "_numerator"][g], table[name + "_denominator"][g]) == (rate["numerator"], rate["denominator"])
                        n += 1
    assert n > 0
PY

# --- people that were made up: what is missing, hostile names, privacy -------------------------------------------------------------------------

"${AWK-awk}" -v rows=120 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" new p.assay -q >/dev/null
"$ASSAY" import p.assay data people.csv --id id -q >/dev/null
"$ASSAY" train p.assay --name r --model logistic --l2 0.01 --target "score in ('Medium', 'High')" --terms age,group,priors -q >/dev/null
"$ASSAY" report p.assay --format markdown --out before -q >/dev/null
check "a model that nobody audited is named as missing" prints "performance and errors.*assay audit CASE" plain before/report.md
check "so are explanations" prints "explanations of single decisions.*assay explain CASE --example SPLIT:INDEX" plain before/report.md
"$ASSAY" audit p.assay -q >/dev/null
"$ASSAY" report p.assay --format markdown --out some -q >/dev/null
check "then only the groups are missing" prints "errors and selection by group.*assay audit CASE --group COLUMN" plain some/report.md
check "and the performance is not" refuses prints "no model of the case was audited" plain some/report.md
"$ASSAY" audit p.assay --score "score in ('Medium', 'High')" --outcome "priors > 1" --group group -q >/dev/null
"$ASSAY" explain p.assay --example train:3 --example id:17 -q >/dev/null
"$ASSAY" explain p.assay --example train:4 --against train:9 -q >/dev/null
check "a report of audits, an outside score and packets" "$ASSAY" report p.assay --format html,pdf,json,csv,markdown,notebook --out out -q
check "it keeps the discipline of claims" "$ASSAY" report p.assay --strict --format json --out strict -q
check "it is unaltered, and unsigned" exits 5 "$ASSAY" verify out
plain out/report.md >out-plain.md
check "no id, row or place of a person is in it" refuses grep -raqE 'people\.csv row [0-9]|, id [0-9]|id:[0-9]|(train|test):[0-9]' out out-plain.md
check "commands say that a record was asked about" prints "assay explain p.assay --example RECORD --example RECORD" plain out/report.md
check "values of a person who is the reference are not shown" prints "another person, whose record is not shown" plain out/report.md
"$ASSAY" report p.assay --profile internal --format markdown --out inside -q >/dev/null
check "internal readers see whose they are" prints "people.csv row [0-9]" plain inside/report.md
check "and the command" prints "explain p.assay --example train:3 --example id:17" plain inside/report.md

{
  printf 'id,s,y,g\n'
  for k in 1 2 3 4 5 6 7 8; do
    printf '%d,%d,%d,"%s"\n' $k $((k % 2)) $((k % 3 == 0)) "$( [ $k -lt 5 ] && echo '<b>x</b> | **y**' || echo '=1+1')"
  done
} >odd.csv
"$ASSAY" new odd.assay -q >/dev/null && "$ASSAY" import odd.assay data odd.csv --id id -q >/dev/null
"$ASSAY" audit odd.assay --score "s > 0" --outcome y --group g -q >/dev/null
check "groups with names that are markup" "$ASSAY" report odd.assay --format html,csv,markdown,json --out odd -q
check "are text" refuses grep -q "<b>x" odd/report.html
check "and none has a model where there is none" refuses grep -q 'id="performance' odd/report.html

# --- COMPAS in its two parts --------------------------------------------------------------------------------------------------------------------

file=$data/compas_two_years_min.csv
if [ ! -f "$file" ]; then
  skip "COMPAS" "compas_two_years_min.csv is not there"
  finish
  exit
fi
filter="days_b_screening_arrest between -30 and 30 and is_recid != -1 and c_charge_degree != 'O' and score_text != 'N/A'"
"$ASSAY" new c.assay -q >/dev/null && "$ASSAY" import c.assay data "$file" --id id -q >/dev/null
"$ASSAY" train c.assay -q --model logistic --target "score_text in ('Medium', 'High')" --filter "$filter" \
  --terms sex,age_cat,race,priors_count,c_charge_degree,two_year_recid --reference sex=Male --reference "age_cat=25 - 45" \
  --reference race=Caucasian --reference c_charge_degree=F >/dev/null
"$ASSAY" audit c.assay --group race --group sex --json >model.json 2>errors
"$ASSAY" audit c.assay --score "score_text in ('Medium', 'High')" --outcome two_year_recid --group race --group sex --baseline race=Caucasian --json >score.json 2>errors
"$ASSAY" explain c.assay --example id:1 --example id:8 -q >/dev/null
check "COMPAS: the report" "$ASSAY" report c.assay --format html,pdf,json,markdown --out compas -q
check "COMPAS: the score is said to be an outside one" prints "An outside score, read from column score_text of data main. It is not the score of a model" plain compas/report.md
check "COMPAS: false positives" prints "African-American.*805 of 1,795.*532 of 1,901" plain compas/report.md
check "COMPAS: and those of the others" prints "Caucasian.*349 of 1,488.*461 of 966" plain compas/report.md
check "COMPAS: its claims" $python judge.py claim compas/report.json outside-score/1/part-1/false-positives 0.3234 0.3235 "1,282 of 3,963"
check "COMPAS: by race" $python judge.py claim compas/report.json outside-score/1/part-1/groups-1/false-positives 0.2139 0.2140 "805 of 1,795" "349 of 1,488"
check "COMPAS: the regression's area" $python judge.py claim compas/report.json performance/1/part-1/auroc 0.8302 0.8303
check "COMPAS: every count and rate of the model's groups" $python judge.py agree subgroups/1 compas model.json
check "COMPAS: and of the score's" $python judge.py agree outside-score/1 compas score.json
check "COMPAS: a person's first reason" $python judge.py claim compas/report.json decisions/1/person-2/reason 2.8921 2.8922 "priors_count = 14"
check "COMPAS: unaltered" exits 5 "$ASSAY" verify compas
finish
