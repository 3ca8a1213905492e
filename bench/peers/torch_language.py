# SPDX-License-Identifier: GPL-3.0-or-later
"""A prompt through the benchmark model in PyTorch, driven line by line from standard input.

    python torch_language.py CASE_DIR --threads 2 --precision f32|bf16

bf16 is autocast, and weights are cast beforehand, once. Commands: `time prompt N`, `logits N FILE`, `info`, `quit`, as those of bench/language.
"""
import argparse, json, os, resource, sys, time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file


class Model:
    def __init__(self, folder, precision):
        start = time.perf_counter()
        self.config = json.load(open(os.path.join(folder, "config.json")))["config"]
        self.w = {n: torch.from_numpy(w) for n, w in load_file(os.path.join(folder, "model.safetensors")).items()}
        self.open_wall = time.perf_counter() - start
        self.tokens = torch.tensor(load_file(os.path.join(folder, "batch.safetensors"))["tokens"]).long()[:1]
        self.low = precision == "bf16"
        if self.low:
            self.w = {n: w.to(torch.bfloat16) if w.ndim == 2 and n != "wpe.weight" else w for n, w in self.w.items()}

    def logits(self, n):
        w, c = self.w, self.config
        C, H = c["width"], c["heads"]
        h = F.embedding(self.tokens[:, :n], w["wte.weight"]).float() + w["wpe.weight"][:n]
        norm = lambda x, name: F.layer_norm(x, (C,), w[name + ".weight"], w[name + ".bias"], c["eps"])
        linear = lambda x, name: F.linear(x, w[name + ".weight"], w[name + ".bias"])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.low):
            for l in range(c["layers"]):
                p = f"h.{l}."
                q, k, v = (t.view(1, n, H, C // H).transpose(1, 2) for t in linear(norm(h, p + "ln_1"), p + "attn.c_attn").split(C, 2))
                y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
                h = h + linear(y.transpose(1, 2).reshape(1, n, C), p + "attn.c_proj")
                h = h + linear(F.gelu(linear(norm(h, p + "ln_2"), p + "mlp.c_fc"), approximate="tanh"), p + "mlp.c_proj")
            return F.linear(norm(h[:, -1:], "ln_f"), w["wte.weight"]).float()[0, 0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = Model(args.folder, args.precision)
    for line in sys.stdin:
        word = line.split()
        if word[0] == "info":
            blas = [l.strip() for l in torch.__config__.show().splitlines() if "MKL" in l or "OpenBLAS" in l or "DNN" in l]
            answer = {"program": "torch " + torch.__version__, "threads": torch.get_num_threads(), "precision": args.precision, "blas": blas, "open_wall": model.open_wall}
        elif word[0] == "logits":
            np.save(word[2], model.logits(int(word[1])).numpy().astype(np.float32))
            answer = {}
        elif word[:2] == ["time", "prompt"]:
            wall, cpu = time.perf_counter(), time.process_time()
            model.logits(int(word[2]))
            answer = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
                      "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        else:
            break
        print(json.dumps(answer), flush=True)


main()
