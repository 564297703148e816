"""What the contract has to know of a connector: how to come to places of its own on a real server -
topics, buckets - to put events there and to look what is there.

A module for a server (at_amqp.py, at_kafka.py, ...) has `server()`, a context manager that starts
it, and `connectors(server)`, the connectors to try on it: a list of Source and Sink.
"""
from dataclasses import dataclass, field


@dataclass
class Mistake:
    """A setting that is wrong, and what the engine has to say of it."""
    connection: dict
    place: str
    sentence: str


@dataclass
class Errors:
    """A server that answers with errors when it is told to, beside the real one."""
    connection: dict                  # as above, by way of it
    begin: object                     # begin(): errors from now on
    end: object                       # end(): none from now on


@dataclass
class Connector:
    """How to come to one kind of source or sink on a running server.

    `server` starts and ends by start(), kill(), pause() and resume().
    """
    name: str
    server: object
    connection: dict                  # {type: options}, as under `connections:`
    make: object                      # make(name): a new, empty place of that name
    block: object                     # block(place name): {type: options} for `source:` or a sink
    secrets: list                     # what may stand in no log
    mistakes: dict = field(default_factory=dict)     # what is wrong: Mistake
    errors: object = None             # errors(): a context manager; see Errors


@dataclass
class Source(Connector):
    put: object = None                # put(place, ids, size): events with these keys
    acknowledged: object = None       # acknowledged(place): how many the server believes handled
    valve: str = "rows"
    pipeline: dict = field(default_factory=dict)     # what its pipelines have besides


@dataclass
class Sink(Connector):
    valve: str = "messages"           # which output of the function it takes
    found: object = None              # found(place): {key: how many times it is there}
    repeats: bool = False             # whether a killed engine may write an event once more
    return_to: object = None          # return_to(place): what its readers do where a server was away
