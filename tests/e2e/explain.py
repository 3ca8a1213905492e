#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `assay explain` says about people, held against an own fit of the same regression and brute force over the same rows.

    explain.py packets DOC FILE.csv ROW_EXPR TARGET_EXPR THRESHOLD REFERENCE TERM[=LEVEL]...
                                       THRESHOLD: a probability, or none; REFERENCE: mean, base or a key of column id
    explain.py images DOC CASE         contributions of pixels in the stored object add up to what the answer says
    explain.py private DOC CASE        arrays that name other people are salted

Exits 1 with a line that says what differs.
"""
import glob, json, math, sys
import numpy as np
from tabular import design, fail, newton, read


def near(what, found, expected, tolerance=1e-8):
    if abs(found - expected) > tolerance * max(1, abs(expected)):
        fail(f"{what}: {expected!r} expected, {found!r} found")


def blocks(names, terms):
    """Columns of the design of each term."""
    return {t.split("=")[0]: [k for k, n in enumerate(names) if n == t.split("=")[0] or n.startswith(t.split("=")[0] + " = ")] for t in terms}


def check_flips(found, rows, X, w, i, inside, decided, offset, own):
    X = X[:, inside]
    different = {}
    for k in range(len(rows)):
        different.setdefault(tuple(X[k]), k)
    base = own - X[i] @ w[inside]
    flips = {}
    for features, k in different.items():
        margin = base + np.array(features) @ w[inside] - offset
        if features != tuple(X[i]) and (margin > 0) != decided:
            flips[features] = k
    if found["flips"] != len(flips) or found["tried"] != len(different) - 1:
        fail(f"{found['column']}: {len(flips)} of {len(different) - 1} flips expected, {found['flips']} of {found['tried']} found")
    if found["levels"] is not None:
        expected = sorted(rows[k][found["column"]] for k in flips.values())
        if sorted(f["value"] for f in found["levels"]) != expected[:20]:
            fail(f"{found['column']}: flips to {expected} expected, {found['levels']} found")
        return
    changes = [features[0] - X[i][0] for features in flips]
    for side, expected in ("up", min([c for c in changes if c > 0], default=None)), ("down", max([c for c in changes if c < 0], default=None)):
        change = found[side] and found[side]["change"]
        if (change is None) != (expected is None) or (expected is not None and abs(change - expected) > 1e-9):
            fail(f"{found['column']}: {side}: {expected} expected, {change} found")
    near(f"{found['column']}: exact change", found["exact_change"], -(own - offset) / w[inside][0], 1e-6)


def packets(document, path, keep, target, threshold, reference, *terms):
    rows = read(path, keep, terms)
    X, names = design(rows, terms)
    w, _, _ = newton(X, np.array([float(eval(target, {"r": r})) for r in rows]))
    place = {r["id"]: k for k, r in enumerate(rows)}
    offset = 0 if threshold == "none" else math.log(float(threshold) / (1 - float(threshold)))
    at = X.mean(0)
    if reference == "base":
        for column, inside in blocks(names, terms).items():
            for k in inside:
                if "=" in names[k]:
                    at[k] = 0
    elif reference != "mean":
        at = X[place[reference]]
    deviation = X.std(0)
    scaled = X[:, deviation > 1e-12] / deviation[deviation > 1e-12]
    for packet in document["packets"]:
        i = place[packet["example"]["id"]]
        margin, decided = X[i] @ w - offset, bool(X[i] @ w - offset > 0)
        near("margin", packet["decision"]["margin"], margin)
        if packet["decision"]["class"] != ("true" if decided else "false"):
            fail(f"decision {decided} expected, {packet['decision']} found")
        p = 1 / (1 + math.exp(-X[i] @ w))
        near("probability", packet["decision"]["probability"], p if decided else 1 - p)
        expected = {c: float(w[inside] @ (X[i] - at)[inside]) for c, inside in blocks(names, terms).items()}
        found = {c["column"]: c for c in packet["contributions"]}
        if set(found) != set(expected):
            fail(f"columns {sorted(expected)} expected, {sorted(found)} found")
        for column, value in expected.items():
            near(f"contribution of {column}", found[column]["contribution"], value)
            near(f"terms of {column}", sum(t["contribution"] for t in found[column]["terms"]), value)
            if found[column]["value"] != rows[i][column]:
                fail(f"{column}: {rows[i][column]} expected, {found[column]['value']} found")
        check = packet["check"]
        if not check["converged"] or check["residual"] > 1e-12 or abs(check["sum"] - (margin + offset - at @ w)) > 1e-8:
            fail(f"check: {check}")
        sign = 1 if decided else -1
        speaking = sorted((c for c in expected if sign * expected[c] > 1e-12), key=lambda c: -sign * expected[c])
        if [r["column"] for r in packet["reasons"]] != speaking[:4]:
            fail(f"reasons {speaking[:4]} expected, {packet['reasons']} found")
        total = sum(sign * expected[c] for c in speaking)
        for reason in packet["reasons"]:
            near("share of a reason", reason["share"], sign * expected[reason["column"]] / total)
        order = sorted(expected, key=lambda c: -sign * expected[c])
        for step, k in zip(packet["fidelity"]["steps"], range(1, len(order) + 1)):
            drop = sum(sign * expected[c] for c in order[:k])
            near("claimed drop", step["claimed"], drop)
            near("measured drop", step["measured"], drop)
            near("margin of these columns alone", step["only"], sign * (at @ w - offset) + drop)
        near("area", packet["fidelity"]["area"], np.mean([s["measured"] for s in packet["fidelity"]["steps"]]))
        near("rescaled", packet["fidelity"]["rescaled"], 1, 1e-6)
        for column in packet["flips"]["columns"]:
            check_flips(column, rows, X, w, i, blocks(names, terms)[column["column"]], decided, offset, X[i] @ w)
        distance = np.sqrt(((scaled - scaled[i]) ** 2).sum(1))
        distance[i] = math.inf
        nearest = np.argsort(distance, kind="stable")[: len(packet["nearest"]["neighbours"])]
        if packet["nearest"]["identical"] != int((distance < 1e-9).sum()):
            fail(f"{int((distance < 1e-9).sum())} identical expected, {packet['nearest']['identical']} found")
        for neighbour, k in zip(packet["nearest"]["neighbours"], nearest):
            near("distance", neighbour["distance"], distance[k], 1e-7)
            if abs(distance[place[neighbour["id"]]] - distance[k]) > 1e-7 or len(neighbour["pseudonym"]) != 16:
                fail(f"neighbour {neighbour}, distance {distance[k]}")


def objects(case, kind, name):
    import h5py
    for path in glob.glob(f"{case}/shards/*.h5"):
        with h5py.File(path) as file:
            if file.attrs["kind"] == kind and file.attrs["name"] == name:
                yield file


def images(document, case):
    seen = 0
    for file in objects(case, "packet", document["packet_object"]):
        contribution = file["columns/contribution"][()]
        for q, packet in enumerate(document["packets"]):
            seen += 1
            if packet["reasons"] is not None or "not_applicable" not in packet["flips"]:
                fail("pixels are no reasons")
            near("sum of contributions", contribution[q].sum(), packet["check"]["sum"], 1e-10)
            if packet["check"]["residual"] > 1e-6 * max(1, abs(packet["check"]["change"])) or not packet["check"]["converged"]:
                fail(f"check: {packet['check']}")
    if seen != len(document["packets"]):
        fail(f"{seen} stored packets")


def private(document, case):
    seen = 0
    for file in objects(case, "packet", document["packet_object"]):
        for name in "who/text", "nearest/example":
            seen += bool(file[name].attrs.get("redactable", False))
    if seen != 2 or document["privacy"]["names_for"] != ["internal"]:
        fail(f"{seen} redactable arrays, {document['privacy']}")


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        document = json.load(file)
    {"packets": packets, "images": images, "private": private}[sys.argv[1]](document, *sys.argv[3:])
