# SPDX-License-Identifier: GPL-3.0-or-later
"""table.py: the results file of run.sh as one table: what, how long, which part of the measured ceiling, PyTorch's time, the goal."""

import json
import sys


def main():
    rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]

    def find(what, **fields):
        for row in rows:
            if row["what"] == what and "failed" not in row and all(row.get(k) == v for k, v in fields.items()):
                return row
        return {}

    read = max(find("ceiling: read").get("gb_per_s", 0), find("ceiling: copy, read and written").get("gb_per_s", 0))
    int8 = find("ceiling: int8 product").get("tera_operations_per_s", 0)
    for row in rows:
        if row["what"] in ("run", "device", "torch") or row["what"].startswith("ceiling") or "failed" in row:
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
        elif row["what"] == "product":
            peer = find("torch: product", type=row["type"], M=row["M"], N=row["N"], K=row["K"]).get("median_ms", "")
            print(f"{'product %s %dx%dx%d' % (row['type'], row['M'], row['N'], row['K']):<58}{row['median_ms']:>10}{'%.1f TFLOP/s' % row['tflop_per_s']:>30}{peer:>12}{'':>9}"
                  f"  error / bound {row['error_by_bound']}")
        elif row["what"] == "eigenvectors":
            peer = find("torch: eigenvectors", type=row["type"], n=row["n"], batch=row["batch"]).get("best_ms", "")
            print(f"{'eigenvectors %s %d x n=%d, %s' % (row['type'], row['batch'], row['n'], row['way']):<58}{row['best_ms']:>10}{'':>30}{peer:>12}{'':>9}"
                  f"  check / bound {row['check_by_bound']}")
        elif row["what"].startswith("eigenvectors of all"):
            peer = find("torch: " + row["what"], type=row["type"]).get("seconds", "")
            print(f"{'eigenvectors of all factors of GPT-2, %s, seconds' % row['type']:<58}{row['seconds']:>10}{'':>30}{peer:>12}{3:>9}")


if __name__ == "__main__":
    main()
