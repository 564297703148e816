"""The contract on OpenSearch: search as a sink.

Its node has no security plugin and makes indices by itself, so that neither a credential nor an index
can be wrong.
"""
import collections

from connector import Mistake, Sink
from search_server import SearchServer

server = SearchServer


def connectors(search):
    def make(place):
        search.request("PUT", f"/{place}", {"settings": {"number_of_replicas": 0}})

    def block(place):
        return {"search": {"connection": "it", "index": place}, "map": "{key: $event.key}"}

    def found(place):
        return collections.Counter(document["key"] for _, document
                                   in search.documents(place).values())

    return [Sink("search sink", server=search, connection={"search": {"url": search.url}},
                 make=make, block=block, found=found, secrets=[],
                 mistakes={"wrong address": Mistake({"search": {"url": "http://127.0.0.1:1"}}, "",
                                                    "127.0.0.1:1")})]
