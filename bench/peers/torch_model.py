# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark model in PyTorch, driven line by line from standard input.

    python torch_model.py CASE_DIR --threads 1

CASE_DIR holds config.json and model.safetensors as `assay` writes them, and batch.safetensors (tokens, targets, direction).
Commands: `time JOB` answers {"wall": s, "cpu": s}; `dump JOB FILE` writes the result as a flat float32 .npy; `info`; `quit`.
Jobs: forward, gradient, hessian (double backward on a cached graph), hessian-cold, gauss-newton.
Autograd's double backward and its forward mode do not go through fused attention, so the second-order jobs use the plain form.
bench/gpu/walks_peer.py uses the model on a device, where nothing but PyTorch may be installed.
"""
import argparse, json, os, resource, struct, sys, time

import torch
import torch.nn.functional as F


def load_file(path):
    """The tensors of a file in safetensors' format: their names and places as JSON behind its length, then their bytes."""
    types = {"F32": torch.float32, "I32": torch.int32}
    with open(path, "rb") as file:
        names = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    return {n: torch.frombuffer(data, dtype=types[t["dtype"]], offset=t["data_offsets"][0], count=torch.Size(t["shape"]).numel()).view(t["shape"])
            for n, t in names.items() if n != "__metadata__"}


class Model:
    def __init__(self, folder, device="cpu"):
        spec = json.load(open(os.path.join(folder, "config.json")))
        self.config = spec["config"]
        weights = load_file(os.path.join(folder, "model.safetensors"))
        batch = load_file(os.path.join(folder, "batch.safetensors"))
        self.order = json.load(open(os.path.join(folder, "order.json")))
        self.params = [weights[n].to(device).requires_grad_() for n in self.order]
        self.tokens = batch["tokens"].long().to(device)
        self.targets = batch["targets"].long().to(device)
        flat = batch["direction"].to(device)
        self.direction, at = [], 0
        for p in self.params:
            self.direction.append(flat[at:at + p.numel()].view_as(p))
            at += p.numel()
        self.fused = True

    def logits(self, params):
        w = dict(zip(self.order, params))
        c = self.config
        heads, eps = c["heads"], c["eps"]
        B, T = self.tokens.shape
        C = c["width"]
        h = F.embedding(self.tokens, w["wte.weight"]) + w["wpe.weight"][:T]
        norm = lambda x, n: F.layer_norm(x, (C,), w[n + ".weight"], w[n + ".bias"], eps)
        linear = lambda x, n: F.linear(x, w[n + ".weight"], w[n + ".bias"])
        for l in range(c["layers"]):
            p = f"h.{l}."
            q, k, v = (t.view(B, T, heads, C // heads).transpose(1, 2)
                       for t in linear(norm(h, p + "ln_1"), p + "attn.c_attn").split(C, 2))
            if self.fused:
                y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            else:
                s = (q @ k.transpose(2, 3)) * (C // heads) ** -0.5
                s = s.masked_fill(torch.ones(T, T, dtype=torch.bool, device=s.device).triu(1), float("-inf"))
                y = s.softmax(-1) @ v
            h = h + linear(y.transpose(1, 2).reshape(B, T, C), p + "attn.c_proj")
            h = h + linear(F.gelu(linear(norm(h, p + "ln_2"), p + "mlp.c_fc"), approximate="tanh"), p + "mlp.c_proj")
        return norm(h, "ln_f") @ w["wte.weight"].T

    def loss_of_logits(self, z):
        # The sum over examples and positions: what Assay differentiates with unit weights.
        return F.cross_entropy(z.flatten(0, 1), self.targets.flatten(), reduction="sum")

    def forward(self):
        self.fused = True
        with torch.no_grad():
            return [self.loss_of_logits(self.logits(self.params))]

    def gradient(self):
        self.fused = True
        return torch.autograd.grad(self.loss_of_logits(self.logits(self.params)), self.params)

    def prepare_hessian(self):
        self.fused = False
        self.cached = torch.autograd.grad(self.loss_of_logits(self.logits(self.params)), self.params, create_graph=True)

    def hessian(self):
        dot = sum((g * v).sum() for g, v in zip(self.cached, self.direction))
        return torch.autograd.grad(dot, self.params, retain_graph=True)

    def hessian_cold(self):
        self.prepare_hessian()
        dot = sum((g * v).sum() for g, v in zip(self.cached, self.direction))
        self.cached = None
        return torch.autograd.grad(dot, self.params)

    def gauss_newton(self):
        self.fused = False
        z, rz = torch.func.jvp(lambda *p: self.logits(p), tuple(self.params), tuple(self.direction))
        probability = z.detach().softmax(-1)
        dz = probability * (rz - (probability * rz).sum(-1, keepdim=True))
        z = self.logits(self.params)
        return torch.autograd.grad(z, self.params, dz.detach())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    import numpy as np
    model = Model(args.folder)
    jobs = {"forward": model.forward, "gradient": model.gradient, "hessian": model.hessian,
            "hessian-cold": model.hessian_cold, "gauss-newton": model.gauss_newton}
    for line in sys.stdin:
        words = line.split()
        if not words or words[0] == "quit":
            break
        if words[0] == "info":
            print(json.dumps({"program": "torch " + torch.__version__, "threads": torch.get_num_threads(),
                              "blas": torch.__config__.show().split("\n")[3].strip(" -")[:60]}), flush=True)
            continue
        job = jobs[words[1]]
        if words[1] == "hessian" and getattr(model, "cached", None) is None:
            model.prepare_hessian()
        wall, cpu = time.perf_counter(), time.process_time()
        result = job()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if words[0] == "dump":
            np.save(words[2], torch.cat([r.detach().reshape(-1) for r in result]).numpy())
        print(json.dumps({"wall": wall, "cpu": cpu, "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


if __name__ == "__main__":
    main()
