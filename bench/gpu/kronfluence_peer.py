# SPDX-License-Identifier: GPL-3.0-or-later
"""kronfluence_peer.py DIR [KIND N Q QUERY_BATCH ...]: EK-FAC of the model that `walks parity` left in DIR, by kronfluence, on the device where there is one.

First, in f32 and with the data's own labels, the scores of what `factors parity` left in DIR: Spearman's correlation with ours of every query at least 0.999, or nothing
is timed and the exit status is 1. Then times: KIND f32 is FactorArguments and ScoreArguments as they come, bf16 the library's all_low_precision_factor_arguments and
all_low_precision_score_arguments, which its wikitext example takes. --train-batch sequences at once; factors go through files in memory where there is /dev/shm. Modules
are the same linear layers as ours. One JSON object a line; exit status 77 where kronfluence is not installed.

Run so far: kronfluence 1.0.1, torch 2.15.0, on a processor, with the tiny model. Not yet on a device.
"""
import argparse, importlib.metadata, importlib.util, json, os, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
for package in ("torch", "kronfluence"):
    if importlib.util.find_spec(package) is None:
        print(f"SKIP: {package} is not installed")
        sys.exit(77)
import numpy as np
import torch
import torch.nn.functional as F
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.utils.common.factor_arguments import all_low_precision_factor_arguments
from kronfluence.utils.common.score_arguments import all_low_precision_score_arguments
from torch.utils.data import Dataset

from kronfluence_factors import MeanLoss, Transformer
from torch_model import load_file

NEEDED = 0.999
device = "cuda" if torch.cuda.is_available() else "cpu"


def tell(what, **fields):
    print(json.dumps({"what": what, **fields}), flush=True)


class Sequences(Dataset):
    def __init__(self, tokens, targets):
        self.tokens, self.targets = tokens.long(), targets.long()

    def __len__(self):
        return len(self.tokens)

    def __getitem__(self, i):
        return {"tokens": self.tokens[i], "targets": self.targets[i]}


class MeanLossOfTargets(MeanLoss):
    """The example's loss is the mean over its positions, each of which has a target."""

    def compute_train_loss(self, batch, model, sample=False):
        logits = model(batch["tokens"]).float()
        flat, labels = logits.flatten(0, 1), batch["targets"].flatten()
        if sample:
            with torch.no_grad():
                labels = torch.multinomial(F.softmax(flat.detach(), dim=-1), num_samples=1).flatten()
        return F.cross_entropy(flat, labels, reduction="none").view(len(logits), -1).mean(1).sum()

    def get_attention_mask(self, batch):
        return None


class Peer:
    def __init__(self, folder, scratch, train_batch):
        self.config = json.load(open(os.path.join(folder, "config.json")))["config"]
        model, task = Transformer(self.config), MeanLossOfTargets()
        model.load_state_dict(load_file(os.path.join(folder, "model.safetensors")))
        self.train_batch = train_batch
        self.analyzer = Analyzer("peer", prepare_model(model, task), task, cpu=device == "cpu", disable_tqdm=True, output_dir=scratch, disable_model_save=True)

    def stage(self, work, *args, **options):
        begin = time.perf_counter()
        work(*args, overwrite_output_dir=True, **options)
        if device == "cuda":
            torch.cuda.synchronize()
        return round(time.perf_counter() - begin, 4)

    def run(self, train, query, query_batch, factors, scores):
        """Seconds of each stage; the scores (Q,N) are kept."""
        a, batch = self.analyzer, min(self.train_batch, len(train))
        times = {"moments_s": self.stage(a.fit_covariance_matrices, "ekfac", train, per_device_batch_size=batch, factor_args=factors),
                 "eigenvectors_s": self.stage(a.perform_eigendecomposition, "ekfac", factor_args=factors),
                 "spectrum_s": self.stage(a.fit_lambda_matrices, "ekfac", train, per_device_batch_size=batch, factor_args=factors),
                 "scores_s": self.stage(a.compute_pairwise_scores, "pairwise", "ekfac", query, train, per_device_query_batch_size=query_batch,
                                        per_device_train_batch_size=batch, score_args=scores)}
        self.scores = a.load_pairwise_scores("pairwise")["all_modules"].double().numpy()
        return {"seconds": round(sum(times.values()), 4), **times}


def least_spearman(ours, theirs):
    rank = lambda x: np.argsort(np.argsort(x))
    return min(float(np.corrcoef(rank(a), rank(b))[0, 1]) for a, b in zip(ours, theirs))


def check_parity(peer, folder):
    ours = np.load(os.path.join(folder, "scores.npy"))
    tokens, targets = (torch.tensor(np.load(os.path.join(folder, name + ".npy"))) for name in ("tokens", "targets"))
    Q, N = ours.shape
    peer.run(Sequences(tokens[:N], targets[:N]), Sequences(tokens[N:], targets[N:]), Q, FactorArguments(strategy="ekfac", use_empirical_fisher=True),
             ScoreArguments(damping_factor=None))                     # None: a tenth of each block's mean eigenvalue, as ours
    least = least_spearman(ours, peer.scores)
    tell("parity", **{"with": "kronfluence"}, job="ekfac scores", least_spearman=round(least, 6), needed=NEEDED)
    return least >= NEEDED


def measure(peer, kind, N, Q, query_batch):
    draw = lambda n: Sequences(*torch.randint(peer.config["vocabulary"], (2, n, min(peer.config["context"], 512))))
    low = kind == "bf16"
    row = dict(compute=kind, query_batch=query_batch, N=N, Q=Q, T=min(peer.config["context"], 512))
    try:
        tell("kronfluence: ekfac", **row, **peer.run(draw(N), draw(Q), query_batch, all_low_precision_factor_arguments() if low else FactorArguments(strategy="ekfac"),
                                                     all_low_precision_score_arguments(damping_factor=None) if low else ScoreArguments(damping_factor=None)))
    except Exception as error:                                        # all queries at once may have no room
        tell("kronfluence: ekfac", **row, failed=str(error).splitlines()[0][:300])
    if device == "cuda":
        torch.cuda.empty_cache()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--train-batch", type=int, default=8)
    args = parser.parse_args()
    tell("peer", kronfluence=importlib.metadata.version("kronfluence"), torch=torch.__version__, device=torch.cuda.get_device_name() if device == "cuda" else "cpu",
         train_batch=args.train_batch)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as scratch:
        peer = Peer(args.folder, scratch, args.train_batch)
        if not check_parity(peer, args.folder):
            sys.exit(1)
        for k in range(0, len(args.runs), 4):
            measure(peer, args.runs[k], *map(int, args.runs[k + 1:k + 4]))


if __name__ == "__main__":
    main()
