# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording all MLP activations in half precision to HDF5 with Python, driven line by line: the peers of record.py.

    python torch_record.py CASE_DIR SCRATCH --way transformer-lens|hooks --threads 1

transformer-lens: TransformerBridge.run_with_cache on the MLP activations, written with h5py; hooks: the same sizes as a plain PyTorch
model with forward hooks, written with h5py. Both write one float16 data set per layer, batch after batch, and close the file.
Commands as in bench/record.c: `time bare`, `time record`, `dump LAYER FILE`, `info`, `quit`.
"""
import argparse, json, os, sys, time

import h5py
import numpy as np
import torch
from safetensors.numpy import load_file

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from torch_model import Model

BATCH = 4


class Lens:
    """Our weights in a GPT-2 of transformers, seen through TransformerLens's bridge."""

    def __init__(self, folder, scratch):
        os.environ["HF_HUB_OFFLINE"] = "1"
        from tokenizers import Tokenizer, models
        from transformer_lens.model_bridge import TransformerBridge
        from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
        c = json.load(open(os.path.join(folder, "config.json")))["config"]
        w = {n: torch.tensor(t) for n, t in load_file(os.path.join(folder, "model.safetensors")).items()}
        V = c["vocabulary"]
        gpt2 = GPT2LMHeadModel(GPT2Config(vocab_size=V, n_positions=c["context"], n_embd=c["width"], n_layer=c["layers"], n_head=c["heads"],
                                          layer_norm_epsilon=c["eps"], activation_function="gelu_new", bos_token_id=0, eos_token_id=0))
        state = {"transformer." + n: t.T if t.dim() == 2 and n.startswith("h.") else t for n, t in w.items()}   # Conv1D is transposed
        state["lm_head.weight"] = w["wte.weight"]
        gpt2.load_state_dict(state, strict=True)
        place = os.path.join(scratch, "gpt2")
        gpt2.eval().save_pretrained(place)
        words = Tokenizer(models.WordLevel({str(i): i for i in range(V)}, unk_token="0"))
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, bos_token="0", eos_token="0", unk_token="0", pad_token="0")
        tokenizer.save_pretrained(place)
        self.model = TransformerBridge.boot_transformers(place, device="cpu")
        self.names = [f"blocks.{l}.mlp.hook_post" for l in range(c["layers"])]

    def bare(self, tokens):
        with torch.no_grad():
            self.model(tokens, return_type="loss")

    def record(self, tokens):
        with torch.no_grad():
            _, cache = self.model.run_with_cache(tokens, return_type="loss", names_filter=self.names)
        return [cache[n].reshape(-1, cache[n].shape[-1]) for n in self.names]


class Hooks:
    """The plain PyTorch model of torch_model.py; its activation function is where the hook sits."""

    def __init__(self, folder):
        self.model = Model(folder)
        self.layers = self.model.config["layers"]

    def bare(self, tokens):
        self.model.tokens = self.model.targets = tokens
        self.model.forward()

    def record(self, tokens):
        kept, gelu = [], torch.nn.functional.gelu

        def hooked(x, approximate="none"):
            y = gelu(x, approximate=approximate)
            kept.append(y.reshape(-1, y.shape[-1]))
            return y

        torch.nn.functional.gelu = hooked
        try:
            self.bare(tokens)
        finally:
            torch.nn.functional.gelu = gelu
        return kept


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("scratch")
    parser.add_argument("--way", choices=["transformer-lens", "hooks"], required=True)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    side = Lens(args.folder, args.scratch) if args.way == "transformer-lens" else Hooks(args.folder)
    tokens = torch.tensor(load_file(os.path.join(args.folder, "batch.safetensors"))["tokens"]).long()
    path = os.path.join(args.scratch, args.way + ".h5")

    def record():
        if os.path.exists(path):
            os.remove(path)
        with h5py.File(path, "w") as file:
            sets = None
            for first in range(0, len(tokens), BATCH):
                rows = side.record(tokens[first:first + BATCH])
                if sets is None:
                    n = tokens.numel()
                    sets = [file.create_dataset(f"layer{l}", (n, r.shape[1]), dtype=np.float16) for l, r in enumerate(rows)]
                at = first * tokens.shape[1]
                for s, r in zip(sets, rows):
                    s[at:at + len(r)] = r.half().numpy()
            file.flush()
            os.fsync(file.id.get_vfd_handle())

    def bare():
        for first in range(0, len(tokens), BATCH):
            side.bare(tokens[first:first + BATCH])

    for line in sys.stdin:
        words = line.split()
        if not words or words[0] == "quit":
            break
        if words[0] == "info":
            print(json.dumps({"program": args.way, "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
        elif words[0] == "dump":
            with h5py.File(path) as file:
                np.save(words[2], file["layer" + words[1]][:].astype(np.float32))
            print("{}", flush=True)
        else:
            wall, cpu = time.perf_counter(), time.process_time()
            {"bare": bare, "record": record}[words[1]]()
            print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    main()
