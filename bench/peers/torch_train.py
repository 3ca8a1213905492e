# SPDX-License-Identifier: GPL-3.0-or-later
"""Training steps of the benchmark model in PyTorch, driven line by line from standard input.

    python torch_train.py CASE_DIR --threads 1 --options JSON --precision f32|bf16 [--compile]

bf16 is autocast over parameters in f32. AdamW is the fused one, attention scaled_dot_product_attention. Commands and answers are those of bench/train.
"""
import argparse, json, os, resource, sys, time

import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

from torch_model import Model


class Training(Model):
    def __init__(self, folder, options, precision, compiled):
        self.config = json.load(open(os.path.join(folder, "config.json")))["config"]
        weights = load_file(os.path.join(folder, "model.safetensors"))
        batch = load_file(os.path.join(folder, "batch.safetensors"))
        self.order = list(weights)
        self.start = [torch.tensor(weights[n]) for n in self.order]
        self.params = [p.clone().requires_grad_() for p in self.start]
        self.all_tokens, self.all_targets = (torch.tensor(batch[n]).long() for n in ("tokens", "targets"))
        self.options, self.low, self.fused = options, precision == "bf16", True
        self.batch_loss = torch.compile(self.plain_loss) if compiled else self.plain_loss
        self.begin()

    def begin(self):
        o = self.options
        with torch.no_grad():
            for p, s in zip(self.params, self.start):
                p.copy_(s)
        self.optimizer = torch.optim.AdamW(self.params, lr=o["learning-rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=o["weight-decay"], fused=True)
        self.done = 0

    def plain_loss(self, tokens, targets):
        self.tokens = tokens
        with torch.autocast("cpu", torch.bfloat16, enabled=self.low):
            z = self.logits(self.params)
            return F.cross_entropy(z.flatten(0, 1), targets.flatten())

    def step(self):
        B, N = self.options["batch"], len(self.all_tokens)
        rows = [(self.done * B + i) % N for i in range(B)]
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.batch_loss(self.all_tokens[rows], self.all_targets[rows])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, self.options["clip"])
        self.optimizer.step()
        self.done += 1
        return loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--options", type=json.loads, required=True)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    training = Training(args.folder, args.options, args.precision, args.compile)
    for line in sys.stdin:
        word = line.split()
        if not word or word[0] == "quit":
            break
        if word[0] == "info":
            blas = [l.strip(" -") for l in torch.__config__.show().splitlines() if "MKL" in l and "Version" in l or "MKL-DNN" in l]
            answer = {"program": "torch " + torch.__version__, "threads": torch.get_num_threads(), "precision": args.precision, "compiled": args.compile,
                      "blas": blas, "capability": torch.backends.cpu.get_cpu_capability(), "parameters": sum(p.numel() for p in training.params)}
        elif word[0] == "losses":
            training.begin()
            answer = {"losses": [training.step() for _ in range(int(word[1]))]}
        else:
            n = int(word[1])
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(n):
                training.step()
            answer = {"wall": (time.perf_counter() - wall) / n, "cpu": (time.process_time() - cpu) / n,
                      "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        print(json.dumps(answer), flush=True)


main()
