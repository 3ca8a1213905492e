#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Activations and gradients of another program: units are measured on the former, the latter are compared by the method rows, and what does not fit is refused in
# one line. Rows that were recorded here stand in for the other program: then everything is known.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python struct
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=61 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q &&
    "$ASSAY" train p.assay --name net --target "score in ('Medium', 'High')" --terms age,group,priors --model mlp --hidden 5 --dtype f64 --steps 40 -q &&
    "$ASSAY" record p.assay --gradients '*' --type f64 -q
} >/dev/null || exit 1

# An array of numbers as NumPy writes it: npy FILE DIMS VALUE..., where the value at a place is a formula of it; nan at the place after "nan".
cat >npy.py <<'PY'
import struct, sys
name, dims, nan = sys.argv[1], [int(d) for d in sys.argv[2].split(",")], int(sys.argv[3]) if len(sys.argv) > 3 else -1
n = 1
for d in dims:
    n *= d
values = [((k * 37) % 101 - 50) / 8 for k in range(n)]
if nan >= 0:
    values[nan] = float("nan")
header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s,), }" % ", ".join(map(str, dims))
header += " " * (63 - (10 + len(header)) % 64) + "\n"
with open(name, "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack("<%dd" % n, *values))
PY
npy ()
{
  "$python" npy.py "$@"
}
npy acts.npy 61,5 && npy turned.npy 5,61 && npy train.npy 61,10 && npy query.npy 3,10 && npy nan.npy 61,10 47 && npy short.npy 60,10 && npy wide.npy 3,11 &&
  npy deep.npy 61,5,2 && npy ten.npy 61,10 || exit 1

bring ()
{
  "$ASSAY" import p.assay "$@"
}
check "activations become a recording, marked" prints 'activations imported/a .*not computed here: 61 rows of 5 numbers' bring activations acts.npy --name a --tap act1
check "whose units are measured" prints 'act1' "$ASSAY" units p.assay --recording imported/a
check "which says that they were imported" prints 'imported/a was imported, not computed here' "$ASSAY" units p.assay --recording imported/a --json
check "and of which the case says where they come from" prints '"imported": true' "$ASSAY" info p.assay activations/imported/a
check "axes may be in another order" bring activations turned.npy --name turned --tap act1 --axes channel,example -q
check "axes of other names are refused" prints 'axes: example,channel once each' bring activations acts.npy --name b --tap act1 --axes example,neuron
check "another number of axes is refused" prints 'the 2 axes .* expected, 3 found' bring activations deep.npy --name b --tap act1
check "another number of channels is refused" prints '5 channels of the tap expected, 10 found' bring activations ten.npy --name b --tap act1
check "a tap that the model has not is refused" prints 'no result of the model has such a name' bring activations acts.npy --name b --tap act7
check "a name is taken once" prints 'already' bring activations turned.npy --name a --tap act1 --axes channel,example

check "gradients become rows, marked" prints 'gradients imported/g .*not computed here: 64 rows of 10 numbers' bring gradients train.npy query.npy --query train:0-2 --name g \
  --program "other 1.2"
check "NaN is named" prints 'example 4, place 7: a finite number .* expected, nan found' bring gradients nan.npy --name h
check "another number of rows is refused" prints '61 training examples expected, 60 found' bring gradients short.npy --name h
check "queries of another width are refused" prints '10 numbers a row, as in the first file, expected, 11 found' bring gradients train.npy wide.npy --query train:0-2 --name h
check "a second file wants queries" prints 'query is needed' bring gradients train.npy query.npy --name h
check "another number of queries is refused" prints '2 queries .* expected, 3 found' bring gradients train.npy query.npy --query train:0-1 --name h

ask ()
{
  "$ASSAY" influence p.assay --method rows --query train:1 --top 3 "$@"
}
check "they are compared, and the answer says whose they are" prints 'imported, not computed here: other 1.2' ask --rows imported/g --json
for similarity in cosine whitened; do
  check "also by $similarity" prints '"method": "rows"' ask --rows imported/g --similarity $similarity --json
done
check "without rows it says what to do" prints 'assay import gradients' ask
check "a query that has no row is named" prints 'a row for the query .* expected, none found' "$ASSAY" influence p.assay --method rows --rows imported/g --query train:9
check "they are held against retraining like any method's" prints '"lds"' "$ASSAY" validate p.assay --method rows --rows imported/g --query train:0-2 --leave-one-out 0 \
  --groups 6 --json

# Gradients that were recorded here give what the method dot gives.
"$ASSAY" influence p.assay --method dot --query train:0-4 --top 0 --json -q >dot.json
"$ASSAY" influence p.assay --method rows --rows net/train --query train:0-4 --top 0 --json -q >rows.json
# alike A B: equal scores but for rounding
alike ()
{
  for file in "$@"; do
    "$python" -c '
import json, sys
d = json.load(open(sys.argv[1]))
for q in d["queries"]:
    for s in sorted(q["scores"], key=lambda s: s["example"]):
        print(repr(s["score"]))' "$file" >"$file.scores"
  done
  "$python" -c '
import sys
a, b = ([float(x) for x in open(f)] for f in sys.argv[1:])
assert len(a) == len(b) == 5 * 61
size = max(map(abs, a))
assert all(abs(x - y) <= 1e-12 * size for x, y in zip(a, b)), max(abs(x - y) for x, y in zip(a, b)) / size' "$1.scores" "$2.scores"
}
check "rows that were recorded have the inner products of gradients" alike dot.json rows.json
finish
