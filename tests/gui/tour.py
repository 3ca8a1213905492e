# SPDX-License-Identifier: GPL-3.0-or-later
"""A tour of the window through its accessibility tree and its keys, as somebody would make it who cannot see the screen.

tour.py CASE IMAGES  opens nothing itself: the window shows CASE already. IMAGES is a case whose examples are pictures.
Prints one line of TAP for each thing that was looked at.
"""
import json
import os
import subprocess
import sys
import time

import tree
from tree import Atspi, act, application, check, children, click_of, content, find, find_undo, finish, go, has, name, press, role, shown, texts, wait, walk, write

case, images = sys.argv[1:]
# --- the tour ---------------------------------------------------------------------------------------------------------

check("the window is in the accessibility tree", wait(20, application) is not None)
application().set_cache_mask(Atspi.Cache.ROLE | Atspi.Cache.INTERFACES)  # anything else that libatspi remembers can be old: it may miss a change under load
window = wait(10, lambda: next((n for n in walk(application()) if role(n) in ("frame", "window")), None))
check("it has a title", window is not None and name(window) != "", texts)

pages = ["Overview", "Examples", "Influence", "Units", "Prompt", "Reasoning", "Jobs", "Report"]
present = [p for p in pages if find(p, exact=True)]
check("the sidebar names its pages", {"Overview", "Jobs", "Report"} <= set(present), present)


focusable_roles = ("push button", "toggle button", "check box", "text", "entry", "combo box", "list item", "switch", "slider", "spin button", "link", "button",
                   "radio button", "menu button")
for each in present:
    go(each)
    nameless = [f"{role(n)} below {name(n.get_parent())!r}" for n in shown(window)
                if role(n) in focusable_roles and has(n, Atspi.StateType.FOCUSABLE) and has(n, Atspi.StateType.SENSITIVE) and not name(n)
                and not any(name(c) for c in walk(n))]
    check(f"on page {each} everything that takes the focus has a name", not nameless, "\n".join(nameless))



def here(words, pressable=False):
    return next((n for n in shown(window) if words in name(n) and (not pressable or click_of(n) is not None and has(n, Atspi.StateType.SENSITIVE))), None)


# Overview: what the model is, whether the case can be trusted, where a number comes from.
go("Overview")
check("the overview says in words what the model is", wait(15, lambda: here("A logistic regression")) is not None, texts)
check("and what the solve behind the scores left over", here("Solve behind the influence scores") is not None and here("residual ") is not None, texts)
check("what nobody has looked at is not passed", here("Nobody has looked whether scores") is not None, texts)
check("the whole case is verified from here", press(here("Check Now", pressable=True)), texts)
check("and the outcome stands in its place", wait(30, lambda: here("all sound")) is not None, texts)
check("it is asked where the model comes from", press(here("Where does this model come from?", pressable=True)), texts)
origin = wait(10, lambda: next((n for n in walk(application()) if name(n) == "Where Does This Come From?" and role(n) in ("frame", "window")), None))
check("a window says so", origin is not None, texts)
if origin is not None:
    check("up to the file that the data came from", wait(5, lambda: next((n for n in shown(origin) if "people.csv" in name(n)), None)) is not None, texts)
    check("with the command of each step", any(name(n).startswith("assay train ") for n in shown(origin)), texts)
    press(next((n for n in shown(origin) if name(n) == "Close" and click_of(n) is not None), None))
    check("and is closed again", wait(5, lambda: not any(name(n) == "Where Does This Come From?" and role(n) in ("frame", "window") for n in walk(application()))))
check("a check leads to its numbers", press(here("Show the numbers that this checks", pressable=True)), texts)
tree.page = "Influence"
check("on their page", wait(15, lambda: here("What caused the loss on train:0")) is not None, texts)


def stored(kind):
    """Names of the case's objects of a kind, read without taking it from the window."""
    out = subprocess.run([os.environ["ASSAY"], "info", case, "--json", "--quiet"], capture_output=True, text=True)
    return [o["name"] for o in json.loads(out.stdout)["objects"] if o["kind"] == kind] if out.returncode == 0 else []


