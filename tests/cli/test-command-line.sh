#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a caller of the program relies on: the forms of options, settings, documents, exit statuses, what goes where, and that a running job
# can be stopped and goes on.

. "$ASSAY_SRCDIR/tests/tap.sh"

XDG_CONFIG_HOME=$scratch/config
export XDG_CONFIG_HOME
mkdir -p "$scratch/config/assay" "$scratch/work"
cd "$scratch/work" || exit 1
"${AWK-awk}" -v rows=60 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv

# ends STATUS COMMAND...   for `check`; the output is left in out and err
ends ()
{
  ends_expected=$1
  shift
  "$@" >out 2>err </dev/null
  ends_status=$?
  [ "$ends_status" -eq "$ends_expected" ] && return 0
  echo "exit status $ends_expected expected, $ends_status found: $*"
  cat out err
  return 1
}

# says PATTERN STATUS COMMAND...   for `check`: one line on standard error, which matches
says ()
{
  says_pattern=$1
  shift
  ends "$@" && grep -Eq -e "$says_pattern" err && [ "$(wc -l <err)" -eq 1 ] && return 0
  echo "one line expected that matches: $says_pattern"
  cat err
  return 1
}

# Of the document on standard output: field NAME VALUE, where VALUE is JSON of one line.
field ()
{
  grep -Eq "^ *\"$1\": $2,?\$" out && return 0
  echo "\"$1\": $2 expected"
  cat out
  return 1
}

setup ()
{
  "$ASSAY" new p.assay && "$ASSAY" import p.assay data people.csv --id id \
    && "$ASSAY" train p.assay --model logistic --target "score in ('Medium', 'High')" --terms age,priors --l2 0.01
}
check "a case is made" ends 0 setup

# --- forms of options --------------------------------------------------------

# asks NAME VALUE OPTION...   for `check`: the job that influence would run has the parameter
asks ()
{
  asks_name=$1
  asks_value=$2
  shift 2
  ends 0 "$ASSAY" influence p.assay --query train:0 --dry-run --json "$@" && field "$asks_name" "$asks_value"
}
check "--name VALUE" asks top 7 --top 7
check "--name=VALUE" asks top 7 --top=7
check "-k VALUE" asks top 7 -k 7
check "-kVALUE" asks top 7 -k7
check "a later value takes the place of an earlier one" asks top 8 --top 7 --top 8
check "a flag" asks mean true --mean
check "a flag with a value" asks mean true --mean=yes
check "--no- takes a flag back" asks mean false --mean --no-mean
check "options may stand before the command's own arguments" ends 0 "$ASSAY" --json influence --top 3 p.assay --query train:0 --dry-run
check "and are understood there" field top 3
check "an option of a section that is chosen" asks max-iterations 9 --method cg --max-iterations 9
check "a repeated option is a list" ends 0 "$ASSAY" influence p.assay --query train:0 --query=train:2-3 --dry-run --json
check "in its order" eval 'tr -d " \n" <out | grep -q "\"query\":\[\"train:0\",\"train:2-3\"\]"'
check "an empty value is a value" says 'top' 2 "$ASSAY" influence p.assay --query train:0 --top=
check "after -- nothing is an option" says '^assay new: --odd/case: ' 3 "$ASSAY" new -- --odd/case
check "a lone - is an argument" says '"-" is one argument too many' 2 "$ASSAY" verify p.assay -

