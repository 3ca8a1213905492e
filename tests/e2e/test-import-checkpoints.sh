#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checkpoints of a training made elsewhere: a training of this program, exported file by file, stands in for the other one, so that tracin must give the same bits
# for both; and what does not fit is refused in one line.

. "$ASSAY_SRCDIR/tests/tap.sh"
find_python struct
cd "$scratch" || exit 1

"${AWK-awk}" -v rows=61 -f "$ASSAY_SRCDIR/tests/cli/people.awk" >people.csv
data="--target score --terms age,group,priors"
train ()
{
  # shellcheck disable=SC2086
  "$ASSAY" train p.assay $data --model mlp --hidden 5 --dtype f64 --learning-rate 0.01 --schedule constant --batch 61 -q "$@"
}
{
  "$ASSAY" new p.assay -q && "$ASSAY" import p.assay data people.csv --id id -q && train --name m10 --steps 10 && train --name m20 --steps 20 &&
    train --name net --steps 30 --checkpoints 3 && mkdir there init &&
    "$ASSAY" export p.assay model --object m10 --out there/a.safetensors -q && "$ASSAY" export p.assay model --object m20 --out there/b.safetensors -q &&
    "$ASSAY" export p.assay model --object net --out there/c.safetensors -q && cp there/c.safetensors init/model.safetensors &&
    "$ASSAY" info p.assay model/net --json >net.json
} >/dev/null || exit 1
"$python" - <<'PY' || exit 1
import json, struct

def find(node):
    """The document of the architecture, wherever it is."""
    if isinstance(node, dict):
        if "architecture" in node and "config" in node:
            return node
        node = list(node.values())
    return next((found for found in map(find, node) if found), None) if isinstance(node, list) else None

json.dump(find(json.load(open("net.json"))), open("init/config.json", "w"))

# Second moments: 4 everywhere, so that sqrt (v / (1 - 0.5^30)) + eps is one number.
data = open("there/c.safetensors", "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + n])
header.pop("__metadata__", None)
header = {"exp_avg_sq." + name: tensor for name, tensor in header.items()}
end = max(tensor["data_offsets"][1] for tensor in header.values())
def write(name, value):
    text = json.dumps(header).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + struct.pack("<d", value) * (end // 8))
write("there/adam.safetensors", 4.0)
write("there/negative.safetensors", -4.0)

def table(name, *entries, **more):
    json.dump(dict(more, checkpoints=list(entries)), open(name, "w"))
def at(step, weights, **more):
    return dict(more, step=step, learning_rate=0.01, weights=weights + ".safetensors")
table("good.json", at(10, "a"), at(20, "b"), at(30, "c", optimizer="adam.safetensors"), beta2=0.5)
table("other.json", at(5, "a"))
table("order.json", at(20, "b"), at(10, "a"))
table("outside.json", at(10, "../init/model"))
table("missing.json", at(10, "nothing"))
table("negative.json", at(10, "a", optimizer="negative.safetensors"))
table("rate.json", dict(at(10, "a"), learning_rate="fast"))
json.dump({"steps": []}, open("empty.json", "w"))
PY
bring ()
{
  cp "$1.json" there/checkpoints.json && "$ASSAY" import p.assay checkpoints there --model-name there
}
# of MODEL METHOD OPTION...
of ()
{
  model=$1 method=$2
  shift 2
  "$ASSAY" influence p.assay --model-name "$model" --method "$method" --query train:0-4 --top 0 --json -q "$@"
}
"$ASSAY" import p.assay model init --name there -q >/dev/null || exit 1
# shellcheck disable=SC2086
check "without checkpoints tracin says how they come in" prints 'assay import checkpoints' of there tracin $data
check "steps that do not ascend are refused" prints 'checkpoint 1: "step": a whole number above' bring order
check "files elsewhere are refused" prints 'checkpoint 0: "weights": the name of a file beside the table' bring outside
check "files that are not there are named" prints 'nothing.safetensors' bring missing
check "a rate that is no number is refused" prints '"learning_rate": a number' bring rate
check "second moments below 0 are refused" prints 'second moments of 0 or more expected, -4 found' bring negative
check "a table without checkpoints is refused" prints 'a list "checkpoints" expected' bring empty
check "nothing of that is in the case" refuses prints 'there/step' "$ASSAY" info p.assay
cp other.json there/checkpoints.json
check "a model that was trained here is refused" prints 'was trained here' "$ASSAY" import p.assay checkpoints there --model-name net
check "checkpoints come in, with the optimizer's state" prints 'imported 3 checkpoints .* not computed here; 1 of them with' bring good
check "once" prints 'has checkpoints already' bring other

numbers ()
{
  grep -E '^ *"(example|score)": ' "$1" | sed 's/,$//'
}
same ()
{
  numbers "$1" >one.numbers
  numbers "$2" >two.numbers
  [ "$(wc -l <one.numbers)" -ge 600 ] && cmp one.numbers two.numbers
}
of net tracin >here.json
# shellcheck disable=SC2086
of there tracin $data >there.json
check "tracin has the bits of the training itself" same here.json there.json
# shellcheck disable=SC2086
check "trackstar scales by the second moment that came in" prints 'scaled by the second moment of the optimizer' of there trackstar --moment optimizer $data
for method in magic source; do
  # shellcheck disable=SC2086
  check "$method refuses by name: the steps themselves are not known" prints "$method: " of there $method $data
done
finish
