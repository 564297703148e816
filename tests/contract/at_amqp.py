"""The contract on a RabbitMQ broker: queues as a source, an exchange and its queue as a sink."""
import json
import time
from collections import Counter

from connector import Mistake, Sink, Source
from rabbitmq_server import PASSWORD, USER, RabbitmqServer

WRONG = "wrong-hush"
GONE_WITHIN = 30  # Seconds until a broker knows that a client was killed.
server = RabbitmqServer


def connectors(rabbit):
    put_into = Counter()

    def connection(host=rabbit.address, password=PASSWORD, **more):
        return {"amqp": {"hosts": [host], **more, "auth": {
            "mechanism": "plain", "username": USER, "password": password}}}

    def make(name):
        # No quorum queues: those that were new when RabbitMQ 3.10 was killed have been seen to answer
        # no more. See tests/amqp/run.
        rabbit.declare(name)
        rabbit.declare_exchange(name, "fanout", (name, ""))

    def put(place, ids, size):
        put_into[place] += len(ids)
        rabbit.publish(place, [(key, json.dumps({"id": key, "text": "x" * size}))
                               for key in ids])

    def acknowledged(place):
        end = time.monotonic() + GONE_WITHIN
        while rabbit.consumers(place) > 0 and time.monotonic() < end:
            time.sleep(0.05)
        return put_into[place] - rabbit.ready(place)

    def found(place):
        """A repeat has the same message id, by which readers know it."""
        ids = {(key, properties.message_id) for key, properties, _ in rabbit.look_at_all(place)}
        return Counter(key for key, _ in ids)

    def mistakes(what):
        return {
            "wrong address": Mistake(connection(host="127.0.0.1:1"), "", "refused"),
            "wrong credential": Mistake(connection(password=WRONG), "", "ACCESS_REFUSED"),
            "wrong vhost": Mistake(connection(vhost="elsewhere"), "", "vhost elsewhere not found"),
            "no such place": Mistake(connection(), "missing", f"no {what} 'missing'"),
        }

    def read(place):
        return {"amqp": {"connection": "it", "queue": place, "key": ".id"}}

    def write(place):
        return {"amqp": {"connection": "it", "exchange": place}}

    common = {"server": rabbit, "connection": connection(), "secrets": [PASSWORD, WRONG],
              "make": make}
    return [
        # What was acknowledged in vain comes again, and is known by its message id.
        Source("amqp source", block=read, put=put, acknowledged=acknowledged,
               pipeline={"dedupe": {"id": "native", "horizon": "1h"}}, mistakes=mistakes("queue"),
               **common),
        # Readers of AMQP declare queue and binding whenever they connect.
        Sink("amqp sink", block=write, found=found, mistakes=mistakes("exchange"), return_to=make,
             **common),
    ]
