#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Real tables from file to scores: published coefficients, other cohorts with other filters, targets and reference levels, influence with
# certified intervals, exports; each number against one computed outside.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/tabular
[ -d "$data" ] || skip_all "tabular is not there"
find_python numpy h5py

judge ()
{
  "$python" "$ASSAY_SRCDIR/tests/e2e/tabular.py" "$@"
}

# answers STATUS FILE COMMAND...   runs `assay COMMAND... --json`, output to FILE
answers ()
{
  answers_status=$1
  answers_file=$2
  shift 2
  "$ASSAY" "$@" --json >"$answers_file" 2>errors
  answers_found=$?
  [ $answers_found -eq "$answers_status" ] && return 0
  echo "exit status $answers_status expected, $answers_found found"
  cat errors
  return 1
}

cd "$scratch" || exit 1

# --- the published regression ------------------------------------------------

compas_filter="days_b_screening_arrest between -30 and 30 and is_recid != -1 and c_charge_degree != 'O' and score_text != 'N/A'"
check "COMPAS: a case" answers 0 new.json new c.assay
check "COMPAS: import with a key" answers 0 import.json import c.assay data "$data/compas_two_years_min.csv" --id id
check "COMPAS: train" answers 0 train.json train c.assay --model logistic --target "score_text in ('Medium', 'High')" --filter "$compas_filter" \
  --terms sex,age_cat,race,priors_count,c_charge_degree,two_year_recid --reference sex=Male --reference "age_cat=25 - 45" \
  --reference race=Caucasian --reference c_charge_degree=F
check "COMPAS: coefficients and standard errors are the published ones" judge published train.json "$data/compas_published.md"
compas_terms="sex=Male age_cat=25_-_45 race=Caucasian priors_count c_charge_degree=F two_year_recid"
# A level with blanks is one argument.
with_compas ()
{
  set -- "$@" "$data/compas_two_years_min.csv" \
    "r['days_b_screening_arrest'] and -30 <= float(r['days_b_screening_arrest']) <= 30 and r['is_recid'] != '-1' and r['c_charge_degree'] != 'O' and r['score_text'] != 'N/A'" \
    "r['score_text'] in ('Medium', 'High')"
  for term in $compas_terms; do
    set -- "$@" "$(printf '%s' "$term" | sed 's/25_-_45/25 - 45/')"
  done
  judge "$@"
}
check "COMPAS: and those of an own fit, to rounding" with_compas fit train.json
check "COMPAS: exact influence" answers 0 exact.json influence c.assay --query train:0 --method exact --top 50
check "COMPAS: exact influence has the promised form" judge influence exact.json yes
check "COMPAS: its scores and intervals hold an own inverse" with_compas hessian exact.json
check "COMPAS: conjugate gradients" answers 0 cg.json influence c.assay --query train:0 --method cg --top 50
check "COMPAS: conjugate gradients have the promised form" judge influence cg.json yes
check "COMPAS: their intervals hold the exact scores" "$python" -c '
import json
exact = {s["example"]: s["score"] for s in json.load(open("exact.json"))["scores"]}
for s in json.load(open("cg.json"))["scores"]:
    assert s["example"] not in exact or s["lo"] <= exact[s["example"]] <= s["hi"], s'
check "COMPAS: a person named by key" answers 0 key.json influence c.assay --query id:1 --method exact --top 50
check "COMPAS: is the person of that row" "$python" -c '
import json
a, b = json.load(open("key.json")), json.load(open("exact.json"))
assert a["query"]["id"] == "1" and a["scores"] == b["scores"]'
check "COMPAS: gradient dot" answers 0 dot.json influence c.assay --query train:0 --method dot --top 20
check "COMPAS: certifies nothing and solves nothing" judge influence dot.json no
check "COMPAS: and says so" "$python" -c '
import json
d = json.load(open("dot.json"))
assert d["solver"] is None and d["interval_kind"] is None and d["unit"] == "relative", d'
check "COMPAS: a solve that is cut short ends with status 1" answers 1 cut.json influence c.assay --query train:0 --method cg --max-iterations 1 --top 5
check "COMPAS: its scores are marked, and its intervals, wide as they are, hold the exact ones" "$python" -c '
import json
d = json.load(open("cut.json"))
exact = {s["example"]: s["score"] for s in json.load(open("exact.json"))["scores"]}
assert d["solver"]["converged"] is False and all(s["converged"] is False for s in d["scores"]), d
assert all(s["lo"] <= exact[s["example"]] <= s["hi"] for s in d["scores"] if s["example"] in exact), d'
check "COMPAS: retraining agrees with prediction" answers 0 validate.json validate c.assay --query train:0-4 --leave-one-out 20 --groups 20
check "COMPAS: to a correlation of .999 and more" "$python" -c '
import json
assert json.load(open("validate.json"))["loo"]["correlation"] > 0.999'
for form in csv npy h5; do
  check "COMPAS: scores as $form" "$ASSAY" export c.assay scores --out "scores.$form" -q
