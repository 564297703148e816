"""One OpenSearch node for tests: started, killed, paused and started again.

    with SearchServer() as search:
        search.request("PUT", "/clicks", {"mappings": ...})
        ... search.url ...
        search.kill()
        search.start()

The server itself, not an imitation: its jars come from Maven Central once, and SearchNode.java
starts them, since there is no distribution of it there. What that leaves out is the security plugin:
it speaks no TLS and asks for no login. Everything lives in a temporary folder; the ports are free
ones of the loopback device, the same for the whole life of the object. Waits are bounded, and no
process that was started here outlives the program that started it. Needs java and mvn
(scripts/packages test).
"""
import http.client
import json
import tempfile
from pathlib import Path

import maven
from server_process import ServerFailed, ServerProcess, free_ports, spawn, wait_until_ready

HERE = Path(__file__).resolve().parent
PAGE = 10_000  # Documents of one search: what an index allows.


class SearchServer(ServerProcess):
    def __init__(self):
        try:
            self.jars = maven.jars(HERE / "search-pom.xml")
        except maven.FetchFailed as failure:
            raise ServerFailed(str(failure)) from None
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-search-")
        self.folder = Path(self.own.name)
        self.port, self.transport_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    @property
    def log(self):
        return self.folder / "node.log"

    def begin(self):
        """As start(), but returns at once."""
        # Java runs a single file of source as it is.
        self.process = spawn(
            ["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
             f"-Dopensearch.path.conf={self.folder}", "-cp", f"{self.jars}/*",
             str(HERE / "SearchNode.java"), str(self.folder), str(self.port),
             str(self.transport_port)], self.log, cwd=self.folder)

    def wait_until_ready(self):
        wait_until_ready(self.process, self.log, self._answers)

    def start(self):
        """Returns once it answers. After kill() it goes on with what it had."""
        self.begin()
        self.wait_until_ready()

    def request(self, method, target, body=None):
        """What it answers, as JSON; a refusal is a ServerFailed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, target, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read().decode()
            if response.status >= 300:
                raise ServerFailed(f"{method} {target}: {response.status} {answer}")
            return json.loads(answer)
        finally:
            connection.close()

    def documents(self, index):
        """Every document of an index, by id: (how often it was written, the document)."""
        self.request("POST", f"/{index}/_refresh")
        found, after = {}, None
        while True:
            query = {"size": PAGE, "version": True, "sort": [{"_id": "asc"}]}
            if after is not None:
                query["search_after"] = after
            hits = self.request("POST", f"/{index}/_search", query)["hits"]["hits"]
            for hit in hits:
                found[hit["_id"]] = (hit["_version"], hit["_source"])
            if len(hits) < PAGE:
                return found
            after = hits[-1]["sort"]

    def _answers(self):
        try:
            self.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            return True
        except (OSError, http.client.HTTPException, ServerFailed):
            return False
