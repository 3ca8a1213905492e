# SPDX-License-Identifier: GPL-3.0-or-later
"""A prompt and a continuation by llama.cpp (llama-cpp-python), driven line by line from standard input.

    python llama_language.py CASE_DIR --threads 2 --type f32|bf16|q8_0

The benchmark model is written as GGUF beside CASE_DIR's files once; q8_0 is bytes with a half-precision scale for every 32. Commands: as those of bench/language.
"""
import argparse, json, os, resource, sys, time

import numpy as np


def read_tensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
    data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + int.from_bytes(open(path, "rb").read(8), "little"))
    types = {"F32": np.float32, "I32": np.int32}
    return {n: data[slice(*t["data_offsets"])].view(types[t["dtype"]]).reshape(t["shape"]) for n, t in header.items() if n != "__metadata__"}


def write_gguf(folder, path, kind):
    import gguf
    c = json.load(open(os.path.join(folder, "config.json")))["config"]
    types = {"f32": gguf.GGMLQuantizationType.F32, "bf16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0}
    files = {"f32": gguf.LlamaFileType.ALL_F32, "bf16": gguf.LlamaFileType.MOSTLY_BF16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
    out = gguf.GGUFWriter(path, "gpt2")
    out.add_context_length(c["context"])
    out.add_embedding_length(c["width"])
    out.add_block_count(c["layers"])
    out.add_feed_forward_length(4 * c["width"])
    out.add_head_count(c["heads"])
    out.add_layer_norm_eps(c["eps"])
    out.add_file_type(files[kind])
    out.add_vocab_size(c["vocabulary"])
    out.add_tokenizer_model("no_vocab")
    names = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
             "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
    for name, w in read_tensors(os.path.join(folder, "model.safetensors")).items():
        stem, end = name.rsplit(".", 1)
        layer = stem.split(".")[1] if stem.startswith("h.") else None
        theirs = ("blk." + layer + "." if layer else "") + names[stem.split(".", 2)[2] if layer else stem] + "." + end
        low = types[kind] if w.ndim == 2 and stem != "wpe" else gguf.GGMLQuantizationType.F32
        out.add_tensor(theirs, gguf.quants.quantize(np.ascontiguousarray(w), low), raw_dtype=low)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--type", choices=("f32", "bf16", "q8_0"), default="q8_0")
    args = parser.parse_args()
    path = os.path.join(args.folder, args.type + ".gguf")
    if not os.path.exists(path):
        write_gguf(args.folder, path, args.type)
    import llama_cpp
    context = json.load(open(os.path.join(args.folder, "config.json")))["config"]["context"]
    start = time.perf_counter()
    llama = llama_cpp.Llama(path, n_ctx=context, n_batch=512, n_threads=args.threads, n_threads_batch=args.threads, verbose=False)
    opened = time.perf_counter() - start
    tokens = read_tensors(os.path.join(args.folder, "batch.safetensors"))["tokens"].reshape(-1).tolist()

    def last():
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(llama._ctx.ctx, -1), (llama.n_vocab(),))

    def begin():
        llama.reset()
        if hasattr(llama._ctx, "kv_cache_clear"):
            llama._ctx.kv_cache_clear()

    for line in sys.stdin:
        word = line.split()
        if word[0] == "info":
            answer = {"program": "llama-cpp-python " + llama_cpp.__version__, "system": llama_cpp.llama_print_system_info().decode(), "threads": args.threads, "type": args.type,
                      "open_wall": opened, "bytes": os.path.getsize(path)}
        elif word[0] == "logits":
            begin()
            llama.eval(tokens[:int(word[1])])
            np.save(word[2], last().astype(np.float32))
            answer = {}
        elif word[0] == "time":
            n = int(word[2])
            begin()
            if word[1] == "decode":
                llama.eval(tokens[:1])
            wall, cpu = time.perf_counter(), time.process_time()
            if word[1] == "prompt":
                llama.eval(tokens[:n])
                last()
            for _ in range(n if word[1] == "decode" else 0):
                llama.eval([int(last().argmax())])
            answer = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        else:
            break
        print(json.dumps(answer), flush=True)


main()
