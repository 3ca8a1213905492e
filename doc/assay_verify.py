#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""assay_verify.py: checks a report's bundle without Assay, with Python's standard library and openssl alone.

    python3 assay_verify.py BUNDLE [--key PUBLIC.pem] [--tsa-certificate TSA.pem] [--number ID] [--json]

Written from doc/evidence.md and doc/store-format.md; it shares no code with Assay. It reads everything but the inside of evidence/results.h5, for
which Python has no reader: that file's bytes are compared with SHA256SUMS, and its values reach the evidence root through evidence/tree.jsonl and
proofs.jsonl. Exit status: 0 unaltered and signed, 1 altered or not signed by the key, 2 usage, 3 unreadable, 4 no openssl, 5 unaltered and unsigned.
"""
import argparse
import base64
import decimal
import hashlib
import html
import json
import os
import re
import stat
import struct
import subprocess
import sys
import tempfile

ROOT = "report/results"
WIDTHS = {"f64": 8, "i64": 8}
TYPES = "bool u8 i8 u16 i16 u32 i32 u64 i64 f16 bf16 f32 f64 utf8 ref ref+axis".split()
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,7}")
HEX = re.compile(r"[0-9a-f]{64}")
KEY_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
REQUEST_HEAD = bytes.fromhex("3037020101302f300b06096086480165030402010420")


class Unreadable(Exception):
    """No bundle, or no key, that can be read: exit status 3."""


class Altered(Exception):
    """What does not fit, in words."""


def expect(condition, what):
    if not condition:
        raise Altered(what)


def sha(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def u64(value):
    return value.to_bytes(8, "little")


def lp(text):
    data = text.encode("utf-8", "surrogateescape")
    return u64(len(data)) + data


def is_count(value, least=0):
    return type(value) is int and least <= value < 1 << 63


def unhex(value):
    expect(isinstance(value, str) and HEX.fullmatch(value), "64 hexadecimal digits expected")
    return bytes.fromhex(value)


def load(text):
    """JSON in which no member is given twice and nothing is NaN."""
    def members(pairs):
        expect(len(dict(pairs)) == len(pairs), "a member is given twice")
        return dict(pairs)
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=members, parse_constant=lambda word: expect(False, word + " is no JSON"))
    except (ValueError, RecursionError) as error:
        raise Altered("is not JSON: %s" % error) from None


def load_line(text):
    row = load(text)
    compact = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    expect(isinstance(row, dict) and compact == text, "is not spelled as Assay writes it")
    return row


def lines_of(text):
    expect(text == b"" or text.endswith(b"\n"), "the last line is cut off")
    return text.split(b"\n")[:-1]


# --- assay-merkle-1 -------------------------------------------------------------------------------------------------------------
def node(left, right):
    return sha(b"\1", left, right)


def tree(leaves):
    if not leaves:
        return sha(b"")
    while len(leaves) > 1:
        pairs = [node(a, b) for a, b in zip(leaves[::2], leaves[1::2])]
        leaves = pairs + leaves[len(pairs) * 2:]
    return leaves[0]


def descriptor(path, kind, dims, leaf_elements, n_salt):
    return sha(b"\2", lp(path), lp(kind), u64(len(dims)), *(u64(d) for d in dims), u64(leaf_elements), u64(n_salt))


def size_of(dims):
    expect(isinstance(dims, list) and len(dims) <= 8 and all(is_count(d) for d in dims), "dims: at most 8 numbers expected")
    n = 1
    for d in dims:
        n *= d
    expect(n < 1 << 64, "dims leave 64 bits")
    return n


def digest_of(item):
    """Of an object of tree.jsonl: a dictionary with its row and, for a group, what is in it."""
    row = item["row"]
    expect(isinstance(row.get("attributes"), dict), "attributes expected")
    names = sorted(row["attributes"], key=lambda name: name.encode("utf-8", "surrogatepass"))
    attributes = tree([unhex(row["attributes"][name]) for name in names])
    if row["kind"] == "group":
        entries = [sha(b"\4", lp(child["row"]["path"].rsplit("/", 1)[1]), b"g" if child["row"]["kind"] == "group" else b"d", digest_of(child))
                   for child in item["children"]]
        return sha(b"\5", tree(entries), attributes)
    n, width = size_of(row.get("dims")), row.get("leaf_elements")
    expect(row.get("type") in TYPES and is_count(width, 1) and row.get("salt_bytes") in (0, 32), "no array is described so")
    leaves = [unhex(leaf) for leaf in row.get("leaves", [])]
    expect(len(leaves) == (n + width - 1) // width, "as many leaves as the shape needs are expected")
    return sha(b"\3", descriptor(row["path"], row["type"], row["dims"], width, row["salt_bytes"]), tree(leaves), attributes)


def root_of_tree(text):
    groups = {}
    for number, line in enumerate(lines_of(text), 1):
        where = "line %d: " % number
        row = load_line(line)
        expect(isinstance(row.get("path"), str) and row.get("kind") in ("group", "array"), where + "path and kind expected")
        item = {"row": row, "children": []}
        above = groups.get(row["path"].rpartition("/")[0])
        expect(above is not None or (number == 1 and row["kind"] == "group" and row["path"] == ROOT), where + "is in no group before it")
        if above is not None:
            before = above["children"][-1]["row"]["path"] if above["children"] else ""
            expect(before.encode() < row["path"].encode(), where + "is out of order")
            above["children"].append(item)
        if row["kind"] == "group":
            groups[row["path"]] = item
    expect(ROOT in groups, "is empty")
    return digest_of(groups[ROOT])


# --- numbers --------------------------------------------------------------------------------------------------------------------
def unsigned_zero(plain):
    return plain[1:] if plain.startswith("-") and not plain.strip("-0.") else plain


def grouped(plain):
    whole, point, rest = plain.partition(".")
    return "{:s}{:,}".format("-" if whole.startswith("-") else "", abs(int(whole))) + point + rest


def display_of(value, rounding, digits):
    if isinstance(value, int):
        expect(rounding == "count", "a count is not rounded")
        return grouped(str(value))
    exact = decimal.Decimal(value)
    if not exact.is_finite():
        return "not computed"
    with decimal.localcontext() as context:
        context.prec, context.rounding = 2000, decimal.ROUND_HALF_EVEN
        context.Emax, context.Emin = decimal.MAX_EMAX, decimal.MIN_EMIN
        if rounding in ("count", "decimals"):
            return grouped(unsigned_zero("{:.{}f}".format(exact, digits if rounding == "decimals" else 0)))
        if rounding == "percent":
            return unsigned_zero("{:.{}f}".format(exact * 100, digits)) + " %"
        expect(digits > 0, "significant digits: at least one expected")
        if value == 0:
            return "0"
        mantissa, exponent = "{:.{}e}".format(exact, digits - 1).split("e")
        if -5 <= int(exponent) < digits:
            return "{:.{}f}".format(exact, digits - 1 - int(exponent))
        return "%se%d" % (mantissa, int(exponent))


def climb(row):
    """From a leaf to the evidence root that it leads to; the part of the path that is left; the element's eight bytes."""
    n, index, width = size_of(row["dims"]), row["index"], row["leaf_elems"]
    expect(is_count(index) and index < n and is_count(width, 1), "index and leaf_elems do not fit the shape")
    expect(row["leaf_index"] == index // width, "the element is in another leaf")
    expect(row["type"] in WIDTHS, "elements of this type are not printed as numbers")
    leaf, salt = base64.b64decode(row["leaf_bytes"], validate=True), base64.b64decode(row["salt"], validate=True)
    expect(base64.b64encode(leaf).decode() == row["leaf_bytes"] and base64.b64encode(salt).decode() == row["salt"], "base64 with free bits")
    first = row["leaf_index"] * width
    expect(len(leaf) == 8 * (min(first + width, n) - first) and len(salt) in (0, 32), "the leaf has another length")
    d = descriptor(row["path"], row["type"], row["dims"], width, len(salt))
    digest, path = sha(b"\0", d, u64(row["leaf_index"]), salt, leaf), [unhex(h) for h in row["audit_path"]]
    i, count = row["leaf_index"], (n + width - 1) // width
    while count > 1:
        if i ^ 1 < count:
            expect(path, "the audit path is too short")
            neighbour = path.pop(0)
            digest = node(neighbour, digest) if i & 1 else node(digest, neighbour)
        i, count = i // 2, (count + 1) // 2
    expect(not path, "the audit path is too long")
    digest, left = sha(b"\3", d, digest, unhex(row["attribute_root"])), row["path"]
    for k, link in enumerate(row["chain"]):
        left, _, name = left.rpartition("/")
        expect(link["name"] == name and link["kind"] == ("group" if k else "array"), "the chain does not follow the path")
        digest = sha(b"\4", lp(name), b"g" if k else b"d", digest)
        for step in link["steps"]:
            (side, neighbour), = step.items()
            expect(side in ("left", "right"), "a step has a side")
            digest = node(unhex(neighbour), digest) if side == "left" else node(digest, unhex(neighbour))
        digest = sha(b"\5", digest, unhex(link["attribute_root"]))
    at = 8 * (index - first)
    return digest, left, leaf[at:at + 8]


def check_proof(row, root):
    """Returns the value: an int for a count, else a float."""
    expect(row.get("format") == "assay-proof-1", 'format "assay-proof-1" expected')
    try:
        found, left, element = climb(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Altered("a member is missing or of another form (%s)" % error) from None
    expect(row.get("evidence_root") == root.hex() and found == root and left == ROOT, "does not lead to the evidence root")
    expect(row["number_id"] == "%s[%d]" % (row["path"][len(ROOT) + 1:], row["index"]), "is the proof of another number")
    expect(row["value_bits"] == element[::-1].hex(), "value_bits are not those of the leaf")
    expect(row.get("rounding") in ("count", "decimals", "percent", "significant") and is_count(row.get("digits")) and row["digits"] <= 17,
           "rounding or digits are none")
    value, = struct.unpack("<q" if row["type"] == "i64" else "<d", element)
    shown = display_of(value, row["rounding"], row["digits"])
    expect(row["display"] == shown, "is printed as %s; the element rounds to %s" % (row["display"], shown))
    return value


# --- the bundle -----------------------------------------------------------------------------------------------------------------
class Bundle:
    """A directory of somebody else's: nothing outside of it is opened, and only regular files are."""

    def __init__(self, directory):
        self.directory, self.findings, self.signers, self.displays = directory, [], [], []
        self.proved, self.root, self.statement, self.n_numbers = {}, None, {}, 0
        self.files, self.odd = set(), {}
        if not os.path.isdir(directory):
            raise Unreadable("%s: is no directory" % directory)
        self.list_below("")
        if not {"SHA256SUMS", "statement.json"} & self.files or os.path.exists(os.path.join(directory, "assay-case.json")):
            raise Unreadable("%s: is no bundle: it has neither statement.json nor SHA256SUMS" % directory)

    def list_below(self, prefix):
        for entry in os.scandir(os.path.join(self.directory, prefix)):
            path, mode = prefix + entry.name, entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                self.list_below(path + "/")
            elif not stat.S_ISREG(mode):
                self.odd[path] = "is no regular file; it was not opened"
            elif not PLAIN.fullmatch(path):
                self.odd[path] = "has a name that no file of a bundle has"
            else:
                self.files.add(path)

    def read(self, path):
        expect(path in self.files, "is missing")
        with open(os.open(os.path.join(self.directory, path), os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()

    def find(self, file, what, number=None):
        self.findings.append({"file": file, "number": number, "text": "%s: %s" % (file, what)})

    def step(self, file, function, *arguments):
        """Runs one step; what it finds altered is noted under the file's name."""
        try:
            function(*arguments)
        except Altered as altered:
            self.find(file, str(altered))

    def check_sums(self):
        listed, before = {}, ""
        for path in sorted(self.odd):
            self.find(path, self.odd[path])
        for number, line in enumerate(lines_of(self.read("SHA256SUMS")) or [b""], 1):
            match = re.fullmatch(rb"([0-9a-f]{64})  ([!-~]+)", line)
            expect(match and PLAIN.fullmatch(match[2].decode()) and match[2].decode() > before, "line %d is none of such a list" % number)
            before = match[2].decode()
            listed[before] = match[1].decode()
        for path, digest in listed.items():
            if path not in self.files:
                self.find(path, "is missing")
            elif hashlib.sha256(self.read(path)).hexdigest() != digest:
                self.find(path, "is not as it was written: its SHA-256 is another")
        for path in sorted(self.files - set(listed)):
            if path != "SHA256SUMS" and not path.startswith("signatures/"):
                self.find(path, "is no part of the bundle: SHA256SUMS does not list it")
        self.listed = listed

    def check_statement(self):
        self.statement = load(self.read("statement.json"))
        try:
            predicate = self.statement["predicate"]
            evidence = predicate["evidence"]
            expect(self.statement["_type"] == "https://in-toto.io/Statement/v1" and self.statement["predicateType"] == "urn:assay:report-content:1"
                   and predicate["format"] == "assay-statement-1" and evidence["algorithm"] == "assay-merkle-1"
                   and evidence["file"] == "evidence/results.h5" and evidence["path"] == ROOT and is_count(predicate["numbers"]),
                   "an assay-statement-1 is expected")
            self.root, self.utc = unhex(evidence["root"]), predicate["time"]["utc"]
            self.subjects = {s["name"]: s["digest"]["sha256"] for s in self.statement["subject"]}
        except (KeyError, TypeError) as error:
            raise Altered("member %s expected" % error) from None

    def check_subjects(self):
        expect("evidence/results.h5" in self.subjects, "evidence/results.h5 is not among its subjects")
        for name, digest in self.subjects.items():
            expect(self.listed.get(name) == digest, "is about another %s than SHA256SUMS lists" % name)

    def check_tree(self):
        expect(root_of_tree(self.read("evidence/tree.jsonl")) == self.root, "its leaf hashes do not lead to the evidence root")

    def check_proofs(self, wanted):
        lines = lines_of(self.read("proofs.jsonl"))
        for number, line in enumerate(lines, 1):
            if wanted is not None and b'"number_id":"%s"' % wanted.encode() not in line:
                continue
            self.n_numbers += 1
            try:
                row = load_line(line)
                value = check_proof(row, self.root)
                self.proved.setdefault(row["number_id"], []).append((row["display"], value))
            except Altered as altered:
                self.find("proofs.jsonl", "line %d: %s" % (number, altered), wanted)
        expect(wanted is not None or len(lines) == self.statement["predicate"]["numbers"], "the statement says another number of lines")

    def check_printed(self, file, number, display, may_go_on, value=...):
        for shown, proved in self.proved.get(number, []):
            if display == shown or (may_go_on and display.startswith(shown + " (")):
                finite = isinstance(proved, int) or abs(proved) < float("inf")
                if value is ... or (value == proved if finite else value is None):
                    return
                self.find(file, "number %s states another value than its proof" % number, number)
                return
        self.find(file, "number %s is printed as %s, which no proof says" % (number, display[:40]), number)

    def check_json(self):
        document, n = load(self.read("report.json")), 0
        expect(isinstance(document, dict) and document.get("evidence_root", self.root.hex()) == self.root.hex(), "speaks of another evidence root")
        stack = [document]
        while stack:
            item = stack.pop()
            if isinstance(item, dict) and isinstance(item.get("number"), str) and isinstance(item.get("display"), str):
                n += 1
                self.check_printed("report.json", item["number"], item["display"], False, item.get("value", ...))
            stack.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else [])
        expect(n > 0 or not self.proved, "prints none of the numbers that are proved")

    def check_html(self):
        text = self.read("report.html").decode("utf-8", "replace")
        found = re.findall(r'<data value="[^"<>]*" title="([^"<>]*)">([^<]*)</data>', text)
        expect(len(found) == text.count("<data"), "has numbers that cannot be read")
        for number, display in found:
            self.check_printed("report.html", html.unescape(number), html.unescape(display), True)

    # --- signatures
    def check_signatures(self, with_sums):
        people = {}
        for path in sorted(self.files):
            words = path.split("/")
            if words[0] == "signatures" and len(words) == 3:
                people.setdefault(words[1], set()).add(words[2])
            elif words[0] == "signatures":
                self.find(path, "is no part of a signature")
        for key_id, names in sorted(people.items()):
            self.step("signatures/" + key_id, self.check_signer, key_id, names, with_sums)

    def check_signer(self, key_id, names, with_sums):
        def get(name):
            try:
                return self.read("signatures/%s/%s" % (key_id, name))
            except Altered:
                raise Altered("%s is missing" % name) from None
        der = key_of(get("public.pem"))
        fingerprint = hashlib.sha256(der).hexdigest()
        expect(fingerprint[:16] == key_id, "public.pem is not the key that the directory is named after")
        statement, signature = self.read("statement.json"), get("statement.sig")
        if with_sums:
            expect(is_signed(get("public.pem"), get("SHA256SUMS.sig"), self.read("SHA256SUMS")),
                   "SHA256SUMS.sig is no signature of SHA256SUMS by this key")
        encoded = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(statement) + statement
        expect(is_signed(get("public.pem"), signature, encoded), "statement.sig is no signature of statement.json by this key")
        envelope = {"payload": base64.b64encode(statement).decode(), "payloadType": "application/vnd.in-toto+json",
                    "signatures": [{"keyid": fingerprint, "sig": base64.b64encode(signature).decode()}]}
        text = json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        expect(get("statement.dsse.json") == text, "statement.dsse.json is not the envelope of statement.json")
        expect(get("statement.tsq") == REQUEST_HEAD + sha(text) + b"\1\1\xff", "statement.tsq is not the request for statement.dsse.json")
        tokens = sorted(name for name in names if re.fullmatch(r"time-[0-9a-f]{64}\.tsr", name))
        for name in tokens:
            expect(hashlib.sha256(get(name)).hexdigest() == name[5:69], "%s is altered: its name holds another SHA-256" % name)
        others = names - set(tokens) - {"public.pem", "SHA256SUMS.sig", "statement.sig", "statement.dsse.json", "statement.tsq"}
        expect(not others, "%s is no part of a signature" % ", ".join(sorted(others)))
        self.signers.append({"fingerprint": fingerprint, "known": False, "authority": None, "directory": "signatures/" + key_id, "tokens": tokens})

    def check_times(self, certificate):
        for signer in self.signers:
            for name in signer["tokens"]:
                path = os.path.join(self.directory, signer["directory"])
                done = openssl("ts", "-verify", "-data", path + "/statement.dsse.json", "-in", path + "/" + name, "-CAfile", certificate,
                               "-partial_chain")
                signer["authority"] = "the authority of " + certificate
                if done.returncode != 0:
                    self.find(signer["directory"] + "/" + name, "is no token of that authority for statement.dsse.json")


# --- keys -----------------------------------------------------------------------------------------------------------------------
def openssl(*arguments):
    return subprocess.run(("openssl",) + arguments, capture_output=True, check=False)


def key_of(pem):
    """The DER form of a public key in the one spelling of its PEM."""
    match = re.fullmatch(rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/\n]{123}==)\n-----END PUBLIC KEY-----\n", pem)
    der = base64.b64decode(match[1]) if match else b""
    expect(match and match[1] == base64.b64encode(der)[:64] + b"\n" + base64.b64encode(der)[64:] and der.startswith(KEY_HEAD) and len(der) == 91,
           "public.pem is no public key on P-256")
    return der


def is_signed(pem, signature, message):
    with tempfile.TemporaryDirectory() as place:
        for name, data in (("key", pem), ("signature", signature), ("message", message)):
            with open(os.path.join(place, name), "wb") as file:
                file.write(data)
        return openssl("dgst", "-sha256", "-verify", place + "/key", "-signature", place + "/signature", place + "/message").returncode == 0


# --- the verdict ----------------------------------------------------------------------------------------------------------------
def verify(options):
    bundle, expected = Bundle(options.bundle), None
    if options.key:
        try:
            with open(options.key, "rb") as file:
                expected = hashlib.sha256(key_of(file.read())).hexdigest()
        except (OSError, Altered) as error:
            raise Unreadable("%s: %s" % (options.key, error)) from None
    if options.number is None:
        bundle.listed = {}
        bundle.step("SHA256SUMS", bundle.check_sums)
    bundle.step("statement.json", bundle.check_statement)
    bundle.step("signatures", bundle.check_signatures, options.number is None or "SHA256SUMS" in bundle.files)
    for signer in bundle.signers:
        signer["known"] = signer["fingerprint"] == expected
    if options.tsa_certificate:
        bundle.check_times(options.tsa_certificate)
    if bundle.root is not None:
        if options.number is None:
            bundle.step("statement.json", bundle.check_subjects)
            bundle.step("evidence/tree.jsonl", bundle.check_tree)
        bundle.step("proofs.jsonl", bundle.check_proofs, options.number)
        if options.number is None:
            for name, step in (("report.json", bundle.check_json), ("report.html", bundle.check_html)):
                if name in bundle.files:
                    bundle.step(name, step)
        elif not bundle.n_numbers:
            raise Unreadable("proofs.jsonl has no number %s" % options.number)
    known = any(signer["known"] for signer in bundle.signers)
    status = 1 if bundle.findings or (expected and not known) else 0 if bundle.signers else 5
    return bundle, known, status


def main():
    parser = argparse.ArgumentParser(description="Checks a report's bundle without Assay.")
    parser.add_argument("bundle")
    parser.add_argument("--key", help="public key that must have signed it")
    parser.add_argument("--tsa-certificate", help="certificate of a time-stamping authority")
    parser.add_argument("--number", help="check this one number, from its proof and the statement alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        bundle, known, status = verify(options)
    except (Unreadable, OSError) as error:
        print("assay_verify.py: " + ascii(str(error))[1:-1], file=sys.stderr)
        return 4 if isinstance(error, OSError) and error.filename == "openssl" else 3
    signer = "known" if known else "unknown" if bundle.signers else "unsigned"
    authority = next((s["authority"] for s in bundle.signers if s["authority"]), None)
    if options.json:
        print(json.dumps({"unaltered": not bundle.findings, "signer": signer, "signers": bundle.signers, "time_authority": authority,
                          "numbers": bundle.n_numbers, "findings": bundle.findings, "status": status}, indent=1, sort_keys=True))
        return status
    for finding in bundle.findings:
        print("altered: " + ascii(finding["text"])[1:-1])
    print("1. %s: %d numbers checked." % ("Unaltered" if not bundle.findings else "ALTERED", bundle.n_numbers))
    print("2. Signer %s%s." % (signer, "".join(", fingerprint " + s["fingerprint"] for s in bundle.signers)))
    print("3. Time %s." % ("independent, by " + authority if authority else "operator-attested"))
    print("This does not show that the numbers are right.")
    return status


if __name__ == "__main__":
    sys.exit(main())
