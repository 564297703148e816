"""The source tree as the checks see it: a list of files, and a way to read them."""

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CODE = (".h", ".cc")
CODE_FOLDERS = ("sdk/", "core/", "connectors/", "functions/", "app/", "tests/", "bench/")
SKIPPED = ("build", ".git", ".cache", "demo", "tidemill-data")


@dataclass(frozen=True)
class Fault:
    """What is wrong and where, in the form that editors jump to."""

    path: str
    line: int
    sentence: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.sentence}"


class Tree:
    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def paths(self):
        """Every file that belongs to the project, relative to the root; new ones too."""
        found = self.known_to_git()
        if found is None:
            found = [str(path.relative_to(self.root)) for path in self.root.rglob("*")
                     if path.relative_to(self.root).parts[0] not in SKIPPED]
        return sorted(path for path in found if (self.root / path).is_file())

    def known_to_git(self):
        """None for an unpacked archive, or where git is not installed."""
        try:
            git = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-co", "--exclude-standard"],
                capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return git.stdout.splitlines() if git.returncode == 0 else None

    @cached_property
    def code(self):
        return [path for path in self.paths
                if path.endswith(CODE) and path.startswith(CODE_FOLDERS)]

    @cached_property
    def markdown(self):
        return [path for path in self.paths if path.endswith(".md")]

    def read(self, path):
        """Its text; test data that is no UTF-8 reads as replacement characters."""
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        """Numbered from 1."""
        return enumerate(self.read(path).splitlines(), start=1)

    def exists(self, path):
        return (self.root / path).exists()
