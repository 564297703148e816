"""The contract on an SQS server: sqs as a source and as a sink.

ElasticMQ takes any key, so that no credential can be wrong; what is said of one that is, tests/sqs/run
shows on another server.
"""
import collections
import json
from contextlib import contextmanager

from connector import Errors, Mistake, Sink, Source
from faulty_proxy import FaultyProxy
from sqs_server import SqsServer

server = SqsServer
# What a killed engine held is hidden for so long. For a while the server also hands what is seen again to
# requests of an engine that is gone: those wait no longer than a second here.
VISIBILITY = "5s"
BUSY = json.dumps({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "too many requests"})


def connectors(sqs):
    sent = collections.Counter()

    def connection(**more):
        return {"sqs": {"endpoint": sqs.url, "region": "us-east-1", "access_key": sqs.access_key,
                        "secret_key": sqs.secret_key, **more}}

    def source(place):
        return {"sqs": {"connection": "it", "queue": place, "visibility": VISIBILITY, "wait": "1s",
                        "key": ".id"}}

    def sink(place):
        return {"sqs": {"connection": "it", "queue": place}}

    def put(place, ids, size):
        if size > 0:
            for key in ids:   # Ten of them may be too much for one request.
                sqs.send(place, [body(key, size)])
        else:
            sqs.send(place, [body(key) for key in ids])
        sent[place] += len(ids)

    def body(key, size=0):
        return {"MessageBody": json.dumps({"id": key, "text": "x" * size})}

    def found(place):
        """A message that is there twice under one id is one: its receiver can tell."""
        messages = looked[place]
        messages |= {(json.loads(message["Body"])["id"],
                      message["MessageAttributes"]["tidemill-id"]["StringValue"])
                     for message in sqs.take_all(place)}
        return collections.Counter(key for key, _ in messages)

    looked = collections.defaultdict(set)

    @contextmanager
    def errors():
        with FaultyProxy(sqs.port) as proxy:
            yield Errors(connection(endpoint=proxy.url), lambda: proxy.answer(400, BUSY),
                         proxy.pass_on)

    mistakes = {
        "wrong address": Mistake(connection(endpoint="http://127.0.0.1:1"), "", "127.0.0.1:1"),
        "no such place": Mistake(connection(), "no-such-queue",
                                 "there is no queue no-such-queue"),
    }
    common = {"server": sqs, "connection": connection(), "make": sqs.make,
              "secrets": [sqs.secret_key], "mistakes": mistakes, "errors": errors}
    return [
        Source("sqs source", block=source, put=put, pipeline={"dedupe": {"id": "native"}},
               acknowledged=lambda place: sent[place] - sqs.left(place), **common),
        Sink("sqs sink", block=sink, found=found, **common),
    ]
