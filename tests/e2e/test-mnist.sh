#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Digits from their compressed files to recorded activations: a softmax regression and an MLP of 0.1 million parameters on 5,000 digits,
# recorded, opened by other programs, and asked.

. "$ASSAY_SRCDIR/tests/tap.sh"

data=${ASSAY_TEST_DATA-$ASSAY_SRCDIR/../shared/data}/mnist_t10k
images=$data/t10k-images-idx3-ubyte.gz
labels=$data/t10k-labels-idx1-ubyte.gz
[ -f "$images" ] && [ -f "$labels" ] || skip_all "mnist_t10k is not there"
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
check "10,000 digits, the first half for training" answers import.json import m.assay data "$images" --split order:train=5000,few=32,test=rest
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
check "whole gradients of a few digits" answers few.json record m.assay --model-name mlp --split few --gradients '*' --gradients fc3.weight
check "the regression's gradients" answers linear.json record m.assay --model-name regression --split few --gradients fc.weight --type f64
check "as a file for numpy" "$ASSAY" export m.assay activations --array /activations/act1 --out act1.npy -q
check "and its weights" "$ASSAY" export m.assay model --object mlp --out mlp.safetensors -q
check "and those of the regression" "$ASSAY" export m.assay model --object regression --out regression.safetensors -q
check "gradients as files" "$ASSAY" export m.assay gradients --object mlp/few --array /gradients/fc3.weight --out fc3.npy -q
for object in mlp/few mlp/test regression/few; do
  check "gradients of $object" "$ASSAY" export m.assay gradients --object $object --out "$(echo $object | tr / -).h5" -q
done

cat >judge.py <<'PY'
import glob, gzip, json, numpy as np, h5py, sys
raw = [gzip.open(path).read() for path in sys.argv[1:3]]
x = np.frombuffer(raw[0], np.uint8, offset=16).reshape(-1, 784) / 255
label = np.frombuffer(raw[1], np.uint8, offset=8)
few, test = slice(5000, 5032), slice(5032, 10000)

def weights(path):
    raw = open(path, "rb").read()
    n = int.from_bytes(raw[:8], "little")
    types = {"F32": np.float32, "F64": np.float64}
    return {name: np.frombuffer(raw[8 + n + t["data_offsets"][0]:8 + n + t["data_offsets"][1]], types[t["dtype"]]).reshape(t["shape"]).astype(float)
            for name, t in json.loads(raw[8:8 + n]).items() if name != "__metadata__"}
def close(found, truth, relative):
    found = np.asarray(found, float)
    assert found.shape == truth.shape, (found.shape, truth.shape)
    assert abs(found - truth).max() <= relative * abs(truth).max(), abs(found - truth).max() / abs(truth).max()
def softmax_gradient(z, y):
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y])
    p[np.arange(len(y)), y] -= 1
    return p, loss

# The MLP in float64, forward and back.
w = weights("mlp.safetensors")
h1 = np.maximum(x @ w["fc1.weight"].T + w["fc1.bias"], 0)
h2 = np.maximum(h1 @ w["fc2.weight"].T + w["fc2.bias"], 0)
d3, loss = softmax_gradient(h2 @ w["fc3.weight"].T + w["fc3.bias"], label)
d2 = d3 @ w["fc3.weight"] * (h2 > 0)
d1 = d2 @ w["fc2.weight"] * (h1 > 0)
norms = sum((d ** 2).sum(1) * ((a ** 2).sum(1) + 1) for d, a in ((d1, x), (d2, h1), (d3, h2)))

# Half precision keeps 11 bits. Float sums of 784 terms lose at most 784 2^-24, and a unit that float and double see on different sides of
# zero is as small as that.
half, single = 2.0 ** -11, 784 * 2.0 ** -24
parts = [f for f in map(h5py.File, sorted(glob.glob("m.assay/shards/*.h5"))) if "activations" in f]
act1, act2 = (np.concatenate([f["activations/" + n][()] for f in parts]).astype(float) for n in ("act1", "act2"))
close(act1, h1[test], half + single)
close(act2, h2[test], half + single)
assert (np.load("act1.npy") == act1).all()
with h5py.File("mlp-test.h5") as f:
    close(f["norms/*"], norms[test], 4 * single)
with h5py.File("mlp-few.h5") as f:
    truth = np.einsum("no,ni->noi", d3, h2)[few].reshape(32, -1)
    close(f["gradients/fc3.weight"], truth, 4 * single)
    assert (np.load("fc3.npy") == f["gradients/fc3.weight"][()]).all()
    whole = f["gradients/*"][()].astype(float)
    assert whole.shape == (32, 109386)
    close((whole ** 2).sum(1), norms[few], 8 * single)
    close(f["norms/*"], (whole ** 2).sum(1), single)
for split, part in (("few", few), ("test", test)):
    printed = {s["name"]: s["loss"] for s in json.load(open("mlp.json"))["splits"]}[split]
    assert abs(printed - loss[part].mean()) <= single * printed, (printed, loss[part].mean())

# The regression, all in double precision.
v = weights("regression.safetensors")
d, loss = softmax_gradient(x @ v["fc.weight"].T + v["fc.bias"], label)
with h5py.File("regression-few.h5") as f:
    close(f["gradients/fc.weight"], np.einsum("no,ni->noi", d, x)[few].reshape(32, -1), 1e-12)
objective = loss[:5000].mean() + 0.005 * sum((a ** 2).sum() for a in v.values())
assert abs(objective - json.load(open("regression.json"))["objective"]) < 1e-12 * objective
PY
check "h5py reads what numpy's own passes give, activations and gradients, and what was printed" "$python" judge.py "$images" "$labels"
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
assert best["score"] > 0 and label[best["example"]] == label[5032], scores' "$labels"
check "the case is whole" answers verify.json verify m.assay
finish