check "an unknown command is told, with the nearest" says 'no command "influense"; did you mean "influence"\?' 2 "$ASSAY" influense p.assay
check "an unknown option, with the nearest" says 'no option --damp.*; did you mean --damping\?' 2 "$ASSAY" influence p.assay --query train:0 --dampin 1
check "one that is like no other" says 'no option --zzzz; assay influence --help lists them' 2 "$ASSAY" influence p.assay --zzzz
check "an unknown letter" says 'no option -Z' 2 "$ASSAY" influence p.assay -Z
check "an unknown general option without a command" says 'no general option --zzzz' 2 "$ASSAY" --zzzz
check "a value that is missing" says '^assay influence: --top: N expected, the command line ends' 2 "$ASSAY" influence p.assay --query train:0 --top
check "a value of the wrong type" says '^assay influence: --top: ' 2 "$ASSAY" influence p.assay --query train:0 --top many
check "a value out of range" says '^assay influence: --top: .*-1' 2 "$ASSAY" influence p.assay --query train:0 --top -1
check "a choice that is none" says 'curvature.*gauss-newton, hessian' 2 "$ASSAY" influence p.assay --query train:0 --curvature flat
check "an option of a section that is not chosen" says 'max-iterations' 2 "$ASSAY" influence p.assay --query train:0 --method exact --max-iterations 3
check "--no- of an option that is no flag" says 'no option --no-top' 2 "$ASSAY" influence p.assay --query train:0 --no-top
check "an argument too many" says 'one argument too many; assay verify --help' 2 "$ASSAY" verify p.assay more
check "an argument too few" says 'CASE' 2 "$ASSAY" verify
check "a required option that is missing" says 'query' 2 "$ASSAY" influence p.assay
check "no command at all" says 'a command is needed; assay --help lists them' 2 "$ASSAY"
check "a case whose path is not UTF-8" says 'CASE: a path in UTF-8 expected' 2 "$ASSAY" new "$(printf 'x\377.assay')"
check "control characters of an argument never reach the terminal" says 'no command "\\x1b\[31m"' 2 "$ASSAY" "$(printf '\033[31m')"

# --- settings ----------------------------------------------------------------

printf '[general]\nthreads=1\n\n[influence]\ntop=21\nmethod=exact\n\n[validate]\nmethod=dot\n' >"$scratch/config/assay/assay.conf"
check "assay.conf gives a value" asks top 21
check "of the command's own group" asks method '"exact"'
check "the command line comes before it" asks top 5 --top 5
printf '[influence]\ntop=22\n' >other.conf
check "--config comes before assay.conf" asks top 22 --config other.conf
ASSAY_INFLUENCE_TOP=23
export ASSAY_INFLUENCE_TOP
check "the environment comes before --config" asks top 23 --config other.conf
check "the command line comes before the environment" asks top 6 --config other.conf --top 6
ASSAY_INFLUENCE_TOP=lots
check "a bad value in the environment is told by the variable's name" says 'environment variable ASSAY_INFLUENCE_TOP: .*lots' 2 \
  "$ASSAY" influence p.assay --query train:0
unset ASSAY_INFLUENCE_TOP
ASSAY_INFLUENCE_QUERY='train:1;train:2'
export ASSAY_INFLUENCE_QUERY
check "a list in the environment" ends 0 "$ASSAY" influence p.assay --dry-run --json
check "has semicolons between its values" eval 'tr -d " \n" <out | grep -q "\"query\":\[\"train:1\",\"train:2\"\]"'
unset ASSAY_INFLUENCE_QUERY
printf '[influence]\ntopp=22\n' >other.conf
check "an unknown entry of a settings file" says 'settings file other.conf: \[influence\] has no option topp' 2 \
  "$ASSAY" influence p.assay --query train:0 --config other.conf
printf 'top 22\n' >other.conf
check "a settings file that is none" says 'settings file other.conf: ' 3 "$ASSAY" influence p.assay --query train:0 --config other.conf
check "a settings file that is not there" says 'settings file none.conf: ' 3 "$ASSAY" influence p.assay --query train:0 --config none.conf
rm "$scratch/config/assay/assay.conf"

# --- documents ---------------------------------------------------------------

