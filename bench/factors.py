#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""EK-FAC of a transformer, fit and pairwise scores: Assay beside kronfluence.

    PEER_PYTHON=/path/to/venv/bin/python bench/factors.py BUILD_DIR [--model A|B] [--examples 500] [--queries 96] [--pairs 3] [--threads 1]
                                                          [--query-batch 32] [--train-batch 8] [--every-parameter]

Both sides take the linear layers of the blocks, which is what the peer covers; --every-parameter lets ours take the whole model.
Parity first: with the data's own labels on both sides, the sum of our scores over those modules against the peer's scores, by Spearman's
correlation of each query; below 0.999 nothing is timed. Then pairs A B A B ...: each of our
jobs is a whole command (start, reading the case, writing); the peer's are its calls, in a process that is warm. The peer
scores twice: with --query-batch queries at a time, as its examples do, and with all of them at once. Prints one JSON document. Exits 77 with
a reason when the peer is not installed.
"""
import argparse, json, os, resource, shutil, statistics, subprocess, sys, tempfile, time

from compare import MAKE_CASE, MODELS, Side

MORE = """
import sys
import numpy as np
rng = np.random.default_rng(11)
folder, V, T, N, Q = sys.argv[1], *map(int, sys.argv[2:])
train, query = (rng.integers(0, V, (n, T), dtype=np.int32) for n in (N, Q))
np.save(folder + "/train.npy", train)
np.save(folder + "/query.npy", query)
np.save(folder + "/all.npy", np.concatenate([train, query]))
"""

PARITY = """
import sys
import h5py
import numpy as np
with h5py.File(sys.argv[1]) as f:
    names = [n.decode() if isinstance(n, bytes) else n for n in f["part"][()]]
    parts = f["scores/parts"][()]
keep = [k for k, n in enumerate(names) if ".attn." in n or ".mlp." in n]
ours, theirs = parts[:, :, keep].sum(2), np.load(sys.argv[2]).astype(float)
assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
rank = lambda x: np.argsort(np.argsort(x))
print(min(np.corrcoef(rank(a), rank(b))[0, 1] for a, b in zip(ours, theirs)))
"""


class Assay:
    """Whole commands on a case that is made anew for every fit."""

    def __init__(self, program, folder, case, queries, threads, modules):
        self.program, self.folder, self.case, self.queries, self.threads = program, folder, case, queries, threads
        self.fit_options = ["--fisher", "empirical", "--factor-precision", "f32", "--force", *(["--modules", modules] if modules else [])]
        self.env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}

    def run(self, *words):
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([self.program, words[0], self.case, *words[1:], "--quiet", "--threads", str(self.threads)], check=True, env=self.env,
                       stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"wall": time.perf_counter() - wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    def open(self, examples):
        shutil.rmtree(self.case, ignore_errors=True)
        self.run("new")
        self.run("import", "model", self.folder, "--name", "peer")
        self.run("import", "data", self.folder + "/all.npy", "--split", f"order:train={examples},test=rest")

    def fit(self):
        return self.run("factors", *self.fit_options)

    def score(self, *more):
        return self.run("influence", "--method", "ekfac", "--query", f"test:0-{self.queries - 1}", "--precision", "f32", *self.fit_options, *more)


def summary(ours, theirs, key):
    a, b = [x[key] for x in ours], [x[key] for x in theirs]
    return {"assay": statistics.median(a), "peer": statistics.median(b), "ratio": statistics.median(b) / statistics.median(a),
            "range": [min(y / x for x, y in zip(a, b)), max(y / x for x, y in zip(a, b))]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--model", choices=MODELS, default="A")
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--queries", type=int, default=96)
    parser.add_argument("--query-batch", type=int, default=32)
    parser.add_argument("--train-batch", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every-parameter", action="store_true")
    args = parser.parse_args()
    python = os.environ.get("PEER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import kronfluence, h5py, safetensors"], stderr=subprocess.DEVNULL).returncode:
        sys.exit((print("SKIP: no kronfluence in the Python of PEER_PYTHON"), 77)[1])
    scratch = tempfile.mkdtemp()
    try:
        m = MODELS[args.model]
        folder = scratch + "/case"
        os.mkdir(folder)
        subprocess.run([python, "-c", MAKE_CASE, folder, json.dumps(m)], check=True)
        subprocess.run([python, "-c", MORE, folder, *map(str, (m["vocabulary"], m["context"], args.examples, args.queries))], check=True)
        ours = Assay(os.path.join(args.build, "assay"), folder, scratch + "/assay.case", args.queries, args.threads,
                     None if args.every_parameter else "h.*.attn.*,h.*.mlp.*")
        here = os.path.dirname(os.path.abspath(__file__))
        peer = lambda batch: Side([python, "-W", "ignore", here + "/peers/kronfluence_factors.py", folder, scratch + "/peer", "--empirical",
                                   "--threads", str(args.threads), "--query-batch", str(batch), "--train-batch", str(args.train_batch)])
        theirs = peer(args.query_batch)
        ours.open(args.examples)
        fits = ([], [])
        for k in range(args.pairs):
            if k > 0:
                ours.open(args.examples)
            fits[0].append(ours.fit())
            fits[1].append(theirs.ask("fit"))
        theirs.ask("score")
        theirs.ask(f"dump {scratch}/peer.npy")
        ours.score("--by", "module")
        ours.run("export", "scores", "--out", scratch + "/parts.h5", "--yes")
        parity = float(subprocess.run([python, "-c", PARITY, scratch + "/parts.h5", scratch + "/peer.npy"], check=True, capture_output=True,
                                      text=True).stdout)
        if parity < 0.999:
            sys.exit(f"the scores differ: least Spearman correlation of a query {parity:.6f}, 0.999 needed; nothing is timed")
        scores = ([], [])
        for k in range(args.pairs):
            scores[0].append(ours.score())
            scores[1].append(theirs.ask("score"))
        info = theirs.ask("info")
        theirs.close()
        theirs = peer(args.queries)                                   # finds the factors of the first
        best = [theirs.ask("score") for k in range(args.pairs)]
        info_best = theirs.ask("info")
        theirs.close()
        print(json.dumps({"benchmark": "factors", "model": args.model, **m, "examples": args.examples, "queries": args.queries, "every_parameter": args.every_parameter,
                          "threads": args.threads, "pairs": args.pairs, "precision": "f32", "parity": {"least_spearman": parity, "needed": 0.999},
                          "fit": {k: summary(*fits, k) for k in ("cpu", "wall")},
                          f"scores_query_batch_{args.query_batch}": {k: summary(*scores, k) for k in ("cpu", "wall")},
                          "scores_one_query_batch": {k: summary(scores[0], best, k) for k in ("cpu", "wall")},
                          "peer": info, "peer_one_batch": info_best, "load": os.getloadavg()}, indent=2))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
