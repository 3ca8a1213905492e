#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# digest_oracle.py: "assay-merkle-1" a second time, from its text in doc/store-format.md, sharing no code with src/store/digest.c.
# Reads lines "PATH TYPE RANK DIM... LEAF_BYTES SALT_KEY|- HEX_OF_VALUES" for numbers and prints the dataset digest with no attributes;
# lines "text PATH N LEAF... " hold hexadecimal UTF-8 strings; lines "group NAME KIND CHILD ..." print a group digest.
import hashlib
import hmac
import sys

WIDTH = {"bool": 1, "u8": 1, "i8": 1, "u16": 2, "i16": 2, "f16": 2, "bf16": 2, "u32": 4, "i32": 4, "f32": 4, "u64": 8, "i64": 8, "f64": 8}


def sha(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def u64(value):
    return value.to_bytes(8, "little")


def lp(data):
    return u64(len(data)) + data


def tree(leaves):
    """RFC 6962, by its recursive definition."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\x01", tree(leaves[:k]), tree(leaves[k:]))


def dataset(path, word, dims, leaf_elements, records, key):
    d = sha(b"\x02", lp(path.encode()), lp(word.encode()), u64(len(dims)), *map(u64, dims), u64(leaf_elements), u64(32 if key else 0))
    leaves = []
    for k, record in enumerate(records):
        salt = hmac.new(key, d + u64(k), hashlib.sha256).digest() if key else b""
        leaves.append(sha(b"\x00", d, u64(k), salt, record))
    return sha(b"\x03", d, tree(leaves), tree([]))


def leaf_elements_of(width, dims, leaf_bytes):
    in_leaf = leaf_bytes // width
    row = 1
    for n in dims[1:]:
        row *= n
    return in_leaf if row == 0 or row > in_leaf else in_leaf // row * row


def numbers(words):
    path, word, rank = words[0], words[1], int(words[2])
    dims = [int(w) for w in words[3:3 + rank]]
    leaf_bytes, key = int(words[3 + rank]), words[4 + rank]
    data = bytes.fromhex(words[5 + rank]) if len(words) > 5 + rank else b""
    salted = None if key == "-" else bytes.fromhex(key)
    elements = 1 if salted else leaf_elements_of(WIDTH[word], dims, leaf_bytes)
    step = elements * WIDTH[word]
    return dataset(path, word, dims, elements, [data[i:i + step] for i in range(0, len(data), step)], salted)


def texts(words):
    strings = [bytes.fromhex(w) if w != "-" else b"" for w in words[2:]]
    return dataset(words[0], "utf8", [int(words[1])], 1, [lp(s) for s in strings], None)


def group(words):
    entries = sorted(zip(words[0::3], words[1::3], words[2::3]), key=lambda e: e[0].encode())
    leaves = [sha(b"\x04", lp(name.encode()), kind.encode(), bytes.fromhex(child)) for name, kind, child in entries]
    return sha(b"\x05", tree(leaves), tree([]))


for line in sys.stdin:
    first, *rest = line.split()
    kinds = {"text": texts, "group": group}
    print((kinds[first](rest) if first in kinds else numbers([first] + rest)).hex())
