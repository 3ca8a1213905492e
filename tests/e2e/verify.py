# SPDX-License-Identifier: GPL-3.0-or-later
# verify.py SECOND BUNDLE: alters a signed bundle in many ways, one at a time, and asks both verifiers. Each must call every one of them altered, and
# name the file (or the list or signature that holds it); afterwards the bundle is as it was.
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys

spec = importlib.util.spec_from_file_location("assay_verify", sys.argv[1])
second = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(second)
program = os.path.join(os.environ["ASSAY_BUILDDIR"], "assay-verify")
bundle = sys.argv[2]
work = "altered"
counts = {"flips": 0, "forms": 0}


def first_says():
    done = subprocess.run([program, work, "--json"], capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout)["findings"]


def second_says():
    options = type("Options", (), {"bundle": work, "key": None, "number": None, "tsa_certificate": None})
    found, _, status = second.verify(options)
    return status, found.findings


def judge(what, files):
    for name, (status, findings) in (("first", first_says()), ("second", second_says())):
        named = {finding["file"] for finding in findings}
        assert status == 1, "%s: the %s verifier ended with %d" % (what, name, status)
        assert any(f in named for f in files) or any((n or "").startswith(f) for f in files for n in named), \
            "%s: the %s verifier names %s" % (what, name, sorted(map(str, named)))


def fresh():
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(bundle, work)


files = sorted(os.path.relpath(os.path.join(d, f), bundle) for d, _, names in os.walk(bundle) for f in names)
signer = next(f for f in files if f.endswith("/public.pem"))[:-len("/public.pem")]
rng = random.Random(20)
fresh()
for file in files:
    path = os.path.join(work, file)
    data = open(path, "rb").read()
    for at in {0, len(data) - 1, rng.randrange(len(data))}:
        bent = bytearray(data)
        bent[at] ^= 1 << rng.randrange(8)
        open(path, "wb").write(bent)
        blamed = [signer] if file.startswith(signer) else [file, "SHA256SUMS"] if file != "SHA256SUMS" else files
        judge("%s, byte %d" % (file, at), blamed)
        counts["flips"] += 1
    open(path, "wb").write(data)


def form(what, blamed, change):
    fresh()
    change()
    judge(what, blamed)
    counts["forms"] += 1


def write(path, data):
    with open(os.path.join(work, path), "wb") as file:
        file.write(data)


form("a file is removed", ["tables"], lambda: shutil.rmtree(os.path.join(work, "tables")))
form("a file is added", ["more.txt"], lambda: write("more.txt", b"more"))
form("a file is renamed", ["report.md"], lambda: os.rename(work + "/report.md", work + "/report.txt"))
form("a file is empty", ["report.pdf"], lambda: write("report.pdf", b""))
form("a file became a link", ["report.md"], lambda: (os.rename(work + "/report.md", "elsewhere.md"), os.symlink("../elsewhere.md", work + "/report.md")))
form("a file became a directory", ["report.md"], lambda: (os.remove(work + "/report.md"), os.mkdir(work + "/report.md")))
form("a file became a queue", ["report.md"], lambda: (os.remove(work + "/report.md"), os.mkfifo(work + "/report.md")))
form("a stray link", ["link"], lambda: os.symlink("/etc/passwd", work + "/link"))
form("the statement is gone", ["statement.json"], lambda: os.remove(work + "/statement.json"))
form("the proofs are gone", ["proofs.jsonl"], lambda: os.remove(work + "/proofs.jsonl"))
form("the list is gone", ["SHA256SUMS"], lambda: os.remove(work + "/SHA256SUMS"))
form("a signature is gone", [signer], lambda: os.remove(os.path.join(work, signer, "SHA256SUMS.sig")))
form("the signer's directory has another name", ["signatures"], lambda: os.rename(os.path.join(work, signer), work + "/signatures/0123456789abcdef"))
print("# %d flipped bits and %d other alterations, each named by both" % (counts["flips"], counts["forms"]))
