#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input from every side, through the program: one line that says where, what was expected and what was found, a documented exit
# status, and a case that is whole afterwards.

. "$ASSAY_SRCDIR/tests/tap.sh"
cd "$scratch" || exit 1

# refused STATUS PATTERN COMMAND...   for `check`: `assay COMMAND...` ends so, with one matching line on standard error and nothing on
# standard output, and leaves the files of good.assay as they were
refused ()
{
  refused_status=$1 refused_pattern=$2
  shift 2
  ls good.assay/shards >shards
  "$ASSAY" "$@" >out 2>err </dev/null
  refused_found=$?
  if ! ls good.assay/shards | cmp -s - shards; then
    echo "something was committed:"
    ls good.assay/shards | diff shards -
    return 1
  fi
  [ "$refused_found" -eq "$refused_status" ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] && grep -Eq -e "$refused_pattern" err && return 0
  echo "status $refused_status and one line that matches $refused_pattern expected; status $refused_found and this found:"
  cat err
  return 1
}

whole ()
{
  "$ASSAY" verify good.assay >out 2>err </dev/null || { cat out err; return 1; }
}

"$ASSAY" new good.assay -q >/dev/null
"${AWK-awk}" -v rows=40 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" import good.assay data people.csv --id id -q >/dev/null
"$ASSAY" train good.assay --model logistic --target "score in ('Medium', 'High')" --terms age,priors --l2 0.01 -q >/dev/null
check "a case to try it on" whole

# --- CSV ---------------------------------------------------------------------

# csv NAME: standard input as NAME, imported under that name
bad_csv ()
{
  cat >"$1"
}
printf 'a,b\n1,2\n3\n' | bad_csv ragged.csv
check "a row with too few fields" refused 3 'ragged\.csv.*(line|row) 3.*2 .*expected.*1 ' import good.assay data ragged.csv --name x
printf 'a,b\n1,2\n3,4,5\n' | bad_csv wide.csv
check "a row with too many fields" refused 3 'wide\.csv.*(line|row) 3.*2 .*expected.*3 ' import good.assay data wide.csv --name x
printf 'a,b\n1,2\n3,x\0y\n' | bad_csv nul.csv
check "a NUL byte" refused 3 'nul\.csv.*3.*NUL' import good.assay data nul.csv --name x
printf 'a,b\n1,2\n3,caf\351\n' | bad_csv latin.csv
check "bytes that are not UTF-8" refused 3 'latin\.csv.*3.*UTF-8' import good.assay data latin.csv --name x
printf 'a,b\n1,"open\n3,4\n' | bad_csv quote.csv
check "a quote that never ends" refused 3 'quote\.csv.*2.*quote' import good.assay data quote.csv --name x
printf 'a,a\n1,2\n' | bad_csv twice.csv
check "a column named twice" refused 3 'twice\.csv.*"a"' import good.assay data twice.csv --name x
printf 'a,b\n' | bad_csv none.csv
check "a table without rows" refused 3 'none\.csv' import good.assay data none.csv --name x
: >empty.csv
check "an empty file" refused 3 'empty\.csv' import good.assay data empty.csv --name x
check "a file that is not there" refused 3 'missing\.csv' import good.assay data missing.csv --name x
check "a folder in place of a file" refused 3 '\.: ' import good.assay data . --name x
printf 'a,b\n1,2\n,4\n' | bad_csv gap.csv
check "a missing value where none may be" refused 3 'gap\.csv.*3.*"?a"?' import good.assay data gap.csv --name x --missing refuse
check "a key column that is not there" refused 3 'people\.csv.*"kee"' import good.assay data people.csv --name x --id kee
gzip -c people.csv >whole.csv.gz
head -c 200 whole.csv.gz >cut.csv.gz
check "a gzip file that was cut off" refused 3 'cut\.csv\.gz: .*(byte|cut|end)' import good.assay data cut.csv.gz --name x
(head -c 60 whole.csv.gz; printf 'damage'; tail -c +67 whole.csv.gz) >hurt.csv.gz
check "a gzip file with damage inside" refused 3 'hurt\.csv\.gz' import good.assay data hurt.csv.gz --name x

# --- IDX ---------------------------------------------------------------------

