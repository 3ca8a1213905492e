# SPDX-License-Identifier: GPL-3.0-or-later
"""Damped Gauss-Newton systems of the benchmark's transformer by plain conjugate gradients in PyTorch, driven line by line.

    python torch_solve.py CASE_DIR --damping 0.01 --threads 1

CASE_DIR holds config.json, model.safetensors and order.json as for torch_model.py, train.npy (N, T) and query.npy (Q, T) of token numbers.
The loss is the mean over examples and predicted positions; the right-hand side is the gradient of a query's.
Commands: `solve QUERY TOLERANCE MOST` answers {"wall", "cpu", "iterations", "residual" (true, relative)}; `scores FILE` writes what the last
solution says of the training examples, (N,) float64 .npy; `info`; `quit`.
"""
import argparse, json, os, resource, sys, time

import numpy as np
import torch
import torch.nn.functional as F

import torch_model


class Problem(torch_model.Model):
    def __init__(self, folder, damping):
        torch_model.Model.__init__(self, folder)
        self.fused = False                                            # no forward mode through the fused attention
        self.damping = damping
        self.train, self.queries = (torch.tensor(np.load(f"{folder}/{name}.npy")).long() for name in ("train", "query"))
        self.rows = self.train

    def losses(self, params):
        z = self.logits(params)[:, :-1]
        return F.cross_entropy(z.flatten(0, 1), self.tokens[:, 1:].flatten(), reduction="none").view(len(z), -1).mean(1)

    def on(self, tokens):
        self.tokens = tokens
        return self

    def product(self, v):
        self.on(self.train)
        predicted = lambda *p: self.logits(p)[:, :-1]
        z, rz = torch.func.jvp(predicted, tuple(self.params), tuple(v))
        probability = z.detach().softmax(-1)
        dz = probability * (rz - (probability * rz).sum(-1, keepdim=True)) / (z.shape[0] * z.shape[1])
        gv = torch.autograd.grad(predicted(*self.params), self.params, dz.detach())
        return [a.detach() + self.damping * b for a, b in zip(gv, v)]

    def gradient_of(self, query):
        self.on(self.queries[query:query + 1])
        return [g.detach() for g in torch.autograd.grad(self.losses(self.params).sum(), self.params)]

    def solve(self, query, tolerance, most):
        dot = lambda a, b: float(sum((x.double() * y.double()).sum() for x, y in zip(a, b)))
        b = self.gradient_of(query)
        x = [torch.zeros_like(t) for t in b]
        r, p = [t.clone() for t in b], [t.clone() for t in b]
        rr = bb = dot(b, b)
        iterations = 0
        while iterations < most and rr > tolerance ** 2 * bb:
            ap = self.product(p)
            alpha = rr / dot(p, ap)
            x = [u + alpha * w for u, w in zip(x, p)]
            r = [u - alpha * w for u, w in zip(r, ap)]
            rr, old = dot(r, r), rr
            p = [u + rr / old * w for u, w in zip(r, p)]
            iterations += 1
        self.x = x
        rest = [u - w for u, w in zip(b, self.product(x))]
        return {"iterations": iterations, "residual": (dot(rest, rest) / bb) ** 0.5}

    def scores(self):
        self.on(self.train)
        _, change = torch.func.jvp(lambda *p: self.losses(p), tuple(self.params), tuple(self.x))
        return change.detach().double().numpy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--damping", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    problem = Problem(args.folder, args.damping)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "quit":
            break
        if words[0] == "info":
            answer = {"program": "torch " + torch.__version__, "threads": torch.get_num_threads(),
                      "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        elif words[0] == "scores":
            np.save(words[1], problem.scores())
            answer = {}
        else:
            wall, busy = time.perf_counter(), time.process_time()
            answer = problem.solve(int(words[1]), float(words[2]), int(words[3]))
            answer.update(wall=time.perf_counter() - wall, cpu=time.process_time() - busy)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
