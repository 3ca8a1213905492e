#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `assay` prints about tables, held against what is computed here from the same files.

    tabular.py published DOC COMPAS_PUBLISHED.md        coefficients and standard errors, to the last printed digit
    tabular.py fit DOC FILE.csv ROW_EXPR TARGET_EXPR TERM[=REFERENCE]...
                                                        the same from an own Newton fit; expressions are Python over the row r
    tabular.py fit-level DOC ...                        (as fit) where missing is a level of its own, for a number column a term and a zero
    tabular.py influence DOC CERTIFIED                  the promised form of an answer; CERTIFIED: yes or no
    tabular.py hessian DOC_OF_INFLUENCE FILE.csv ...    (as fit) scores of query 0 from an own inverse Hessian

Exits 1 with a line that says what differs.
"""
import csv, json, math, re, sys
import numpy as np

MISSING = ("", "?", "NA", "N/A")


def read(path, keep, terms, drop=True):
    with open(path, newline="") as file:
        rows = [r for r in csv.DictReader(file)]
    names = [t.split("=", 1)[0] for t in terms]
    return [r for r in rows if eval(keep, {"r": r}) and not (drop and any(r[n] in MISSING for n in names))]


def design(rows, terms):
    columns, names = [np.ones(len(rows))], ["(intercept)"]
    for term in terms:
        name, _, reference = term.partition("=")
        values = ["(missing)" if r[name] in MISSING else r[name] for r in rows]
        absent = np.array([v == "(missing)" for v in values], float)
        try:
            columns.append(np.array([0 if v == "(missing)" else float(v) for v in values]))
            names.append(name)
            if absent.any():
                columns.append(absent)
                names.append(f"{name} = (missing)")
        except ValueError:
            levels = sorted(set(values))
            for level in levels:
                if level != (reference or levels[0]):
                    columns.append(np.array([v == level for v in values], float))
                    names.append(f"{name} = {level}")
    return np.stack(columns, 1), names


def newton(X, y):
    w = np.zeros(X.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-X @ w))
        step = np.linalg.solve((X.T * (p * (1 - p))) @ X, X.T @ (p - y))
        w -= step
        if abs(step).max() < 1e-13:
            break
    p = 1 / (1 + np.exp(-X @ w))
    return w, p, (X.T * (p * (1 - p))) @ X


def fail(text):
    print(text)
    sys.exit(1)


def published(document, path):
    rows = re.findall(r"^\| (.+?) \| (-?[\d.]+) \| ([\d.]+) \|$", open(path).read(), re.M)
    found = {c["term"]: c for c in document["coefficients"]}
    if len(rows) != 12 or len(found) != 12:
        fail(f"12 terms expected, {len(rows)} published and {len(found)} found")
    for term, estimate, error in rows:
        pair = f"{found[term]['estimate']:.5f}", f"{found[term]['std_error']:.5f}"
        if pair != (estimate, error):
            fail(f"{term}: {estimate} {error} expected, {pair[0]} {pair[1]} found")


def fit(document, path, keep, target, *terms, drop=True):
    rows = read(path, keep, terms, drop)
    X, names = design(rows, terms)
    w, _, H = newton(X, np.array([float(eval(target, {"r": r})) for r in rows]))
    errors = np.sqrt(np.diag(np.linalg.inv(H)))
    found = {c["term"]: c for c in document["coefficients"]}
    if set(found) != set(names):
        fail(f"terms {sorted(names)} expected, {sorted(found)} found")
    if document["data"]["train_examples"] != len(rows):
        fail(f"{len(rows)} rows expected, {document['data']['train_examples']} found")
    for name, estimate, error in zip(names, w, errors):
        # Both sides stop at a gradient of rounding size; what is left of it, times the inverse Hessian, is far below this.
        if abs(found[name]["estimate"] - estimate) > 1e-9 * max(1, abs(estimate)) or abs(found[name]["std_error"] - error) > 1e-9 * error:
            fail(f"{name}: {estimate} {error} expected, {found[name]['estimate']} {found[name]['std_error']} found")


def fit_level(*arguments):
    fit(*arguments, drop=False)


def influence(document, certified):
    for key in ("method", "measure", "unit", "damping", "solver", "interval_kind", "scores"):
        if key not in document:
            fail(f"no field {key}")
    if document["unit"] not in ("nats per removed example", "relative"):
        fail(f"unit {document['unit']}")
    if certified == "yes" and not (document["interval_kind"] == "solve" and document["solver"]["true_residual"] <= 1e-5
                                   and isinstance(document["solver"]["reason"], str)):
        fail(f"a certified solve expected, {document['interval_kind']} {document['solver']} found")
    last = math.inf
    for s in document["scores"]:
        if set(("example", "id", "score", "lo", "hi")) - set(s):
            fail(f"a score has the fields {sorted(s)}")
        if abs(s["score"]) > last:
            fail("scores are not sorted by magnitude")
        last = abs(s["score"])
        if certified == "yes" and not s["lo"] <= s["score"] <= s["hi"]:
            fail(f"{s['score']} is not between {s['lo']} and {s['hi']}")
        if certified == "no" and (s["lo"] is not None or s["hi"] is not None):
            fail("an interval that nothing certifies")


def hessian(document, path, keep, target, *terms):
    """infl_qi = g_q' H^-1 g_i / N with H of the mean loss, so g_q' (N H)^-1 g_i."""
    rows = read(path, keep, terms)
    X, _ = design(rows, terms)
    y = np.array([float(eval(target, {"r": r})) for r in rows])
    _, p, H = newton(X, y)
    G = X * (p - y)[:, None]
    scores = G @ np.linalg.solve(H, G[0])
    for s in document["scores"]:
        if abs(s["score"] - scores[s["example"]]) > 1e-9 * abs(scores).max():
            fail(f"example {s['example']}: {scores[s['example']]} expected, {s['score']} found")
        if not s["lo"] - 1e-12 <= scores[s["example"]] <= s["hi"] + 1e-12:
            fail(f"example {s['example']}: {scores[s['example']]} is not between {s['lo']} and {s['hi']}")


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        {"published": published, "fit": fit, "fit-level": fit_level, "influence": influence, "hessian": hessian}[sys.argv[1]](json.load(file), *sys.argv[3:])
