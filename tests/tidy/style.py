"""Sizes, names, comments and words."""

import posixpath
import re
import shutil
import subprocess

from tree import Fault

LINES_SOFT = 250
LINES_HARD = 600

BANNED_NAMES = re.compile(r"^(utils?|helpers?|common|misc)([._-]|$)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|HACK|XXX:)")
SLEEPS = re.compile(r"\b(sleep_for|usleep|nanosleep)\b|\bsleep\(\d")
CLOCKS = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)::now\b|\brandom_device\b"
                    r"|\b(clock_gettime|gettimeofday)\(")
# Where time and randomness enter the engine, and what measures real time by its nature.
CLOCK_FOLDERS = ("core/base/", "bench/", "sdk/tidemill/testing/real_scheduler.h")


def file_sizes(tree):
    for path in tree.code:
        count = len(tree.read(path).splitlines())
        if count > LINES_HARD:
            yield Fault(path, count, f"{count} lines; at most {LINES_HARD}: split it by ideas")
        elif count > LINES_SOFT:
            print(f"{path}:{count}: note: past {LINES_SOFT} lines; is it still one idea?")


def header_comments(tree):
    """A header opens by saying what it is for."""
    for path in tree.code:
        if path.endswith(".h") and not tree.read(path).startswith(("//", "/*")):
            yield Fault(path, 1, "a header starts with a comment: what for, who drives it, "
                                 "from which thread, ownership, errors")


def names(tree):
    for path in tree.paths:
        for part in path.split("/"):
            if BANNED_NAMES.match(part):
                yield Fault(path, 1, f"'{part}' says nothing: name it after the idea in it")
        if path in tree.code and posixpath.basename(path) != posixpath.basename(path).lower():
            yield Fault(path, 1, "file names are lower_snake")


def unfinished(tree):
    for path in tree.code:
        for number, line in tree.lines(path):
            if UNFINISHED.search(line):
                yield Fault(path, number, "finish it or file it; do not leave a mark")


def injected_time(tree):
    """Time and randomness are injected; only core/base knows the real ones."""
    for path in tree.code:
        for number, line in tree.lines(path):
            if SLEEPS.search(line):
                yield Fault(path, number, "no sleeping: wait for what you are waiting for")
            elif CLOCKS.search(line) and not path.startswith(CLOCK_FOLDERS):
                yield Fault(path, number, "ask the Scheduler for time and randomness")


def clang_format(tree):
    program = shutil.which("clang-format-19")
    if program is None:
        raise RuntimeError("clang-format-19 is not installed; scripts/packages test brings it")
    if not tree.code:
        return
    run = subprocess.run([program, "--dry-run", *tree.code], cwd=tree.root,
                         capture_output=True, text=True, check=True)
    for line in run.stderr.splitlines():
        if match := re.match(r"([^:]+):(\d+):\d+: warning: ", line):
            yield Fault(match[1], int(match[2]), "not as clang-format-19 -i leaves it")


def shellcheck(tree):
    program = shutil.which("shellcheck")
    if program is None:
        raise RuntimeError("shellcheck is not installed; scripts/packages test brings it")
    scripts = [path for path in tree.paths
               if path.startswith(("scripts/", ".ci/", "tests/")) and "." not in
               posixpath.basename(path) and tree.read(path).startswith("#!/usr/bin/env bash")]
    run = subprocess.run([program, "--format=gcc", *scripts], cwd=tree.root,
                         capture_output=True, text=True, check=False)
    for line in run.stdout.splitlines():
        if match := re.match(r"([^:]+):(\d+):\d+: (.*)", line):
            yield Fault(match[1], int(match[2]), match[3])
