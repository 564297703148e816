"""A receiver of webhooks for tests: started, killed, paused and started again.

    with HttpReceiver() as receiver:
        receiver.make("orders")
        ... receiver.url + "/orders", with `Authorization: Bearer ` + receiver.token ...
        receiver.received("orders")

It is what such receivers are told to be: each request is known by its Idempotency-Key, is written
down before it is answered, and done once however often it comes. A process of its own, so that it
can be killed; it goes on with what it had written. The port is a free one of the loopback device.
"""
import http.client
import json
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server_process import ServerProcess, free_ports, spawn, wait_until_ready

TOKEN = "receivers-hush"
READY = "/ready"


class HttpReceiver(ServerProcess):
    token = TOKEN

    def __init__(self):
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-receiver-")
        self.folder = Path(self.own.name)
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    @property
    def log(self):
        return self.folder / "log"

    def begin(self):
        """As start(), but returns at once."""
        self.process = spawn([sys.executable, __file__, str(self.port), str(self.folder)], self.log)

    def wait_until_ready(self):
        wait_until_ready(self.process, self.log, self._answers)

    def start(self):
        self.begin()
        self.wait_until_ready()

    def make(self, place):
        (self.folder / f"{place}.ndjson").touch()

    def received(self, place):
        """Of each request that was done, by its key: its body."""
        lines = (self.folder / f"{place}.ndjson").read_text(encoding="utf-8").splitlines()
        return {request["key"]: request for request in map(json.loads, lines)}

    def _answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", READY)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = None

    def do_GET(self):
        self.answer(200 if self.path == READY else 404)

    def do_HEAD(self):
        self.answer(self.status())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.status()
        if status == 200:
            line = {"key": self.headers["Idempotency-Key"], "body": body.decode(),
                    "event": self.headers["X-Event"]}
            # One write of one line: lines of several threads do not mix.
            with open(self.place(), "a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
        self.answer(status)

    def place(self):
        return self.folder / f"{self.path.strip('/')}.ndjson"

    def status(self):
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401
        return 200 if self.place().exists() else 404

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Handler.folder = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
