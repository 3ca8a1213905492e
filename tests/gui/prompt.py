# SPDX-License-Identifier: GPL-3.0-or-later
"""The page Prompt and the opening of models, through the accessibility tree.

prompt.py CASE MODEL FOLDER  the window shows CASE, which has a language model; MODEL is another one, of llama2.c; cases are made in FOLDER.
Prints one line of TAP for each thing that was looked at.
"""
import glob
import json
import os
import subprocess
import sys

import tree
from tree import Atspi, act, application, check, click_of, content, find, finish, go, has, name, press, role, shown, texts, wait, walk, write

case, model, folder = sys.argv[1:]

# What the page follows: records of text as it is made, which together are the text of the document.
out = subprocess.run([os.environ["ASSAY"], "generate", "--model", case, "--model-name", "stories", "--prompt", "Once", "--max-tokens", "12", "--jsonl"],
                     capture_output=True, text=True)
records = [json.loads(record) for record in out.stdout.splitlines()]
pieces = [record["text"] for record in records if record["type"] == "text"]
check("text is given out as it is made", len(pieces) > 3, out.stdout + out.stderr)
check("and is that of the document", "".join(pieces) == records[-1]["document"].get("text"), out.stdout)
check("beside the progress", any(record["type"] == "progress" and record["stage"] == "generate" for record in records), out.stdout)

check("the window is in the accessibility tree", wait(20, application) is not None)
application().set_cache_mask(Atspi.Cache.ROLE | Atspi.Cache.INTERFACES)  # anything else that libatspi remembers can be old
window = wait(10, lambda: next((n for n in walk(application()) if role(n) in ("frame", "window")), None))


def here(words, pressable=False):
    return next((n for n in shown(window) if words in name(n) and (not pressable or click_of(n) is not None and has(n, Atspi.StateType.SENSITIVE))), None)


def entry(words):
    return next((n for n in shown(window) if name(n) == words and n.get_editable_text_iface() is not None), None)


def button(words):
    return wait(10, lambda: here(words, pressable=True))


# A prompt is typed, the model goes on with it.
go("Prompt")
prompt = wait(15, lambda: entry("Prompt"))
check("the page has a place for a prompt", prompt is not None, texts)
check("and names the model", here("stories") is not None, texts)
write(prompt, "word " * 200)
check("a prompt that is too long", press(button("_Generate")), texts)
check("is told with what was expected", wait(30, lambda: here("at most 128 tokens expected")) is not None, texts)
write(prompt, "Once upon a time, there was a little")
check("the model goes on with it", press(button("_Generate")), texts)
check("and what it writes stands behind the prompt", wait(60, lambda: here("Once upon a time, there was a little girl named Lily")) is not None, texts)
check("with how it ended", wait(30, lambda: here("100 tokens: as many as were asked for")) is not None, texts)
act("copy-command", "")

# How likely a text is.
completion = entry("Completion")
check("there is a place for a completion", completion is not None, texts)
check("without one nothing is measured", here("_Measure", pressable=True) is None, texts)
write(completion, " girl named Lily")
check("it is measured", press(button("_Measure")), texts)
check("each token says how likely it is, in words", wait(60, lambda: here('": probability ')) is not None, texts)
check("and the sum stands above them", here("Log-probability") is not None, texts)
check("what it wrote can be taken for the completion", press(button("Ta_ke What It Wrote")) and wait(5, lambda: content(completion).startswith(" girl named Lily")), texts)
check("what made it write this is a question", press(button("What Made It _Write This?")), texts)
tree.page = "Jobs"
line = wait(15, lambda: entry("Command line"))
check("whose form stands ready with both texts", line is not None and wait(10, lambda: '--completion " girl named Lily"' in content(line)
                                                                            and '--prompt "Once upon a time, there was a little"' in content(line)), line and content(line))

# A model that is dropped on the window.
act("open-model", f"'{model}'")
check("a model is proposed for the case that is open", wait(10, lambda: f"model {model} --name stories260K" in content(line)), content(line))
tree.page = "Prompt"
act("open-model", "'/dev/null'")
check("what is neither a case nor a model is told", wait(10, lambda: find("null is neither a case nor a model")) is not None, texts)
act("close-case", "")
tree.page = None
act("open-model", f"'{model}'")
check("without a case it is asked whether to make one", wait(10, lambda: find("Make a Case for This Model?")) is not None, texts)
check("which is done", press(wait(10, lambda: find("_Make Case", pressable=True) or find("Make Case", pressable=True))), texts)
check("where the demonstration goes", wait(30, lambda: glob.glob(folder + "/stories260K.assay/assay-case.json")) is not None, glob.glob(folder + "/*"))
tree.page = "Jobs"
line = wait(20, lambda: entry("Command line"))
check("and the import into it is proposed", line is not None and wait(10, lambda: f"stories260K.assay model {model}" in content(line)), texts)
finish()
