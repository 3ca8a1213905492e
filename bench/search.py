#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certified searches in a gradient index beside faiss, on the same synthetic rows.

    PEER_PYTHON=/path/to/venv/bin/python bench/search.py BUILD_DIR [--rows 250000] [--dimensions 4096] [--exponent 1] [--threads 2] [--pairs 5]

Parity first: the 100 rows of largest magnitude that faiss' flat index finds for ten queries must be ours (two may differ where float32 sums tie);
else nothing is timed. Ours end with a proof; the time in the index and that of recomputing the rows which it leaves open (here they are drawn
again, in a case the model is walked) are told apart, and the ratio is of the former; SQ8's are approximate. Prints one JSON document.
Exits 77 with a reason when the peer is not installed. The rows take 16 kB each in the scratch folder, and again in the peer's memory.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile


class Side:
    def __init__(self, command):
        env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"{command[0]}: did not start")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args[0]}: no answer to {line!r}")
        return answer.strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    for name, default in (("rows", 250000), ("dimensions", 4096), ("threads", 2), ("pairs", 5)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--exponent", type=float, default=1)
    args = parser.parse_args()
    python = os.environ.get("PEER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import faiss"], stderr=subprocess.DEVNULL).returncode:
        sys.exit((print("SKIP: no faiss in the Python of PEER_PYTHON"), 77)[1])
    ours = [os.path.join(args.build, "bench", "search"), "--rows", str(args.rows), "--dimensions", str(args.dimensions), "--exponent",
            str(args.exponent), "--threads", str(args.threads)]
    peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "faiss_search.py")
    with tempfile.TemporaryDirectory() as scratch:
        for mode, name in (("--dump", "rows"), ("--queries", "queries")):
            with open(f"{scratch}/{name}", "wb") as out:
                subprocess.run([*ours, mode], check=True, stdout=out)
        assay = Side(ours)
        document = {"benchmark": "search", **json.loads(assay.ask("info")), "pairs": args.pairs, "peers": {}}
        for kind in ("flat", "sq8"):
            side = Side([python, peer, f"{scratch}/rows", f"{scratch}/queries", str(args.dimensions), kind, "--threads", str(args.threads)])
            if kind == "flat":
                a, b = assay.ask("top 10").split(), side.ask("top 10").split()
                differ = max(len(set(a[q * 100:q * 100 + 100]) - set(b[q * 100:q * 100 + 100])) for q in range(10))
                if differ > 2:
                    sys.exit(f"{differ} of the 100 rows of a query differ; nothing is timed")
                document["parity"] = {"most_rows_that_differ": differ, "allowed": 2}
            rows = {}
            for Q in (1, 100):
                index, again, theirs = [], [], []
                for k in range(args.pairs + 1):                       # the first warms both
                    whole, part = map(float, assay.ask(f"time {Q}").split())
                    index.append(whole - part)
                    again.append(part)
                    theirs.append(float(side.ask(f"time {Q}")))
                index_s, peer_s = statistics.median(index[1:]), statistics.median(theirs[1:])
                rows[f"queries_{Q}"] = {"index_s": index_s, "recompute_s": statistics.median(again[1:]), "peer_s": peer_s, "ratio": peer_s / index_s,
                                        "left": json.loads(assay.ask(f"left {Q}"))}
            document["peers"][kind] = {**json.loads(side.ask("info")), **rows}
            side.close()
        document["rank_all_rows_s"] = statistics.median(float(assay.ask("rank")) for _ in range(args.pairs))
        assay.close()
    document["load"] = os.getloadavg()
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
