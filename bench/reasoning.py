#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the chain-of-thought instrument does where the truth is known.

  reasoning.py ASSAY CASE [--dose N] [--pointer N]

Trains models of the running sum, one seed after another, until N are certified, and models of the pointer chase likewise; then lets each certified
model be judged without the two probes that repeat the certificate's own intervention: sums by the calibration of another seed, chases by that of a sum,
a family that nothing was learnt on. Prints one line for each with the areas under the curve and their 95 % intervals. What CASE has already is not
done again. A sum takes half a minute of two cores, a chase three.
"""
import argparse
import json
import subprocess

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("assay")
parser.add_argument("case")
parser.add_argument("--dose", type=int, default=5)
parser.add_argument("--pointer", type=int, default=2)
options = parser.parse_args()

SHAPE = ("--model transformer --layers 2 --heads 4 --norm rmsnorm --no-bias --no-tied --width 32 --batch 256 --learning-rate 0.003 --schedule linear "
         "--warmup 100 --weight-decay 0.3").split()
FAMILIES = {"dose": (["--modulus", "5", "--steps", "2", "--held-out", "0.2"], "3000"),
            "pointer": (["--nodes", "4", "--steps", "2", "--held-out", "0.1"], "8000")}


def assay(command, *words):
    done = subprocess.run([options.assay, command, options.case, *words, "--json", "--quiet"], capture_output=True, text=True)
    if done.returncode > 1:
        raise SystemExit(f"assay {command} {' '.join(words)}: {done.stderr}")
    return json.loads(done.stdout)


def certified(family, wanted):
    """Names of so many certified models, by seed."""
    names = []
    for seed in range(1, 4 * wanted + 4):
        if len(names) == wanted:
            break
        name = f"{family}-{seed}"
        assay("train", *SHAPE, "--steps", FAMILIES[family][1], "--name", name, "--data", family, "--seed", str(seed))
        certificate = assay("certify", "--model-name", name)
        print(f"{name}: {'certified' if certificate['accepted'] else 'refused'}, largest gap {certificate['worst_gap']:.4f}", flush=True)
        if certificate["accepted"]:
            names.append(name)
    return names


def judge(name, calibration):
    found = assay("cot", "--model-name", name, "--calibrate-on", calibration)
    areas = found["by_mode"]["independent"]
    words = [f"{what} {areas[key]['value']:.3f} [{areas[key]['lo']:.3f}, {areas[key]['hi']:.3f}]"
             for what, key in (("used against decorative", "ends"), (".25 against .75", "middle"))]
    print(f"{name} by {calibration}: {found['measured']} chains, " + ", ".join(words), flush=True)


subprocess.run([options.assay, "new", options.case, "--quiet"], capture_output=True)
for family, (settings, _) in FAMILIES.items():
    assay("import", family, *settings)
sums = certified("dose", options.dose)
for k, name in enumerate(sums):
    judge(name, sums[k - 1])
for name in certified("pointer", options.pointer):
    judge(name, sums[0])
