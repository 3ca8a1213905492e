# SPDX-License-Identifier: GPL-3.0-or-later
# hostile_judge.py HOSTILE HARMLESS: two bundles of the same report, one with every text of hostile.py, one with words in their place. In each
# format the texts must be there, all of them, as text, and everything else must be as in the other: the same elements and attributes, dictionaries,
# cells, code. What is shown is computed here once more: control characters and those that hide or turn text as their numbers.
import ast
import collections
import csv
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys

import hostile

INVISIBLE = {0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x2060, 0xfeff} | set(range(0x202a, 0x202f)) | set(range(0x2066, 0x206a))


def visible(text, keep_lines=False):
    out = []
    for c in text:
        n = ord(c)
        if c == "\n" and keep_lines:
            out.append(c)
        elif n < 0x20 or 0x7f <= n < 0xa0:
            out.append("\\x%02x" % n)
        else:
            out.append("\\u{%04x}" % n if n in INVISIBLE else c)
    return "".join(out)


def steers(data, allowed="\n"):
    """The first character of a file that could steer a terminal or hide, or None. The file is valid UTF-8."""
    return next((c for c in data.decode() if visible(c) != c and c not in allowed), None)


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def tell(where, texts, is_there, structure):
    missing = [text for text in texts if not is_there(text)]
    assert not missing, "%s: %d of %d are not there as text, the first is %r" % (where, len(missing), len(texts), missing[0][:80])
    print("# %s: %d strings are text, %s" % (where, len(texts), structure))


