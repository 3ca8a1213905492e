# SPDX-License-Identifier: GPL-3.0-or-later
# Reads the evidence that came with the report, after making sure that it is the same file, and shows, plots and checks its numbers.
import hashlib
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

import h5py
import numpy as np

with open(EVIDENCE, "rb") as evidence_bytes:
    found = hashlib.sha256(evidence_bytes.read()).hexdigest()
if found != SHA256:
    raise ValueError(f"{EVIDENCE} is not the file that this notebook was written for: SHA-256 {SHA256} expected, {found} found")
evidence = h5py.File(EVIDENCE, "r")


def column(path):
    """One column of a result table: "attribution/1/scores/score"."""
    values = evidence[path]
    return values.asstr()[...] if h5py.check_string_dtype(values.dtype) else values[...]


def cell(value):
    if isinstance(value, str):
        return "".join(c if c.isprintable() else f"\\u{{{ord(c):04x}}}" for c in value)
    return str(value) if isinstance(value, np.integer) else f"{value:.6g}"


def show(table, names):
    """Prints columns of a result table."""
    columns = [[name] + [cell(value) for value in column(f"{table}/{name}")] for name in names]
    widths = [max(len(text) for text in texts) for texts in columns]
    for row in zip(*columns):
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def plot(table, names):
    """Bars for columns over the texts of the first, or lines where it holds numbers."""
    import matplotlib.pyplot as plt

    first, rest = column(f"{table}/{names[0]}"), [name for name in names[1:]]
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for k, name in enumerate(rest):
        values = column(f"{table}/{name}")
        if isinstance(first[0], str):
            height = 0.8 / len(rest)
            axes.barh(np.arange(len(first)) + k * height, values, height, label=name)
        else:
            axes.plot(first, values, label=name)
    if isinstance(first[0], str):
        axes.set_yticks(np.arange(len(first)) + 0.4 - 0.4 / len(rest), [cell(text).replace("$", r"\$") for text in first])
        axes.invert_yaxis()
    else:
        axes.set_xlabel(names[0])
    axes.legend()
    plt.show()


def rounded(value, rounding, digits):
    """As many digits as the report printed, rounded half to even from the exact value."""
    exact = Decimal(int(value)) if isinstance(value, np.integer) else Decimal(float(value))
    if rounding == "percent":
        exact *= 100
    if rounding == "significant":
        return Context(prec=digits, rounding=ROUND_HALF_EVEN).create_decimal(exact)
    places = 0 if rounding == "count" else digits
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, Context(prec=60))


def check(numbers):
    """Recomputes what the report printed: (number id, rounding, digits, display)."""
    for number, rounding, digits, display in numbers:
        path, index = re.fullmatch(r"(.*)\[(\d+)\]", number).groups()
        printed = Decimal(display.replace(",", "").replace(" %", ""))
        value = rounded(column(path)[int(index)], rounding, digits)
        if value != printed:
            raise ValueError(f"{number}: the report prints {display}, the evidence says {value}")
    print(f"{len(numbers)} numbers agree with the evidence")
