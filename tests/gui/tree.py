# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as its accessibility tree, for tests that drive it as somebody would who cannot see the screen, and the lines of TAP that they print."""
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

number = failures = 0


def check(sentence, truth, found=""):
    """found: what there was instead, or a function that tells it: only a failure asks, since reading the whole tree takes its time."""
    global number, failures
    number += 1
    failures += not truth
    print(f"{'ok' if truth else 'not ok'} {number} - {sentence}", flush=True)
    if not truth and found:
        print("# " + str(found() if callable(found) else found).replace("\n", "\n# "), flush=True)


# --- the tree ---------------------------------------------------------------------------------------------------------


def children(node):
    try:
        return [c for c in (node.get_child_at_index(k) for k in range(node.get_child_count())) if c is not None]
    except GLib.Error:
        return []


page = "Overview"              # the one that is seen: what is in the others is passed over, which is most of the tree


def walk(node):
    yield node
    for child in children(node):
        text = name(child)
        if not (text.startswith("Assay") and text.endswith("Page")) or text == f"Assay{page}Page":
            yield from walk(child)


def has(node, state):
    try:
        return node.get_state_set().contains(state)
    except GLib.Error:
        return False


def name(node):
    try:
        return node.get_name() or ""
    except GLib.Error:
        return ""


def role(node):
    try:
        return node.get_role_name()
    except GLib.Error:
        return ""


def application():
    for k in range(Atspi.get_desktop_count()):
        for app in children(Atspi.get_desktop(k)):
            if "workbench" in name(app).lower() or "assay" in name(app).lower():
                return app
    return None


def shown(root):
    """Everything that has a place in the window: GTK 4.8 says of hidden pages too that they are visible, but gives them no room."""
    for node in walk(root):
        try:
            box = node.get_extents(Atspi.CoordType.WINDOW)
        except GLib.Error:
            continue
        if box.width > 0 and box.height > 0:
            yield node


PATIENCE = 4            # how many times slower than that a machine may be that has other work


def wait(seconds, what):
    """The first thing that what() finds, within so many seconds of a machine that has nothing else to do."""
    end = time.monotonic() + PATIENCE * seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    return None


def find(words, exact=False, pressable=False):
    for node in shown(application()):
        text = name(node)
        if (text == words if exact else words.lower() in text.lower()) and (not pressable or click_of(node) is not None):
            return node
    return None


def find_undo():
    """The button of a toast, which lies outside the pages; a toast does not stay for long."""
    global page
    seen, page = page, None
    try:
        return find("Undo", pressable=True)
    finally:
        page = seen


def texts():
    return "\n".join(f"{role(node)}: {name(node)}" for node in shown(application()) if name(node))


def click_of(node):
    """The action that a click would be, or None."""
    try:
        return next((k for k in range(node.get_n_actions()) if node.get_action_name(k) in ("click", "activate", "press", "toggle")), None)
    except GLib.Error:
        return None


def press(node):
    click = click_of(node) if node is not None else None
    return click is not None and node.do_action(click)


def act(action, parameter):
    """parameter: as GVariant text."""
    subprocess.run(["gdbus", "call", "--session", "--dest", "org.assay.Workbench", "--object-path", "/org/assay/Workbench/window/1",
                    "--method", "org.gtk.Actions.Activate", action, f"[<{parameter}>]" if parameter else "[]", "{}"], check=True, stdout=subprocess.DEVNULL)


def go(to):
    global page
    page = to
    act("go", f"'{page.lower()}'")
    time.sleep(0.8)


def content(node):
    return Atspi.Text.get_text(node, 0, node.get_text_iface().get_character_count())


def write(node, words):
    node.get_editable_text_iface().set_text_contents(words)


def finish():
    """The plan, and the exit status of the test."""
    print(f"1..{number}", flush=True)
    sys.exit(failures > 0)