printf '\000\000\010\003\000\000\000\002\000\000\000\002\000\000\000\002\001\002\003\004\005\006\007\010' >images
printf '\000\000\010\001\000\000\000\002\000\001' >labels
check "images with their labels" "$ASSAY" import good.assay data images --labels labels --name pictures -q
head -c 20 images >short
check "fewer pixels than the header says" refused 3 'short.*(byte|pixel)' import good.assay data short --labels labels --name x
printf 'x' | cat images - >long
check "more bytes than the header says" refused 3 'long.*byte' import good.assay data long --labels labels --name x
printf '\000\000\010\001\000\000\000\003\000\001\002' >three
check "labels that are not as many as images" refused 3 'images has 2 images and three 3 labels' import good.assay data images --labels three --name x
printf '\000\000\010\003\377\377\377\377\377\377\377\377\377\377\377\377' >huge
check "a header that asks for more than there is" refused 3 'huge' import good.assay data huge --labels labels --name x

printf '\000\000\010\001\000\000\000\002\000\011' >nine
check "a label that is no class" refused 3 'nine byte 9 \(record 2\): a label below 5 expected, 9 found' import good.assay data images --labels nine --classes 5 --name x
printf '\000\000\015\003\000\000\000\002\000\000\000\002\000\000\000\002' >floats
check "values of another type" refused 3 'floats: type 0x08.*byte 2, 0x0d found' import good.assay data floats --labels labels --name x

# --- JSONL -------------------------------------------------------------------

printf '{"a": 1, "b": "x"}\n{"a": 2, "b": \n' >cut.jsonl
check "a line that is no JSON" refused 3 'cut\.jsonl.*line 2' import good.assay data cut.jsonl --name x
printf '{"a": 1}\n[1, 2]\n' >list.jsonl
check "a line that is no object" refused 3 'list\.jsonl.*line 2.*object' import good.assay data list.jsonl --name x
printf '{"a": 1, "a": 2}\n' >twice.jsonl
check "a name used twice" refused 3 'twice\.jsonl.*line 1' import good.assay data twice.jsonl --name x

# --- models ------------------------------------------------------------------

# model NAME HEADER BYTES: a directory with config.json and a safetensors file of that header and so many zero bytes
model ()
{
  mkdir -p "$1"
  printf '{"architecture": "linear", "config": {"inputs": 2, "outputs": 2, "bias": true, "loss": "xent"}, "dtype": "f64"}' >"$1/config.json"
  length=$(printf '%s' "$2" | wc -c)
  { printf "$(printf '\\%03o\\%03o\\000\\000\\000\\000\\000\\000' $((length % 256)) $((length / 256)))"; printf '%s' "$2"; head -c "$3" /dev/zero; } >"$1/model.safetensors"
}
model fits '{"fc.weight":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]},"fc.bias":{"dtype":"F64","shape":[2],"data_offsets":[32,48]}}' 48
check "a model that fits" "$ASSAY" import good.assay model fits --name fits -q
model overlap '{"fc.weight":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]},"fc.bias":{"dtype":"F64","shape":[2],"data_offsets":[24,40]}}' 48
check "tensors that overlap" refused 3 'overlap/model\.safetensors' import good.assay model overlap --name x
model large '{"fc.weight":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]},"fc.bias":{"dtype":"F64","shape":[2],"data_offsets":[32,4800]}}' 48
check "a tensor beyond the end" refused 3 'large/model\.safetensors' import good.assay model large --name x
model shape '{"fc.weight":{"dtype":"F64","shape":[2,3],"data_offsets":[0,48]},"fc.bias":{"dtype":"F64","shape":[2],"data_offsets":[48,64]}}' 64
check "a tensor of another shape" refused 3 'fc\.weight.*\(2,2\).*\(2,3\)' import good.assay model shape --name x
model lacking '{"fc.weight":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}}' 32
check "a tensor that is not there" refused 3 'fc\.bias' import good.assay model lacking --name x
mkdir cutoff && cp fits/config.json cutoff && head -c 100 fits/model.safetensors >cutoff/model.safetensors
check "a file that was cut off" refused 3 'cutoff/model\.safetensors' import good.assay model cutoff --name x
mkdir config && cp fits/model.safetensors config && echo '{"architecture": "linear", "config": {"inputs": -2}}' >config/config.json
check "a configuration that cannot be" refused 3 'config/config\.json.*inputs' import good.assay model config --name x
python3 - <<'PY' 2>/dev/null || cp -r fits nan
import os, struct
os.makedirs("nan", exist_ok=True)
open("nan/config.json", "w").write(open("fits/config.json").read())
raw = bytearray(open("fits/model.safetensors", "rb").read())
raw[-16:-8] = struct.pack("<d", float("nan"))
open("nan/model.safetensors", "wb").write(raw)
PY
cmp -s nan/model.safetensors fits/model.safetensors || check "a NaN among the weights" refused 3 'nan/model\.safetensors.*fc\.bias' import good.assay model nan --name x

