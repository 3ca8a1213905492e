#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever is wrong with a case, its journal, a key or a bundle is said on the first page of the report, or nothing is written: never silently thinner.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

setup ()
{
  "${AWK-awk}" -v rows=120 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q \
    && "$ASSAY" train p.assay --name r --model logistic --l2 0.01 --target "score in ('Medium', 'High')" --terms age,group,priors -q \
    && "$ASSAY" influence p.assay --model-name r --query train:3 --method exact --top 5 -q \
    && "$ASSAY" pin p.assay attribution/1/first -q \
    && "$ASSAY" keygen me.key -q && "$ASSAY" keygen other.key -q && "$ASSAY" report p.assay --format html,json,pdf --key me.key --out good -q
}
setup >setup.log 2>&1 || { cat setup.log; exit 1; }

# shard NUMBER   its file
shard ()
{
  echo damaged.assay/shards/0000000"$1"-*
}

# first_page   the warnings of the page as plain text
first_page ()
{
  sed -n '/<header>/,/<\/header>/p' out/report.html
}

# case_is WORDS SAYS COMMAND   a copy of the case after COMMAND: the first page says so, or the report is refused with these words and nothing is written
case_is ()
{
  rm -rf damaged.assay out
  cp -R p.assay damaged.assay
  eval "$3"
  if "$ASSAY" report damaged.assay --format html,json --out out -q >answer 2>&1; then
    check "$1: it is said on the first page" prints "$2" first_page
    check "$1: --strict refuses it" refuses "$ASSAY" report damaged.assay --strict --format json --out strict -q
  else
    check "$1: the report is refused, and says why" prints "$2" cat answer
    check "$1: nothing is written" test ! -e out
  fi
}

case_is "evidence of an answer is missing" "result of influence .* is not in this report.*cannot be opened" 'rm $(shard 6)'
case_is "a stored answer is missing" "result of influence .* is not in this report" 'rm $(shard 7)'
case_is "evidence is damaged" "is not in this report.*restore it from a copy" 'printf x | dd of=$(shard 6) bs=1 seek=30000 conv=notrunc 2>/dev/null'
case_is "the data are missing" "cannot be opened" 'rm $(shard 1)'
case_is "the model is missing" "cannot be opened" 'rm $(shard 4)'
case_is "a journal in the middle is cut off" "is missing or altered" 'truncate -s -100 damaged.assay/journal/00000002.journal'
case_is "a journal in the middle is damaged" "is damaged" 'printf x | dd of=damaged.assay/journal/00000002.journal bs=1 seek=3000 conv=notrunc 2>/dev/null'
case_is "the journal's last record is cut off" "journal of the case is not whole" 'truncate -s -100 damaged.assay/journal/00000004.journal'
case_is "the newest journals are gone" "no record of the journal speaks of it" 'rm damaged.assay/journal/00000003.journal damaged.assay/journal/00000004.journal'
case_is "all journals are gone" "nothing in the case to report on" 'rm damaged.assay/journal/*'
case_is "the key of the pseudonyms is missing" "salt.key is missing" 'rm damaged.assay/salt.key'
case_is "the case changed after a claim was pinned" "was pinned, and the case no longer makes it" \
  '"$ASSAY" train damaged.assay --name r --model logistic --l2 0.1 --target "score in ('"'Medium', 'High'"')" --terms age,group,priors -q >/dev/null'

rm -rf damaged.assay out
cp -R p.assay damaged.assay
"$ASSAY" train damaged.assay --name slow --model logistic --optimizer sgd --learning-rate 0.0001 --steps 200000000 --target "score in ('Medium', 'High')" \
  --terms age,group,priors --jsonl >job.jsonl 2>/dev/null &
job=$!
tries=0
while ! grep -q '"steps"' job.jsonl && [ $tries -lt 300 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
kill -TERM $job
wait $job 2>/dev/null
"$ASSAY" report damaged.assay --format html,json --out out -q >answer 2>&1
check "a job that was stopped: it is said on the first page" prints "is unfinished: the job that makes it was stopped" first_page

# --- keys -----------------------------------------------------------------------------------------------------------------------------------------

# refused WORDS SAYS ARGUMENT...   the report is refused with these words, and nothing is written
refused ()
{
  refused_what=$1
  refused_says=$2
  shift 2
  rm -rf out
  check "$refused_what: refused" prints "$refused_says" "$ASSAY" report p.assay --format json --out out -q "$@"
  check "$refused_what: nothing is written" test ! -e out
}

echo "no key" >no.key
printf 'secret\n' >pass
printf 'wrong\n' >wrong
"$ASSAY" keygen locked.key --passphrase-file pass -q >/dev/null
refused "a key that is none" "no.key" --key no.key
refused "a key that is not there" "gone.key" --key gone.key
refused "a public key" "me.key.pub" --key me.key.pub
refused "a key with a passphrase, and none given" "passphrase" --key locked.key
refused "another passphrase" "passphrase" --key locked.key --passphrase-file wrong
check "with its passphrase it signs" "$ASSAY" report p.assay --format json --key locked.key --passphrase-file pass --out locked -q

# --- bundles --------------------------------------------------------------------------------------------------------------------------------------

# bundle_is WORDS STATUS SAYS COMMAND   a copy of the signed bundle after COMMAND: verify ends with that status and says so
bundle_is ()
{
  rm -rf bad
  cp -R good bad
  eval "$4"
  "$ASSAY" verify bad $trusted >answer 2>&1
  check "$1: exit status $2" test $? -eq "$2"
  check "$1: it says so" prints "$3" cat answer
}

trusted="--key me.key.pub"
bundle_is "nothing" 0 "Unaltered" true
bundle_is "its evidence is missing" 1 "evidence/results.h5" 'rm bad/evidence/results.h5'
bundle_is "its proofs are missing" 1 "proofs.jsonl" 'rm bad/proofs.jsonl'
bundle_is "a report is another one" 1 "report.html" 'printf x >>bad/report.html'
bundle_is "a number is another one" 1 "report.json" 'sed -i "s/\"display\": \"120\"/\"display\": \"121\"/" bad/report.json'
bundle_is "a file was added" 1 "extra.txt" 'echo x >bad/extra.txt'
bundle_is "its signatures are gone, and a key is given" 1 "signed nothing of it" 'rm -r bad/signatures'
trusted=
bundle_is "its signatures are gone" 5 "Unsigned" 'rm -r bad/signatures'
"$ASSAY" verify good --key other.key.pub >answer 2>&1
check "a key that did not sign it is told apart" test $? -ne 0
check "in words" prints "NOT SIGNED BY THE KEY THAT WAS GIVEN" cat answer
finish
