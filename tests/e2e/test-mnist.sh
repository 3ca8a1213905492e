#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Digits from their compressed files to recorded activations: a softmax regression and an MLP of 0.1 million parameters on 5,000 digits,
# recorded, opened by other programs, and asked.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/mnist_t10k
images=$data/t10k-images-idx3-ubyte.gz
[ -f "$images" ] || skip_all "mnist_t10k is not there"
find_python numpy h5py
cd "$scratch" || exit 1

# answers FILE COMMAND...   runs `assay COMMAND... --json`, output to FILE
answers ()
{
  answers_file=$1
  shift
  "$ASSAY" "$@" --json --quiet >"$answers_file" || { cat "$answers_file"; return 1; }
}

check "a case" answers new.json new m.assay
check "10,000 digits, the first half for training" answers import.json import m.assay data "$images" --split order:train=5000,test=rest
check "softmax regression by Newton's method" answers regression.json train m.assay --name regression --model logistic --l2 1e-2
check "is at its optimum, and right on most new digits" "$python" -c '
import json
d = json.load(open("regression.json"))
accuracy = {s["name"]: s["accuracy"] for s in d["splits"]}
assert d["parameters"] == 7850 and d["gradient_norm"] < 1e-12 and accuracy["test"] > 0.85, d'
check "an MLP" answers mlp.json train m.assay --name mlp --model mlp --hidden 128,64 --epochs 3 --batch 64 --checkpoints 2
check "has 0.11 million parameters and learns" "$python" -c '
import json
d = json.load(open("mlp.json"))
accuracy = {s["name"]: s["accuracy"] for s in d["splits"]}
assert d["parameters"] == 109386 and accuracy["test"] > 0.85, d'
check "its activations and gradient norms" answers record.json record m.assay --model-name mlp --split test --taps act1 --taps act2 --gradients '*' --norms
check "as a file for numpy" "$ASSAY" export m.assay activations --array /activations/act1 --out act1.npy -q
check "and its weights" "$ASSAY" export m.assay model --object mlp --out mlp.safetensors -q

cat >judge.py <<'PY'
import glob, gzip, json, numpy as np, h5py, sys
def shards(kind):
    for path in sorted(glob.glob("m.assay/shards/*.h5")):
        with h5py.File(path) as f:
            if kind in f:
                yield path, {n: f[n][()] for n in list_arrays(f)}
def list_arrays(f):
    found = []
    f.visititems(lambda n, o: found.append(n) if isinstance(o, h5py.Dataset) else None)
    return found
parts = [a for _, a in shards("activations")]
act1, act2 = (np.concatenate([p["activations/" + n] for p in parts]).astype(np.float64) for n in ("act1", "act2"))
raw = gzip.open(sys.argv[1]).read()
x = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)[5000:] / 255
header = open("mlp.safetensors", "rb").read()
n = int.from_bytes(header[:8], "little")
index = json.loads(header[8:8 + n])
def weight(name):
    a, b = index[name]["data_offsets"]
    return np.frombuffer(header[8 + n + a:8 + n + b], np.float32).reshape(index[name]["shape"]).astype(np.float64)
h = np.maximum(x @ weight("fc1.weight").T + weight("fc1.bias"), 0)
g = np.maximum(h @ weight("fc2.weight").T + weight("fc2.bias"), 0)
# Half precision rounds to 2^-11; float sums of 784 and 128 terms add far less.
assert act1.shape == (5000, 128) and abs(act1 - h).max() <= 2 ** -11 * abs(h).max() + 1e-3 * abs(h).mean(), abs(act1 - h).max()
assert act2.shape == (5000, 64) and abs(act2 - g).max() <= 2 ** -11 * abs(g).max() + 1e-3 * abs(g).mean(), abs(act2 - g).max()
assert (np.load("act1.npy") == act1).all()
PY
check "h5py reads what a numpy forward pass gives" "$python" judge.py "$images"
if command -v h5dump >/dev/null; then
  check "h5dump reads every shard" sh -c 'for f in m.assay/shards/*.h5; do h5dump -H "$f" >/dev/null || exit 1; done'
else
  skip "h5dump reads every shard" "h5dump is not there"
fi
check "TracIn over its checkpoints" answers tracin.json influence m.assay --model-name mlp --query test:0 --method tracin --top 5
check "the digit that helped most is of the query's own class" "$python" -c '
import gzip, json, sys
label = gzip.open(sys.argv[1]).read()[8:]
scores = json.load(open("tracin.json"))["scores"]
best = max(scores, key=lambda s: s["score"])
assert best["score"] > 0 and label[best["example"]] == label[5000], scores' "$data/t10k-labels-idx1-ubyte.gz"
check "the case is whole" answers verify.json verify m.assay
finish