# --- HTML
class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.words, self.drawing, self.kinds = collections.Counter(), [], False, set()
        self.feed(text)
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attributes):
        kind = (tag,) + tuple(sorted(name for name, _ in attributes))
        self.drawing = self.drawing or tag == "svg"
        self.kinds.add(kind)
        self.elements[kind] += not self.drawing        # how much of a long label a figure has room for depends on the text
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name in ("href", "src", "action", "data"):
                assert value.startswith("#"), value[:80]

    def handle_endtag(self, tag):
        self.drawing = self.drawing and tag != "svg"

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        self.kinds.add(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def judge_html(mine, other, texts):
    data = read(mine, "report.html")
    assert steers(data) is None, steers(data)
    page, harmless = Page(data.decode()), Page(read(other, "report.html").decode())
    assert page.kinds <= harmless.kinds, page.kinds - harmless.kinds
    assert page.elements == harmless.elements, (page.elements - harmless.elements, harmless.elements - page.elements)
    tell("HTML", texts, lambda text: visible(text, True) in page.text, "among the same %d elements" % sum(page.elements.values()))


# --- PDF
def keys_of(file):
    done = subprocess.run(["qpdf", "--json=1", "--json-key=objects", file], capture_output=True, check=True)
    keys, stack = set(), [json.loads(done.stdout)]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            keys |= {key for key in item if key.startswith("/")}
        stack += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
        if isinstance(item, str) and re.fullmatch(r"/[A-Za-z]+", item):
            keys.add(item)
    return {re.sub(r"[0-9+-].*", "", key) for key in keys}


# Of a composite font: other letters may come from another of the machine's fonts, embedded in another way.
FONT_KEYS = {"/CIDFontType", "/CIDSystemInfo", "/CIDToGIDMap", "/DW", "/DescendantFonts", "/Encoding", "/FontFile", "/Identity", "/Ordering", "/Registry",
             "/Supplement", "/ToUnicode", "/Type", "/TrueType", "/W"}


def judge_pdf(mine, other, texts):
    file = os.path.join(mine, "report.pdf")
    done = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    extra = keys_of(file) - keys_of(os.path.join(other, "report.pdf")) - FONT_KEYS
    assert not extra, extra
    words = re.sub(r"\s", "", subprocess.run(["pdftotext", "-raw", "-nopgbrk", file, "-"], capture_output=True, check=True).stdout.decode())

    def is_there(text):
        if len(text) > 100000:         # paper has the beginning, and says where the rest is
            return re.search(re.escape(visible(text)[:50]) + r".{1,20000}\[[0-9]+morebytes:seereport\.json\]", words)
        # The text face has no wide signs: where no font of the machine has them, their numbers stand for them.
        wanted = re.escape(re.sub(r"\s", "", visible(text)))
        return re.search(re.sub("[\uff00-\uffff]", lambda c: r"(?:%s|\\u\{%04x\})" % (c[0], ord(c[0])), wanted), words)
    tell("PDF", texts, is_there, "and names and keys of dictionaries are the same")


# --- CSV
def judge_csv(mine, other, texts):
    cells = set()
    for name in sorted(os.listdir(os.path.join(other, "tables"))):
        data = read(mine, "tables", name)
        assert steers(data, "\r\n") is None, (name, steers(data, "\r\n"))
        rows, harmless = (list(csv.reader(text.decode().splitlines())) for text in (data, read(other, "tables", name)))
        assert list(map(len, rows)) == list(map(len, harmless)), name
        for cell in (cell for row in rows for cell in row):
            cells.add(cell)
            if cell[:1] in tuple("=+-@\t\r\n;,\uff1d\uff0b\uff0d\uff20"):
                assert re.fullmatch(r"-?([0-9.e+-]+|inf)|[;,].*", cell), "%s: %r is a formula" % (name, cell[:80])
    text_of_all = "\n".join(cells)
    tell("CSV", texts, lambda text: visible(text) in text_of_all, "no cell of %d is a formula" % len(cells))


# --- Markdown: what is left without escaped characters and code is its markup
def skeleton(text):
    out, words, k = collections.Counter(), [], 0
    while k < len(text):
        c = text[k]
        if c == "\\" and k + 1 < len(text) and not text[k + 1].isalnum() and text[k + 1] > " ":
            words.append(text[k + 1])
            k += 2
            continue
        if c == "`":
            n = len(re.compile("`+").match(text, k)[0])
            end = re.compile("(?<!`)%s(?!`)" % ("`" * n)).search(text, k + n)
            assert end, "code without an end: %r" % text[k:k + 80]
            words.append(text[k + n:end.start()])
            out["code"] += 1
            k = end.end()
            continue
        if c in "\\*_{}[]()<>#+-!|~&$=^:@/\"'\n":
            out[c] += 1
        words.append(c)
        k += 1
    return out, "".join(words)


def judge_markdown_text(where, mine, other, texts):
    assert steers(mine.encode()) is None, steers(mine.encode())
    (marks, words), (harmless, _) = skeleton(mine), skeleton(other)
    assert marks == harmless, (marks - harmless, harmless - marks)
    tell(where, texts, lambda text: visible(text) in words, "with the same %d characters of markup" % sum(marks.values()))


def judge_markdown(mine, other, texts):
    judge_markdown_text("Markdown", read(mine, "report.md").decode(), read(other, "report.md").decode(), texts)


# --- notebook
def without_texts(source):
    tree = ast.parse(source)
    for item in ast.walk(tree):
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            item.value = ""
    return ast.dump(tree)


def judge_notebook(mine, other, texts):
    both = []
    for place in (mine, other):
        data = read(place, "notebook/report.ipynb")
        book = json.loads(data)
        both.append({"md": [c["source"] for c in book["cells"] if c["cell_type"] == "markdown"], "code": [c for c in book["cells"] if c["cell_type"] == "code"],
                     "kinds": [c["cell_type"] for c in book["cells"]], "data": data})
    mine, other = both
    assert steers(mine["data"]) is None, steers(mine["data"])
    assert mine["kinds"] == other["kinds"]
    for cell, harmless in zip(mine["code"], other["code"]):
        assert without_texts(cell["source"]) == without_texts(harmless["source"]), cell["source"][:200]
        assert [(o["output_type"], sorted(o.get("data", {}))) for o in cell["outputs"]] == [(o["output_type"], sorted(o.get("data", {}))) for o in harmless["outputs"]]
        for output in cell["outputs"]:
            assert steers(str(output.get("text", "")).encode()) is None
    judge_markdown_text("notebook", "\n".join(mine["md"]), "\n".join(other["md"]), texts)
    print("# notebook: %d cells, the code of %d of them is the same but for its string literals" % (len(mine["kinds"]), len(mine["code"])))


# --- JSON
def judge_json(mine, other, texts):
    data = read(mine, "report.json")
    assert steers(data) is None, steers(data)
    values, stack = [], [json.loads(data)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            values.append(item)
        stack += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
    words = "\n".join(values)
    tell("JSON", texts, lambda text: text in words, "as they were in the data")


if __name__ == "__main__":
    csv.field_size_limit(1 << 24)
    mine, other = sys.argv[1:]
    all_texts = [data.decode() for _, data in hostile.strings() if hostile.is_text(data)]
    for judge in (judge_html, judge_csv, judge_markdown, judge_notebook, judge_json):
        judge(mine, other, all_texts)
    if shutil.which("qpdf") and shutil.which("pdftotext"):
        judge_pdf(mine, other, all_texts)