done
check "COMPAS: the exported matrices agree" "$python" -c '
import csv, h5py, numpy
rows = list(csv.reader(open("scores.csv")))
table = numpy.load("scores.npy")
found = []
h5py.File("scores.h5").visititems(lambda n, o: found.append(o) if isinstance(o, h5py.Dataset) and o.shape == table.shape else None)
assert found and all(abs(f[()] - table).max() <= 0 for f in found if f.name.endswith(("value", "scores"))), found
assert table.shape[-1] == 6172 and len(rows) > 6172, (table.shape, len(rows))'
check "COMPAS: nothing in the case is damaged" answers 0 verify.json verify c.assay

# --- other cohorts -----------------------------------------------------------

# cohort NAME FILE FILTER TARGET TERMS [REFERENCE]...  | python expressions in $row and $label
cohort ()
{
  cohort_name=$1 cohort_file=$2 cohort_filter=$3 cohort_target=$4 cohort_terms=$5
  shift 5
  cohort_options=
  "$ASSAY" new "$cohort_name.assay" -q >/dev/null && "$ASSAY" import "$cohort_name.assay" data "$data/$cohort_file" -q >/dev/null || return 1
  for reference; do
    cohort_options="$cohort_options --reference $reference"
  done
  answers 0 "$cohort_name.json" train "$cohort_name.assay" --model logistic --filter "$cohort_filter" --target "$cohort_target" \
    --terms "$(printf '%s' "$cohort_terms" | tr ' ' ',')" $cohort_options || return 1
  set --
  for term in $cohort_terms; do
    level=$(printf '%s' "$cohort_options" | tr ' ' '\n' | grep "^$term=" || printf '%s' "$term")
    set -- "$@" "$level"
  done
  judge fit "$cohort_name.json" "$data/$cohort_file" "$row" "$label" "$@"
}

row="float(r['age']) >= 25 and r['workclass'] != '?'" label="r['income-per-year'] == '>50K'"
check "Adult: names with dashes, a mark for missing values" cohort adult adult.csv "age >= 25 and workclass != '?'" "income-per-year == '>50K'" \
  "age education-num sex hours-per-week" sex=Male
row="float(r['credit_amount']) < 8000 and r['purpose'] in ('A40', 'A43')" label="r['credit'] == '2'"
check "German credit: two conditions, two reference levels" cohort german german.csv "credit_amount < 8000 and purpose in ('A40', 'A43')" "credit == 2" \
  "month credit_amount status housing age" status=A14 housing=A152
row="r['embarked'] in ('S', 'C') and r['age'] != '?' and not float(r['age']) < 18" label="r['survived'] == '1'"
check "Titanic: quoted names, not and parentheses, rows without an age dropped" cohort titanic titanic.csv "embarked in ('S', 'C') and not (age < 18)" \
  survived "pclass sex age sibsp embarked" sex=male embarked=S

check "a coefficient of a large number keeps its digits" prints '^fnlwgt +true +0\.0000002[0-9]+ +0\.00000012[0-9]+$' "$ASSAY" train adult.assay --name small \
  --model logistic --target "income-per-year == '>50K'" --terms age,fnlwgt
check "steps that end before the minimum are told" prints 'note: the steps ended before a minimum was certain' "$ASSAY" train adult.assay --name early \
  --model logistic --target "income-per-year == '>50K'" --terms age --optimizer adamw --steps 20
check "terms that separate the classes are named" prints 'note: terms workclass = Never-worked and workclass = Without-pay: .*no optimum' "$ASSAY" train adult.assay --name separated \
  --model logistic --target "income-per-year == '>50K'" --filter "age >= 25" --terms age,workclass
finish
