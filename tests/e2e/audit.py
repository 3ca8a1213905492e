#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `assay audit` prints, held against what is computed here from the same files: counts by counting, ratios as fractions of integers.

    audit.py score DOC FILE.csv SCORE OUTCOME GROUP...     an outside score; each a Python expression over the row r, None where unknown
    audit.py median DOC FILE.csv SCORE GROUP...            a number without a threshold: scoring rates
    audit.py compas DOC                                    the published numbers of the two-year table
    audit.py model DOC FILE.csv SPLIT TRAIN TARGET TERM... a logistic model of number columns, trained where column SPLIT is TRAIN
    audit.py stored DOC CASE                               the arrays of the stored object say what the answer says

Exits 1 with a line that says what differs.
"""
import csv, glob, itertools, json, math, sys
from fractions import Fraction
import numpy as np

Z = 1.959963984540054
RATES = {
    "selection_rate": ("TP FP", "TP FP TN FN"), "prevalence": ("TP FN", "TP FP TN FN"), "accuracy": ("TP TN", "TP FP TN FN"),
    "true_positive_rate": ("TP", "TP FN"), "false_negative_rate": ("FN", "TP FN"), "false_positive_rate": ("FP", "FP TN"),
    "true_negative_rate": ("TN", "FP TN"), "positive_predictive_value": ("TP", "TP FP"), "negative_predictive_value": ("TN", "TN FN"),
}
CELLS = {"TP": "true_positives", "FP": "false_positives", "TN": "true_negatives", "FN": "false_negatives"}


def fail(text):
    print(text)
    sys.exit(1)


def same(what, found, expected, tolerance=0.0):
    if found is None or expected is None or isinstance(expected, (str, bool, list)):
        if found != expected:
            fail(f"{what}: {expected} expected, {found} found")
    elif abs(found - expected) > tolerance * max(1, abs(expected)):
        fail(f"{what}: {expected!r} expected, {found!r} found")


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def evaluate(text, rows):
    return [eval(text, {"r": r}) for r in rows]


def wilson(k, n):
    if n == 0:
        return None, None, None
    p = k / n
    middle, half = (p + Z * Z / (2 * n)) / (1 + Z * Z / n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return p, 0.0 if k == 0 else middle - half, 1.0 if k == n else middle + half


def share(what, found, k, n):
    same(what, found["numerator"], k)
    same(what, found["denominator"], n)
    value, lo, hi = wilson(k, n)
    same(what, found["value"], value)
    same(what, found["lo"], lo, 1e-12)
    same(what, found["hi"], hi, 1e-12)


def count(decisions, outcomes):
    pairs = list(zip(decisions, outcomes))
    return {"TP": pairs.count((True, True)), "FP": pairs.count((True, False)), "TN": pairs.count((False, False)), "FN": pairs.count((False, True))}


def check_rates(what, object, cells):
    for cell, name in CELLS.items():
        same(f"{what}: {name}", object["confusion"][name], cells[cell])
    for rate, (above, below) in RATES.items():
        share(f"{what}: {rate}", object["rates"][rate], sum(cells[c] for c in above.split()), sum(cells[c] for c in below.split()))


def newcombe(a, b):
    if a[0] is None or b[0] is None:
        return None, None, None
    d = a[0] - b[0]
    return d, d - math.hypot(a[0] - a[1], b[2] - b[0]), d + math.hypot(a[2] - a[0], b[0] - b[1])


def labels(values):
    """Groups in the order of the answer: numbers ascending, texts in byte order."""
    known = {v for v in values if v is not None}
    if known and all(isinstance(v, bool) for v in known):
        return [False, True]
    return sorted(known) if all(isinstance(v, (int, float)) for v in known) else sorted(known, key=lambda v: v.encode())


def name(value):
    return ("true" if value else "false") if isinstance(value, bool) else f"{value:.15g}" if isinstance(value, float) else str(value)


def check_grouping(grouping, axes, selected, decisions, outcomes):
    """axes: the value of each column for every row; selected etc. None where unknown."""
    cells = list(itertools.product(*(labels(axis) for axis in axes)))
    key = [None if None in v else v for v in zip(*axes)]
    groups = grouping["groups"]
    same("groups", [g["labels"] for g in groups[:-1]], [[name(v) for v in cell] for cell in cells])
    same("the last group is the unknown one", groups[-1]["is_unknown"], True)
    total = sum(s is not None for s in selected)
    of = {cell: [i for i, k in enumerate(key) if k == cell] for cell in cells + [None]}
    counts = {cell: (sum(selected[i] is True for i in of[cell]), sum(selected[i] is not None for i in of[cell])) for cell in of}
    large = [c for c in cells if counts[c][1] > 0 and Fraction(counts[c][1], max(total, 1)) >= Fraction(2, 100) and counts[c][0] > 0]
    highest = max(large, key=lambda c: Fraction(*counts[c]), default=None)
    baseline = max(cells, key=lambda c: len(of[c]))
    tables = {c: count(*zip(*[(decisions[i], outcomes[i]) for i in of[c] if decisions[i] is not None and outcomes[i] is not None]) or ((), ()))
              if decisions and any(decisions[i] is not None and outcomes[i] is not None for i in of[c]) else dict.fromkeys(CELLS, 0) for c in of}
    for cell, group in zip(cells + [None], groups):
        what, (k, n) = f"group {cell}", counts[cell]
        same(what, group["rows"], len(of[cell]))
        same(what, group["missing_score"], len(of[cell]) - n)
        share(f"{what}: selected", group["selection"], k, n)
        impact = group["impact"]
        if highest is None or cell is None or n == 0:
            same(f"{what}: ratio", impact["value"], None)
        else:
            ratio = Fraction(k, n) / Fraction(*counts[highest])
            same(f"{what}: ratio", impact["value"], float(ratio))          # to the last bit
            same(f"{what}: below four fifths", impact["is_below_four_fifths"], ratio < Fraction(4, 5))
            if not impact["lo"] <= impact["value"] <= (math.inf if impact["hi"] is None else impact["hi"]):
                fail(f"{what}: {impact}")
        same(f"{what}: highest", impact["is_highest"], highest is not None and cell == highest)
        same(f"{what}: small", impact["is_small"], cell is not None and Fraction(n, max(total, 1)) < Fraction(2, 100))
        if not decisions:
            continue
        check_rates(what, group, tables[cell])
        same(f"{what}: baseline", group["is_baseline"], cell == baseline)
        if cell is None or cell == baseline:
            same(f"{what}: differences", group["differences"], None)
            continue
        for rate, (above, below) in RATES.items():
            parts = [wilson(sum(tables[c][x] for x in above.split()), sum(tables[c][x] for x in below.split())) for c in (cell, baseline)]
            for end, expected in zip(("value", "lo", "hi"), newcombe(*parts)):
                same(f"{what}: difference of {rate}: {end}", group["differences"][rate][end], expected, 1e-12)


def check_groupings(part, values, *arrays):
    sets = [s for size in range(1, len(values) + 1) for s in sorted(itertools.combinations(range(len(values)), size), key=lambda s: s[::-1])]
    same("number of groupings", len(part["groupings"]), len(sets))
    for grouping, members in zip(part["groupings"], sets):
        check_grouping(grouping, [values[k] for k in members], *arrays)


def check_outside(document):
    same("subject", document["subject"], "outside score")
    same("model", document["model"], None)
    if "not the score of a model of this case" not in document["statement"] or not document["score"]["columns"]:
        fail(f"the statement says {document['statement']}")
    for column in document["score"]["columns"]:
        if column not in document["statement"]:
            fail(f"the statement does not name column {column}")


def score(document, path, score_text, outcome_text, *groups):
    rows = read(path)
    decisions, outcomes = evaluate(score_text, rows), evaluate(outcome_text, rows)
    outcomes = [None if y is None else bool(y) for y in outcomes]
    check_outside(document)
    part = document["parts"][0]
    known = [(d, y) for d, y in zip(decisions, outcomes) if d is not None and y is not None]
    same("rows", part["rows"], len(rows))
    same("missing score", part["missing_score"], decisions.count(None))
    same("missing outcome", part["missing_outcome"], outcomes.count(None))
    same("n", part["n"], len(known))
    same("positives", part["positives"], sum(y for _, y in known))
    check_rates("all rows", part, count(*zip(*known)))
    check_groupings(part, [evaluate(g, rows) for g in groups], decisions, decisions, outcomes)


def median(document, path, score_text, *groups):
    rows = read(path)
    values = evaluate(score_text, rows)
    middle = float(np.median([v for v in values if v is not None]))
    selected = [None if v is None else v > middle for v in values]
    check_outside(document)
    part = document["parts"][0]
    same("median", part["median_score"], middle)
    same("no decisions", part["confusion"], None)
    check_groupings(part, [evaluate(g, rows) for g in groups], selected, None, None)


def compas(document):
    race = {g["labels"][0]: g for g in document["parts"][0]["groupings"][0]["groups"]}
    published = {"African-American": (805, 1795, 532, 1901), "Caucasian": (349, 1488, 461, 966)}
    same("rows", document["parts"][0]["rows"], 7214)
    for label, (fp, negatives, fn, positives) in published.items():
        share(f"{label}: false positives", race[label]["rates"]["false_positive_rate"], fp, negatives)
        share(f"{label}: false negatives", race[label]["rates"]["false_negative_rate"], fn, positives)
    same("impact ratio", race["Caucasian"]["impact"]["value"], float(Fraction(854, 2454) / Fraction(2174, 3696)))


def auroc(p, y):
    a, b = np.sort(p[y == 1]), np.sort(p[y == 0])
    won = np.searchsorted(b, a, "left").sum() + np.searchsorted(b, a, "right").sum()
    return won / (2 * len(a) * len(b))


def entropy(k, n):
    return sum(c * math.log(n / c) for c in (k, n - k) if c > 0)


def check_part(part, p, y):
    n = len(y)
    check_rates(part["name"], part, count([bool(v) for v in p > 0.5], [bool(v) for v in y]))
    area = auroc(p, y)
    same("AUC", part["discrimination"]["auroc"]["value"], area, 1e-9)
    same("Gini", part["discrimination"]["gini"]["value"], 2 * area - 1, 1e-9)
    levels = np.unique(p)
    distance = max(abs((p[y == 1] >= t).mean() - (p[y == 0] >= t).mean()) for t in levels[:: max(1, len(levels) // 4000)])
    found = part["discrimination"]["kolmogorov_smirnov"]["value"]
    if not distance - 1e-9 <= found or abs((p[y == 1] >= part["discrimination"]["kolmogorov_smirnov"]["threshold"] - 1e-9).mean()
                                           - (p[y == 0] >= part["discrimination"]["kolmogorov_smirnov"]["threshold"] - 1e-9).mean() - found) > 1e-9:
        fail(f"Kolmogorov-Smirnov: at least {distance} expected, {found} found")
    squares, losses = (p - y) ** 2, -np.log(np.where(y == 1, p, 1 - p))
    for key, x in ("brier", squares), ("log_loss", losses):
        same(key, part[key]["value"], x.mean(), 1e-7)
        same(key, (part[key]["hi"] - part[key]["lo"]) / 2, Z * x.std(ddof=1) / math.sqrt(n), 2e-2)     # Student's factor is a little larger
    bins = np.minimum(np.searchsorted(np.arange(11) / 10, p, "right") - 1, 9)
    error = 0
    for b, found in enumerate(part["calibration"]["bins"]):
        inside = bins == b
        same(f"bin {b}", found["n"], int(inside.sum()))
        same(f"bin {b}", found["positives"], int(y[inside].sum()))
        error += abs((p[inside] - y[inside]).sum()) / n
    same("calibration error", part["calibration"]["error"]["value"], error, 1e-7)
    same("excess", part["calibration"]["excess"]["value"], (p - y).mean(), 1e-7)
    x, w = np.stack([np.ones(n), np.log(p / (1 - p))], 1), np.array([0.0, 1.0])
    for _ in range(50):
        q = 1 / (1 + np.exp(-x @ w))
        w = w - np.linalg.solve((x.T * (q * (1 - q))) @ x, x.T @ (q - y))
    same("intercept", part["calibration"]["intercept"]["value"], w[0], 1e-5)
    same("slope", part["calibration"]["slope"]["value"], w[1], 1e-5)


def model(document, path, split, train, target, *terms):
    rows = read(path)
    same("subject", document["subject"], "model")
    names = [train] + [s for s in dict.fromkeys(r[split] for r in rows) if s != train]
    same("parts", sorted(p["name"] for p in document["parts"]), sorted(names))
    y = {s: np.array([float(eval(target, {"r": r})) for r in rows if r[split] == s]) for s in names}
    x = {s: np.array([[float(r[t]) for t in terms] for r in rows if r[split] == s]) for s in names}
    X, w = np.column_stack([np.ones(len(y[train])), x[train]]), np.zeros(1 + len(terms))
    for _ in range(60):
        q = 1 / (1 + np.exp(-X @ w))
        w = w - np.linalg.solve((X.T * (q * (1 - q))) @ X, X.T @ (q - y[train]))
    least, best = entropy(int(y[train].sum()), len(y[train])), None
    for j in range(len(terms)):
        for at in np.unique(x[train][:, j])[:-1]:
            side = y[train][x[train][:, j] <= at]
            left = entropy(int(side.sum()), len(side)) + entropy(int(y[train].sum() - side.sum()), len(y[train]) - len(side))
            if left < least * (1 - 1e-12):
                least, best = left, (j, at)
    base, question = document["challengers"]
    same("the question", question["feature"], terms[best[0]])
    for part in document["parts"]:
        s = part["name"]
        same("role", part["role"], "trained on" if s == train else "held out")
        p = 1 / (1 + np.exp(-(w[0] + x[s] @ w[1:])))
        check_part(part, p, y[s])
        for challenger in base, question:
            found = [c for c in challenger["parts"] if c["name"] == s][0]
            inside = x[train][:, best[0]] <= best[1] if challenger is question else np.zeros(len(y[train]), bool)
            chance = [(y[train][side].sum() + 1) / (side.sum() + 2) for side in (~inside, inside)]
            q = np.array(chance)[(x[s][:, best[0]] <= best[1]).astype(int)] if challenger is question else np.full(len(y[s]), chance[0])
            same("challenger's AUC", found["auroc"]["value"], auroc(q, y[s]), 1e-9)
            same("challenger's Brier score", found["brier"]["value"], ((q - y[s]) ** 2).mean(), 1e-9)
            same("gain in AUC", found["gain"]["auroc"]["value"], auroc(p, y[s]) - auroc(q, y[s]), 1e-8)
            same("gain in Brier score", found["gain"]["brier"]["value"], ((q - y[s]) ** 2 - (p - y[s]) ** 2).mean(), 1e-7)
    for change in document["against_training"]:
        parts = {p["name"]: p for p in document["parts"]}
        a, b = (parts[change[k]]["discrimination"]["auroc"] for k in ("name", "training"))
        for end, expected in zip(("value", "lo", "hi"), newcombe(*[(e["value"], e["lo"], e["hi"]) for e in (a, b)])):
            same(f"AUC against training: {end}", change["auroc"][end], expected, 1e-12)


def stored(document, case):
    import h5py
    found = 0
    for path in glob.glob(f"{case}/shards/*.h5"):
        with h5py.File(path) as file:
            if file.attrs["kind"] != "audit" or file.attrs["name"] != document["audit_object"]:
                continue
            found += 1
            parts = document["parts"]
            for column in "rows", "n", "true_positives", "false_positives":
                array = file[f"parts/{column}"]
                same(f"type of {column}", array.dtype.str, "<i8")
                for p, part in enumerate(parts):
                    value = part["confusion"][column] if "positives" in column else part[column]
                    same(f"stored {column}", int(array[p]), value)
            for k, _ in enumerate(parts[0]["groupings"]):
                groups = file[f"groups_{k}"]
                for p, part in enumerate(parts):
                    for g, group in enumerate(part["groupings"][k]["groups"]):
                        same("stored group", [v.decode() for v in groups["label"][g]], group["labels"])
                        same("stored false negatives", int(groups["false_negatives"][p, g]), group["confusion"]["false_negatives"])
                        for b, end in enumerate(("value", "lo", "hi")):
                            value = groups["impact_ratio"][p, g, b]
                            same("stored ratio", None if math.isnan(value) or math.isinf(value) else float(value), group["impact"][end])
    same("stored objects", found, 1)


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        document = json.load(file)
    {"score": score, "median": median, "compas": compas, "model": model, "stored": stored}[sys.argv[1]](document, *sys.argv[3:])
