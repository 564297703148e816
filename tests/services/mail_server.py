"""One mail server for tests: started, killed, paused and started again.

    with MailServer() as mail:
        ... mail.url, mail.user, mail.password, mail.certificate ...
        mail.kill()
        mail.start()
        mail.mails()

aiosmtpd, from PyPI once, behind mail_node.py: it wants STARTTLS and a login, and keeps what it takes
before it says so. Everything lives in a temporary folder; the port is a free one of the loopback
device, the same for the whole life of the object. Waits are bounded, and no process that was started
here outlives the program that started it.
"""
import email
import email.policy
import json
import socket
import subprocess
import tempfile
from pathlib import Path

import pypi
from server_process import ServerFailed, ServerProcess, free_ports, spawn, wait_until_ready

REQUIREMENTS = ("aiosmtpd==1.4.6",)
HERE = Path(__file__).resolve().parent


class MailServer(ServerProcess):
    user, password = "tide", "swordfish-587"

    def __init__(self):
        try:
            self.python = pypi.environment("mail", REQUIREMENTS) / "bin/python"
        except pypi.FetchFailed as failure:
            raise ServerFailed(str(failure)) from None
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-mail-")
        self.folder = Path(self.own.name)
        self.port, = free_ports(1)
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.certificate = self.folder / "cert.pem"
        self.process = None
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "30", "-subj", "/CN=tidemill test", "-addext",
             "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(self.folder / "key.pem"),
             "-out", str(self.certificate)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            self.own.cleanup()
            raise ServerFailed(f"openssl: {done.stdout}")

    @property
    def log(self):
        return self.folder / "server.log"

    def start(self):
        """Returns once it answers. After kill() it goes on with what it had taken."""
        self.process = spawn(
            [str(self.python), str(HERE / "mail_node.py"), str(self.folder), str(self.port),
             str(self.certificate), str(self.folder / "key.pem"), self.user, self.password], self.log)
        wait_until_ready(self.process, self.log, self._answers)

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    def answer(self, *rules):
        """From now on; see mail_node.py. Without any it takes everything again."""
        path = self.folder / "answer"
        if not rules:
            path.unlink(missing_ok=True)
            return
        unfinished = self.folder / "answer.new"
        unfinished.write_text("".join(rule + "\n" for rule in rules), encoding="utf-8")
        unfinished.rename(path)

    def mails(self):
        """(sender, recipients and connection, the mail as it came, the mail taken apart) of each, as they came."""
        found = []
        for path in sorted((self.folder / "mails").glob("[0-9]*")):
            head, _, mail = path.read_bytes().partition(b"\n")
            found.append((json.loads(head), mail,
                          email.message_from_bytes(mail, policy=email.policy.default)))
        return found