def pinned():
    """What the case holds, read without taking it from the window."""
    out = subprocess.run([os.environ["ASSAY"], "info", case, "pins/report", "--json", "--quiet"], capture_output=True, text=True)
    return json.loads(out.stdout)["object"]["meta"]["pins"] if out.returncode == 0 else None


# Examples: what the model gets wrong is a press away.
go("Examples")
check("what the model makes of an example stands in the table", wait(15, lambda: here("model_answer")) is not None, texts)
check("the wrong answers can be asked for", press(wait(5, lambda: here("Wrong Answers", pressable=True))), texts)
check("and they alone are left", wait(15, lambda: next((n for n in shown(window) if name(n).endswith("of 60 rows")), None)) is not None, texts)
press(here("Wrong Answers", pressable=True))

# Influence: the ranking, its checks, a new question, the pin.
go("Influence")
check("the ranking says what it is of", wait(15, lambda: here("What caused the loss on train:0")) is not None, texts)
check("both signs are there", here("Taking it out raises the loss") is not None and here("Taking it out lowers the loss") is not None, texts)
check("every example says its influence in words", here(", influence +") is not None and here(", influence -") is not None, texts)
for attempt in range(3):                        # a button that is made anew in this moment takes no press
    press(wait(5, lambda: here("What Influenced It?", pressable=True) or here("New Question", pressable=True)))
    ask = wait(10, lambda: here("_Ask", pressable=True))
    if ask is not None:
        break
check("what a question takes is known before it is asked", ask is not None and wait(15, lambda: here("of memory")) is not None, texts)
before = stored("scores")
if ask is not None:
    press(ask)
    check("a question that is asked is answered in the case", wait(60, lambda: len(stored("scores")) > len(before)) is not None, texts)
    check("and shown", wait(20, lambda: here("train:0 · cg") is not None), texts)
press(here("Pin to Report", pressable=True))
check("what stands first can be pinned from here", wait(20, pinned) is not None, pinned())
press(wait(5, find_undo))
check("and let go again", wait(15, lambda: pinned() == []) is not None, pinned())

# The damping of an answer by curvature factors: a slider ranks all documents anew, out of an index that is made from here.
ekfac = next(n for n in stored("scores") if "/ekfac/" in n)
act("select", f"('query', '{ekfac}#0')")
check("an answer by curvature factors is shown", wait(15, lambda: here("What caused the loss on train:1")) is not None, texts)
check("where the case has no index for it, one is offered", wait(15, lambda: here("Make an Index", pressable=True)) is not None, texts)
check("with what it takes", wait(20, lambda: here("Making one: about ")) is not None, texts)
press(here("Make an Index", pressable=True))


def slider():
    return next((n for n in shown(window) if role(n) == "slider" and name(n) == "Damping"), None)


check("made, it brings the slider", wait(60, slider) is not None and len(stored("index")) == 1, texts)
if slider() is not None:
    check("which stands where it was asked", abs(Atspi.Value.get_current_value(slider()) + 1) < 1e-9 and here("0.1 × each block's mean eigenvalue") is not None, texts)
    check("and there nothing is marked as from the index", here("from the index, not validated") is None and here("Compute Exactly", pressable=True) is None, texts)
    for place in (-2.7, -3.1, -3.5, -4.2, 1.5):
        Atspi.Value.set_current_value(slider(), place)
    check("moved, it says what it stands for", wait(10, lambda: here("31.6 × each block's mean eigenvalue (")) is not None, texts)
    check("every list says that it is from the index", wait(10, lambda: here("raises the loss") and here("from the index, not validated at this damping")) is not None, texts)
    check("a score is an interval", wait(5, lambda: next((n for n in shown(window) if role(n) == "list item" and ", influence +" in name(n) and " to +" in name(n)), None))
          is not None, texts)
    check("an example says how far it moved", wait(5, lambda: here("places up") or here("places down") or here("from the other list")) is not None, texts)
    check("a press goes back", press(here("Back to the damping that was asked", pressable=True)), texts)
    check("to the scores that were asked", wait(10, lambda: here("from the index, not validated") is None and here("As it was asked")) is not None, texts)
    Atspi.Value.set_current_value(slider(), 1.5)
    before = stored("scores")
    check("it is computed exactly by a press", press(wait(10, lambda: here("Compute Exactly", pressable=True))), texts)
    check("a job of the case", wait(60, lambda: len(stored("scores")) > len(before)) is not None, stored("scores"))
    check("whose answer is shown then, asked at that damping", wait(20, lambda: slider() is not None and abs(Atspi.Value.get_current_value(slider()) - 1.4997) < 1e-3
                                                                    and here("As it was asked") is not None) is not None, texts)

