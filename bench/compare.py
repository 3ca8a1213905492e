#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assay beside PyTorch on one transformer: parity first, then interleaved timings.

    PEER_PYTHON=/path/to/venv/bin/python bench/compare.py BUILD_DIR [--model A|B] [--threads 1] [--pairs 9] [--jobs gradient,...]
                                                         [--memory] [--contended]

--memory adds the peak resident memory of a process that does one job once. --contended adds the gradient's wall time with two threads,
alone and beside another program that keeps one processor busy.

Prints one JSON document. Exits 77 with a reason when the peer is not installed, 1 when the results disagree (then nothing is timed).
Rules: same weights, tokens, direction, float32 and threads on both sides; OPENBLAS_CORETYPE and OPENBLAS_NUM_THREADS are unset for
both; one warm-up each, then pairs A B A B ...; the score is the ratio of medians; the limit is the processor's measured peak.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile

MODELS = {"A": dict(vocabulary=512, context=128, width=128, layers=4, heads=4, batch=8),
          "B": dict(vocabulary=4096, context=256, width=256, layers=6, heads=8, batch=4)}

# The beginning of a program that writes the weights of a transformer: sizes are its second argument.
TRANSFORMER = """
import json, sys
import numpy as np
from safetensors.numpy import save_file
folder, m = sys.argv[1], json.loads(sys.argv[2])
rng = np.random.default_rng(7)
V, T, C, L = m["vocabulary"], m["context"], m["width"], m["layers"]
shapes = {"wte.weight": (V, C), "wpe.weight": (T, C)}
for l in range(L):
    p = f"h.{l}."
    shapes.update({p + "ln_1.weight": (C,), p + "ln_1.bias": (C,), p + "attn.c_attn.weight": (3 * C, C), p + "attn.c_attn.bias": (3 * C,),
                   p + "attn.c_proj.weight": (C, C), p + "attn.c_proj.bias": (C,), p + "ln_2.weight": (C,), p + "ln_2.bias": (C,),
                   p + "mlp.c_fc.weight": (4 * C, C), p + "mlp.c_fc.bias": (4 * C,), p + "mlp.c_proj.weight": (C, 4 * C), p + "mlp.c_proj.bias": (C,)})
shapes.update({"ln_f.weight": (C,), "ln_f.bias": (C,)})
"""

MAKE_CASE = TRANSFORMER + """
B = m["batch"]
weights = {n: (1 + 0.1 * rng.standard_normal(s) if ".ln_" in "." + n and n.endswith("weight") else
               0.05 * rng.standard_normal(s)).astype(np.float32) for n, s in shapes.items()}
save_file(weights, folder + "/model.safetensors")
P = sum(w.size for w in weights.values())
save_file({"tokens": rng.integers(0, V, (B, T), dtype=np.int32), "targets": rng.integers(0, V, (B, T), dtype=np.int32),
           "direction": rng.standard_normal(P).astype(np.float32)}, folder + "/batch.safetensors")
json.dump(list(shapes), open(folder + "/order.json", "w"))
json.dump({"architecture": "transformer", "dtype": "f32",
           "config": {"vocabulary": V, "context": T, "width": C, "layers": L, "heads": m["heads"], "eps": 1e-5}},
          open(folder + "/config.json", "w"))
"""

COMPARE = """
import sys
import numpy as np
a, b = np.load(sys.argv[1]).astype(np.float64).ravel(), np.load(sys.argv[2]).astype(np.float64).ravel()
assert a.shape == b.shape, (a.shape, b.shape)
print(float(np.abs(a - b).max() / np.abs(b).max()))
"""


class Side:
    def __init__(self, command):
        env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args[0]}: no answer to {line!r}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def summary(rows, key):
    values = [r[key] for r in rows]
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def has(python, modules):
    return bool(python) and subprocess.run([python, "-c", "import " + modules], capture_output=True).returncode == 0


def time_pairs(ours, theirs, ask, pairs, key):
    """One warm-up each, then pairs A B A B ...: the last answers, and medians, ratios of medians, and the range of ratios of pairs by key ("cpu" or "wall")."""
    ours.ask(ask), theirs.ask(ask)
    a, b = [], []
    for _ in range(pairs):
        a.append(ours.ask(ask))
        b.append(theirs.ask(ask))
    ratios = [y[key] / x[key] for x, y in zip(a, b)]
    row = {"pair_ratios": {"min": min(ratios), "max": max(ratios)}}
    for clock in ("cpu", "wall"):
        row["ours_" + clock], row["peer_" + clock] = summary(a, clock), summary(b, clock)
        row["ratio_" + clock] = row["peer_" + clock]["median"] / row["ours_" + clock]["median"]
    return a[-1], b[-1], row


