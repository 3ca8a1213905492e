#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Names with blanks, dots, dashes and apostrophes, values with quotes and commas, targets of every type: on the command line, in filters, terms
# and reference levels.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

cat >odd.csv <<'CSV'
"my col","x.y","a-b",flag,name,when,wt,y,"it's",Größe,bit
1,0.5,2,true,O'Brien,2020-01-05,1,yes,1,a,0
2,1.5,1,false,Smith,2020-02-05,3,no,2,b,1
3,-.5,4,true,"Say ""hi""",2021-01-05,,yes,3,a,0
4,2.5,3,false,O'Brien,2021-06-01,3,no,4,b,1
5,1e1,6,true,Smith,2022-01-01,2,yes,5,a,1
6,0,5,false,O'Brien,2022-03-05,1,yes,2,b,0
7,3,8,true,Smith,2022-05-01,3,no,1,a,1
8,1,7,false,O'Brien,2022-08-01,2,no,4,b,0
9,2,10,true,"a, b",2022-09-05,1,yes,3,a,1
10,2,9,false,Smith,2022-11-05,2,no,2,b,0
CSV
"$ASSAY" new o.assay -q >/dev/null
check "a table of odd names" "$ASSAY" import o.assay data odd.csv -q

# keeps ROWS FILTER   the filter keeps so many rows
keeps ()
{
  "$ASSAY" train o.assay --name f --target "y == 'yes'" --filter "$2" --terms x.y --l2 0.1 --json >answer 2>errors || { cat errors; return 1; }
  grep -q "\"train_examples\": $1\$" answer || { echo "$1 rows expected"; grep train_examples answer; return 1; }
}

check "a column in back quotes" keeps 7 '`my col` > 3'
check "a column with a dot" keeps 5 'x.y >= 2'
check "a column with a dash is a column, not a difference" keeps 6 'a-b > 4'
check "and a difference of columns is a difference" keeps 4 '`my col` - x.y > 5'
check "a column with an apostrophe" keeps 5 "\`it's\` between 3 and 5"
check "a column beyond ASCII" keeps 5 "Größe == 'a'"
check "an apostrophe doubled in single quotes" keeps 6 "name != 'O''Brien'"
check "an apostrophe in double quotes" keeps 6 'name != "O'\''Brien"'
check "double quotes in single quotes" keeps 9 "name != 'Say \"hi\"'"
check "a comma within a value" keeps 5 "name in ('a, b', 'Smith')"
check "values that are not among some" keeps 6 "name not in (\"O'Brien\")"
check "numbers between two" keeps 5 '`my col` between 2 and 6'
check "a chain of comparisons" keeps 4 '1 < `my col` <= 5'
check "missing" keeps 9 'wt is not missing'
check "a comparison with a missing value is not true" keeps 6 'wt != 1'
check "unless it is asked for" keeps 7 'wt is missing or wt != 1'
check "dates in order" keeps 6 "when >= '2022-01-01'"
check "logic of three values: what is unknown is not kept" keeps 6 "not (flag == 'true' and wt < 3) and not Größe == 'c'"

# has TERM OPTION...   training gives a coefficient of that name
has ()
{
  has_term=$1
  shift
  "$ASSAY" train o.assay --name t --l2 0.1 --json "$@" >answer 2>errors || { cat errors; return 1; }
  grep -qF "\"term\": \"$has_term\"" answer || { echo "no term $has_term"; grep '"term"' answer; return 1; }
}

check "terms with blanks, dots and dashes" has 'my col' --target y --terms 'my col,x.y,a-b'
check "a term in back quotes" has 'my col' --target y --terms '`my col`, x.y'
check "a level with quotes" has 'name = Say \"hi\"' --target y --terms name --reference name=Smith
check "a reference level with an apostrophe" has 'name = Smith' --target y --terms name --reference "name=O'Brien"
check "which has no term of its own" refuses grep -q "name = O'Brien" answer
check "a target of words" has x.y --target flag --terms x.y
check "speaks of the later one" grep -q '"class": "true"' answer
check "a target of numbers that are classes" has x.y --target bit --terms x.y
check "speaks of the larger one" grep -q '"class": "1"' answer
check "a condition as target" has x.y --target "bit == 1 or Größe == 'a'" --terms x.y
check "a target of numbers" has x.y --model linear --target '`my col`' --terms x.y
check "has no class" grep -q '"class": null' answer
check "a quoted column is told how a column is written" prints 'the text .my col. cannot be compared.*`back quotes`' \
  "$ASSAY" train o.assay --name t --target y --filter '"my col" > 3' --terms x.y
check "the case is whole" "$ASSAY" verify o.assay
finish
