#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording every MLP activation of benchmark model B in half precision, and summarising them: Assay beside its own bare forward pass, and beside
TransformerLens's run_with_cache and PyTorch hooks, both writing with h5py.

    PEER_PYTHON=/path/to/venv/bin/python bench/record.py BUILD_DIR [--examples 64] [--pairs 7]

One compute thread on each side, one core free for whatever else a side does. Parity first: the recorded values of the first and last
layer may differ by what half precision rounds. Prints one JSON document; exits 77 when no peer is installed, 1 when values differ.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from compare import COMPARE, MAKE_CASE, MODELS, Side, summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--examples", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=7)
    args = parser.parse_args()
    here, peer = os.path.dirname(os.path.abspath(__file__)), os.environ.get("PEER_PYTHON", sys.executable)
    ways = []
    for way, modules in (("transformer-lens", "torch, safetensors, h5py, transformer_lens, transformers"), ("hooks", "torch, safetensors, h5py")):
        if subprocess.run([peer, "-c", "import " + modules], capture_output=True).returncode == 0:
            ways.append(way)
    if not ways:
        print("SKIP: torch, safetensors and h5py are not installed for PEER_PYTHON")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([peer, "-c", MAKE_CASE, folder, json.dumps(dict(MODELS["B"], batch=args.examples))], check=True)
        sides = {"assay": Side([os.path.join(args.build, "bench", "record"), folder, folder, "--threads", "1"])}
        for way in ways:
            sides[way] = Side([peer, os.path.join(here, "peers", "torch_record.py"), folder, folder, "--way", way, "--threads", "1"])
        document = {"schema": "assay-bench-record-1", "tokens": args.examples * MODELS["B"]["context"], "pairs": args.pairs,
                    "sides": {n: s.ask("info") for n, s in sides.items()}, "parity": {}, "bytes": args.examples * 256 * 6 * 1024 * 2}
        for side in sides.values():
            side.ask("time record")
        differs = False
        for layer in (0, MODELS["B"]["layers"] - 1):
            ours = os.path.join(folder, "ours.npy")
            sides["assay"].ask(f"dump h.{layer}.mlp.act {ours}")
            for way in ways:
                theirs = os.path.join(folder, "theirs.npy")
                sides[way].ask(f"dump {layer} {theirs}")
                error = float(subprocess.run([peer, "-c", COMPARE, ours, theirs], check=True, capture_output=True, text=True).stdout)
                document["parity"][f"{way}, layer {layer}"] = error
                differs |= not error <= 2 ** -10        # half a unit in the last place of either side, relative to the largest value
        if not differs:
            rows = {n: {"bare": [], "record": []} for n in sides}
            for _ in range(args.pairs):
                for name, side in sides.items():
                    for job in ("bare", "record"):
                        rows[name][job].append(side.ask("time " + job))
                rows["assay"].setdefault("summary", []).append(sides["assay"].ask("time summary"))
            for name in sides:
                r = document["sides"][name]
                for job in ("bare", "record"):
                    r[job + "_wall"], r[job + "_cpu"] = summary(rows[name][job], "wall"), summary(rows[name][job], "cpu")
                overhead = [b["wall"] / a["wall"] - 1 for a, b in zip(rows[name]["bare"], rows[name]["record"])]
                r["overhead"] = {"median": statistics.median(overhead), "min": min(overhead), "max": max(overhead)}
            ours = document["sides"]["assay"]
            ours["summary_wall"], ours["summary_cpu"] = summary(rows["assay"]["summary"], "wall"), summary(rows["assay"]["summary"], "cpu")
            overhead = [b["wall"] / a["wall"] - 1 for a, b in zip(rows["assay"]["bare"], rows["assay"]["summary"])]
            ours["summary_overhead"] = {"median": statistics.median(overhead), "min": min(overhead), "max": max(overhead)}
            for way in ways:
                document["ratio_wall_" + way] = document["sides"][way]["record_wall"]["median"] / document["sides"]["assay"]["record_wall"]["median"]
        for side in sides.values():
            side.close()
    document["load"] = os.getloadavg()[0]
    print(json.dumps(document, indent=1, sort_keys=True))
    sys.exit(differs)


if __name__ == "__main__":
    main()
