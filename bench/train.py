#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole training steps of a small language model: forward and backward pass, clipping, AdamW; Assay beside PyTorch.

    PEER_PYTHON=/path/to/venv/bin/python bench/train.py BUILD_DIR [--model 10M|characters] [--threads 1] [--pairs 7] [--steps 1] [--jobs f32,f32-compiled,bf16,bf16-compiled]

The peer is torch, with F.scaled_dot_product_attention and its fused AdamW; eager, and through torch.compile where a C++ compiler is at hand. bf16: ours with --compute bf16, the peer under
autocast, both over parameters in f32. Weights, tokens and their order come from a fixed seed and are the same on both sides. Parity first: both train eight steps from the same start, and the
losses fall. In f32 they agree within 1e-4 of each; in bf16 ours lie no further from those of the peer in f32 than twice as far as the peer's own. Else the job is not timed. Then one warm-up each and pairs A B A B ...; the ratio is that of medians. Prints one JSON document. Exits 77 with a reason when the peer is not installed, 1 when losses disagree.
"""
import argparse, json, os, shutil, subprocess, sys, tempfile

from compare import Side, TRANSFORMER, has, time_pairs

MODELS = {"10M": dict(vocabulary=4096, context=256, width=320, layers=7, heads=5, batch=8), "characters": dict(vocabulary=65, context=256, width=384, layers=6, heads=6, batch=8)}

JOBS = {"f32": ("full", []), "f32-compiled": ("full", ["--compile"]), "bf16": ("bf16", ["--precision", "bf16"]), "bf16-compiled": ("bf16", ["--precision", "bf16", "--compile"])}
STEPS = 8
BOUND = 1e-4

MAKE_CASE = TRANSFORMER + """
first = lambda n, s: (np.ones if ".ln_" in "." + n and n.endswith("weight") else np.zeros)(s, np.float32) if len(s) == 1 else 0.02 * rng.standard_normal(s, dtype=np.float32)
save_file({n: first(n, s) for n, s in shapes.items()}, folder + "/model.safetensors")
common = (1 / np.arange(1, V + 1)) / (1 / np.arange(1, V + 1)).sum()
text = rng.choice(V, (64, T + 1), p=common).astype(np.int32)
save_file({"tokens": np.ascontiguousarray(text[:, :-1]), "targets": np.ascontiguousarray(text[:, 1:])}, folder + "/batch.safetensors")
json.dump({"architecture": "transformer", "dtype": "f32",
           "config": {"vocabulary": V, "context": T, "width": C, "layers": L, "heads": m["heads"], "eps": 1e-5, "token-reduction": "mean"}}, open(folder + "/config.json", "w"))
"""


def open_sides(name, args, folder, options, here):
    compute, peer_options = JOBS[name]
    common = [folder, "--threads", str(args.threads), "--options"]
    return (Side([os.path.join(args.build, "bench", "train"), *common, json.dumps(dict(options, compute=compute))]),
            Side([os.environ.get("PEER_PYTHON", sys.executable), "-W", "ignore", os.path.join(here, "peers", "torch_train.py"), *common, json.dumps(options), *peer_options]))


def distance(losses, others):
    return max(abs(x - y) / y for x, y in zip(losses, others))


def run_job(name, args, folder, options, full, here):
    ours, theirs = open_sides(name, args, folder, options, here)
    try:
        row = {"ours": ours.ask("info"), "peer": theirs.ask("info")}
        a, b = (side.ask(f"losses {STEPS}")["losses"] for side in (ours, theirs))
        row["losses"] = {"ours": a, "peer": b, "largest_difference": distance(a, b), "ours_from_f32": distance(a, full), "peer_from_f32": distance(b, full)}
        agree = distance(a, b) <= BOUND if JOBS[name][0] == "full" else distance(a, full) <= 2 * distance(b, full)
        if not (agree and a[-1] < a[0]):
            row["refused"] = "losses differ, or do not fall: nothing is timed"
            return row
        a, b, timed = time_pairs(ours, theirs, f"time {args.steps}", args.pairs, "cpu")
        row.update(timed, ours_peak_rss=a["peak_rss"], peer_peak_rss=b["peak_rss"])
        row["ours_gflops"] = a["flops"] / row["ours_cpu"]["median"] / 1e9
        row["fraction_of_peak"] = row["ours_gflops"] / row["ours"]["peak_gflops"]
        return row
    finally:
        ours.close()
        theirs.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--model", choices=MODELS, default="10M")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--jobs", default="f32,f32-compiled,bf16,bf16-compiled")
    args = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    peer = os.environ.get("PEER_PYTHON", sys.executable)
    if not has(peer, "torch, safetensors, numpy"):
        sys.exit((print("SKIP: no torch, safetensors and numpy in the Python of PEER_PYTHON"), 77)[1])
    model = MODELS[args.model]
    options = {"optimizer": "adamw", "learning-rate": 1e-3, "weight-decay": 0.01, "clip": 1.0, "batch": model["batch"]}
    document = {"schema": "assay-bench-train-1", "model": args.model, "sizes": model, "options": options, "threads": args.threads, "pairs": args.pairs, "parity_bound": BOUND, "jobs": {}}
    folder = tempfile.mkdtemp()
    try:
        subprocess.run([peer, "-c", MAKE_CASE, folder, json.dumps(model)], check=True)
        ours, theirs = open_sides("f32", args, folder, options, here)
        full = theirs.ask(f"losses {STEPS}")["losses"]
        ours.close(), theirs.close()
        for name in args.jobs.split(","):
            document["jobs"][name] = run_job(name, args, folder, options, full, here)
            print(name, json.dumps({k: v for k, v in document["jobs"][name].items() if k not in ("ours", "peer", "losses")}), file=sys.stderr, flush=True)
        document["load"] = os.getloadavg()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(document, indent=1, sort_keys=True))
    sys.exit(any("refused" in row for row in document["jobs"].values()))


if __name__ == "__main__":
    main()
