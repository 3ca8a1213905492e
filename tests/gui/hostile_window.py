# SPDX-License-Identifier: GPL-3.0-or-later
# hostile_window.py: the window shows a case of hostile.py, on a display that is high enough for the rows that hold all of them. Whatever stands in its
# accessibility tree is text that neither steers nor turns, and every string is there.
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

import hostile  # noqa: E402
import hostile_judge  # noqa: E402


def names(node, found):
    try:
        text = node.get_name() or ""
        children = [node.get_child_at_index(k) for k in range(node.get_child_count())]
    except GLib.Error:
        return
    if text:
        found.add(text)
    for child in children:
        if child is not None:
            names(child, found)


def everything():
    """What is there when nothing more comes: a page makes its rows a few in each frame."""
    found, before = set(), None
    while found != before:
        time.sleep(3)
        found, before = set(), found
        desktop = Atspi.get_desktop(0)
        for k in range(desktop.get_child_count()):
            names(desktop.get_child_at_index(k), found)
    return found


seen = set()
for page in ("overview", "examples", "influence", "report"):
    subprocess.run(["gdbus", "call", "--session", "--dest", "org.assay.Workbench", "--object-path", "/org/assay/Workbench/window/1",
                    "--method", "org.gtk.Actions.Activate", "go", "[<'%s'>]" % page, "{}"], check=True, stdout=subprocess.DEVNULL)
    now = everything()
    steering = [text for text in now if hostile_judge.steers(text.encode(), "\n\ufffc") is not None]
    assert not steering, (page, steering[:3])
    seen |= now
words = "\n".join(seen)
texts = [data.decode() for _, data in hostile.strings() if hostile.is_text(data)]
# A cell shows the beginning of a megabyte.
shown = [text for text in texts if hostile_judge.visible(text)[:50 if len(text) > 100000 else None] in words]
print("# window: %d names of things on 4 pages, %d of %d strings among them: none steers, turns or is markup" % (len(seen), len(shown), len(texts)))
missing = [text[:60] for text in texts if text not in shown]
if missing:
    print("# not there: %r" % missing[:10])
sys.exit(len(missing) > 0)
