#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damped Gauss-Newton systems of a transformer: Assay's block conjugate gradients beside plain ones in PyTorch.

    PEER_PYTHON=/path/to/venv/bin/python bench/solve.py BUILD_DIR [--model A] [--examples 64] [--queries 32] [--damping 0.01]
                                                        [--tolerance 0.013] [--most 120] [--pairs 2] [--threads 1] [--with "--preconditioner nystrom ..."]

The right-hand sides are gradients of queries; the loss is the mean over predicted positions, and the damping is of that. Ours is a whole command
(start, reading the case, the solves of all queries as one block, the scores, writing) and counts divided by the queries; the peer's is one
solve in a process that is warm. Parity first: the scores of the training examples by either solution, Pearson's correlation at least
0.99 (both stop at a residual of about a hundredth, which moves scores by as much). Then pairs A B A B ..., each of another query; and ours once more to a residual of 1e-3. Prints one JSON document, and each
measurement as it ends on the error stream. Exits 77 with a reason
when the peer is not installed.
"""
import argparse, json, os, resource, shutil, statistics, subprocess, sys, tempfile, time

from compare import MAKE_CASE, MODELS, Side
from factors import MORE

CORRELATION = """
import json, sys
import numpy as np
ours = np.zeros(int(sys.argv[3]))
for s in json.load(open(sys.argv[1]))["queries"][0]["scores"]:
    ours[s["example"]] = s["score"]
print(abs(float(np.corrcoef(ours, np.load(sys.argv[2]))[0, 1])))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--model", choices=MODELS, default="A")
    parser.add_argument("--examples", type=int, default=64)
    parser.add_argument("--queries", type=int, default=32)
    parser.add_argument("--damping", type=float, default=0.01)
    parser.add_argument("--tolerance", type=float, default=0.013)
    parser.add_argument("--most", type=int, default=120)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--with", dest="words", default="", help="options of ours alone")
    args = parser.parse_args()
    python = os.environ.get("PEER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import torch, safetensors"], stderr=subprocess.DEVNULL).returncode:
        sys.exit((print("SKIP: no torch in the Python of PEER_PYTHON"), 77)[1])
    scratch = tempfile.mkdtemp()
    env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    try:
        m = MODELS[args.model]
        folder, case, positions = scratch + "/case", scratch + "/assay.case", m["context"] - 1
        os.mkdir(folder)
        subprocess.run([python, "-c", MAKE_CASE, folder, json.dumps(m)], check=True)
        subprocess.run([python, "-c", MORE, folder, *map(str, (m["vocabulary"], m["context"], args.examples, args.queries))], check=True)

        def assay(*words):
            before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            answer = subprocess.run([os.path.join(args.build, "assay"), words[0], case, *words[1:], "--quiet", "--threads", str(args.threads), "--json"],
                                    env=env, stdout=subprocess.PIPE, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if answer.returncode > 1:
                sys.exit("assay " + words[0])
            return {"wall": time.perf_counter() - wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}, answer.stdout

        def solve(tolerance):
            cost, text = assay("influence", "--method", "cg", "--query", f"test:0-{args.queries - 1}", "--damping", str(args.damping * positions), "--tolerance",
                               str(tolerance), *args.words.split(), "--precision", "f32", "--force", "--top", str(args.examples))
            solver = [q["solver"] for q in json.loads(text)["queries"]]
            return {**{k: v / args.queries for k, v in cost.items()}, "iterations": max(s["iterations"] for s in solver),
                    "residual": max(s["true_residual"] for s in solver)}, text

        assay("new")
        assay("import", "model", folder, "--name", "peer")
        assay("import", "data", folder + "/all.npy", "--split", f"order:train={args.examples},test=rest")
        peer = Side([python, "-W", "ignore", os.path.dirname(os.path.abspath(__file__)) + "/peers/torch_solve.py", folder, "--damping",
                     str(args.damping), "--threads", str(args.threads)])
        ours, theirs = [], []
        for k in range(args.pairs):
            a, text = solve(args.tolerance)
            ours.append(a)
            print(f"pair {k}, assay per query: {a}", file=sys.stderr, flush=True)
            theirs.append(peer.ask(f"solve {k} {args.tolerance} {args.most}"))
            print(f"pair {k}, peer: {theirs[-1]}", file=sys.stderr, flush=True)
            if k == 0:
                peer.ask(f"scores {scratch}/peer.npy")
                with open(scratch + "/ours.json", "w") as f:
                    f.write(text)
                parity = float(subprocess.run([python, "-c", CORRELATION, scratch + "/ours.json", scratch + "/peer.npy", str(args.examples)], check=True,
                                              capture_output=True, text=True).stdout)
                if parity < 0.99:
                    sys.exit(f"the scores differ: correlation {parity:.6f}, 0.99 needed; nothing more is timed")
        middle = lambda rows: {k: statistics.median(r[k] for r in rows) for k in rows[0]}
        a, b = middle(ours), middle(theirs)
        print(json.dumps({"benchmark": "solve", "model": args.model, "examples": args.examples, "queries": args.queries, "damping": args.damping,
                          "tolerance": args.tolerance, "with": args.words, "threads": args.threads, "parity": parity,
                          "assay_per_query": a, "peer_per_query": b, "ratio": {k: b[k] / a[k] for k in ("cpu", "wall")},
                          "assay_to_1e-3_per_query": solve(1e-3)[0], "peer": peer.ask("info"), "load": os.getloadavg()}, indent=2))
        peer.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
