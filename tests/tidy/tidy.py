#!/usr/bin/env python3
"""Checks the tree for what the compiler does not see.

    tests/tidy/tidy.py                          every check but option_tables
    tests/tidy/tidy.py include_order            one check
    tests/tidy/tidy.py option_tables --tidemill build/release/tidemill [--write]

Prints one line per fault, as editors read them, and exits 1 if there is any.
"""

import argparse
import sys
from pathlib import Path

import documents
import includes
import style
from tree import Tree

CHECKS = {
    "include_order": includes.include_order,
    "std_only_function_header": includes.std_only_function_header,
    "file_sizes": style.file_sizes,
    "header_comments": style.header_comments,
    "names": style.names,
    "unfinished": style.unfinished,
    "injected_time": style.injected_time,
    "clang_format": style.clang_format,
    "shellcheck": style.shellcheck,
    "mentioned_paths": documents.mentioned_paths,
    "named_tests": documents.named_tests,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checks", nargs="*", choices=[*CHECKS, "option_tables", []])
    parser.add_argument("--root", default=Path(__file__).resolve().parents[2])
    parser.add_argument("--tidemill", default="build/release/tidemill")
    parser.add_argument("--write", action="store_true", help="option_tables: renew them")
    options = parser.parse_args()

    tree = Tree(options.root)
    faults = []
    for name in options.checks or CHECKS:
        if name == "option_tables":
            faults += documents.option_tables(tree, options.tidemill, options.write)
        else:
            faults += CHECKS[name](tree)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