# Reasoning: a step edited on the bench changes what the model answers, live; what is no word is named; each edit can be undone.
go("Reasoning")


def entry(words):
    return next((n for n in shown(window) if name(n) == words and n.get_editable_text_iface() is not None), None)


def reading():
    """What the bench says, without the time that it took."""
    node = find("As written the model answers")
    return name(node).split(" Asked")[0].split(" Change")[0] if node else ""


step = wait(20, lambda: entry("Step 1 of 2"))
check("the bench has the chain's steps as entries", step is not None and entry("Step 2 of 2") is not None, texts)
if step is not None:
    check("and says what the model answers", wait(10, reading) is not None, texts)
    first, word = reading(), Atspi.Text.get_text(step, 0, -1)
    write(step, "1" if word != "1" else "2")
    edited = wait(10, lambda: reading() != first and reading())
    check("an edit changes the distribution", edited, texts)
    write(step, "nonsense")
    check("a word that is none of the vocabulary is named", wait(10, lambda: find('"nonsense", is none of the vocabulary')) is not None, texts)
    check("and an undo button takes it back", press(wait(5, lambda: find("Take back the last edit", pressable=True))), texts)
    check("to the edit before", wait(10, lambda: reading() == edited and find("none of the vocabulary") is None), texts)
    press(wait(5, lambda: find("Reset the chain", pressable=True)))
    check("a reset brings the chain back", wait(10, lambda: reading() == first and Atspi.Text.get_text(step, 0, -1) == word), texts)
    check("both dials are there, and apart", find("Chain used?") is not None and find("Causes disclosed? not tested") is not None, texts)
    check("without a certificate the verdict is not to be told", find("Chain used? cannot tell") is not None, texts)
    check("the list names its chains", find("Judged chains") is not None and find("cannot tell", exact=True) is not None, texts)

# Jobs: a form follows a command and the other way round; what it takes is known first; a job is started, cancelled and resumed.
go("Jobs")
line = wait(10, lambda: entry("Command line"))
check("a form of a job stands ready with its command", line is not None and "assay " in content(line), texts)
if line is not None:
    write(line, f"assay train {case} --name long --data dose --model transformer --layers 1 --heads 1 --width 8 --steps many")
    check("the form follows the command", wait(10, lambda: find("Kind of job: train")) is not None, texts)
    check("what is wrong stands at the row", wait(10, lambda: entry("Steps") and find('"many" found')) is not None, texts)
    steps = entry("Steps")
    if steps is not None:
        write(steps, "100000")
        check("and the command the form", wait(5, lambda: " --steps 100000 " in content(line) + " ") is not None, content(line))
    start = wait(20, lambda: here("Start", pressable=True))
    check("what it takes is known before it is started", start is not None and find("of memory") is not None, texts)
    press(start)
    check("the job runs", wait(20, lambda: find("train · p · Running")) is not None, texts)
    check("and says how far it is, and how long it still takes", wait(20, lambda: find("100,000 steps") and find(" left")) is not None, texts)
    press(wait(5, lambda: find("Cancel", pressable=True)))
    check("cancelled it stops and says what is kept", wait(30, lambda: find("what is finished is kept")) is not None, texts)
    press(wait(5, lambda: find("Resume", pressable=True)))
    check("resumed it goes on from there", wait(20, lambda: find("train · p · Running") and find("100,000 steps")) is not None, texts)
    press(wait(5, lambda: find("Cancel", pressable=True)))
    wait(30, lambda: find("what is finished is kept"))
    press(wait(5, lambda: find("Outcome in full", pressable=True)))
    check("its outcome can be read in full", wait(10, lambda: find("Stopped by SIGINT") or find("stopped by SIGINT")) is not None, texts)
    write(line, f"assay train {case} --data nothing")
    check("what the program refuses is said with what there is", wait(20, lambda: find('has no data named "nothing"; it has:')) is not None, texts)
    check("and cannot be started", here("Start", pressable=True) is None, texts)

