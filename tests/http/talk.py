"""HTTP by hand, where a client library would be too polite, and the engine that is talked to."""
import base64
import json
import socket
import subprocess
from collections import namedtuple

from engine import Engine, Failed
from server_process import free_ports

HANGS = 60  # Seconds.

Answer = namedtuple("Answer", "status headers body")


def expect(holds, what):
    if not holds:
        raise Failed(what)


def basic(login):
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


def request(method, target, body=b"", version="1.1", **headers):
    """The bytes of a request; a header's `_` is a `-`, and one that is None is left out."""
    if isinstance(body, str):
        body = body.encode()
    known = {"Host": "127.0.0.1"}
    if body or method == "POST":
        known["Content-Length"] = len(body)
    for name, value in headers.items():
        known[name.replace("_", "-")] = value
    lines = [f"{name}: {value}" for name, value in known.items() if value is not None]
    return "\r\n".join([f"{method} {target} HTTP/{version}", *lines, "", ""]).encode() + body


class Peer:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=HANGS)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # It has heard enough; why, says its answer.

    def answer(self, method="GET"):
        """The next answer; nothing where the connection ends."""
        try:
            line = self.file.readline()
            if not line:
                return None
            headers = {}
            while (header := self.file.readline().strip()):
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            status = int(line.split()[1])
            size = 0 if method == "HEAD" or status < 200 else int(headers.get("content-length", 0))
            body = self.file.read(size).decode()
            return Answer(status, headers, body) if len(body.encode()) == size else None
        except (OSError, IndexError):
            return None

    def ask(self, method, target, body=b"", **headers):
        self.send(request(method, target, body, **headers))
        return self.answer(method)

    def is_closed(self):
        """Whether the other side closes; waits for that, and takes what it says before."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True


def ask(port, method, target, body=b"", **headers):
    """The answer to a request on a connection of its own; nothing where there is none."""
    try:
        with Peer(port) as peer:
            return peer.ask(method, target, body, Connection="close", **headers)
    except OSError:
        return None


def post(port, target, value, **headers):
    return ask(port, "POST", target, json.dumps(value),
               **{"Content_Type": "application/json", **headers})


class Case:
    """A folder of its own, and the engine that lives in it."""

    def __init__(self, folder, options):
        self.folder = folder
        self.options = options
        (self.port,) = free_ports(1)
        self.engine = None
        self.log = (folder / "log").open("w", encoding="utf-8")

    def close(self):
        if self.engine is not None:
            self.engine.kill()
        self.log.close()

    def listen(self, **more):
        return {"http": {"listen": f"127.0.0.1:{self.port}", **more}}

    def intake(self, table="rows", **more):
        """A pipeline that keeps what is posted to /in, by its id."""
        source = self.listen(**{"path": "/in", "respond": 202, **more})
        return {"source": source, "sinks": {table: {"from": "event", "table": {"key": ".id"}}}}

    def start(self, pipelines=None, **sections):
        if pipelines is not None:
            plan = self.folder / "plan.yaml"
            plan.write_text(json.dumps({"pipelines": pipelines, **sections}), encoding="utf-8")
            self.engine = Engine(self.options.tidemill, plan, self.folder / "data")
        self.engine.start("--admin-listen", "off", "--log-level", "info", stderr=self.log)
        self.wait_for(self.listens, "listener")

    def listens(self):
        try:
            with Peer(self.port):
                return True
        except OSError:
            return False

    def wait_for(self, holds, what):
        expect(self.engine.wait_until(holds, HANGS), f"no {what}; the log: {self.said()}")

    def stop(self):
        self.engine.process.terminate()
        expect(self.engine.wait(HANGS), "a drain hangs")
        expect(self.engine.process.returncode == 0,
               f"a drain ends with {self.engine.process.returncode}: {self.said()}")

    def said(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def rows(self, table="rows"):
        """The rows of a stopped engine, by their key."""
        return {row["key"]: row["value"] for row in self.engine.lines("table", "export", table)}

    def resident(self):
        """MiB of memory that the engine has."""
        with open(f"/proc/{self.engine.process.pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        raise Failed("the engine has no memory")


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=HANGS, check=False, **more)


def curl(*arguments):
    """The exit code of curl, and what it got."""
    done = run("curl", "--silent", "--show-error", "--max-time", str(HANGS), *arguments)
    return done.returncode, done.stdout
