#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What an import declares, on real tables: missing values dropped, kept as a level or refused, other marks, splits at random, by column and by
# time, keys; counted, stored, and with the coefficients of an own fit on the rows that should be there.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/tabular
for file in adult.csv german.csv titanic.csv; do
  [ -f "$data/$file" ] || skip_all "tabular/$file is not there"
done
find_python numpy
cd "$scratch" || exit 1

# answers STATUS FILE COMMAND...   runs `assay COMMAND... --json`, output to FILE, notes to errors
answers ()
{
  answers_status=$1 answers_file=$2
  shift 2
  "$ASSAY" "$@" --json >"$answers_file" 2>errors
  answers_found=$?
  [ $answers_found -eq "$answers_status" ] && return 0
  echo "exit status $answers_status expected, $answers_found found"
  cat errors
  return 1
}

judge ()
{
  "$python" "$ASSAY_SRCDIR/tests/e2e/tabular.py" "$@"
}

# holds FILE EXPRESSION   the document d of FILE fulfils a Python expression
holds ()
{
  "$python" -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d) if not eval(sys.argv[2]) else sys.exit(0); sys.exit(1)' "$@"
}

imports ()
{
  imports_name=$1 imports_file=$2
  shift 2
  answers 0 "$imports_name.json" import all.assay data "$data/$imports_file" --name "$imports_name" "$@"
}

"$ASSAY" new all.assay -q >/dev/null

# --- missing values ------------------------------------------------------------

check "Titanic: rows without an age are dropped, and counted" imports drop titanic.csv
check "Titanic: the cells that are missing are counted" holds drop.json '{c["name"]: c["missing"] for c in d["columns"]}["age"] == 263'
check "Titanic: training" answers 0 fit.json train all.assay --data drop --name drop --target survived --terms pclass,sex,age --reference sex=female
check "Titanic: is an own fit of the other rows" judge fit fit.json "$data/titanic.csv" True "r['survived'] == '1'" pclass sex=female age
check "Titanic: and says how many were left out" holds fit.json \
  '[(x["rows"], "age" in x["reason"]) for x in d["data"]["dropped"]] == [(263, True)] and d["data"]["train_examples"] == 1046'
check "Titanic: missing as a level" imports level titanic.csv --missing level
check "Titanic: training on every row" answers 0 fit.json train all.assay --data level --name level --target survived --terms pclass,sex,age --reference sex=female
check "Titanic: is an own fit with a term for the missing" judge fit-level fit.json "$data/titanic.csv" True "r['survived'] == '1'" pclass sex=female age
check "Adult: missing as a level of text" imports adult adult.csv --missing level
check "Adult: training" answers 0 fit.json train all.assay --data adult --name adult --target "income-per-year == '>50K'" --filter "age < 60" \
  --terms "occupation,education-num,sex" --reference occupation=Sales --reference sex=Male
check "Adult: is an own fit with that level" judge fit-level fit.json "$data/adult.csv" "float(r['age']) < 60" "r['income-per-year'] == '>50K'" \
  occupation=Sales education-num sex=Male
check "Titanic: missing refused" answers 3 refuse.json import all.assay data "$data/titanic.csv" --name refuse --missing refuse
check "Titanic: with line, column and number of rows" holds refuse.json \
  'd["error"]["message"].startswith("titanic.csv line 17: column \"age\" is missing (263 rows in all)")'
check "Adult: another mark" imports mark adult.csv --missing-mark '?' --missing-mark Never-married
check "Adult: is counted" holds mark.json '{c["name"]: c["missing"] for c in d["columns"]}["marital-status"] == 10683'
check "Adult: what is stored" answers 0 stored.json info all.assay data/mark
check "Adult: names the marks" holds stored.json 'd["object"]["meta"]["options"]["missing-mark"] == ["?", "Never-married"]'

# --- splits --------------------------------------------------------------------

check "German credit: split by a column" imports column german.csv --split column:foreign_worker
check "German credit: training on one of them" answers 0 fit.json train all.assay --data column --name column --train-split A201 --target "credit == 2" \
  --terms month,credit_amount,status --reference status=A14
check "German credit: is an own fit of those rows" judge fit fit.json "$data/german.csv" "r['foreign_worker'] == 'A201'" "r['credit'] == '2'" \
  month credit_amount status=A14
check "German credit: the others are evaluated apart" holds fit.json '{s["name"]: s["examples"] for s in d["splits"]} == {"A201": 963, "A202": 37}'
check "German credit: split by time" imports time german.csv --split "time:age<30"
check "German credit: training on the earlier" answers 0 fit.json train all.assay --data time --name time --target "credit == 2" --terms month,credit_amount
check "German credit: is an own fit of the rows before" judge fit fit.json "$data/german.csv" "float(r['age']) < 30" "r['credit'] == '2'" month credit_amount
check "Titanic: split by a column that is missing in some rows" imports gaps titanic.csv --split column:embarked
check "Titanic: those rows are a split of their own" holds gaps.json 'd["splits"] == {"S": 914, "C": 270, "Q": 123, "(missing)": 2}'
check "Titanic: which is told" grep -q 'note: column "embarked" is missing in 2 rows' errors
check "Titanic: split by the order of age" imports oldest titanic.csv --split time:age:train=0.8,test=rest
check "Titanic: of those that have one" holds oldest.json 'd["splits"] == {"train": 837, "test": 209, "(missing)": 263}'
check "Adult: split at random" imports random adult.csv --split random:train=0.8,test=0.1,held=rest --seed 7
check "Adult: to the row" holds random.json 'd["splits"] == {"train": 26049, "test": 3256, "held": 3256}'
check "Adult: training on the random part" answers 0 one.json train all.assay --data random --name one --target "income-per-year == '>50K'" --terms age
check "Adult: the same seed" imports again adult.csv --split random:train=0.8,test=0.1,held=rest --seed 7
check "Adult: training again" answers 0 two.json train all.assay --data again --name two --target "income-per-year == '>50K'" --terms age
check "Adult: is the same to the bit" "$python" -c '
import json
one, two = (json.load(open(f))["coefficients"] for f in ("one.json", "two.json"))
assert one == two, (one, two)'
check "Adult: another seed" imports other adult.csv --split random:train=0.8,test=0.1,held=rest --seed 8
check "Adult: training on other rows" answers 0 two.json train all.assay --data other --name two --target "income-per-year == '>50K'" --terms age
check "Adult: differs" "$python" -c '
import json
one, two = (json.load(open(f))["coefficients"] for f in ("one.json", "two.json"))
assert one != two, one'

# --- keys ----------------------------------------------------------------------

check "Titanic: a key that is unique but for two names" imports key titanic.csv --id name
check "Titanic: training" answers 0 fit.json train all.assay --data key --name key --target survived --terms pclass,sex
check "Titanic: a person by name" answers 0 scores.json influence all.assay --model-name key --query "id:Allen, Miss. Elisabeth Walton" --method exact --top 3
check "Titanic: is who she is" holds scores.json \
  'd["query"]["row"] == 2 and d["query"]["id"] == "Allen, Miss. Elisabeth Walton" and all(isinstance(s["id"], str) for s in d["scores"])'
check "Titanic: a name that two people have" answers 3 twice.json influence all.assay --model-name key --query "id:Kelly, Mr. James" --method exact
check "Titanic: is refused with both" holds twice.json '"Kelly, Mr. James" in d["error"]["message"]'
check "Titanic: a key with gaps" answers 3 gap.json import all.assay data "$data/titanic.csv" --name gap --id cabin
check "the case is whole" "$ASSAY" verify all.assay
finish
