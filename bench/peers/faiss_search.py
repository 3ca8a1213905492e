# SPDX-License-Identifier: GPL-3.0-or-later
"""Inner-product searches by faiss, driven line by line from standard input.

    python faiss_search.py ROWS_FILE QUERIES_FILE DIMENSIONS KIND --threads 2       KIND: flat or sq8

The files hold float32 rows. Commands: `time Q` answers the seconds of a search for the 100 of largest magnitude of the first Q queries (both
signs are asked for, as two searches, since faiss ranks by value), `top Q` the rows found, query after query; `info`; `quit`.
"""
import argparse, json, sys, time

import faiss
import numpy as np

K = 100
parser = argparse.ArgumentParser()
for name in ("rows", "queries"):
    parser.add_argument(name)
parser.add_argument("dimensions", type=int)
parser.add_argument("kind", choices=("flat", "sq8"))
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
faiss.omp_set_num_threads(args.threads)
rows = np.memmap(args.rows, np.float32, "r").reshape(-1, args.dimensions)
queries = np.fromfile(args.queries, np.float32).reshape(-1, args.dimensions)
index = (faiss.IndexFlatIP(args.dimensions) if args.kind == "flat" else
         faiss.IndexScalarQuantizer(args.dimensions, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT))
index.train(np.ascontiguousarray(rows[:50000]))
for first in range(0, len(rows), 50000):
    index.add(np.ascontiguousarray(rows[first:first + 50000]))


def search(Q):
    up, i = index.search(queries[:Q], K)
    down, j = index.search(-queries[:Q], K)
    both, rows_of = np.concatenate([up, down], 1), np.concatenate([i, j], 1)
    order = np.argsort(-both, 1, kind="stable")[:, :K]
    return np.take_along_axis(rows_of, order, 1)


print("ready", flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "quit":
        break
    if words[0] == "info":
        print(json.dumps({"faiss": faiss.__version__, "threads": faiss.omp_get_max_threads(), "rows": len(rows)}), flush=True)
        continue
    begin = time.perf_counter()
    found = search(int(words[1]))
    seconds = time.perf_counter() - begin
    print(f"{seconds:.6f}" if words[0] == "time" else " ".join(map(str, found.ravel())), flush=True)
