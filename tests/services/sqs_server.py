"""One SQS server for tests, ElasticMQ: started, killed, paused and started again.

    with SqsServer() as sqs:
        url = sqs.make("jobs")
        sqs.send("jobs", [{"MessageBody": "one"}])
        ... sqs.url ...
        sqs.kill()
        sqs.start()

Its jars come from Maven Central once. Queues and messages lie in an H2 database in a temporary
folder, which is written before a request is answered, so that they outlive a kill of the server. It takes any
key and looks at no signature. The ports are free ones of the loopback device, the same for the whole
life of the object. Waits are bounded, and no process that was started here outlives the program that
started it. Needs java and mvn (scripts/packages test).
"""
import http.client
import json
import tempfile
from pathlib import Path

import maven
from server_process import ServerFailed, ServerProcess, free_ports, spawn, wait_until_ready

HERE = Path(__file__).resolve().parent
BATCH = 10  # Entries of one request.

CONFIG = """\
include classpath("application.conf")
node-address {{ protocol = http, host = "127.0.0.1", port = {port}, context-path = "" }}
rest-sqs {{ enabled = true, bind-port = {port}, bind-hostname = "127.0.0.1", sqs-limits = strict }}
rest-stats {{ enabled = false }}
messages-storage {{
  enabled = {on_disk}
  driver-class = "org.h2.Driver"
  uri = "jdbc:h2:{folder}/messages;WRITE_DELAY=0"
  username = ""
  password = ""
}}
"""


class SqsServer(ServerProcess):
    access_key, secret_key = "of-nobody", "hush-of-nobody"

    def __init__(self, on_disk=True):
        """Without a disk a kill takes its messages along, and it is faster."""
        try:
            self.jars = maven.jars(HERE / "sqs-pom.xml")
        except maven.FetchFailed as failure:
            raise ServerFailed(str(failure)) from None
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-sqs-")
        self.folder = Path(self.own.name)
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "server.conf").write_text(
            CONFIG.format(port=self.port, folder=self.folder, on_disk=str(on_disk).lower()), encoding="utf-8")

    def start(self):
        """Returns once it answers. After kill() it goes on with what it had."""
        log = self.folder / "server.log"
        self.process = spawn(
            ["java", "-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
             f"-Dconfig.file={self.folder}/server.conf", "-cp", f"{self.jars}/*",
             "org.elasticmq.server.Main"], log, cwd=self.folder)
        wait_until_ready(self.process, log, self._answers)

    def queue_url(self, name):
        return f"{self.url}/000000000000/{name}"

    def make(self, name, **attributes):
        self.request("CreateQueue", {"QueueName": name, "Attributes": attributes})
        return self.queue_url(name)

    def send(self, name, entries):
        """Messages as SendMessageBatch takes them; ids are given."""
        for begin in range(0, len(entries), BATCH):
            batch = [{"Id": str(i), **entry} for i, entry
                     in enumerate(entries[begin:begin + BATCH])]
            answer = self.request("SendMessageBatch", {"QueueUrl": self.queue_url(name),
                                                       "Entries": batch})
            if failed := answer.get("Failed"):
                raise ServerFailed(f"SendMessageBatch: {failed[0]}")

    def attributes(self, name):
        answer = self.request("GetQueueAttributes", {"QueueUrl": self.queue_url(name),
                                                     "AttributeNames": ["All"]})
        return answer["Attributes"]

    def left(self, name):
        """How many messages were not deleted."""
        found = self.attributes(name)
        return sum(int(found[f"ApproximateNumberOfMessages{which}"])
                   for which in ("", "NotVisible", "Delayed"))

    def take_all(self, name):
        """Every message that is there, which are gone then."""
        found = []
        while True:
            answer = self.request("ReceiveMessage", {
                "QueueUrl": self.queue_url(name), "MaxNumberOfMessages": BATCH,
                "MessageAttributeNames": ["All"], "AttributeNames": ["All"]})
            messages = answer.get("Messages") or []
            if not messages:
                return found
            self.request("DeleteMessageBatch", {
                "QueueUrl": self.queue_url(name),
                "Entries": [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
                            for i, message in enumerate(messages)]})
            found += messages

    def request(self, action, body):
        """What it answers, as JSON; a refusal is a ServerFailed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/", json.dumps(body), {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"AmazonSQS.{action}",
                "Authorization": "AWS4-HMAC-SHA256 Credential=of-nobody/20260101/us-east-1/sqs/"
                                 "aws4_request, SignedHeaders=host, Signature=none"})
            response = connection.getresponse()
            answer = response.read().decode()
            if response.status >= 300:
                raise ServerFailed(f"{action}: {response.status} {answer}")
            return json.loads(answer or "{}")
        finally:
            connection.close()

    def _answers(self):
        try:
            self.request("ListQueues", {})
            return True
        except (OSError, http.client.HTTPException, ServerFailed):
            return False
