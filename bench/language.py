#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Language models: opening, prompts and decoding, Assay beside PyTorch and llama.cpp.

    PEER_PYTHON=/path/to/venv/bin/python LLAMA_PYTHON=/path/to/venv/bin/python bench/language.py BUILD_DIR [--model 124M|B] [--threads 2] [--pairs 7]
                                                                                   [--prompt 512] [--tokens 64] [--jobs prompt-f32,prompt-bf16,prompt-int8,decode-int8,decode-bf16]

PEER_PYTHON has torch, safetensors and numpy; LLAMA_PYTHON llama-cpp-python and gguf (python -m pip install --no-binary llama-cpp-python llama-cpp-python gguf builds it
for this processor); a job whose peer is not installed is left out and said so. Weights are drawn from a fixed seed. Parity first: logits behind the prompt. In float32 ours and the
peer's agree within 1e-4 of the largest; in lower precision ours lie no further from float32 than twice as far as the peer's own. Else the job is not timed. Then pairs
A B A B ..., one warm-up each; the ratio is that of medians. The limit of decoding is reading the weights once for every token at the rate at which this crew reads memory, which is
measured beside it. Prints one JSON document. Exits 77 with a reason when no peer is installed, 1 when results disagree.
"""
import argparse, json, os, shutil, subprocess, sys, tempfile

from compare import Side, TRANSFORMER, has, time_pairs

MODELS = {"124M": dict(vocabulary=50257, context=1024, width=768, layers=12, heads=12), "B": dict(vocabulary=4096, context=1024, width=256, layers=6, heads=8)}

JOBS = {"prompt-f32": ("full", "torch", "f32"), "prompt-bf16": ("bf16", "torch", "bf16"), "prompt-int8": ("int8", "llama", "q8_0"), "prompt-llama-bf16": ("bf16", "llama", "bf16"),
        "decode-int8": ("int8", "llama", "q8_0"), "decode-bf16": ("bf16", "llama", "bf16"), "decode-f32": ("full", "llama", "f32")}

MAKE_CASE = TRANSFORMER + """
save_file({n: (1 + 0.1 * rng.standard_normal(s, dtype=np.float32) if ".ln_" in "." + n and n.endswith("weight") else 0.02 * rng.standard_normal(s, dtype=np.float32))
           for n, s in shapes.items()}, folder + "/model.safetensors")
save_file({"tokens": rng.integers(0, V, (1, T), dtype=np.int32)}, folder + "/batch.safetensors")
json.dump({"architecture": "transformer", "dtype": "f32",
           "config": {"vocabulary": V, "context": T, "width": C, "layers": L, "heads": m["heads"], "eps": 1e-5}}, open(folder + "/config.json", "w"))
"""

COMPARE = """
import sys, json
import numpy as np
a, b, full = (np.load(f).astype(np.float64) for f in sys.argv[1:4])
far = lambda x, y: float(np.sqrt(((x - y) ** 2).mean()) / y.std())
print(json.dumps({"largest": float(np.abs(a - b).max() / np.abs(b).max()), "ours_from_f32": far(a, full), "peer_from_f32": far(b, full)}))
"""


def run_job(name, args, folder, pythons, here):
    weights, peer, precision = JOBS[name]
    kind = name.split("-")[0]
    ours = Side([os.path.join(args.build, "bench", "language"), folder, "--threads", str(args.threads), "--weights", weights])
    theirs = Side([pythons[peer], "-W", "ignore", os.path.join(here, "peers", peer + "_language.py"), folder, "--threads", str(args.threads),
                   "--precision" if peer == "torch" else "--type", precision])
    try:
        files = [os.path.join(folder, side + ".npy") for side in ("ours", "theirs")]
        for side, file in zip((ours, theirs), files):
            side.ask(f"logits {args.prompt} {file}")
        parity = json.loads(subprocess.run([pythons["any"], "-c", COMPARE, *files, os.path.join(folder, "full.npy")], check=True, capture_output=True, text=True).stdout)
        row = {"weights": weights, "peer_precision": precision, "parity": parity, "ours": ours.ask("info"), "peer": theirs.ask("info")}
        if not (parity["largest"] <= 1e-4 if weights == "full" else parity["ours_from_f32"] <= 2 * parity["peer_from_f32"]):
            row["refused"] = "results differ: nothing is timed"
            return row
        n = args.prompt if kind == "prompt" else args.tokens
        a, b, timed = time_pairs(ours, theirs, f"time {kind} {n}", args.pairs, "wall")
        row.update(timed, tokens=n, tokens_per_second=n / timed["ours_wall"]["median"], ours_peak_rss=a["peak_rss"], peer_peak_rss=b["peak_rss"])
        if kind == "decode":
            read = row["ours"]["weight_bytes"] or row["ours"]["parameter_bytes"]
            row["fraction_of_reading"] = read * n / row["ours_wall"]["median"] / row["ours"]["read_bytes_per_second"]
        return row
    finally:
        ours.close()
        theirs.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--model", choices=MODELS, default="124M")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--jobs", default="prompt-f32,prompt-bf16,prompt-int8,decode-int8,decode-bf16")
    args = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    pythons = {"torch": os.environ.get("PEER_PYTHON", sys.executable), "llama": os.environ.get("LLAMA_PYTHON")}
    present = {"torch": has(pythons["torch"], "torch, safetensors, numpy"), "llama": has(pythons["llama"], "llama_cpp, gguf, numpy")}
    if not present["torch"]:
        sys.exit((print("SKIP: no torch, safetensors and numpy in the Python of PEER_PYTHON"), 77)[1])
    pythons["any"] = pythons["torch"]
    folder = tempfile.mkdtemp()
    try:
        subprocess.run([pythons["torch"], "-c", MAKE_CASE, folder, json.dumps(MODELS[args.model])], check=True)
        full = Side([pythons["torch"], "-W", "ignore", os.path.join(here, "peers", "torch_language.py"), folder, "--threads", str(args.threads)])
        full.ask(f"logits {args.prompt} {folder}/full.npy")
        full.close()
        document = {"schema": "assay-bench-language-1", "model": args.model, "sizes": MODELS[args.model], "threads": args.threads, "pairs": args.pairs, "parity_bound": 1e-4, "jobs": {}}
        for name in args.jobs.split(","):
            if present[JOBS[name][1]]:
                document["jobs"][name] = run_job(name, args, folder, pythons, here)
            else:
                document["jobs"][name] = {"left_out": JOBS[name][1] + " is not installed"}
            print(name, json.dumps({k: v for k, v in document["jobs"][name].items() if k not in ("ours", "peer")}), file=sys.stderr, flush=True)
        document["load"] = os.getloadavg()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(document, indent=1, sort_keys=True))
    sys.exit(any("refused" in row for row in document["jobs"].values()))


if __name__ == "__main__":
    main()
