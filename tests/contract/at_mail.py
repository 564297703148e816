"""The contract on a mail server: each message as a mail.

Mails of one Message-ID are one mail, sent again because nobody had heard that it was taken.
"""
import collections
import contextlib

from connector import Errors, Mistake, Sink
from mail_server import MailServer

server = MailServer


def connectors(mail):
    def connection(**other):
        return {"mail": {"url": mail.url, "user": mail.user, "password": mail.password,
                         "tls": {"ca": str(mail.certificate)}, **other}}

    def address(place):
        return f"{place}@example.org"

    def block(place):
        return {"mail": {"connection": "it", "from": "Tidemill <tide@example.org>",
                         "to": [address(place)], "subject": "\\($event.key)", "text": "\\(.text)"}}

    def found(place):
        ids = {(one["Subject"], one["Message-ID"]) for head, _, one in mail.mails()
               if head["to"] == [address(place)]}
        return collections.Counter(subject for subject, _ in ids)

    @contextlib.contextmanager
    def errors():
        try:
            yield Errors(connection(), lambda: mail.answer("MAIL 421 4.3.2 not now"), mail.answer)
        finally:
            mail.answer()

    return [Sink("mail sink", server=mail, connection=connection(), make=lambda place: None,
                 block=block, found=found, errors=errors, secrets=[mail.password, "not-swordfish"],
                 mistakes={
                     "wrong address": Mistake(connection(url="smtp://127.0.0.1:1"), "",
                                              "127.0.0.1:1"),
                     "wrong credential": Mistake(connection(password="not-swordfish"), "",
                                                 "correct user or password")})]