def commands(args, folder, threads):
    here = os.path.dirname(os.path.abspath(__file__))
    return {"ours": [os.path.join(args.build, "bench", "model"), folder, "--threads", str(threads)],
            "peer": [os.environ.get("PEER_PYTHON", sys.executable), os.path.join(here, "peers", "torch_model.py"), folder,
                     "--threads", str(threads)]}


def measure_memory(args, folder):
    """Peak resident bytes of a fresh process that does one job once, and the exact bytes of our walk."""
    result = {}
    for job in ("gradient", "hessian-cold"):
        for side, command in commands(args, folder, 1).items():
            process = Side(command)
            answer = process.ask("time " + job)
            process.close()
            result.setdefault(job, {})[side] = answer["peak_rss"]
            if "walk_bytes" in answer:
                result[job]["our_walk_bytes"] = answer["walk_bytes"]
    result["cold_hessian_of_our_gradient"] = result["hessian-cold"]["ours"] / result["gradient"]["ours"]
    result["cold_hessian_walk_of_our_gradient_walk"] = result["hessian-cold"]["our_walk_bytes"] / result["gradient"]["our_walk_bytes"]
    result["cold_hessian_of_peer"] = result["hessian-cold"]["ours"] / result["hessian-cold"]["peer"]
    return result


def measure_contended(args, folder):
    """Wall seconds of the gradient with two threads, alone and with one processor taken; both sides interleaved."""
    sides = {name: Side(command) for name, command in commands(args, folder, 2).items()}
    result = {name: {} for name in sides}
    for state in ("free", "contended"):
        burner = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if state == "contended" else None
        rows = {name: [] for name in sides}
        for side in sides.values():
            side.ask("time gradient")
        for _ in range(args.pairs):
            for name, side in sides.items():
                rows[name].append(side.ask("time gradient"))
        if burner:
            burner.kill()
            burner.wait()
        for name in sides:
            result[name][state] = summary(rows[name], "wall")
    for name, side in sides.items():
        result[name]["slowdown"] = result[name]["contended"]["median"] / result[name]["free"]["median"]
        side.close()
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--contended", action="store_true")
    parser.add_argument("--model", default="B", choices=sorted(MODELS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--jobs", default="forward,gradient,hessian,hessian-cold,gauss-newton")
    args = parser.parse_args()
    peer = os.environ.get("PEER_PYTHON", sys.executable)
    if not has(peer, "torch, safetensors"):
        print("SKIP: torch and safetensors are not installed for PEER_PYTHON")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([peer, "-c", MAKE_CASE, folder, json.dumps(MODELS[args.model])], check=True)
        ours, theirs = (Side(command) for command in commands(args, folder, args.threads).values())
        document = {"schema": "assay-bench-compare-1", "model": args.model, "sizes": MODELS[args.model], "threads": args.threads,
                    "pairs": args.pairs, "ours": ours.ask("info"), "peer": theirs.ask("info"), "parity_bound": 1e-4, "jobs": {}}
        for job in args.jobs.split(","):
            files = [os.path.join(folder, side + ".npy") for side in ("ours", "theirs")]
            ours.ask(f"dump {job} {files[0]}")
            theirs.ask(f"dump {job} {files[1]}")
            error = float(subprocess.run([peer, "-c", COMPARE, *files], check=True, capture_output=True, text=True).stdout)
            row = document["jobs"][job] = {"relative_difference": error}
            if not error <= document["parity_bound"]:
                row["refused"] = "results differ: nothing is timed"
                continue
            last, _, timed = time_pairs(ours, theirs, "time " + job, args.pairs, "cpu")
            row.update(timed)
            if "flops" in last:
                row["ours_gflops"] = last["flops"] / row["ours_cpu"]["median"] / 1e9
                row["fraction_of_peak"] = row["ours_gflops"] / document["ours"]["peak_gflops"]
        if "gradient" in document["jobs"] and "ours_cpu" in document["jobs"]["gradient"]:
            base = document["jobs"]["gradient"]["ours_cpu"]["median"]
            for job, row in document["jobs"].items():
                if "ours_cpu" in row:
                    row["of_our_gradient"] = row["ours_cpu"]["median"] / base
        ours.close()
        theirs.close()
        if args.memory:
            document["memory"] = measure_memory(args, folder)
        if args.contended:
            document["contended"] = measure_contended(args, folder)
    print(json.dumps(document, indent=1, sort_keys=True))
    sys.exit(any("refused" in row for row in document["jobs"].values()))


if __name__ == "__main__":
    main()
