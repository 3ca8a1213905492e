# SPDX-License-Identifier: GPL-3.0-or-later
"""The other side of bench/tokenizer.py: the tokenizers library, one thread, driven by the lines of bench/tokenize --serve.

    tokenizers_encode.py TOKENIZER FILE       # tokenizer.json, or a directory of it or of vocab.json and merges.txt
"""
import array, json, os, sys, time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
import tokenizers

FIRST = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))


def load(path):
    if os.path.isfile(path):
        return tokenizers.Tokenizer.from_file(path)
    whole = os.path.join(path, "tokenizer.json")
    if os.path.exists(whole):
        return tokenizers.Tokenizer.from_file(whole)
    vocabulary, merges = next([os.path.join(path, name) for name in pair] for pair in FIRST if os.path.exists(os.path.join(path, pair[0])))
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE.from_file(vocabulary, merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def main():
    path, texts = sys.argv[1:3]
    with open(texts, encoding="utf-8", newline="") as file:
        texts = file.read().split("\0")
    tokenizer, ids = load(path), []
    print("ready", flush=True)
    for line in sys.stdin:
        line = line.strip()
        if line in ("time", "again"):
            if line == "time":
                tokenizer = load(path)
            begin = time.perf_counter()
            for text in texts:                                    # one text after the other, with places, as ours
                tokenizer.encode(text, add_special_tokens=False)
            print(f"{time.perf_counter() - begin:.9f}", flush=True)
        elif line.startswith("ids "):
            ids = array.array("i", (i for text in texts for i in tokenizer.encode(text, add_special_tokens=False).ids))
            with open(line[4:], "wb") as file:
                ids.tofile(file)
            print("done", flush=True)
        else:
            print(json.dumps({"tokenizers": tokenizers.__version__, "tokens": len(ids)}), flush=True)


main()
