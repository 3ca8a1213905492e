#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Exports as other programs see them: whole matrices of scores, activations, per-example gradients and metrics in CSV, NPY and HDF5 say the
# same, name their examples and axes, agree with what the program prints and with mathematics done outside.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python numpy h5py
cd "$scratch" || exit 1

# answers FILE COMMAND...   runs `assay COMMAND... --json`, output to FILE
answers ()
{
  answers_file=$1
  shift
  "$ASSAY" "$@" --json --quiet >"$answers_file" || { cat "$answers_file"; return 1; }
}

"${AWK-awk}" -v rows=300 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
"$ASSAY" new p.assay -q >/dev/null && "$ASSAY" import p.assay data people.csv --id id --split order:train=200,test=rest -q >/dev/null
check "a regression" answers train.json train p.assay --name r --target "score in ('Medium', 'High')" --terms age,group,priors
check "its logits and gradients" answers record.json record p.assay --model-name r --split test --taps fc --gradients fc.weight --gradients fc.bias --type f64
check "scores of three queries" answers scores.json influence p.assay --model-name r --query test:0-2 --method exact --top 0
for what in scores activations "gradients --array /gradients/fc.weight" "metrics --array /metrics/loss"; do
  name=${what%% *}
  for form in csv npy h5; do
    options=$what
    [ $form != h5 ] || options=$name
    check "$name as $form" "$ASSAY" export p.assay $options --out $name.$form -q
  done
done

cat >judge.py <<'PY'
import csv, json, sys
import h5py, numpy as np

def columns(path):
    rows = list(csv.reader(open(path)))
    return {name: [r[k] for r in rows[1:]] for k, name in enumerate(rows[0])}
def numbers(column):
    return np.array([float(v) for v in column])
def load(name):
    return columns(name + ".csv"), np.load(name + ".npy"), h5py.File(name + ".h5")
def axis(array, k):
    return array.dims[k][0]

people = [r for r in csv.DictReader(open("people.csv"))]
found = {c["term"]: c["estimate"] for c in json.load(open("train.json"))["coefficients"]}
x = np.array([[float(r["age"]), r["group"] == "b", r["group"] == "c", float(r["priors"])] for r in people])
y = np.array([r["score"] in ("Medium", "High") for r in people], float)
w = np.array([found["age"], found["group = b"], found["group = c"], found["priors"]])
z = found["(intercept)"] + x @ w
p = 1 / (1 + np.exp(-z))
test = slice(200, 300)

def activations():
    table, array, file = load("activations")
    assert abs(array[:, 0] - z[test]).max() < 1e-12 * abs(z).max()
    assert (numbers(table["fc"]) == array[:, 0]).all() and (file["activations/fc"][()] == array).all()
    assert [int(v) for v in table["index"]] == list(range(100)) and table["id"] == [r["id"] for r in people[test]]
    assert set(table["split"]) == {"test"} and set(table["file"]) == {"people.csv"}
    assert [int(v) for v in table["source_row"]] == list(range(202, 302))
    assert axis(file["activations/fc"], 0).name == "/activations/row"
    names = file["examples/id"].asstr()[()]
    assert [names[k] for k in np.searchsorted(file["examples/data_example"], file["index/example"])] == table["id"]

def gradients():
    table, array, file = load("gradients")
    truth = (p - y)[test, None] * x[test]
    assert array.shape == (100, 4) and abs(array - truth).max() < 1e-12 * abs(truth).max()
    assert (np.stack([numbers(table[f"fc.weight_{k}"]) for k in range(4)], 1) == array).all()
    assert (file["gradients/fc.weight"][()] == array).all()
    assert abs(file["gradients/fc.bias"][:, 0] - (p - y)[test]).max() < 1e-12
    assert abs(file["norms/fc.weight"][()] - (truth ** 2).sum(1)).max() < 1e-12 * (truth ** 2).sum(1).max()
    assert (numbers(table["norms/fc.weight"]) == file["norms/fc.weight"][()]).all()
    assert file["gradients/fc.weight"].attrs["units"] == "nats" and table["id"] == [r["id"] for r in people[test]]

