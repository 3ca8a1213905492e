#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Five hundred strings that want to be markup, code, a formula or an escape (hostile.py) as keys, groups, classes, levels, names of columns, answers of
# people, notes and titles: in every format of a report and on a terminal each is text, and everything else is as in a report of harmless words.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python json
cd "$scratch" || exit 1
PYTHONPATH=$ASSAY_SRCDIR/tests/e2e
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

# story KIND   a case of such words, and its report
story ()
{
  mkdir "$1"
  (cd "$1" && set -e
   printf 'a,b\n1,2\n' >form.csv
   "$ASSAY" new form.assay -q
   "$ASSAY" import form.assay data form.csv -q
   "$ASSAY" coverage form.assay --form asked.json -q
   $python -c "import hostile; hostile.make('$1')"
   "$ASSAY" new p.assay -q
   "$ASSAY" import p.assay data people.csv --id name -q
   "$ASSAY" import p.assay data wide.csv --name wide --id key -q
   "$ASSAY" train p.assay --name wide --data wide --model logistic --l2 0.1 --target class -q
   "$ASSAY" influence p.assay --model-name wide --query train:3 --method exact --top 20 -q
   "$ASSAY" audit p.assay --data main --score s --outcome y --group group -q
   "$ASSAY" explain p.assay --model-name wide --example train:3 --example train:4 -q
   "$ASSAY" pin p.assay attribution/1/first --note "$2" --author "$2" -q
   "$ASSAY" report p.assay --profile internal --model-name wide --fields fields.json --title "$2" --format html,pdf,json,csv,markdown,notebook --out out -q)
}
check "a case of hostile strings, and its report" story hostile "$(printf '<b>=1+1|`**\033[31m\342\200\256')"
check "the same of harmless words" story harmless "a title"
$python "$ASSAY_SRCDIR/tests/e2e/hostile_judge.py" hostile/out harmless/out >judged 2>&1
judged=$?
grep '^# ' judged
check "in every format each string is text, and nothing else is changed by it" eval 'cat judged; test $judged = 0'
check "the bundle is unaltered" eval '"$ASSAY" verify hostile/out -q; test $? = 5'
if $python -c "import jsonschema" 2>/dev/null; then
  check "report.json follows its schema" $python -c "
import json, jsonschema, os
jsonschema.validate(json.load(open('hostile/out/report.json')), json.load(open(os.environ['ASSAY_SRCDIR'] + '/data/schemas/report-document-1.json')))"
else
  skip "report.json follows its schema" "python3-jsonschema is not there"
fi
cd hostile || exit 1
$python "$ASSAY_SRCDIR/tests/e2e/hostile_terminal.py" p.assay >told 2>&1
told=$?
grep '^# ' told
check "on a terminal, too" eval 'cat told; test $told = 0'
finish
