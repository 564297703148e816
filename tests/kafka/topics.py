"""Records of topics, pipelines that read them, and what these must have made of them."""
import json
import subprocess

from counted_events import compared
from engine import Engine, Failed

HANGS = 60  # Seconds.
KEYS = 7


def expect(holds, sentence):
    if not holds:
        raise Failed(sentence)


class Records:
    """Numbered records of one topic: (key, number, text) of each that was produced."""

    def __init__(self, topic, count):
        self.topic = topic
        self.all = []
        self.add(count)

    def add(self, count):
        begin = len(self.all)
        self.all += [(f"k{n % KEYS}", n, "") for n in range(begin, begin + count)]

    @staticmethod
    def line(record):
        key, n, text = record
        return json.dumps({"n": n, "key": key, "value": n % 10, "text": text}, separators=(",", ":"))

    def values(self):
        return [self.line(record) for record in self.all]

    def produce(self, broker, more=None):
        """`more` new ones, else those there are."""
        begin = 0
        if more is not None:
            begin = len(self.all)
            self.add(more)
        broker.produce(self.topic, [f"{record[0]}\t{self.line(record)}"
                                    for record in self.all[begin:]], "-K", "\t")

    def expect_counted(self, engine, table="counts"):
        counts = {}
        for key, n, _ in self.all:
            count, total = counts.get(key, (0, 0))
            counts[key] = (count + 1, total + n % 10)
        rows = {line["key"]: (line["value"]["count"], line["value"]["sum"])
                for line in engine.lines("table", "export", table)}
        found = compared("count of", counts, rows)
        expect(not found, "; ".join(found))


class Case:
    """A folder of its own, and the engines that live in it."""

    def __init__(self, broker, folder, options):
        self.broker = broker
        self.folder = folder
        self.options = options
        self.engines = []

    def close(self):
        for engine in self.engines:
            engine.kill()

    def certificates(self):
        made = self.broker.certificates
        return {"ca": str(made.ca), "cert": str(made.client), "key": str(made.client_key)}

    def engine(self, name, pipelines, connections=None):
        connections = connections or {"main": {"brokers": [self.broker.address]}}
        plan = {"connections": {key: {"kafka": value} for key, value in connections.items()},
                "pipelines": pipelines}
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(plan), encoding="utf-8")  # JSON is YAML too.
        engine = Engine(self.options.tidemill, path, self.folder / name, "--admin-listen", "off")
        self.engines.append(engine)
        return engine

    @staticmethod
    def said_by(engine, ends_with=0):
        """The warnings of a run to the end."""
        engine.start("--until-idle", "--log-level", "warning", stdout=subprocess.DEVNULL,
                     stderr=subprocess.PIPE, text=True)
        _, said = engine.process.communicate(timeout=HANGS)
        expect(engine.process.returncode == ends_with,
               f"the engine ends with {engine.process.returncode}: {said}")
        return said

    @staticmethod
    def pipeline(topic, group, sinks, connection="main", **source):
        return {"source": {"kafka": {"connection": connection, "topic": topic, "group": group,
                                     **source}}, "sinks": sinks}

    @staticmethod
    def counts():
        return {"aggregate": {"key": ".key", "count": True, "sum": ".value"}}

    @staticmethod
    def records_of(topic, **options):
        return {"from": "event", "kafka": {"connection": "main", "topic": topic, **options}}
