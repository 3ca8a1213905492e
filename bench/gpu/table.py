# SPDX-License-Identifier: GPL-3.0-or-later
"""table.py: the results file of run.sh as tables: what, how long, which part of the measured ceiling, PyTorch's time, the goal; and EK-FAC beside kronfluence."""

import json
import sys


WIKITEXT = {"N": 4656, "Q": 481, "T": 512}           # the size that goals of EK-FAC are told for
GOAL_SECONDS, GOAL_RATIO = 25, 10


def extrapolate(row, rows):
    """Seconds at WikiText-2's size by the line through this row and the nearest other of the same settings; an empty text where there is no line."""
    same = lambda other: all(other.get(k) == row.get(k) for k in ("what", "compute", "query_batch", "Q", "T"))
    others = [r for r in rows if same(r) and "seconds" in r and r["N"] != row["N"]]
    if row["Q"] != WIKITEXT["Q"] or row["T"] != WIKITEXT["T"] or row["N"] == WIKITEXT["N"] or not others:
        return ""
    other = min(others, key=lambda r: abs(r["N"] - row["N"]))
    slope = (row["seconds"] - other["seconds"]) / (row["N"] - other["N"])
    return round(row["seconds"] + slope * (WIKITEXT["N"] - row["N"]), 1)


def tell_factors(rows):
    done = [row for row in rows if row["what"] in ("ekfac", "kronfluence: ekfac") and "failed" not in row]
    if not done:
        return
    stages = ("moments", "eigenvectors", "spectrum", "queries", "scores")
    print(f"\n{'EK-FAC, sequences x queries, of tokens: seconds':<58}{'all':>9}" + "".join(f"{s:>13}" for s in stages) + f"{'extrapolated to 4656 x 481':>28}{'goal s':>8}  beside ours")
    for row in done:
        is_ours = row["what"] == "ekfac"
        name = f"{row['compute']}, {row['N']} x {row['Q']} of {row['T']}" + ("" if is_ours else f", kronfluence, {row['query_batch']} queries at once")
        ours = [r["seconds"] for r in done if not is_ours and r["what"] == "ekfac" and r["compute"].replace("full", "f32") == row["compute"]
                and all(r[k] == row[k] for k in WIKITEXT)]
        ratio = f"{row['seconds'] / ours[0]:.1f} x, goal {GOAL_RATIO}" if ours else ""
        goal = GOAL_SECONDS if is_ours and all(row[k] == WIKITEXT[k] for k in WIKITEXT) else ""
        print(f"{name:<58}{row['seconds']:>9.2f}" + "".join(f"{row.get(s + '_s', ''):>13}" for s in stages) + f"{extrapolate(row, done):>28}{goal:>8}  {ratio}")


