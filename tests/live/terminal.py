"""A terminal as a person has one before them, for tests of what draws on it."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from engine import LOOK_EVERY, Failed


class Terminal:
    """A window of some size, and a process in it."""

    def __init__(self, command, columns, rows):
        self.outside, self.inside = pty.openpty()
        fcntl.ioctl(self.inside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.inside)
        self.shown = b""
        self.process = subprocess.Popen(command, stdin=self.inside, stdout=self.inside,
                                        stderr=self.inside, env={**os.environ, "TERM": "xterm"})

    def press(self, letter):
        os.write(self.outside, letter)

    def is_as_before(self):
        return termios.tcgetattr(self.inside) == self.before

    def pages(self):
        """What was drawn, page by page and line by line, without colours."""
        plain = re.sub(rb"\x1b\[[0-9;?]*[mKJ]", b"", self.shown).decode("utf-8", "replace")
        # The terminal itself makes \r\n of every \n.
        return [re.split("\r+\n", page.split("\x1b[?")[0]) for page in plain.split("\x1b[H")[1:]]

    def watch_until(self, seconds, holds):
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise Failed(f"the terminal goes on showing {self.shown[-2000:]}")
            if select.select([self.outside], [], [], LOOK_EVERY)[0]:
                self.shown += os.read(self.outside, 1 << 16)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.inside)
        os.close(self.outside)
