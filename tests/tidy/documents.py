"""What the documents say must be so: paths exist, option tables are the binary's own."""

import posixpath
import re
import subprocess

from tree import Fault

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FOLDERS = "sdk|core|connectors|functions|app|pipelines|tests|bench|docs|scripts|cmake"
CODE_SPAN = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
DOC_IN_CODE = re.compile(r"\b(docs/[\w./-]+\.md)\b")
TABLE = re.compile(r"<!-- options: (source|sink|function) ([\w-]+) -->\n(.*?)<!-- /options -->",
                   re.DOTALL)
TEST = re.compile(r"\b(?:TEST(?:_F|_P)?|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)")
NAMED_TEST = re.compile(r"`([A-Z]\w*\.[A-Z]\w*)`")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def mentioned_paths(tree):
    for path in tree.markdown:
        text = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), tree.read(path),
                      flags=re.DOTALL | re.MULTILINE)
        for match in LINK.finditer(text):
            target = match[1].strip("<>")
            if re.match(r"[a-z]+:", target):
                continue
            if not tree.exists(posixpath.join(posixpath.dirname(path), target)):
                yield Fault(path, line_of(text, match.start()), f"{target} does not exist")
        for match in CODE_SPAN.finditer(text):
            if not tree.exists(match[1]):
                yield Fault(path, line_of(text, match.start()), f"{match[1]} does not exist")
    for path in tree.code:
        for number, line in tree.lines(path):
            for match in DOC_IN_CODE.finditer(line):
                if not tree.exists(match[1]):
                    yield Fault(path, number, f"{match[1]} does not exist")


def described(tidemill, kind, name):
    return subprocess.run([tidemill, "describe", kind, name, "--markdown"],
                          capture_output=True, text=True, check=True).stdout.strip()


def option_tables(tree, tidemill, write=False):
    """Between `<!-- options: source file -->` and `<!-- /options -->` stands what
    `tidemill describe source file --markdown` prints; write=True puts it there."""
    for path in tree.markdown:
        text = tree.read(path)
        for match in TABLE.finditer(text):
            wanted = described(tidemill, match[1], match[2])
            if match[3].strip() == wanted:
                continue
            if write:
                text = text.replace(match[0], f"<!-- options: {match[1]} {match[2]} -->\n"
                                              f"{wanted}\n<!-- /options -->")
                (tree.root / path).write_text(text, encoding="utf-8")
            else:
                yield Fault(path, line_of(text, match.start()),
                            f"not what `tidemill describe {match[1]} {match[2]} --markdown` says; "
                            "tests/tidy/tidy.py option_tables --write renews it")


def named_tests(tree):
    """A document that says `Suite.Test` proves something names a test that there is."""
    known = set()
    for path in tree.code:
        if path.endswith("_test.cc"):
            known |= {f"{suite}.{name}" for suite, name in TEST.findall(tree.read(path))}
    for path in tree.markdown:
        if not path.startswith("docs/reference/"):
            continue
        for number, line in tree.lines(path):
            for match in NAMED_TEST.finditer(line):
                if match[1] not in known:
                    yield Fault(path, number, f"there is no test {match[1]}")
