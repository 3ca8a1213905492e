#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoding of texts beside the tokenizers library: megabytes a second of one thread, by tokenizers that have met nothing yet, and again.

    PEER_PYTHON=/path/to/venv/bin/python bench/tokenizer.py BUILD_DIR TOKENIZER FILE... [--bytes 2000] [--pairs 5]

FILEs are texts, or .jsonl, of which the strings of every object are taken. They are cut into texts of at least --bytes at ends of lines. Parity first: the
same numbers for all of them, or nothing is timed. Prints one JSON document; exits 77 with a reason when the peer is not installed.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile

from search import Side


def lines_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        for line in file:
            if not path.endswith(".jsonl"):
                yield line
                continue
            for value in json.loads(line).values():
                if isinstance(value, str):
                    yield value + "\n"


def texts_of(paths, least):
    for path in paths:
        text = ""
        for line in lines_of(path):
            text += line.replace("\0", "")
            if len(text) >= least:
                yield text
                text = ""
        if text:
            yield text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("tokenizer")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--bytes", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=5)
    args = parser.parse_args()
    python = os.environ.get("PEER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import tokenizers"], stderr=subprocess.DEVNULL).returncode:
        sys.exit((print("SKIP: no tokenizers in the Python of PEER_PYTHON"), 77)[1])
    peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "tokenizers_encode.py")
    with tempfile.TemporaryDirectory() as scratch:
        texts = f"{scratch}/texts"
        with open(texts, "w", encoding="utf-8", newline="") as file:
            file.write("\0".join(texts_of(args.files, args.bytes)))
        sides = [Side([os.path.join(args.build, "bench", "tokenize"), args.tokenizer, texts, "--serve"]), Side([python, peer, args.tokenizer, texts])]
        for k, side in enumerate(sides):
            side.ask(f"ids {scratch}/{k}")
        with open(f"{scratch}/0", "rb") as a, open(f"{scratch}/1", "rb") as b:
            if a.read() != b.read():
                sys.exit("the numbers differ; nothing is timed")
        document = {"benchmark": "tokenize", "ours": json.loads(sides[0].ask("info")), "peer": json.loads(sides[1].ask("info")), "pairs": args.pairs, "same_numbers": True}
        size = document["ours"]["bytes"]
        for job in ("time", "again"):
            seconds = [[float(side.ask(job)) for side in sides] for _ in range(args.pairs + 1)][1:]         # the first warms both
            ours, theirs = (statistics.median(pair[k] for pair in seconds) for k in (0, 1))
            document["new" if job == "time" else "again"] = {"ours_mb_s": size / ours / 1e6, "peer_mb_s": size / theirs / 1e6, "ratio": theirs / ours,
                                                             "ratios": [pair[1] / pair[0] for pair in seconds]}
        for side in sides:
            side.close()
    document["load"] = os.getloadavg()
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
