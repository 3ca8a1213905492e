# SPDX-License-Identifier: GPL-3.0-or-later
"""gguf.py MODEL.bin TOKENIZER.bin TYPE OUT.gguf: a model of llama2.c and its tokenizer as one GGUF file of architecture llama.

TYPE: F32, F16 or Q8_0 for the matrices whose rows are multiples of 32. Both formats turn pairs of neighbours, so no row moves.
"""
import array
import struct
import sys

U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5
TYPES = {"F32": 0, "F16": 1, "Q8_0": 8}


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def listed(key, kind, values):
    return pair(key, ARRAY, struct.pack("<IQ", kind, len(values)) + b"".join(values))


def quantise(values):
    out = bytearray()
    for at in range(0, len(values), 32):
        block = values[at:at + 32]
        scale = max(abs(v) for v in block) / 127
        half = struct.unpack("<e", struct.pack("<e", scale))[0]
        out += struct.pack("<e", scale) + struct.pack("<32b", *(max(-127, min(127, round(v / half))) if half else 0 for v in block))
    return bytes(out)


def store(values, kind):
    if kind == "F16":
        return struct.pack("<%de" % len(values), *values)
    return quantise(values) if kind == "Q8_0" else struct.pack("<%df" % len(values), *values)


def read_tokens(path, n):
    tokens = []
    with open(path, "rb") as file:
        file.read(4)
        for _ in range(n):
            score, length = struct.unpack("<fi", file.read(8))
            tokens.append((score, file.read(length).decode()))
    return tokens


def main(model, tokenizer, kind, out):
    with open(model, "rb") as file:
        width, mlp, layers, heads, key_heads, vocabulary, context = struct.unpack("<7i", file.read(28))
        numbers = array.array("f", file.read())
    size, tied, vocabulary = width // heads, vocabulary > 0, abs(vocabulary)
    keys = key_heads * size
    parts = [("token_embd", vocabulary, width)]
    for stem, rows, columns in (("attn_norm", 0, width), ("attn_q", width, width), ("attn_k", keys, width), ("attn_v", keys, width), ("attn_output", width, width),
                                ("ffn_norm", 0, width), ("ffn_gate", mlp, width), ("ffn_down", width, mlp), ("ffn_up", mlp, width)):
        parts += [("blk.%d.%s" % (layer, stem), rows, columns) for layer in range(layers)]
    parts.append(("output_norm", 0, width))
    if not tied:
        parts += [(None, context, size // 2)] * 2 + [("output", vocabulary, width)]
    tensors, at = [], 0
    for name, rows, columns in parts:
        n = max(rows, 1) * columns
        fits = kind if rows and columns % 32 == 0 else "F32"
        if name:
            tensors.append((name + ".weight", [columns] + ([rows] if rows else []), fits, store(numbers[at:at + n], fits)))
        at += n
    tokens = read_tokens(tokenizer, vocabulary)
    words = ["<unk>", "<s>", "</s>"] + [word.replace(" ", "\u2581") for _, word in tokens[3:]]
    kinds = [2, 3, 3] + [6 if 3 <= k < 259 else 1 for k in range(3, vocabulary)]
    pairs = [pair("general.architecture", STRING, text("llama")), pair("llama.block_count", U32, struct.pack("<I", layers))]
    for key, value in (("embedding_length", width), ("feed_forward_length", mlp), ("context_length", context), ("attention.head_count", heads),
                       ("attention.head_count_kv", key_heads), ("rope.dimension_count", size)):
        pairs.append(pair("llama." + key, U32, struct.pack("<I", value)))
    pairs += [pair("llama.attention.layer_norm_rms_epsilon", F32, struct.pack("<f", 1e-5)), pair("tokenizer.ggml.model", STRING, text("llama")),
              listed("tokenizer.ggml.tokens", STRING, [text(word) for word in words]),
              listed("tokenizer.ggml.scores", F32, [struct.pack("<f", score) for score, _ in tokens]),
              listed("tokenizer.ggml.token_type", I32, [struct.pack("<i", k) for k in kinds])]
    header, data = b"".join(pairs), b""
    for name, dims, stored, raw in tensors:
        data += b"\0" * (-len(data) % 32)
        header += text(name) + struct.pack("<I", len(dims)) + struct.pack("<%dQ" % len(dims), *dims) + struct.pack("<IQ", TYPES[stored], len(data))
        data += raw
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + header
    with open(out, "wb") as file:
        file.write(header + b"\0" * (-len(header) % 32) + data)


main(*sys.argv[1:])
