# SPDX-License-Identifier: GPL-3.0-or-later
# hostile.py: strings that want to be something else (markup, code, a formula, an escape), as bytes. strings() makes them, always the same; each
# ends with its number, by which it is found again. make() writes the files of a case whose every text is one of them (hostile) or a harmless word
# (harmless): people.csv, wide.csv, fields.json. hostile_judge.py looks at what became of them.
import csv
import io
import json
import os

MARKUP = [
    "<script>alert(1)</script>", "</script><script>alert(1)//", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe src=//example.org>",
    "</td></tr></table><h1>", "</title></style></textarea>", "<!-- ", "-->", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<!DOCTYPE html>",
    "<a href=javascript:alert(1)>x</a>", "<style>*{display:none}</style>", "<base href=//example.org>", "<meta http-equiv=refresh content=0>",
    "<link rel=stylesheet href=//example.org>", "<object data=x>", "<form action=//example.org>", "<math><mi//xlink:href=x>", "<template><b>",
    "<<b>>", "<b", "&lt;script&gt;", "&#60;b&#62;", "&#x3c;b&#x3e;", "&amp;lt;", "&nbsp;&copy", "&", "<data value=\"1\" title=\"x\">9</data>",
    "<noscript><p title=\"</noscript><img src=x>\">",
]
ATTRIBUTES = [
    "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)", "\"><b>", "'><b>", "\" autofocus onfocus=alert(1) x=\"", "` onload=`", "javascript:alert(1)",
    "data:text/html,<b>", "\" style=\"display:none", "' id='top' class='", "\"\"\"\"", "''''", "\" /><input value=\"", "#top", "?q=1&lang=2", "\\\" onload=\\\"",
    "&quot; onload=&quot;", "expression(alert(1))", "url(//example.org)", "}body{display:none}", "/* */", "*/alert(1)/*",
]
FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1,1)", "=HYPERLINK(\"//example.org\",\"x\")", "\t=1+1", "\r=1+1", " =1+1", "'=1+1", "\"=1+1\"",
    "=\"a\"&\"b\"", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@A1", "=DDE(\"a\";\"b\")", "=IMPORTXML(\"//example.org\")", ";=1+1", ",=1+1", "\n=1+1", "\r\n=1+1",
    "=", "+", "-", "@", "==", "=-+@", "\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff201+1", "|=1+1", "%0A=1+1", "=A1:A9", "=SUM(A1)*\"\"", "1,2,3", "1;2;3", "a\",\"=1+1", "a\"\n=1+1",
    "--1", "-1e9", "+49 30 1234",
]
TERMINAL = [
    "\x1b[31mred", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;//example.org\x07link\x1b]8;;\x07", "\x1b]52;c;aGk=\x07", "\x1b[6n", "\x1b[?1049h", "\x1bc", "\x1b(0",
    "\x1bP+q544e\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\", "\x1b[8m", "\x1b[1A\x1b[2K", "\x1b[20h", "\x1b[5i", "\u009b31m", "\u009d0;t\u009c", "\u0090x\u009c",
    "\rover", "\x08\x08\x08", "\x07", "\x0e\x0f", "\x00nul", "\x7f\x7f", "\x1b", "\x1b[", "\x1b]", "a\rb", "a\nb", "a\x0bb", "a\x0cb", "^[[31m", "\\e[31m", "\\033[31m", "%s%n%1$x%d",
]
HIDDEN = [chr(c) for c in (0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff)]
HIDDEN += ["\u202egnp.exe", "\u2066\u2067\u2069", "\u202e\u2066<b>\u2069", "=\u202e1+1", "\u200b=1+1", "\ufeff=1+1", "a\u2028b\u2029c", "\u202d\u202e\u202c"]
CONTROLS = [chr(c) for c in range(1, 0x20)] + [chr(c) for c in range(0x7f, 0xa0)]
BROKEN = [b"\xff", b"\xfe\xff", b"\x80", b"\xbf\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xe2\x82", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\xaf",
          b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc", b"\xc3(", b"\xe2(\xa1", b"\xf0(\x8c(", b"a\xffb", b"\xff<b>", b"<b\xff>", b"=1\xff", b"\xff\x1b[31m", b"\xe2\x80",
          b"\x9b31m", b"\xc2"]
PANGO = ["<b>bold</b>", "<span foreground='red'>x</span>", "<span font='99'>", "<big><big><big>", "</span>", "<tt>&amp;</tt>", "<a href='file:///'>x</a>", "<span size='1'>",
         "<markup>", "<b><i></b></i>", "_mnemonic _x", "__", "&unknown;", "&#0;", "&#x1;", "<span alpha='1'>", "<s>", "<sub><sup>", "<u underline='error'>", "<span face='x\">"]
MARKDOWN = ["**bold**", "_it_ *it*", "# heading", "## heading ##", "[x](javascript:alert(1))", "![x](//example.org/x.png)", "<//example.org>", "| a | b |", "| --- |", "||||",
            "```\ncode", "`code`", "```", "~~~", "~~gone~~", "> quote", "- item", "* item", "+ item", "1. item", "---", "***", "===", "\\", "\\\\", "\\|", "[x]: //example.org", "[^1]", "$x^2$",
            "$$x$$", "\\(x\\)", "\\[x\\]", "{{ x }}", "{% x %}", ":tada:", "@nobody", "#1", "https://example.org/", "www.example.org", "line  \nbreak", "    code", "\tcode", "<details>", "- [ ] x",
            "<br>", "*a*b*c*", "a__b__c", "%%latex", "!shell", "%run x", "&copy;"]
BREAKERS = ["\"}]}", "\"],\"cells\":[", "\\\"", "\\u0000", "\\ud800", "\\", "\\n", "\", \"source\": \"x", "'''", "\"\"\"", "''' + __import__('os').name + '''", "\"\"\" + x + \"\"\"", "');import os;('",
            "\\x00", "{0}", "{x}", "%(x)s", "${x}", "$(x)", "`x`", "; x", "| x", "&& x", "\n!x", "\n%%bash\nx", "%matplotlib", "# -*- coding: x -*-", "\nimport os\n", "'; DROP TABLE x; --", "../../etc/passwd",
            "/etc/passwd", "C:\\x", "a/b", ".", "..", "null", "NaN", "true", "__proto__", "constructor"]
PDF = ["(a) Tj", "ET Q endstream endobj", "\\(\\)", ")) Tj (", "BT /F1 12 Tf", "/JavaScript", "/JS (x)", "<</S/JavaScript/JS(x)>>", "/OpenAction", "/Launch", "/URI (//example.org)", "stream\nx", "endstream",
       "endobj\n9 0 obj", "%%EOF", "%PDF-1.7", "xref\n0 1", "trailer <</Root 1 0 R>>", "startxref\n0", "<feff>", "<<", ">>", "[", "]", "(", ")", "\\", "/Name#20x", "d1' internal dest='d2",
       "' uri='//example.org", "rect=[0 0 9 9] uri='//example.org'", "/AA", "/EmbeddedFile", "\\000\\012", "\xfe\xff", "q 0 0 1 rg f Q", "/Artifact BMC EMC", "/Span BDC"]
KINDS = {"markup": MARKUP, "attribute": ATTRIBUTES, "formula": FORMULAS, "terminal": TERMINAL, "hidden": HIDDEN, "control": CONTROLS, "broken": BROKEN, "pango": PANGO,
         "markdown": MARKDOWN, "breaker": BREAKERS, "pdf": PDF}
N = 500


def is_text(data):
    """Whether a table may hold it: NUL and what is no UTF-8 are refused on import."""
    return b"\0" not in data and data.decode("utf-8", "ignore").encode() == data


def strings():
    """[(kind, bytes)]: all of the kinds, one of a megabyte, and pairs of them up to N."""
    single = [(kind, text if isinstance(text, bytes) else text.encode()) for kind, texts in KINDS.items() for text in texts]
    single.append(("long", b"<b>=1+1\\|`" * 100000))
    n, k = len(single), 0
    while len(single) < N:
        one, other = single[(7 * k) % (n - 1)], single[(11 * k + 5) % (n - 1)]
        single.append((one[0], one[1] + other[1]))
        k += 1
    return [(kind, b"%s h%03dz" % (data, k)) for k, (kind, data) in enumerate(single)]


def make(kind):
    texts = [data.decode() for _, data in strings() if is_text(data)]
    if kind == "harmless":      # in the same order when sorted, so that everything else is the same
        rank = {text: k for k, text in enumerate(sorted(texts, key=str.encode))}
        texts = ["w%03d %s" % (rank[text], text[-5:]) for text in texts]
    n = len(texts)
    short = [text for text in texts if len(text) < 1000]

    def table(name, rows):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        with open(name, "wb") as file:
            file.write(out.getvalue().encode())

    people = [(texts[k], k * 37 % 101, int(k * 17 % 5 > 1), int(k * 29 % 7 > 3), texts[n - 1 - k], texts[(k + 3 * n // 7) % n]) for k in range(n)]
    table("people.csv", [("name", "x", "y", "s", "group", "other")] + people)
    # Columns, levels and classes are named so too.
    names = short[::len(short) // 16][:16]
    classes = short[3::len(short) // 12][:12]
    levels = short[5::len(short) // 8][:8]
    rows = [["key", "class", "level"] + names]
    rows += [[texts[-1 - k], classes[k % 12], levels[k * 5 % 8]] + [(k * (j + 3) * 7919) % 97 for j in range(16)] for k in range(300)]
    table("wide.csv", rows)
    with open("asked.json", encoding="utf-8") as file:
        form = json.load(file)
    with open(os.path.join(os.environ["ASSAY_SRCDIR"], "data/regimes/fields.json"), encoding="utf-8") as file:
        numbers = {field["id"] for field in json.load(file)["fields"] if field["unit"] is not None}
    asked = [field["id"] for field in form["fields"] if field["id"] not in numbers]
    fields = [{"id": asked[k], "value": short[(k * 13) % len(short)]} for k in range(len(asked))]
    with open("fields.json", "w", encoding="utf-8") as file:
        json.dump({"schema": "assay.fields", "version": 1, "author": short[20], "fields": fields}, file)