# --- questions ---------------------------------------------------------------

check "a query beyond the end" refused 3 'train:999: .*0 to 39' influence good.assay --model-name logistic --query train:999
check "a query of a split that is not there" refused 3 'tset' influence good.assay --model-name logistic --query tset:0
check "a key that nobody has" refused 3 'id:nobody|nobody' influence good.assay --model-name logistic --query id:nobody
check "a query that is none" refused 2 'train' influence good.assay --model-name logistic --query train
check "a model that is not there" refused 3 'did you mean.*logistic|logistics' influence good.assay --model-name logistics --query train:0
check "a column that is not there" refused 3 '"agee"; did you mean "age"\?' train good.assay --name x --model logistic --target score --terms agee
check "an expression that is none" refused 3 'filter: .*position 6' train good.assay --name x --model logistic --target score --filter 'age >'
check "a filter that keeps nothing" refused 3 'filter|0 ' train good.assay --name x --model logistic --target score --filter 'age > 1000'
check "a target of one value" refused 3 'target: "true" in every row kept; at least two classes' train good.assay --name x --model logistic --target 'age > 0'
check "a level that is not there" refused 3 'no level "zzz".*"a", "b", "c"' train good.assay --name x --model logistic --target score --terms group --reference group=zzz

# --- as one JSON document -----------------------------------------------------