is_error ()
{
  field schema '"assay.error"' && field version 1 && field command "$1" && field exit_status "$2" && field cause "\"$3\"" && grep -q '"message": "' out
}
check "success is one document" ends 0 "$ASSAY" info p.assay --json
check "with a schema and the exit status" eval 'field schema "\"assay.info\"" && field version 1 && field exit_status 0'
check "nothing is said beside it" test ! -s err
check "a failure is a document too" ends 3 "$ASSAY" influence p.assay --query train:999 --json
check "with command, cause and message" is_error '"influence"' 3 not-found
check "and the message on standard error" grep -q '^assay influence: ' err
check "so is a command line that is not understood" ends 2 "$ASSAY" influence p.assay --topp 3 --json
check "with cause usage" is_error '"influence"' 2 usage
check "and an unknown command" ends 2 "$ASSAY" nothing --json
check "which has no name" is_error null 2 usage
check "help is a document" ends 0 "$ASSAY" influence --help --json
check "of its own schema" field schema '"assay.help"'
check "so is the version" ends 0 "$ASSAY" --version --json
check "with the build" eval 'field schema "\"assay.version\"" && grep -q "\"compiler\"" out && grep -q "\"instruction_sets\"" out'
# Every line of out is a record; each type that is named is there, the last one last.
records ()
{
  [ "$(grep -c '^{.*"schema":"assay.record".*"version":1}$' out)" -eq "$(wc -l <out)" ] || { echo "records expected"; cat out; return 1; }
  for type in "$@"; do
    grep -q "\"type\":\"$type\"" out || { echo "no record of type $type"; cat out; return 1; }
  done
  tail -n 1 out | grep -q "\"type\":\"$type\""
}
check "with --jsonl a job is a stream of records" ends 0 "$ASSAY" train p.assay --model logistic --target "score in ('Medium', 'High')" --terms age --name watched --jsonl
check "of its begin, its progress and its result" records begin progress result
check "which is the document of --json" grep -q '"document":{.*"schema":"assay.train"' out
check "nothing is said beside them" test ! -s err
check "a failure ends the stream" ends 3 "$ASSAY" influence p.assay --query train:999 --jsonl
check "with the error as its last record" records begin error
check "which names the cause" grep -q '"document":{.*"cause":"not-found"' out
check "a command line that is not understood is a record" ends 2 "$ASSAY" influence p.assay --topp 3 --jsonl
check "and nothing else" eval 'records error && [ "$(wc -l <out)" -eq 1 ]'
check "a reader who goes away does not end the job" eval '"$ASSAY" train p.assay --model logistic --target "score in (\"Medium\", \"High\")" --terms priors --name unwatched --jsonl | true; "$ASSAY" info p.assay --json | grep -q "\"name\": \"unwatched\""'
check "--version names program and licence" eval '"$ASSAY" --version | grep -q "^assay (Assay) [0-9]" && "$ASSAY" --version | grep -q GPL-3.0-or-later'
check "with --verbose how it was built" prints '^compiler ' "$ASSAY" --version --verbose

# --- exit statuses -----------------------------------------------------------

check "0: done" ends 0 "$ASSAY" verify p.assay
check "2: a job file that asks for what cannot be asked" ends 2 sh -c 'echo "{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"tain\"}" >bad.json; "$ASSAY" run bad.json'
check "3: a job file that is none" says 'bad.json line 2: JSON expected' 3 sh -c 'echo "{" >bad.json; "$ASSAY" run bad.json'
check "3: a case that is not there" ends 3 "$ASSAY" info none.assay
check "3: a malformed table" says 'ragged.csv' 3 sh -c 'printf "a,b\n1,2\n3\n" >ragged.csv; "$ASSAY" import p.assay data ragged.csv --name ragged'
check "without a case it is the machine that is described" eval '"$ASSAY" info --json >machine && grep -q "\"instruction_set\"" machine && grep -qE "\"(device|reason)\": \"[^\"]" machine'
check "4: a device that is not here" says '[^ ]' 4 "$ASSAY" info p.assay --isa none
check "3: a folder for the new case that is not there" ends 3 "$ASSAY" new none/case
mkdir shut && chmod 555 shut && chmod 755 .
check "4: no permission" ends 4 powerless "$ASSAY" new shut/case
if [ -w /dev/full ]; then
  check "4: no space on standard output" ends 4 sh -c '"$ASSAY" info p.assay >/dev/full'
else
  skip "4: no space on standard output" "there is no /dev/full"
