"""Services of AWS beside S3 that no server of its own has, STS above all: moto, from PyPI.

    with AwsStandIn() as aws:
        ... aws.url ...

Its state lives in its memory. It takes every request as it is until check_from_now_on().
"""
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pypi
from server_process import ServerProcess, free_ports, spawn, wait_until_ready

REQUIREMENTS = ("moto[server,s3]==5.2.5",)


class AwsStandIn(ServerProcess):
    access_key = secret_key = "of-nobody"   # Good for as long as it checks nothing.

    def __init__(self):
        (port,) = free_ports(1)
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-aws-")

    def start(self):
        """Returns once it answers."""
        program = pypi.environment("aws-stand-in", REQUIREMENTS) / "bin/moto_server"
        log = Path(self.own.name) / "moto.log"
        self.process = spawn([str(program), "-H", "127.0.0.1", "-p", str(self.port)], log)
        wait_until_ready(self.process, log, self._answers)

    def check_from_now_on(self, but_for=0):
        """Who does not sign with a key that is known, or may not do it, is refused; the next
        `but_for` requests are not looked at."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth",
                                         data=str(but_for).encode(), method="POST",
                                         headers={"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=10):
            pass

    def _answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False
