#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Audits of outside scores and of models on real tables, each number against one computed outside; what is refused and how.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/tabular
find_python numpy h5py

judge ()
{
  "$python" "$ASSAY_SRCDIR/tests/e2e/audit.py" "$@"
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

# a_case NAME FILE [OPTION]...
a_case ()
{
  a_case_name=$1
  a_case_file=$2
  shift 2
  "$ASSAY" new "$a_case_name.assay" -q >/dev/null && "$ASSAY" import "$a_case_name.assay" data "$a_case_file" -q "$@" >/dev/null
}

cd "$scratch" || exit 1

# --- a table with everything that is awkward: missing cells, one member, none, names that are formulas and escapes -------------------------

{
  printf 'id,s,y,g,"we`ird, ""name""",age\n1,0.5,1,a,"=1+1",3\n2,0.25,0,,"<b>x</b>",4\n3,,1,b,"<b>x</b>",5\n4,0.9,NA,b,"=1+1",6\n5,1,1,c,"=1+1",7\n'
  printf '6,0,0,"\342\200\256evil\033[31m","=1+1",8\n'
} >odd.csv
check "an awkward table is imported" a_case odd odd.csv --id id
check "it is audited" answers 0 odd.json audit odd.assay --score s --outcome y --threshold .5 --group g --group 'we`ird, "name"' --group "age < 5"
missing="None if r['s'] == '' else float(r['s']) >= .5"
check "and every number is right" judge score odd.json odd.csv "$missing" "None if r['y'] == 'NA' else r['y'] == '1'" "r['g'] or None" \
  "r['we\`ird, \"name\"']" "float(r['age']) < 5"
check "nothing of it reaches a terminal as it is" refuses sh -c '"$ASSAY" audit odd.assay --score s --group g | grep -q "$(printf "\033\\|\342\200\256")"'
check "a number without a threshold: scoring rates" answers 0 rate.json audit odd.assay --score s --group g
check "and they are those of the median" judge median rate.json odd.csv "None if r['s'] == '' else float(r['s'])" "r['g'] or None"
check "the arrays are stored" judge stored odd.json odd.assay
check "an equal question is answered from the store" prints '"from_store": true' "$ASSAY" audit odd.assay --score s --group g --json
check "a text is no score" prints "audit: score: text found; a condition such as g == 'a'" "$ASSAY" audit odd.assay --score g --outcome y
check "an outcome is a yes or no" prints 'outcome: odd.csv line 2 \(id 1\): 0 or 1 expected, 3 found' "$ASSAY" audit odd.assay --score s --outcome age
check "a probability is one" prints 'score: odd.csv line 2 \(id 1\): a probability from 0 to 1 expected, 3 found' "$ASSAY" audit odd.assay --score age --probability
check "an unknown group is refused" prints 'group: .*no column "nosuch"' "$ASSAY" audit odd.assay --score s --group nosuch
check "an unknown baseline is refused" prints 'baseline: g has no group "q"' "$ASSAY" audit odd.assay --score s --group g --baseline g=q
check "a case without a model says what to do" prints 'holds no model; next: assay train' "$ASSAY" audit odd.assay
check "options of models do not go with scores" prints 'positive: is for models of the case' "$ASSAY" audit odd.assay --score s --positive x
check "all such exit with a status above 1" answers 3 none.json audit odd.assay --score g --outcome y
seq 60 | awk 'BEGIN { print "n,y" } { print $1 "," $1 % 2 }' >many.csv
check "sixty numbers" a_case many many.csv
check "are no groups" prints 'group: n: more than 50 different numbers are no groups; a condition such as n < 25' "$ASSAY" audit many.assay --score y --group n

# --- COMPAS -------------------------------------------------------------------------------------------------------------------------------

if [ ! -d "$data" ]; then
  skip "real tables" "tabular is not there"
  finish
fi
file=$data/compas_two_years_min.csv
medium="score_text in ('Medium', 'High')"
check "COMPAS: import" a_case compas "$file" --id id
check "COMPAS: the vendor's label as an outside decision" answers 0 label.json audit compas.assay --score "$medium" --outcome two_year_recid \
  --group race --group sex --group age_cat
check "COMPAS: the published errors" judge compas label.json
check "COMPAS: every count, rate, ratio and difference" judge score label.json "$file" "r['score_text'] in ('Medium', 'High')" "int(r['two_year_recid'])" \
  "r['race']" "r['sex']" "r['age_cat']"
check "COMPAS: the stored arrays" judge stored label.json compas.assay
check "COMPAS: scoring rates of the vendor's number" answers 0 decile.json audit compas.assay --score decile_score --group race
check "COMPAS: are those of the median" judge median decile.json "$file" "float(r['decile_score'])" "r['race']"
check "COMPAS: a number decides from a threshold on" answers 0 five.json audit compas.assay --score decile_score --threshold 5 --outcome two_year_recid --group sex
check "COMPAS: as the label does" judge score five.json "$file" "int(r['decile_score']) >= 5" "int(r['two_year_recid'])" "r['sex']"

# --- a model with a held-out split, here men and women ---------------------------------------------------------------------------------------

check "COMPAS: splits by a column" a_case split "$file" --split column:sex
check "COMPAS: a model of one of them" answers 0 train.json train split.assay --model logistic --target two_year_recid --terms age,priors_count --train-split Male
check "COMPAS: it is audited on both, with challengers" answers 0 model.json audit split.assay --group race
check "COMPAS: every measure of it" judge model model.json "$file" sex Male "r['two_year_recid'] == '1'" age priors_count
check "COMPAS: the stored arrays of the model" judge stored model.json split.assay
"$ASSAY" audit split.assay --group race --json --force --threads 1 >one.json 2>/dev/null
"$ASSAY" audit split.assay --group race --json --force --threads 3 >three.json 2>/dev/null
check "COMPAS: the same bits from one thread and three" cmp one.json three.json
check "a regression of a number is refused" eval '"$ASSAY" train split.assay --name years --model linear --target age --terms priors_count --train-split Male -q >/dev/null && \
  prints "model years predicts a real number" "$ASSAY" audit split.assay --model-name years'
check "three classes want one that counts" eval '"$ASSAY" train split.assay --name three --model logistic --target age_cat --terms priors_count --train-split Male -q >/dev/null && \
  prints "positive: model three tells 3 classes apart; name the one that is audited" "$ASSAY" audit split.assay --model-name three'
check "and are audited for it" answers 0 three.json audit split.assay --model-name three --positive "Less than 25" --group sex

# --- other tables ---------------------------------------------------------------------------------------------------------------------------

check "German credit" a_case german "$data/german.csv"
check "German credit: a rule as an outside decision" answers 0 german.json audit german.assay --score "status in ('A13', 'A14')" --outcome "credit == 1" \
  --group personal_status --group foreign_worker
check "German credit: every number" judge score german.json "$data/german.csv" "r['status'] in ('A13', 'A14')" "r['credit'] == '1'" "r['personal_status']" \
  "r['foreign_worker']"
check "Adult" a_case adult "$data/adult.csv"
check "Adult: a rule, groups of every country" answers 0 adult.json audit adult.assay --score "education-num >= 13" --outcome "income-per-year == '>50K'" \
  --group native-country --group sex
check "Adult: every number, unknown countries apart" judge score adult.json "$data/adult.csv" "int(r['education-num']) >= 13" "r['income-per-year'] == '>50K'" \
  "None if r['native-country'] == '?' else r['native-country']" "r['sex']"
check "Titanic" a_case titanic "$data/titanic.csv"
check "Titanic: ages that are missing are no decision" answers 0 titanic.json audit titanic.assay --score "sex == 'female' or age < 15" --outcome survived \
  --group pclass --group embarked
check "Titanic: every number" judge score titanic.json "$data/titanic.csv" \
  "None if r['age'] == '?' else r['sex'] == 'female' or float(r['age']) < 15" "int(r['survived'])" "float(r['pclass'])" \
  "None if r['embarked'] == '?' else r['embarked']"
check "Titanic: too many names" prints 'group: name: more than 1000 different texts are no groups' "$ASSAY" audit titanic.assay --score sibsp --group name
finish
