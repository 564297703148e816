"""The contract on a receiver of webhooks: http as a sink.

It knows each request by its Idempotency-Key, so what a killed engine sends once more is there once.
"""
import collections
from contextlib import contextmanager

from connector import Errors, Mistake, Sink
from faulty_proxy import FaultyProxy
from http_receiver import HttpReceiver

WRONG = "wrong-hush"
server = HttpReceiver


def connectors(receiver):
    def connection(url=receiver.url, token=receiver.token):
        return {"http": {"url": url, "bearer": token}}

    def block(place):
        return {"http": {"connection": "it", "path": f"/{place}",
                         "headers": {"X-Event": "{$event.key}"}}}

    def found(place):
        return collections.Counter(request["event"]
                                   for request in receiver.received(place).values())

    @contextmanager
    def errors():
        with FaultyProxy(receiver.port) as proxy:
            yield Errors(connection(proxy.url), lambda: proxy.answer(503), proxy.pass_on)

    mistakes = {
        "wrong address": Mistake(connection("http://127.0.0.1:1"), "", "127.0.0.1:1"),
        "wrong credential": Mistake(connection(token=WRONG), "", "correct auth"),
    }
    return [Sink("http sink", server=receiver, connection=connection(), make=receiver.make,
                 block=block, found=found, secrets=[receiver.token, WRONG], mistakes=mistakes,
                 errors=errors)]