fi
damage ()
{
  cp -R p.assay damaged.assay && set -- damaged.assay/shards/*-*.h5 && chmod u+w "$1" && printf X | dd of="$1" bs=1 seek=4000 conv=notrunc 2>/dev/null
}
damage
check "1: damage" ends 1 "$ASSAY" verify damaged.assay
check "a reader that goes away is no failure" ends 0 sh -c '{ "$ASSAY" influence --help; echo $? >status; } | true; exit "$(cat status)"'

# --- job files ---------------------------------------------------------------

same_answer ()
{
  set -- "$ASSAY" influence p.assay --query train:1 --method exact --model-name logistic --json
  ends 0 "$@" --dry-run && cp out job.json && ends 0 "$ASSAY" run job.json --json && cp out by_file && ends 0 "$@" --force \
    && diff out by_file
}
check "--dry-run --json, then run: the same document as the direct command's" same_answer
check "--dry-run changes nothing" eval 'ls p.assay/shards >before; "$ASSAY" influence p.assay --query train:5 --dry-run >/dev/null 2>&1; ls p.assay/shards | diff before -'
check "a job that was done is answered from the case" prints 'note: this job was done before' "$ASSAY" run job.json
# The file says "the newest model"; a newer one is trained before it runs.
"$ASSAY" influence p.assay --query train:1 --method dot --dry-run --json >pinned.json
"$ASSAY" train p.assay --model linear --target age --terms priors --quiet >out 2>err
check "a job file runs on the inputs that it was made for, or not at all" says 'pins input 0 \(model\) to other content' 3 "$ASSAY" run pinned.json

# --- what goes where ---------------------------------------------------------

check "a pipe sees no progress bar" eval '"$ASSAY" train p.assay --model mlp --hidden 4 --name piped --target score --terms age,priors --epochs 50 >out 2>err
  ! grep -q "$(printf "\r")" err && ! grep -q "#" err'
check "--quiet says nothing on standard error" eval '"$ASSAY" run job.json --quiet >out 2>err && test ! -s err && test -s out'
check "--verbose says more: the job" prints 'note: job [0-9a-f]{64}' "$ASSAY" run job.json --verbose
check "an existing file is not replaced unasked" says 'scores.npy exists' 2 sh -c ': >scores.npy; "$ASSAY" export p.assay scores --out scores.npy'
check "--yes replaces it" ends 0 "$ASSAY" export p.assay scores --out scores.npy --yes
check "and it is whole" test -s scores.npy

wide ()
{
  for command in $("$ASSAY" --help | sed -n '/^Commands$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'); do
    "$ASSAY" "$command" --help
  done | "${AWK-awk}" 'length > 79'
  "$ASSAY" --help | "${AWK-awk}" 'length > 79'
}
check "help fits 80 columns" silent wide
check "assay help COMMAND is assay COMMAND --help" eval '"$ASSAY" help train >out && "$ASSAY" train --help | diff out -'

# --- stopped and going on ----------------------------------------------------

train ()
{
  exec "$ASSAY" train "$1" --model mlp --hidden 64,64 --name "$2" --target score --terms age,priors --steps "$steps" --checkpoint-seconds 0.1 --json
}

train_whole ()
{
  (train "$@")
}

# stop SIGNAL NAME   ends a training as soon as it has saved something; sets found to its exit status
stop ()
{
  (train p.assay "$2") >out 2>err &
  pid=$!
  while kill -0 $pid 2>/dev/null && ! "$ASSAY" info p.assay --json 2>/dev/null | grep -q "\"name\": \"$2/state\""; do
    sleep 0.1
  done
  kill -"$1" $pid 2>/dev/null
  wait $pid
  found=$?
}

# A training that was over before it could be stopped is tried with more steps.
stopped ()
{
  steps=50000
  while stop "$1" "$3-$steps" && [ $found -eq 0 ] && [ $steps -lt 6000000 ]; do
    steps=$((4 * steps))
  done
  [ $found -eq "$2" ] && field schema '"assay.error"' && field exit_status "$2" && return 0
  echo "exit status $2 expected, $found found"
  cat err
  return 1
}

# The same command goes on, and ends where a training ends that nobody stopped.
goes_on ()
{
  ends 0 train_whole p.assay "$1-$steps" && field from_store false \
    && ends 0 "$ASSAY" export p.assay model --object "$1-$steps" --out went_on.safetensors --yes \
    && { test -d r.assay || { "$ASSAY" new r.assay && "$ASSAY" import r.assay data people.csv --id id; }; } \
    && ends 0 train_whole r.assay whole-$steps && ends 0 "$ASSAY" export r.assay model --object whole-$steps --out whole.safetensors --yes \
    && cmp went_on.safetensors whole.safetensors
}
for way in "INT 130 first" "TERM 5 second" "USR1 5 third"; do
  set -- $way
  # No subshell: check calls stopped in one, which would forget the number of steps.
  stopped "$1" "$2" "$3" >reason
  state=$?
  check "SIG$1 ends a training with $2 after a checkpoint" eval 'cat reason; test $state -eq 0'
  check "the case is whole" ends 0 "$ASSAY" verify p.assay
  check "the same command goes on to the same bits as a training that nobody stopped" goes_on "$3"
done

finish