def main():
    rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]

    def find(what, **fields):
        for row in rows:
            if row["what"] == what and "failed" not in row and all(row.get(k) == v for k, v in fields.items()):
                return row
        return {}

    read = max(find("ceiling: read").get("gb_per_s", 0), find("ceiling: copy, read and written").get("gb_per_s", 0))
    int8 = find("ceiling: int8 product").get("tera_operations_per_s", 0)
    memset = find("limit: memset").get("gb_per_s", 0)
    products = {kind: find("limit: product", type=kind).get("tflop_per_s", 0) for kind in ("f32", "tf32", "bf16")}

    def of_floor(row):
        """Which part of its time a perfect walk would take: as many FLOP at the rate of a large product, or bytes at that of copies, whichever takes longer."""
        product = products.get(row.get("type", "f32"), 0)
        floor = max(row["flops"] / product / 1e9 if product else 0, row["bytes"] / (read or memset) / 1e6 if read or memset else 0)
        return f"{floor / row['best_ms']:.2f} of the floor"

    def peer_of(row):
        """The faster of both ways."""
        times = [find("torch: walk", job=row["job"], type=row["type"], way=way, B=row["B"], T=row["T"]).get("median_ms") for way in ("eager", "compile")]
        return min((t for t in times if t), default="")

    for row in rows:
        if row["what"] in ("run", "device", "torch", "walks of", "parity", "peer") or row["what"].startswith("limit") or row["what"].startswith("ceiling") or "failed" in row:
            print("  ".join(f"{k}: {v}" for k, v in row.items()))
    print(f"\n{'what':<58}{'ms':>10}{'of the ceiling':>30}{'PyTorch ms':>12}{'goal ms':>9}  check")
    for row in rows:
        if "failed" in row:
            continue
        if row["what"] == "index search":
            q = row["queries"]
            part = f"{row['gb_per_s'] / read:.2f} of reading" if read else ""
            if int8 and q > 8:
                part += f", {row['tera_operations_per_s'] / int8:.2f} int8"
            peer = find("torch: index search by _int_mm, no scales", queries=104).get("median_ms", "") if q == 100 else ""
            print(f"{'scores of %d rows x %d, %d queries, %s' % (row['rows'], row['coordinates'], q, row['way']):<58}{row['median_ms']:>10}{part:>30}{peer:>12}"
                  f"{ {1: 4, 100: 8}.get(q, ''):>9}  {row['pairs_with_other_bits']} of 2000 pairs differ")
        elif row["what"] == "index search, rows that are left":
            q = row["queries"]
            print(f"{'and which rows may be among the first %d, %d queries' % (row['k'], q):<58}{row['median_ms']:>10}{'':>30}{'':>12}{ {1: 4, 100: 8}.get(q, ''):>9}"
                  f"  {row['left']} rows left, {row['queries_with_other_counts']} queries with other counts")
        elif row["what"] == "product":
            peer = find("torch: product", type=row["type"], M=row["M"], N=row["N"], K=row["K"]).get("median_ms", "")
            print(f"{'product %s %dx%dx%d' % (row['type'], row['M'], row['N'], row['K']):<58}{row['median_ms']:>10}{'%.1f TFLOP/s' % row['tflop_per_s']:>30}{peer:>12}{'':>9}"
                  f"  error / bound {row['error_by_bound']}")
        elif row["what"] == "eigenvectors":
            peer = find("torch: eigenvectors", type=row["type"], n=row["n"], batch=row["batch"]).get("best_ms", "")
            print(f"{'eigenvectors %s %d x n=%d, %s' % (row['type'], row['batch'], row['n'], row['way']):<58}{row['best_ms']:>10}{'':>30}{peer:>12}{'':>9}"
                  f"  check / bound {row['check_by_bound']}")
        elif row["what"] == "rule":
            print(f"{row['op'] + ' ' + row['rule'] + ' ' + row['shape']:<58}{row['median_ms']:>10}{of_floor(row):>30}{'':>12}{'':>9}  {row['tflop_per_s']} TFLOP/s, {row['gb_per_s']} GB/s")
        elif row["what"] == "walk":
            block = f", {row['directions']} directions" if row["directions"] > 1 else ""
            print(f"{'%s, %s, %d x %d tokens%s' % (row['job'], row['type'], row['B'], row['T'], block):<58}{row['median_ms']:>10}{of_floor(row):>30}{peer_of(row):>12}{'':>9}"
                  f"  {row['tflop_per_s']} TFLOP/s, {row['walk_bytes'] / 1e9:.2f} GB")
        elif row["what"] in ("sketch pass", "bergson: sketch pass"):
            tokens, is_ours = row["B"] * row["T"], row["what"] == "sketch pass"
            name = f"projected gradients in {row['compute']}, {row['parameters'] / 1e6:.0f} M parameters" + ("" if is_ours else f", bergson, by {row['B']}")
            theirs = [r["tokens_per_s"] for r in rows if r["what"] == "bergson: sketch pass" and "failed" not in r and all(r[k] == row[k] for k in ("width", "layers"))
                      and r["compute"] == row["compute"].replace("full", "f32")]
            ratio = f", {row['tokens_per_s'] / max(theirs):.1f} x bergson, goal 30" if is_ours and theirs and row["width"] < 768 else ""
            goal = round(tokens / 760, 2) if is_ours and row["compute"] == "bf16" and row["width"] == 768 else ""
            print(f"{name:<58}{row.get('batch_ms', ''):>10}{'':>30}{'':>12}{goal:>9}  {row['tokens_per_s']:.4g} tokens/s, {row['numbers']} numbers of each example{ratio}")
        elif row["what"].startswith("eigenvectors of all"):
            peer = find("torch: " + row["what"], type=row["type"]).get("seconds", "")
            print(f"{'eigenvectors of all factors of GPT-2, %s, seconds' % row['type']:<58}{row['seconds']:>10}{'':>30}{peer:>12}{3:>9}")
    tell_factors(rows)


if __name__ == "__main__":
    main()
