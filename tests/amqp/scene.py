"""What the cases of tests/amqp/run have in common: pipelines at one broker, their messages, and what
became of them."""
import json
from pathlib import Path

from engine import Engine, Failed
from rabbitmq_server import PASSWORD, USER

HANGS = 120  # Seconds without progress.


class Runs:
    """A folder with a broker, for pipelines that use it."""

    def __init__(self, options, rabbit, folder):
        self.options, self.rabbit, self.folder = options, rabbit, folder

    def connection(self, *hosts, **more):
        return {"amqp": {"hosts": list(hosts) or [self.rabbit.address], **more, "auth": {
            "mechanism": "plain", "username": USER, "password": PASSWORD}}}

    def engine(self, name, pipeline, connection=None, functions=None, *options):
        plan = {"connections": {"it": connection or self.connection()},
                "pipelines": {name: pipeline}, **({"functions": functions} if functions else {})}
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(plan, indent=2), encoding="utf-8")  # JSON is YAML too.
        return Engine(self.options.tidemill, path, self.folder / f"{name}-data", "--admin-listen",
                      "off", *options)

    def says(self, engine, sentence):
        """Runs the engine until it says that."""
        said = self.folder / "said.log"
        with open(said, "w", encoding="utf-8") as log:
            engine.start(stderr=log, stdout=log)
            try:
                if not engine.wait_until(lambda: sentence in said.read_text("utf-8"), HANGS):
                    text = said.read_text("utf-8")
                    if sentence not in text:
                        raise Failed(f"the engine does not say {sentence!r} but {text[-1000:]}")
            finally:
                engine.kill()


def source(queue, **more):
    return {"amqp": {"connection": "it", "queue": queue, **more}}


def counts(engine, table="counts"):
    return {row["key"]: row["value"]["count"] for row in engine.lines("table", "export", table)}


def messages(count, begin=0):
    return [(f"e{n}", json.dumps({"id": f"e{n}", "page": f"/p/{n % 97}"}))
            for n in range(begin, begin + count)]


def expect(found, wanted, what):
    return [] if found == wanted else [f"{what}: {found!r} instead of {wanted!r}"]
