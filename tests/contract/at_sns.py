"""The contract on a server of SNS: each message to a topic, and by it to a queue.

Messages of one `tidemill-id` are one message, sent again because nobody had heard that it was taken.
"""
import collections
import json
from contextlib import contextmanager

from aws_stand_in import AwsStandIn
from connector import Errors, Mistake, Sink
from faulty_proxy import FaultyProxy
from sns_server import SnsServer

WRONG = "wrong-hush"


@contextmanager
def server():
    with SnsServer() as sns, AwsStandIn() as strict:
        strict.check_from_now_on()  # It knows no key, so that each is wrong there.
        sns.strict_url = strict.url
        yield sns


def connectors(sns):
    def connection(**more):
        return {"sns": {"endpoint": sns.url, "region": "us-east-1", "access_key": sns.access_key,
                        "secret_key": sns.secret_key, **more}}

    def block(place):
        return {"sns": {"connection": "it", "topic_arn": sns.arn(place)}}

    def found(place):
        ids = {(json.loads(told["Message"])["id"], told["MessageAttributes"]["tidemill-id"]["Value"])
               for told in sns.notifications(place)}
        return collections.Counter(key for key, _ in ids)

    @contextmanager
    def errors():
        with FaultyProxy(sns.port) as proxy:
            yield Errors(connection(endpoint=proxy.url), lambda: proxy.answer(503), proxy.pass_on)

    mistakes = {
        "wrong address": Mistake(connection(endpoint="http://127.0.0.1:1"), "", "127.0.0.1:1"),
        "wrong credential": Mistake(connection(endpoint=sns.strict_url, secret_key=WRONG), "",
                                    "correct access_key"),
        "no such place": Mistake(connection(), "no-such-topic", "there is no topic no-such-topic"),
    }
    return [Sink("sns sink", server=sns, connection=connection(), make=sns.make, block=block,
                 found=found, secrets=[sns.secret_key, WRONG], mistakes=mistakes, errors=errors)]
