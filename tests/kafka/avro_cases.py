"""The case of records in Avro: written by fastavro, with schemas of a real registry, which dies."""
import datetime
import decimal
import io
import signal
import site
import struct
import subprocess

import pypi
from schema_registry import SchemaRegistry
from topics import HANGS, expect

FASTAVRO = "fastavro==1.13.1"
PLACE = {"type": "record", "name": "Place", "namespace": "shop",
         "fields": [{"name": "city", "type": "string"}]}
ORDER = {"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "n", "type": "long"},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "to", "type": ["null", "Place"]}]}
PROTOBUF = 'syntax = "proto3"; message M { int32 a = 1; }'
AT = datetime.datetime(2026, 1, 31, 12, 0, 0, 250_000, datetime.timezone.utc)


class Writer:
    """Values as Confluent's serializers write them."""

    def __init__(self):
        site.addsitedir(str(pypi.packages(pypi.environment("avro", (FASTAVRO,)))))
        import fastavro
        self.fastavro = fastavro
        self.known = {}

    def write(self, number, schema, value):
        parsed = self.fastavro.parse_schema(schema, named_schemas=self.known, _force=True)
        out = io.BytesIO(struct.pack(">bI", 0, number))
        out.seek(0, io.SEEK_END)
        self.fastavro.schemaless_writer(out, parsed, value)
        return out.getvalue()


def order(n):
    """As it is written, and as it must be read."""
    city = {"city": "Köln"} if n % 2 else None
    return ({"n": n, "price": decimal.Decimal(n) / 4, "at": AT, "to": city},
            {"n": n, "price": f"{n / 4:.2f}", "at": "2026-01-31T12:00:00.250Z", "to": city})


def avro_is_read_as_json_and_a_registry_that_is_away_is_waited_for(case):
    with SchemaRegistry(case.broker.address) as registry:
        read_avro(case, registry)


def read_avro(case, registry):
    writer = Writer()
    writer.fastavro.parse_schema(PLACE, named_schemas=writer.known)
    registry.register("place", PLACE)
    number = registry.register("orders-value", ORDER, [("shop.Place", "place", 1)])
    other = registry.register("other", PROTOBUF, kind="PROTOBUF")
    good = [writer.write(number, ORDER, order(n)[0]) for n in range(100)]
    bad = {"does not begin with a zero byte": b'{"n":1}',
           "schema 999999: ": struct.pack(">bI", 0, 999_999),
           f"not of schema {number}: ": good[0][:-1],
           "of another type than AVRO": struct.pack(">bI", 0, other)}
    case.broker.create_topic("orders", 2)
    case.broker.produce_values("orders", 0, good[:50] + list(bad.values()))
    case.broker.produce_values("orders", 1, good[50:])
    engine = case.engine("a", {"orders": case.pipeline(
        "orders", "orders", {"rows": {"table": {"key": ".n"}}}, decode="avro",
        schema_registry={"url": registry.url})})
    engine.run_to_end(HANGS)
    expect_rows(engine, 100)
    reasons = [letter["reason"] for letter in engine.lines("dlq", "list")]
    expect(len(reasons) == len(bad) and all(why in said for why, said in zip(bad, reasons)),
           f"dead letters: {reasons}")

    # Of a schema that the engine has not seen: it cannot go on before the registry is back.
    wider = {**ORDER, "fields": [*ORDER["fields"], {"name": "more", "type": "null", "default": None}]}
    number = registry.register("orders-value", wider, [("shop.Place", "place", 1)])
    case.broker.produce_values("orders", 0, [
        writer.write(number, wider, {**order(100)[0], "more": None})])
    registry.kill()
    log = engine.start("--log-level", "warning", stderr=subprocess.PIPE, text=True).stderr
    told = next((line for line in log if "the schema registry is waited for" in line), "")
    expect(told, "nothing is told of a registry that is away")
    registry.start()
    settled = lambda: [line for line in engine.live("/api/v1/pipelines") if line["events"] >= 1]
    expect(engine.wait_until(settled, HANGS), "the record does not come")
    engine.process.send_signal(signal.SIGTERM)
    expect(engine.wait(HANGS), "the engine does not end")
    expect_rows(engine, 101)


def expect_rows(engine, count):
    rows = {line["value"]["n"]: line["value"] for line in engine.lines("table", "export", "rows")}
    for row in rows.values():
        row.pop("more", None)
    expected = {n: order(n)[1] for n in range(count)}
    wrong = [n for n in expected if rows.get(n) != expected[n]]
    expect(len(rows) == count and not wrong,
           f"{len(rows)} rows; of {wrong[:3]} there is {[rows.get(n) for n in wrong[:3]]}; dead "
           f"letters: {[letter['reason'] for letter in engine.lines('dlq', 'list')]}")