def scores():
    table, array, file = load("scores")
    g = np.concatenate([np.ones((300, 1)), x], 1) * (p - y)[:, None]
    X = np.concatenate([np.ones((200, 1)), x[:200]], 1)
    truth = g[200:203] @ np.linalg.solve((X.T * (p * (1 - p))[:200]) @ X, g[:200].T)
    assert array.shape == (3, 200) and abs(array - truth).max() < 1e-9 * abs(truth).max()
    assert (numbers(table["score"]) == array.ravel()).all() and (file["scores/value"][()] == array).all()
    assert ((numbers(table["lo"]) <= array.ravel()) & (array.ravel() <= numbers(table["hi"]))).all()
    assert table["query_id"] == [r["id"] for r in people[200:203] for _ in range(200)]
    assert table["example_id"] == [r["id"] for r in people[:200]] * 3 and set(table["query_split"]) == {"test"}
    assert file["scores/value"].attrs["units"] == "nats per removed example"
    assert [axis(file["scores/value"], k).name for k in (0, 1)] == ["/query", "/example"]
    for q, answer in enumerate(json.load(open("scores.json"))["queries"]):
        assert answer["query"]["index"] == q and len(answer["scores"]) == 200
        for s in answer["scores"]:
            assert s["score"] == array[q, s["example"]] and s["id"] == people[s["example"]]["id"]
            assert s["lo"] == file["scores/lo"][q, s["example"]] and s["hi"] == file["scores/hi"][q, s["example"]]

def drawn():
    table, array = columns("drawn.csv"), np.load("scores.npy")
    score, se, lo, hi = (numbers(table[name]).reshape(3, 200) for name in ("score", "se_sample", "lo", "hi"))
    assert (se > 0).all() and (lo < score).all() and (score < hi).all() and "se_seed" not in table
    assert abs((hi - lo) / se / (2 * 2.262157162798205) - 1).max() < 1e-6          # nine degrees; the solves are far narrower
    assert 0.5 < ((lo <= array) & (array <= hi)).mean()
    for q, answer in enumerate(json.load(open("drawn.json"))["queries"]):
        assert answer["interval_kind"] == "sampling"
        for s in answer["scores"]:
            assert s["se_sample"] == se[q, s["example"]] and s["se_seed"] is None

def metrics():
    table, array, file = load("metrics")
    assert (numbers(table["loss"]) == array).all() and (file["metrics/loss"][()] == array).all()
    assert [int(v) for v in table["step"]] == list(range(len(array))) == list(file["metrics/step"][()])
    assert abs(array[0] - np.log(2)) < 1e-12 and set(table) == {"step", "loss", "rate", "gradient_norm"}
    for point in json.load(open("train.json"))["curve"]:
        assert array[point["step"]] == point["loss"], point

globals()[sys.argv[1]]()
PY
check "activations are the logits of an own model" "$python" judge.py activations
check "gradients are those of an own model" "$python" judge.py gradients
check "scores are those of an own inverse, and those printed" "$python" judge.py scores
check "metrics are those printed" "$python" judge.py metrics
if command -v h5dump >/dev/null; then
  check "h5dump prints the same numbers" "$python" -c '
import re, subprocess, numpy as np
text = subprocess.run(["h5dump", "-y", "-w", "1", "-m", "%.17g", "-d", "/scores/value", "scores.h5"], capture_output=True, text=True, check=True).stdout
numbers = re.findall(r"-?\d[\d.]*(?:e[-+]?\d+)?", text[text.index("DATA {"):text.index("ATTRIBUTE")])
assert (np.array([float(n) for n in numbers]) == np.load("scores.npy").ravel()).all()'
else
  skip "h5dump prints the same numbers" "h5dump is not there"
fi
check "a shard opens as well as an export" "$python" -c '
import glob, h5py, numpy as np
found = [f["scores/value"][()] for f in map(h5py.File, glob.glob("p.assay/shards/*.h5")) if "scores" in f]
assert len(found) == 1 and (found[0] == np.load("scores.npy")).all()'
check "scores of a drawn curvature" answers drawn.json influence p.assay --model-name r --query test:0-2 --method cg --curvature-examples 80 --curvature-seed 5 --top 0
check "those as csv" "$ASSAY" export p.assay scores --out drawn.csv -q
check "standard errors of a drawn curvature, in both" "$python" judge.py drawn
finish
