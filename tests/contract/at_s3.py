"""The contract on an S3 server: bucket as a source and as a sink."""
from concurrent.futures import ThreadPoolExecutor

from contextlib import contextmanager

from connector import Errors, Mistake, Sink, Source
from faulty_proxy import FaultyProxy
from s3_client import Store
from s3_server import S3Server

WRONG = "wrong-hush"
server = S3Server


def connectors(s3):
    store = Store(s3)

    def connection(**more):
        return {"bucket": {"endpoint": s3.url, "access_key": s3.access_key,
                           "secret_key": s3.secret_key, **more}}

    def block(place):
        return {"bucket": {"connection": "it", "url": f"s3://{place}"}}

    def put(place, ids, size):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: store.put(place, key, b"x" * size), ids))

    @contextmanager
    def errors():
        with FaultyProxy(s3.port) as proxy:
            yield Errors(connection(endpoint=proxy.url),
                         lambda: proxy.answer(503, "<Error><Code>SlowDown</Code></Error>"),
                         proxy.pass_on)

    mistakes = {
        "wrong address": Mistake(connection(endpoint="http://127.0.0.1:1"), "", "127.0.0.1:1"),
        "wrong credential": Mistake(connection(secret_key=WRONG), "", "correct secret_key"),
        "no such place": Mistake(connection(), "no-such-bucket",
                                 "there is no bucket no-such-bucket"),
    }
    common = {"server": s3, "connection": connection(), "make": store.make,
              "secrets": [s3.secret_key, WRONG], "mistakes": mistakes, "errors": errors}
    return [
        Source("s3 source", block=lambda place: with_scan(block(place)), put=put, **common),
        Sink("s3 sink", block=block, valve="objects",
             found=lambda place: dict.fromkeys(store.keys(place), 1), **common),
    ]


def with_scan(block):
    block["bucket"]["scan"] = "200ms"
    return block
