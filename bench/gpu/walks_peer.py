# SPDX-License-Identifier: GPL-3.0-or-later
"""walks_peer.py DIR [--tokens N --lengths 512,1024,...]: the walks of walks.c in PyTorch, of the model that `walks parity` left in DIR.

Every result first, in f32, within 1e-4 of ours relative to the largest entry; where one is not, nothing is timed and the exit status is 1. Then times, by the device's
clock: eager with fused attention where derivatives allow it, losses and gradients through torch.compile, too; at one length also in tf32, and in bf16 by autocast.
One JSON object a line.
"""
import argparse, json, os, struct, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import torch
from torch_model import Model

PARITY = 1e-4
device = "cuda" if torch.cuda.is_available() else "cpu"


def tell(what, **fields):
    print(json.dumps({"what": what, **fields}), flush=True)


def load_npy(path):
    """A flat float32 array of version 1.0."""
    with open(path, "rb") as file:
        head = file.read(10)
        file.read(struct.unpack("<H", head[8:])[0])
        return torch.frombuffer(bytearray(file.read()), dtype=torch.float32)


def get_jobs(model):
    def hessian():
        if getattr(model, "cached", None) is None:
            model.prepare_hessian()
        return model.hessian()

    return {"forward": model.forward, "gradient": model.gradient, "hessian": hessian, "hessian-cold": model.hessian_cold, "gauss-newton": model.gauss_newton}


def check_parity(model, folder):
    agrees = True
    for name, job in get_jobs(model).items():
        theirs = torch.cat([r.detach().reshape(-1) for r in job()]).cpu().double()
        ours = load_npy(os.path.join(folder, name + ".npy")).double()
        apart = float((ours - theirs).abs().max() / theirs.abs().max())
        agrees &= apart <= PARITY
        tell("parity", **{"with": "torch"}, job=name, relative_difference=float(f"{apart:.4g}"), bound=PARITY)
    return agrees


def measure(work, repeats=5, warm=2):
    times = []
    for k in range(-warm, repeats):
        if device == "cuda":
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            work()
            end.record()
            torch.cuda.synchronize()
            elapsed = begin.elapsed_time(end)
        else:
            elapsed = time.perf_counter()
            work()
            elapsed = (time.perf_counter() - elapsed) * 1e3
        if k >= 0:
            times.append(elapsed)
    times.sort()
    return {"best_ms": round(times[0], 4), "median_ms": round(times[len(times) // 2], 4)}


def time_walks(model, tokens, T, kind):
    vocabulary = model.config["vocabulary"]
    model.tokens = torch.randint(vocabulary, (tokens // T, T), device=device)
    model.targets = torch.randint(vocabulary, (tokens // T, T), device=device)
    eager = model.logits
    for name, way in [(name, "eager") for name in get_jobs(model)] + [("forward", "compile"), ("gradient", "compile")]:
        model.cached = None
        model.logits = torch.compile(eager) if way == "compile" else eager
        try:
            if device == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            with torch.autocast(device, dtype=torch.bfloat16, enabled=kind == "bf16"):
                times = measure(get_jobs(model)[name])
            tell("torch: walk", job=name, type=kind, way=way, B=tokens // T, T=T, device_bytes=torch.cuda.max_memory_allocated() if device == "cuda" else 0, **times)
        except Exception as error:
            tell("torch: walk", job=name, type=kind, way=way, B=tokens // T, T=T, failed=str(error).splitlines()[0][:300])
    model.logits = eager
    model.cached = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--lengths", default="512,1024,2048,4096")
    args = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    model = Model(args.folder, device)
    if not check_parity(model, args.folder):
        sys.exit(1)
    lengths = [int(T) for T in args.lengths.split(",")]
    for T in lengths:
        for kind in ["f32", "tf32", "bf16"] if T == min(1024, lengths[-1]) else ["f32"]:
            torch.backends.cuda.matmul.allow_tf32 = kind != "f32"
            time_walks(model, args.tokens, T, kind)


if __name__ == "__main__":
    main()
