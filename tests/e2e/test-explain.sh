#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Packets of single decisions on real people and images, held against an own fit and brute force; what is refused and how.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}
[ -d "$data/tabular" ] || skip_all "tabular is not there"
find_python numpy h5py

judge ()
{
  "$python" "$ASSAY_SRCDIR/tests/e2e/explain.py" "$@"
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

# --- the published regression of the COMPAS score, ten people by key in one command ----------------------------------------------------------

file=$data/tabular/compas_two_years_min.csv
filter="days_b_screening_arrest between -30 and 30 and is_recid != -1 and c_charge_degree != 'O' and score_text != 'N/A'"
check "COMPAS: the published regression" eval '"$ASSAY" new c.assay -q >/dev/null && "$ASSAY" import c.assay data "$file" --id id -q >/dev/null && \
  "$ASSAY" train c.assay -q --model logistic --target "score_text in ('"'Medium', 'High'"')" --filter "$filter" \
    --terms sex,age_cat,race,priors_count,c_charge_degree,two_year_recid --reference sex=Male --reference "age_cat=25 - 45" \
    --reference race=Caucasian --reference c_charge_degree=F >/dev/null'
with_compas ()
{
  with_compas_document=$1 with_compas_threshold=$2 with_compas_reference=$3
  judge packets "$with_compas_document" "$file" \
    "r['days_b_screening_arrest'] and -30 <= float(r['days_b_screening_arrest']) <= 30 and r['is_recid'] != '-1' and r['c_charge_degree'] != 'O' and r['score_text'] != 'N/A'" \
    "r['score_text'] in ('Medium', 'High')" "$with_compas_threshold" "$with_compas_reference" \
    sex=Male "age_cat=25 - 45" race=Caucasian priors_count c_charge_degree=F two_year_recid
}
ten="--example id:1 --example id:3 --example id:4 --example id:7 --example id:8 --example id:9 --example id:10 --example id:14 --example id:15 --example id:16"
check "COMPAS: packets for ten people" answers 0 ten.json explain c.assay $ten
check "COMPAS: there are ten" "$python" -c 'import json; assert [p["example"]["id"] for p in json.load(open("ten.json"))["packets"]] == "1 3 4 7 8 9 10 14 15 16".split()'
check "COMPAS: every number in them" with_compas ten.json none mean
check "COMPAS: names of others are salted in the store" judge private ten.json c.assay
check "COMPAS: against the reference levels" answers 0 base.json explain c.assay --example id:3 --example id:8 --against base
check "COMPAS: every number" with_compas base.json none base
check "COMPAS: against another person, decided from .3 on" answers 0 other.json explain c.assay --example id:3 --example id:8 --against id:16 --threshold 0.3
check "COMPAS: every number" with_compas other.json 0.3 16
check "COMPAS: no packet has influence scores yet" prints '"influence": \[\]' "$ASSAY" explain c.assay --example id:3 --against base --json
check "COMPAS: influence on one of them" answers 0 influence.json influence c.assay --query id:3 --query id:8 --method exact --top 5
check "COMPAS: stands in the packet from then on" answers 0 with.json explain c.assay --example id:8
check "COMPAS: with the scores of that query" "$python" -c '
import json
found = json.load(open("with.json"))["packets"][0]["influence"][0]
expected = json.load(open("influence.json"))["queries"][1]["scores"]
assert found["converged"] and [(s["id"], s["score"], s["lo"], s["hi"]) for s in found["scores"]] == [(s["id"], s["score"], s["lo"], s["hi"]) for s in expected], found'
"$ASSAY" explain c.assay --example id:3 --json --force --threads 1 >one.json 2>/dev/null
"$ASSAY" explain c.assay --example id:3 --json --force --threads 3 >three.json 2>/dev/null
check "the same bits from one thread and three" cmp one.json three.json
check "a person who is not there" prints 'id:5: no example kept has this value in column "id"' "$ASSAY" explain c.assay --example id:5
check "a reference that is none" prints 'against: mean, base or an example expected' "$ASSAY" explain c.assay --example id:3 --against nobody
check "a reference of many" prints 'against: train:0-3: one example expected, 4 found' "$ASSAY" explain c.assay --example id:3 --against train:0-3
check "the plan changes nothing" prints 'try every observed value of 6 columns' "$ASSAY" explain c.assay --example id:3 --orders 7 --dry-run

# --- a network on a table: integrated, and cut short ---------------------------------------------------------------------------------------------

check "Adult: a network" eval '"$ASSAY" new a.assay -q >/dev/null && "$ASSAY" import a.assay data "$data/tabular/adult.csv" --split random:train=0.5,test=0.5 -q >/dev/null && \
  "$ASSAY" train a.assay -q --model mlp --hidden 16 --target "income-per-year == '"'>50K'"'" --terms age,workclass,education-num,sex,hours-per-week --standardise \
    --epochs 2 >/dev/null'
check "Adult: a packet" answers 0 adult.json explain a.assay --example test:0 --example test:3 --orders 50
check "Adult: contributions add up, and tell more than chance" "$python" -c '
import json
for p in json.load(open("adult.json"))["packets"]:
    c, f = p["check"], p["fidelity"]
    assert c["converged"] and c["gradients"] > 8 and abs(sum(x["contribution"] for x in p["contributions"]) - c["change"]) <= 1e-6 * max(1, abs(c["change"])), c
    assert f["worst_area"] <= f["area"] <= f["best_area"] and 0 <= f["rescaled"] <= 1 and f["p"] < 0.2, f
    age = [x for x in p["contributions"] if x["column"] == "age"][0]
    assert float(age["value"]) == age["value_number"] and 30 < age["reference_number"] < 45, age'
check "Adult: cut short it says so, gives no reasons, and the status is 1" answers 1 cut.json explain a.assay --example test:0 --gradients 8 --orders 0
check "Adult: in the answer too" "$python" -c '
import json
d = json.load(open("cut.json")); p = d["packets"][0]
assert p["check"]["converged"] is False and p["reasons"] is None and "did not converge" in d["finding"], p["check"]'
check "German credit: a number is predicted, nothing flips" eval '"$ASSAY" new g.assay -q >/dev/null && "$ASSAY" import g.assay data "$data/tabular/german.csv" -q >/dev/null && \
  "$ASSAY" train g.assay -q --model linear --target credit_amount --terms month,age,housing >/dev/null && \
  prints "Flips: the model predicts a number and decides nothing" "$ASSAY" explain g.assay --example train:7'
check "German credit: three kinds of housing" eval '"$ASSAY" train g.assay -q --name housing --model logistic --target housing --terms month,age >/dev/null && \
  prints "^decided +A152, probability 0\.[0-9]+; margin [0-9.]+ toward A152" "$ASSAY" explain g.assay --model-name housing --example train:7'
check "German credit: have no threshold" prints 'threshold: model housing tells more than two classes apart' "$ASSAY" explain g.assay --model-name housing --example train:7 --threshold 0.4

# --- images, tokens -------------------------------------------------------------------------------------------------------------------------------

if [ -d "$data/mnist_t10k" ]; then
  check "digits: a network" eval '"$ASSAY" new m.assay -q >/dev/null && "$ASSAY" import m.assay data "$data/mnist_t10k/t10k-images-idx3-ubyte.gz" \
    "$data/mnist_t10k/t10k-labels-idx1-ubyte.gz" --split random:train=0.2,test=0.8 -q >/dev/null && "$ASSAY" train m.assay -q --model mlp --hidden 16 --pool 2 --epochs 2 >/dev/null'
  check "digits: a packet by pixel" answers 0 digits.json explain m.assay --example test:0 --example test:4 --orders 20
  check "digits: contributions add up" judge images digits.json m.assay
else
  skip "digits" "mnist_t10k is not there"
fi
check "a model of tokens is refused" eval '"$ASSAY" import g.assay dose -q >/dev/null && "$ASSAY" train g.assay -q --name sums --model transformer --data dose --width 16 --steps 2 >/dev/null && \
  prints "model sums reads tokens" "$ASSAY" explain g.assay --model-name sums --example train:0'
finish
