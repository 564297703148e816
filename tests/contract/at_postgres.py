"""The contract on PostgreSQL: rows of a table, each under the id of its message.

A server that takes nothing for a while is a read-only one, as behind a failover.
"""
import contextlib

from connector import Errors, Mistake, Sink
from postgres_server import PostgresServer

server = PostgresServer


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def connectors(postgres):
    def connection(**other):
        return {"postgres": {"url": postgres.url, "user": postgres.user,
                             "password": postgres.password, **other}}

    def make(place):
        postgres.run(f"CREATE TABLE {quoted(place)} (event text PRIMARY KEY, id text, text text)",
                     f"ALTER TABLE {quoted(place)} OWNER TO {postgres.user}")

    def upserted(place):
        return {"postgres": {"connection": "it", "table": place, "key": "event",
                             "columns": {"event": "$event.key", "id": ".id"}}}

    def by_id(place):
        return {"postgres": {"connection": "it", "table": place, "id_column": "event"}}

    def found(place):
        return {key: int(count) for key, count in postgres.run(
            f"SELECT id, count(*) FROM {quoted(place)} GROUP BY id")}

    def read_only(value):
        postgres.run(f"ALTER SYSTEM SET default_transaction_read_only = {value}",
                     "SELECT pg_reload_conf()")

    @contextlib.contextmanager
    def errors():
        try:
            yield Errors(connection(), lambda: read_only("on"), lambda: read_only("off"))
        finally:
            read_only("off")

    mistakes = {
        "wrong address": Mistake(connection(url="postgres://127.0.0.1:1/tide"), "", "127.0.0.1"),
        "wrong credential": Mistake(connection(password="not-swordfish"), "", "correct user"),
        "no such database": Mistake(connection(url=postgres.url + "s"), "", "does not exist"),
        "no such place": Mistake(connection(), "nowhere", 'there is no table "nowhere"'),
    }
    common = {"server": postgres, "connection": connection(), "make": make, "found": found,
              "secrets": [postgres.password, "not-swordfish"], "errors": errors}
    return [Sink("postgres sink", block=by_id, mistakes=mistakes, **common),
            Sink("postgres upsert sink", block=upserted, **common)]
