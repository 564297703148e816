"""A mail server on aiosmtpd that keeps what it takes, and says what it is told to say.

    PYTHON mail_node.py FOLDER PORT CERTIFICATE KEY USER PASSWORD

PYTHON is one that has aiosmtpd; mail_server.py starts it. It takes mails on 127.0.0.1 after STARTTLS and
a login, from anybody for anybody. Each is a file in FOLDER/mails, whole and synced before the server
says that it has it: a line of JSON with sender, recipients and the port of the connection it came by,
then the mail. While there is a file FOLDER/answer, its lines are rules "WORD REPLY": a mail whose command
(MAIL, RCPT or DATA) or recipient has the word in it gets that reply instead.
"""
import json
import os
import ssl
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Keeper:
    def __init__(self, folder):
        self.mails = folder / "mails"
        self.answer = folder / "answer"
        self.mails.mkdir(exist_ok=True)
        self.count = len(list(self.mails.iterdir()))

    def told(self, *words):
        try:
            rules = self.answer.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        for rule in rules:
            word, _, reply = rule.partition(" ")
            if any(word in one for one in words):
                return reply
        return None

    async def handle_MAIL(self, server, session, envelope, address, options):
        if reply := self.told("MAIL"):
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if reply := self.told("RCPT", address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if reply := self.told("DATA"):
            return reply
        self.count += 1
        unfinished = self.mails / f".{self.count:06}"
        with open(unfinished, "wb") as file:
            head = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "by": session.peer[1]}
            file.write(json.dumps(head).encode() + b"\n" + envelope.original_content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.mails / f"{self.count:06}")
        return "250 2.0.0 it is here"


def main():
    folder, port, certificate, key, user, password = sys.argv[1:]

    def login(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and \
            (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False)  # So that it says so itself.

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    controller = Controller(Keeper(Path(folder)), hostname="127.0.0.1", port=int(port),
                            tls_context=context, require_starttls=True, auth_required=True,
                            authenticator=login, data_size_limit=1 << 20)
    controller.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
