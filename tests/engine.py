"""One `tidemill` process as the tests drive it: run to its end, killed half-way, asked while alive.

Used by the programs under tests/ that need the whole binary. Waits are bounded, and a process that
was started here never outlives the test.
"""
import http.client
import json
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASE = ROOT / "build/release"
LOOK_EVERY = 0.005  # Seconds between two looks at a live engine.
# Of the work of a run, the share over which its kills are spread: between the look that names a
# moment and the kill there may lie a stall of a busy machine, in which the engine works on.
KILLED_OVER = 0.7


class Failed(Exception):
    """The engine did what no test expects of it; the text says what."""


class AdminSocket(http.client.HTTPConnection):
    """HTTP over the socket that lies in a data folder."""

    def __init__(self, path):
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """A pipeline file and its data folder. One process at a time."""

    def __init__(self, tidemill, pipeline, data, *options):
        self.tidemill = str(tidemill)
        self.pipeline = str(pipeline)
        self.data = Path(data)
        self.options = list(options)
        self.process = None

    def start(self, *options, **popen):
        command = [self.tidemill, "run", self.pipeline, "--data", str(self.data), *self.options,
                   *options]
        self.process = subprocess.Popen(command, **popen)
        return self.process

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """True when the process was still there to be killed."""
        if not self.alive():
            return False
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait() == -signal.SIGKILL

    def wait(self, seconds):
        """True when it ended by itself within that time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def run_to_end(self, timeout=3600):
        """The summary of each pipeline of a run that ends when nothing is left to do."""
        self.start("--until-idle", "--summary", "json", "--log-level", "error",
                   stdout=subprocess.PIPE, text=True)
        try:
            out, _ = self.process.communicate(timeout=timeout)
        finally:
            self.kill()
        if self.process.returncode != 0:
            raise Failed(f"the engine ended with {self.process.returncode}")
        return json.loads(out.splitlines()[-1])["pipelines"]

    def get(self, path):
        """What the live engine answers as (status, text), or nothing while nobody answers."""
        connection = AdminSocket(str(self.data / "admin.sock"))
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def live(self, path):
        """The JSON lines of an answer; none while nobody answers."""
        answer = self.get(path)
        if answer is None or answer[0] != 200:
            return []
        return [json.loads(line) for line in answer[1].splitlines()]

    def wait_until(self, holds, seconds):
        """The first true answer of `holds()`; nothing once the engine or the time has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = holds()
            if answer or not self.alive():
                return answer
            time.sleep(LOOK_EVERY)
        return None

    def lines(self, *verb):
        """What a state verb prints of the data folder, line by line."""
        done = subprocess.run([self.tidemill, *verb, "--json", "--data", str(self.data)],
                              check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]
