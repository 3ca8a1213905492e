# SPDX-License-Identifier: GPL-3.0-or-later
"""torch_peer.py: what PyTorch takes for what measure.c measures, and the ceilings of this card, one JSON object a line, by the device's clock."""

import json
import sys

import torch


def tell(what, **fields):
    print(json.dumps({"what": what, **fields}), flush=True)


def measure(work, repeats=7, warm=2):
    times = []
    for k in range(-warm, repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        torch.cuda.synchronize()
        if k >= 0:
            times.append(begin.elapsed_time(end))
    times.sort()
    return {"best_ms": round(times[0], 4), "median_ms": round(times[len(times) // 2], 4)}


def ceilings():
    x = torch.randint(-127, 128, (8 << 30,), dtype=torch.int8, device="cuda") if torch.cuda.mem_get_info()[0] > 20 << 30 else torch.ones(1 << 30, dtype=torch.int8, device="cuda")
    y = torch.empty_like(x)
    t = measure(lambda: y.copy_(x))
    tell("ceiling: copy, read and written", gb_per_s=round(2 * x.numel() / t["best_ms"] / 1e6, 1), **t)
    del y
    f = x.view(torch.int64)
    t = measure(lambda: torch.max(f))
    tell("ceiling: read", gb_per_s=round(x.numel() / t["best_ms"] / 1e6, 1), **t)
    del x, f
    a = torch.randint(-127, 128, (8192, 8192), dtype=torch.int8, device="cuda")
    t = measure(lambda: torch._int_mm(a, a.t()))
    tell("ceiling: int8 product", tera_operations_per_s=round(2 * 8192**3 / t["best_ms"] / 1e9, 1), **t)


def products():
    for dtype, name in ((torch.float32, "f32"), (torch.float64, "f64")):
        for M, N, K in ((8192, 8192, 8192),) + (((768, 3072, 768), (768, 3072, 3072), (16384, 3072, 3072)) if name == "f32" else ()):
            a, b = torch.randn(M, K, dtype=dtype, device="cuda"), torch.randn(K, N, dtype=dtype, device="cuda")
            t = measure(lambda: a @ b)
            tell("torch: product", type=name, M=M, N=N, K=K, tflop_per_s=round(2e-9 * M * N * K / t["best_ms"], 2), **t)


def covariance(n, dtype):
    x = torch.randn(16, n, dtype=torch.float64, device="cuda")
    a = torch.diag(10 ** (-6 * torch.arange(n, dtype=torch.float64, device="cuda") / n))
    for k in range(16):
        a += torch.outer(x[k], x[k]) / (k * k + 1)
    return a.to(dtype)


def eigenvectors():
    for dtype, name in ((torch.float32, "f32"), (torch.float64, "f64")):
        total = 0
        for n, count in ((768, 60), (2304, 12), (3072, 24)):
            a = covariance(n, dtype)
            t = measure(lambda: torch.linalg.eigh(a), repeats=2, warm=1)
            total += count * t["best_ms"] / 1e3
            tell("torch: eigenvectors", type=name, n=n, batch=1, **t)
        tell("torch: eigenvectors of all factors of GPT-2, by their sum", type=name, seconds=round(total, 3))
    for n, batch in ((768, 12), (128, 64)):
        a = torch.stack([covariance(n, torch.float64) for _ in range(batch)])
        t = measure(lambda: torch.linalg.eigh(a), repeats=1, warm=1)
        tell("torch: eigenvectors", type="f64", n=n, batch=batch, **t)


def search():
    """The same scores as a float of the whole dot product, which knows no scales of blocks: less work than ours. torch._int_mm wants 17 rows or more."""
    n, d = 1_000_000, 12_288
    while n * d * 1.2 > torch.cuda.mem_get_info()[0]:
        n //= 2
    rows = torch.randint(-127, 128, (n, d), dtype=torch.int8, device="cuda")
    for q in (104, 24):
        queries = torch.randint(-127, 128, (q, d), dtype=torch.int8, device="cuda")
        t = measure(lambda: torch._int_mm(rows, queries.t()))
        tell("torch: index search by _int_mm, no scales", rows=n, coordinates=d, queries=q, gb_per_s=round(n * d / t["best_ms"] / 1e6, 1), **t)
    del rows
    torch.cuda.empty_cache()
    n = n // 4
    rows = torch.randint(-127, 128, (n, d), dtype=torch.int8, device="cuda").half()
    for q in (1, 100):
        queries = torch.randint(-127, 128, (q, d), dtype=torch.int8, device="cuda").half()
        t = measure(lambda: rows @ queries.t())
        tell("torch: index search in f16, a quarter of the rows", rows=n, coordinates=d, queries=q, **t)


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    tell("torch", version=torch.__version__, cuda=torch.version.cuda, device=torch.cuda.get_device_name())
    for part in (ceilings, search, products, eigenvectors):
        try:
            part()
        except Exception as error:
            tell("torch: " + part.__name__, failed=str(error).splitlines()[0][:300])
        torch.cuda.empty_cache()


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit("no CUDA device")
    main()
