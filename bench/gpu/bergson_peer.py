# SPDX-License-Identifier: GPL-3.0-or-later
"""bergson_peer.py DIR [--batches 4,64] [--shapes WIDTHxLAYERSxHEADS,...]: gradients of examples projected to 16 x 16 numbers a module by bergson, tokens per second.

First, in f32 and not projected, the gradient of the sequence that `walks parity` left in DIR, module by module, within 1e-4 of the largest entry of ours (gradient.npy),
or nothing is timed and the exit status is 1. Then times of that model and of drawn ones of other shapes: its linear layers without their biases, 16 numbers a side,
kept in memory, in f32, tf32 and bf16 (weights, too), by batches of so many sequences of 512 tokens; 4 is the library's own. One JSON object a line; exit status 77 where
bergson is not installed.

Run so far: bergson 2.5.1, transformers 5.24.0, torch 2.15.0, on a processor, with the tiny model. Not yet on a device.
"""
import argparse, importlib.metadata, importlib.util, json, logging, os, sys, tempfile, time

os.environ["TQDM_DISABLE"] = "1"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
for package in ("torch", "bergson"):
    if importlib.util.find_spec(package) is None:
        print(f"SKIP: {package} is not installed")
        sys.exit(77)
import numpy as np
import torch
from bergson import CollectorComputer, GradientProcessor, IndexConfig, InMemoryCollector
from datasets import Dataset
from transformers import GPT2Config, GPT2LMHeadModel

from torch_model import load_file

PARITY = 1e-4
SIDE = 16
device = "cuda" if torch.cuda.is_available() else "cpu"


def tell(what, **fields):
    print(json.dumps({"what": what, **fields}), flush=True)


def make_model(config):
    return GPT2LMHeadModel(GPT2Config(vocab_size=config["vocabulary"], n_positions=config["context"], n_embd=config["width"], n_layer=config["layers"], n_head=config["heads"],
                                      layer_norm_epsilon=config["eps"],
                                      resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=None, eos_token_id=None)).to(device).eval()


def load_model(folder, config):
    """The library's linear layers keep the transposed weight."""
    model = make_model(config)
    weights = load_file(os.path.join(folder, "model.safetensors"))
    model.transformer.load_state_dict({n: w.T if w.dim() == 2 and n.startswith("h.") else w for n, w in weights.items()})
    return model


def collect(model, tokens, labels, batch, side, scratch):
    """The collector, run: gradients of what a sequence's tokens say of the labels one place on, summed over places."""
    data = Dataset.from_dict({"input_ids": tokens.tolist(), "labels": labels.tolist()})
    cfg = IndexConfig(run_path=os.path.join(scratch, "run"), projection_dim=side, loss_reduction="sum")
    os.makedirs(cfg.partial_run_path, exist_ok=True)
    collector = InMemoryCollector(model=model.base_model, data=data, cfg=cfg, processor=GradientProcessor(projection_dim=side or None))
    batches = [list(range(first, min(first + batch, len(tokens)))) for first in range(0, len(tokens), batch)]
    computer = CollectorComputer(model=model, data=data, collector=collector, batches=batches, cfg=cfg)
    begin = time.perf_counter()
    computer.run_with_collector_hooks()
    return collector, time.perf_counter() - begin


def check_parity(model, folder, scratch):
    batch = load_file(os.path.join(folder, "batch.safetensors"))
    blank = torch.zeros(1, 1, dtype=torch.long)
    collector, _ = collect(model, torch.cat([batch["tokens"].long(), blank], 1), torch.cat([blank, batch["targets"].long()], 1), 1, 0, scratch)
    weights = load_file(os.path.join(folder, "model.safetensors"))
    flat, ours, at = torch.tensor(np.load(os.path.join(folder, "gradient.npy"))), {}, 0
    for name in json.load(open(os.path.join(folder, "order.json"))):
        ours[name] = flat[at:at + weights[name].numel()]
        at += weights[name].numel()
    largest = float(flat.abs().max())
    apart = max(float((g.flatten() - ours[name + ".weight"]).abs().max()) for name, g in collector.gradients.items()) / largest
    tell("parity", **{"with": "bergson"}, job="gradient", modules=len(collector.gradients), relative_difference=float(f"{apart:.4g}"), bound=PARITY)
    return apart <= PARITY and len(collector.gradients) == 4 * model.config.n_layer


def measure(model, batch, kind, scratch):
    T = min(model.config.n_positions, 512)
    draw = lambda n: torch.randint(model.config.vocab_size, (n, T))
    row = dict(compute=kind, parameters=sum(p.numel() for p in model.parameters()), width=model.config.n_embd, layers=model.config.n_layer, B=batch, T=T)
    try:
        for n in (batch, 4 * max(batch, 64) if device == "cuda" else 2 * batch):                # the first is not timed
            tokens = draw(n)
            collector, seconds = collect(model, tokens, tokens, batch, SIDE, scratch)
        tell("bergson: sketch pass", **row, numbers=sum(g.shape[1] for g in collector.gradients.values()), tokens_per_s=float(f"{n * T / seconds:.6g}"))
    except Exception as error:                                        # a batch may have no room
        tell("bergson: sketch pass", **row, failed=str(error).splitlines()[0][:300])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--batches", default="4,64")
    parser.add_argument("--shapes", default="")
    args = parser.parse_args()
    config = json.load(open(os.path.join(args.folder, "config.json")))["config"]
    tell("peer", **{p: importlib.metadata.version(p) for p in ("bergson", "transformers")}, torch=torch.__version__,
         device=torch.cuda.get_device_name() if device == "cuda" else "cpu")
    logging.disable(logging.INFO)
    torch.backends.cuda.matmul.allow_tf32 = False
    with tempfile.TemporaryDirectory() as scratch:
        models = [load_model(args.folder, config)]
        if not check_parity(models[0], args.folder, scratch):
            sys.exit(1)
        for shape in filter(None, args.shapes.split(",")):
            width, layers, heads = map(int, shape.split("x"))
            models.append(make_model({**config, "width": width, "layers": layers, "heads": heads}))
        for kind in ("f32", "tf32", "bf16"):
            torch.backends.cuda.matmul.allow_tf32 = kind != "f32"
            for model in models:
                for batch in map(int, args.batches.split(",")):
                    measure(model.to(torch.bfloat16) if kind == "bf16" else model, batch, kind, scratch)


if __name__ == "__main__":
    main()
