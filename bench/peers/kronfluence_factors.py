# SPDX-License-Identifier: GPL-3.0-or-later
"""EK-FAC factors and pairwise scores of the benchmark's transformer by kronfluence, driven line by line from standard input.

    python kronfluence_factors.py CASE_DIR SCRATCH --query-batch 32 --train-batch 8

CASE_DIR holds config.json and model.safetensors as `assay` writes them, order.json, train.npy (N, T) and query.npy (Q, T) of token numbers.
Commands: `fit` and `score` answer {"wall": s, "cpu": s}; `dump FILE` writes the scores of the last `score` as (Q, N) float32 .npy; `info`; `quit`.
The example's loss is the mean over predicted positions; the last position predicts nothing and is masked.
"""
import argparse, json, os, resource, sys, time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import load_file
from torch.utils.data import Dataset

from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in self.c_attn(x).split(C, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads, eps):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width, eps=eps), Attention(width, heads)
        self.ln_2, self.mlp = nn.LayerNorm(width, eps=eps), Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(c["vocabulary"], c["width"]), nn.Embedding(c["context"], c["width"])
        self.h = nn.ModuleList(Block(c["width"], c["heads"], c["eps"]) for _ in range(c["layers"]))
        self.ln_f = nn.LayerNorm(c["width"], eps=c["eps"])

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)


class Tokens(Dataset):
    def __init__(self, file):
        self.rows = torch.tensor(np.load(file)).long()

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        mask = torch.ones(self.rows.shape[1], dtype=torch.long)
        mask[-1] = 0
        return {"tokens": self.rows[i], "mask": mask}


class MeanLoss(Task):
    def compute_train_loss(self, batch, model, sample=False):
        logits = model(batch["tokens"])[:, :-1].float()
        flat = logits.reshape(-1, logits.shape[-1])
        labels = batch["tokens"][:, 1:].reshape(-1)
        if sample:
            with torch.no_grad():
                labels = torch.multinomial(F.softmax(flat.detach(), dim=-1), num_samples=1).flatten()
        return F.cross_entropy(flat, labels, reduction="none").view(len(logits), -1).mean(1).sum()

    def compute_measurement(self, batch, model):
        return self.compute_train_loss(batch, model)

    def get_influence_tracked_modules(self):
        return None

    def get_attention_mask(self, batch):
        return batch["mask"]


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("scratch")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--query-batch", type=int, default=32)
    parser.add_argument("--train-batch", type=int, default=8)
    parser.add_argument("--empirical", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    task = MeanLoss()
    spec = json.load(open(os.path.join(args.case, "config.json")))
    model = Transformer(spec["config"])
    weights = {n: torch.tensor(w) for n, w in load_file(os.path.join(args.case, "model.safetensors")).items()}
    model.load_state_dict(weights)
    train, query = (Tokens(os.path.join(args.case, f)) for f in ("train.npy", "query.npy"))
    analyzer = Analyzer("peer", prepare_model(model, task), task, cpu=True, disable_tqdm=True, output_dir=args.scratch, disable_model_save=True)

    def fit():
        analyzer.fit_all_factors("ekfac", train, per_device_batch_size=args.train_batch, overwrite_output_dir=True,
                                 factor_args=FactorArguments(strategy="ekfac", use_empirical_fisher=args.empirical))

    def score():
        analyzer.compute_pairwise_scores("pairwise", "ekfac", query, train, per_device_query_batch_size=args.query_batch,
                                         per_device_train_batch_size=args.train_batch, overwrite_output_dir=True,
                                         score_args=ScoreArguments(damping_factor=None))

    jobs = {"fit": fit, "score": score}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "quit":
            break
        if words[0] == "info":
            answer = {"torch": torch.__version__, "threads": torch.get_num_threads(),
                      "kronfluence": __import__("importlib.metadata", fromlist=["version"]).version("kronfluence"),
                      "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        elif words[0] == "dump":
            scores = analyzer.load_pairwise_scores("pairwise")["all_modules"].float().numpy()
            np.save(words[1], scores)
            answer = {"shape": list(scores.shape)}
        else:
            wall, busy = time.perf_counter(), cpu()
            jobs[words[0]]()
            answer = {"wall": time.perf_counter() - wall, "cpu": cpu() - busy}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
