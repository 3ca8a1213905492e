# SPDX-License-Identifier: GPL-3.0-or-later
# hostile_terminal.py CASE: beside form.assay, a small one: what the program says on a terminal. Every string as an argument that it must refuse, in a file that it must refuse, and
# in what it prints of a case: no byte may steer the terminal, and where the string is shown it is shown visibly.
import os
import subprocess
import sys

import hostile
import hostile_judge

case = sys.argv[1]
program = os.environ["ASSAY"]


def says(*arguments):
    done = subprocess.run([program, *arguments], capture_output=True, check=False)
    for text in (done.stdout, done.stderr):
        c = hostile_judge.steers(text)
        assert c is None, "%r: prints %r" % (arguments[:3], c)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


everything = hostile.strings()
n_arguments = n_files = 0
for kind, data in everything:
    if b"\0" not in data and len(data) < 100000:
        status, out, errors = says("info", "form.assay", b"no/" + data)
        assert status != 0 and out == "" and errors.count("\n") == 1, (data, status, out, errors)
        if hostile.is_text(data) and len(data) < 30:
            assert hostile_judge.visible(data.decode()) in errors, (data, errors)
        n_arguments += 1
    if not hostile.is_text(data):
        with open("refused.csv", "wb") as file:
            file.write(b'a,b\n1,"' + data + b'"\n')
        status, out, errors = says("import", "form.assay", "data", "refused.csv", "--name", "refused")
        assert status == 3 and "refused.csv" in errors, (data, status, errors)
        n_files += 1
assert n_arguments + n_files >= len(everything)

texts = [data.decode() for _, data in everything if hostile.is_text(data)]
status, out, _ = says("examples", case, "--data", "main", "--count", "1000")
words = " ".join(out.split())
shown = [text for text in texts if hostile_judge.visible(text)[:20].strip() in words or " ".join(hostile_judge.visible(text)[:20].split()) in words]
assert status == 0 and len(shown) == len(texts), (status, len(shown), [text[:40] for text in texts if text not in shown][:3])
for command in (("info", case), ("info", case, "model/wide"), ("influence", case, "--model-name", "wide", "--query", "train:3", "--method", "exact", "--top", "20"),
                ("coverage", case, "--model-name", "wide", "--fields", "fields.json", "--items"), ("explain", case, "--model-name", "wide", "--example", "train:3"),
                ("audit", case, "--data", "main", "--score", "s", "--outcome", "y", "--group", "group"), ("pin", case)):
    status, out, errors = says(*command)
    assert status == 0 and out, (command, status, errors)
    assert len(out) < 10_000_000, "%s: rows are filled up to the longest text: %d characters" % (command[0], len(out))
print("# terminal: %d strings as arguments, %d in files that are no text, %d in tables: none steers it" % (n_arguments, n_files, len(shown)))