one_document ()
{
  "$ASSAY" import good.assay data ragged.csv --name x --json >out 2>err </dev/null
  [ $? -eq 3 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q '"schema": "assay.error"' out && grep -q '"cause": "' out && grep -q '"exit_status": 3' out \
    && grep -q '"message": "ragged\.csv line 3' out && return 0
  cat out err
  return 1
}
check "an error as one JSON document, and a line for people" one_document

# --- labels and models that do not fit together -------------------------------

"$ASSAY" import good.assay data images --labels nine --classes 10 --name nines -q >/dev/null
model pixels '{"fc.weight":{"dtype":"F64","shape":[2,4],"data_offsets":[0,64]},"fc.bias":{"dtype":"F64","shape":[2],"data_offsets":[64,80]}}' 80
sed -i 's/"inputs": 2/"inputs": 4/' pixels/config.json
check "a model for two classes" "$ASSAY" import good.assay model pixels --name pixels -q
for job in "influence --method dot --query train:0" "influence --method exact --query train:0" "record --taps fc" check; do
  check "data with a tenth class, for assay ${job%% *}" refused 3 'train:1 \(images record 2\): a class from 0 to 1 expected, 9 found' \
    ${job%% *} good.assay --model-name pixels --data nines $(printf '%s' "$job" | sed 's/^[a-z]*//')
done
check "and for further training" refused 3 'train:1 \(images record 2\): a class from 0 to 1 expected, 9 found' train good.assay --model pixels --data nines --name x

# --- NaN -----------------------------------------------------------------------

printf 'a,y\n1,0\nnan,1\n3,0\n4,1\n' >nan.csv
check "a NaN among the data" refused 3 'nan\.csv line 3: column "a": "nan" is not a finite number' import good.assay data nan.csv --name x
printf '{"a": 1}\n{"a": 1e999}\n' >inf.jsonl
check "a number beyond any double" refused 3 'inf\.jsonl line 2' import good.assay data inf.jsonl --name x
check "a training that runs away names tensor, example and step" refused 3 \
  'training step [0-9]+: train:[0-9]+ \(id [0-9]+, people\.csv line [0-9]+\): value of loss is not finite' \
  train good.assay --name x --model linear --target age --terms priors --optimizer sgd --learning-rate 1e6 --batch 8 --steps 500

# --- the case itself ---------------------------------------------------------

check "a folder that is no case" refused 3 'is not an Assay case.*assay new' info .
check "a case that is not there" refused 3 'none\.assay' info none.assay
check "a case where something else stands" refused 2 'people\.csv|exists' new people.csv
cp -r good.assay newer.assay
marker=$(ls newer.assay | grep -v '^shards$' | grep -Ei 'case|assay|format|version' | head -n 1)
sed -i 's/\("version": *\|^version \)[0-9][0-9]*/\1999/; s/"format_version": *[0-9]*/"format_version": 999/' "newer.assay/$marker"
check "a case of a newer format" refused 3 'newer\.assay.*999' info newer.assay
# The training that follows reads the data, the influence reads the model too.
for object in data/main model/logistic; do
  rm -rf hurt.assay && cp -r good.assay hurt.assay
  shard=$("$ASSAY" info hurt.assay "$object" --json | sed -n 's/.*"file": "\(shards[^"]*\)".*/\1/p')
  chmod u+w "hurt.assay/$shard"
  printf '\377\376\375\374' | dd of="hurt.assay/$shard" bs=1 seek=$(($(wc -c <"hurt.assay/$shard") / 2)) conv=notrunc 2>/dev/null
  check "damage in $object is found" sh -c '"$ASSAY" verify hurt.assay >out 2>err </dev/null; [ $? -eq 1 ]'
  check "and named" grep -q "$(basename "$shard")" out
  [ "$object" = model/logistic ] || check "a training refuses it" refused 1 "$shard: has SHA-256" train hurt.assay --name x --target score --terms age
  check "scores refuse it" refused 1 "$shard: has SHA-256" influence hurt.assay --model-name logistic --query train:0 --method exact
  check "the list of objects does not need it" "$ASSAY" info hurt.assay
done
cp -r good.assay cut.assay && truncate -s 5000 cut.assay/"$shard"
check "a shard that was cut off" refused 1 "$shard: has 5000 bytes, the journal says" influence cut.assay --model-name logistic --query train:0 --method dot
rm cut.assay/"$shard"
check "a shard that is gone" refused 1 "$shard: cannot be opened" influence cut.assay --model-name logistic --query train:0 --method dot

mkdir closed && chmod 555 closed
new_in_closed ()
{
  powerless "$ASSAY" new closed/x.assay >out 2>err
  [ $? -eq 4 ] && grep -q 'closed.*ermission' err && [ "$(wc -l <err)" -eq 1 ] || { cat out err; return 1; }
}
check "a directory without permission" new_in_closed

# --- a full disk ---------------------------------------------------------------

# A limit of 32 kB (64 kB in some shells) for every file is a disk that is full in the middle of a shard.
full_file ()
{
  (ulimit -f 64 && refused 4 'shards/.*: write stopped after [0-9]+ of [0-9]+ bytes; [0-9]+ more bytes are needed' "$@")
}
"${AWK-awk}" -v rows=3000 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >many.csv
check "no room for a shard" full_file import good.assay data many.csv --name x
check "the same when there is room again" "$ASSAY" import good.assay data many.csv --name many -q
# A real one: a file system of 400 kB in a mount name space of its own.
cat >full.sh <<'SH'
mkdir disk && mount -t tmpfs -o size=400k tmpfs disk || exit 77
"$ASSAY" new disk/x.assay -q && "$ASSAY" import disk/x.assay data many.csv -q && "$ASSAY" train disk/x.assay --target score --terms age,priors --l2 0.01 -q || exit 1
ls disk/x.assay/shards >before
"$ASSAY" influence disk/x.assay --query train:0-200 --method dot 2>err
[ $? -eq 4 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'No space left on device' err || { cat err; exit 1; }
dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null
for job in "influence disk/x.assay --query train:0 --method dot" "export disk/x.assay model --out disk/m.safetensors" "new disk/y.assay"; do
  "$ASSAY" $job 2>err
  [ $? -eq 4 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'No space left on device' err || { cat err; exit 1; }
done
ls disk/x.assay/shards | diff before - && [ ! -e disk/m.safetensors ] && "$ASSAY" verify disk/x.assay || exit 1
rm disk/fill
"$ASSAY" influence disk/x.assay --query train:0-9 --method dot -q
[ $? -eq 4 ] && "$ASSAY" verify disk/x.assay
SH
unshare -rm sh full.sh >full.log 2>&1
status=$?
if [ $status -eq 77 ] || grep -q '^unshare' full.log; then
  skip "a full file system" "a file system cannot be mounted here"
else
  check "a full file system" sh -c 'cat full.log; [ "$1" -eq 0 ]' sh $status
fi

check "after all of this the case is whole" whole
finish