# The report: pin, unpin, export, verify.
go("Report")
pin = wait(30, lambda: find("Pin to the report", pressable=True))
check("the report shows its claims with a pin each", pin is not None, texts)
check("and with a way to where each comes from", find("Where does this number come from?", pressable=True) is not None, texts)
if pin is not None:
    check("a pin can be pressed", press(pin))
    undo = wait(5, find_undo)           # before the case is asked: it goes away by itself
    check("a toast offers the way back", undo is not None, texts)
    check("and the case holds the pin", wait(15, pinned) is not None, texts)
    if undo is not None:
        press(undo)
        check("which takes the pin away again", wait(15, lambda: pinned() == []) is not None, pinned())
    time.sleep(1)              # until the button says so too
    press(wait(5, lambda: find("Pin to the report", pressable=True)))
    check("it is pinned once more", wait(15, pinned) is not None)

export = wait(5, lambda: find("Export Report", pressable=True))
check("there is an export", export is not None, texts)
if export is not None:
    press(export)
    accept = wait(10, lambda: find("_Export Export", exact=True, pressable=True))
    check("which asks where to", accept is not None, texts)
    if accept is not None:
        press(accept)
        bundle = os.path.splitext(case)[0] + "-report"
        check("the report is written", wait(60, lambda: os.path.exists(bundle + "/report.html")) is not None, os.listdir(os.path.dirname(case)))
        check("the page says where", wait(15, lambda: find("with a proof each")) is not None, texts)
        check("it is verified by itself: unaltered", wait(30, lambda: find("Unaltered")) is not None, texts)
        check("unsigned as long as nobody signs it", find("Unsigned") is not None, texts)
        check("and a time that only the operator vouches for", find("Time operator-attested") is not None, texts)
        check("a key is made where one says", press(find("Make a key", pressable=True)) and press(wait(10, lambda: find("Make Key", exact=True, pressable=True)
                                                                                                             or find("_Make Key", pressable=True))), texts)
        folder = os.path.dirname(case)
        check("with its public half beside it", wait(15, lambda: os.path.exists(folder + "/signer.pem.pub")) is not None, os.listdir(folder))
        check("the report can be signed by it", wait(10, lambda: press(find("_Sign Sign", exact=True, pressable=True))), texts)
        check("and is by a known signer then", wait(30, lambda: find("Signer known")) is not None, texts)

check("the page says how much waits for a person", find("to state") is not None, texts)
check("and there is a way to answer", find("Fill In", pressable=True) is not None, texts)

# Examples that are pictures are shown as pictures, in the ranking too.
act("open-path", f"'{images}'")
check("a case of images is opened", wait(20, lambda: name(window).startswith("images ")) is not None, name(window))
go("Influence")
check("the ranking shows pictures", wait(20, lambda: here("Picture of the example")) is not None, texts)
act("open-path", f"'{case}'")
wait(20, lambda: name(window).startswith("p "))

# Bad input: a file is cut short, the case goes away, another one lies in its place. Each time the window says so and goes on.
shards = sorted(os.path.join(case, "shards", f) for f in os.listdir(os.path.join(case, "shards")))
os.truncate(shards[-1], 100)
go("Overview")
check("a file that was cut short is told as damage", wait(20, lambda: here("Damaged")) is not None and here("and has 100 B now") is not None, texts)
os.rename(case, case + ".away")
check("a case that went away is told", wait(20, lambda: find("cannot be read")) is not None, texts)
check("what was read of it stays", here("A logistic regression") is not None, texts)
subprocess.run([os.environ["ASSAY"], "new", case, "--quiet"], check=True, stdout=subprocess.DEVNULL)
check("another case in its place is told as another one", wait(20, lambda: here("Another case lies here now")) is not None, texts)
check("nothing of the first is shown as its own", wait(10, lambda: here("A logistic regression") is None), texts)

finish()
