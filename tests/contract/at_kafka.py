"""The contract on a Kafka broker: topics as a source and as a sink."""
import json
from collections import Counter

from kafka_broker import PASSWORD, USER, KafkaBroker
from connector import Mistake, Sink, Source

WRONG = "wrong-hush"
PARTITIONS = 3
server = KafkaBroker


def connectors(broker):
    def connection(address=broker.sasl_address, password=PASSWORD):
        return {"kafka": {"brokers": [address], "auth": {
            "mechanism": "plain", "username": USER, "password": password}}}

    def read(place):
        return {"kafka": {"connection": "it", "topic": place, "group": place}}

    def write(place):
        return {"kafka": {"connection": "it", "topic": place}}

    def put(place, ids, size):
        broker.produce(place, [f"{key}\t{json.dumps({'id': key, 'text': 'x' * size})}"
                               for key in ids], "-K", "\t")

    def acknowledged(place):
        return sum(max(offset, 0) for offset in broker.group_offsets(place, place, PARTITIONS))

    mistakes = {
        "wrong address": Mistake(connection(address="127.0.0.1:1"), "", "refused"),
        "wrong credential": Mistake(connection(password=WRONG), "", "uthentication failed"),
        "no such place": Mistake(connection(), "missing", "Unknown topic"),
    }
    common = {"server": broker, "connection": connection(), "secrets": [PASSWORD, WRONG],
              "make": lambda name: broker.create_topic(name, PARTITIONS), "mistakes": mistakes}
    return [
        Source("kafka source", block=read, put=put, acknowledged=acknowledged, **common),
        Sink("kafka sink", block=write, valve="messages", repeats=True,
             found=lambda place: Counter(broker.consume(place, "%k\\n")), **common),
    ]
