"""Cases of connections that are lost: in silence, with the queue that was read, and with the host
that they led to. The engine lives on; what it did is counted when it has been stopped in the end."""
import json
import subprocess
import threading
import time
from contextlib import contextmanager

from engine import Failed
from scene import HANGS, counts, expect, messages, source
from tcp_proxy import TcpProxy

HEARTBEAT = 2  # Seconds. Twice that without a sign of life, and a broker counts as gone.
# So long that takes at most, on a machine that has others to serve; far less than the 30 s after
# which an answer or a confirmation that does not come ends a connection too.
NOTICED_WITHIN = 3 * HEARTBEAT + 6
SHARE = 600   # Messages between two incidents.


class Line:
    """A live engine that counts each message of the queue `name` by its id, and copies it to
    another."""

    def __init__(self, runs, name, *hosts):
        self.rabbit, self.name, self.copies = runs.rabbit, name, f"{name}-copies"
        self.sent, self.sender = 0, None
        self.log = runs.folder / f"{name}.log"
        for queue in (self.name, self.copies):
            self.rabbit.declare(queue)
        self.engine = runs.engine(name, {
            "source": source(name), "dedupe": {"id": "native", "horizon": "1h"},
            "batch": {"events": 50, "window": "20ms"},
            "sinks": {"counts": {"aggregate": {"table": "counts", "key": ".id", "count": True}},
                      "copies": {"from": "event",
                                 "amqp": {"connection": "it", "queue": self.copies}}}},
            runs.connection(*hosts, heartbeat=f"{HEARTBEAT}s"))

    @contextmanager
    def living(self):
        with open(self.log, "w", encoding="utf-8") as log:
            self.engine.start("--log-level", "debug", stdout=log, stderr=subprocess.STDOUT)
            try:
                yield self
            finally:
                self.engine.kill()

    def send(self, count=SHARE):
        self.rabbit.publish(self.name, messages(count, self.sent))
        self.sent += count

    def send_on(self):
        """Sends for a while; returns once some of that is done."""
        done = self.sent
        self.sender = threading.Thread(target=self.send, daemon=True)
        self.sender.start()
        self.wait_for("any work", lambda: (self.status("committed") or 0) > done)

    def words(self):
        return self.log.read_text("utf-8").splitlines()

    def status(self, word):
        return next((line[word] for line in self.engine.live("/api/v1/pipelines")), None)

    def wait_for(self, what, holds):
        """How long it took."""
        began = time.monotonic()
        if not self.engine.wait_until(holds, HANGS):
            raise Failed(f"{self.name}: {what} does not come; it said {self.words()[-5:]}")
        return time.monotonic() - began

    def wait_until_done(self):
        """Until all is sent, the queue has nothing to hand out, nothing is under way and all is
        well; how long that took once all was sent."""
        if self.sender is not None:
            self.sender.join()
        return self.wait_for("the end of the work", lambda: (
            self.status("in_flight") == 0 and self.rabbit.ready(self.name) == 0
            and self.status("in_flight") == 0 and not self.status("error")))

    def finish(self):
        """Stops the engine, has another do what the broker may find lost only now, and tells what
        is not as it should be."""
        self.engine.process.terminate()
        if not self.engine.wait(HANGS) or self.engine.process.returncode != 0:
            raise Failed(f"{self.name}: a drain ends with {self.engine.process.returncode}")
        self.engine.run_to_end(HANGS)
        found = counts(self.engine)
        copies = self.rabbit.look_at_all(self.copies)
        return (expect(len(found), self.sent, "ids counted")
                + expect([one for one in found.items() if one[1] != 1][:3], [], "counted twice")
                + expect(len({json.loads(body)["id"] for _, _, body in copies}), self.sent, "copies")
                + expect(len({properties.message_id for _, properties, _ in copies}), self.sent,
                         "ids of copies")
                + expect(self.rabbit.ready(self.name), 0, "messages left")
                + expect(self.engine.lines("dlq", "list"), [], "dead letters"))


def silent(line, hang, go_on):
    """What the connection leads to hangs, and nobody ends it."""
    lost = f"there was no sign of life for {2 * HEARTBEAT} s"

    def both_know():
        # The source warns; of a sink those who write do, and it leaves a word for who looks closer.
        words = [word for word in line.words() if lost in word]
        return (any(word.endswith("; it is tried again") for word in words)
                and any(" debug " in word for word in words))

    with line.living():
        line.send_on()
        hang()
        try:
            took = line.wait_for("a word of the silence of both", both_know)
            found = expect(took < NOTICED_WITHIN, True, f"noticed in time, after {took:.1f} s")
            found += expect(bool(line.status("error")), True, "a status that says so")
        finally:
            go_on()
        line.wait_until_done()
        return found + line.finish()


def silent_network(runs):
    """The broker lives, misses us too, and hands the messages that we have out again."""
    with TcpProxy(runs.rabbit.port) as network:
        return silent(Line(runs, "unheard", network.address), network.stall, network.flow)


def silent_broker(runs):
    return silent(Line(runs, "hanging"), runs.rabbit.pause, runs.rabbit.resume)


def queue_deleted(runs):
    """The broker cancels the consumer. It is said, and tried until there is such a queue again."""
    line, ended = Line(runs, "fleeting"), "the broker has ended the reading of queue fleeting"
    with line.living():
        line.send(200)
        line.wait_until_done()
        runs.rabbit.delete(line.name)
        line.wait_for("a word of the end of reading", lambda: any(
            " warning " in word and ended in word for word in line.words()))
        line.wait_for("a status that says what is missing",
                      lambda: "no queue 'fleeting'" in (line.status("error") or ""))
        runs.rabbit.declare(line.name)
        line.send(200)
        line.wait_until_done()
        return line.finish()


def failover(runs):
    """Of two hosts one is gone, then the other, and then the one that is left hangs."""
    port = runs.rabbit.port
    with TcpProxy(port) as first, TcpProxy(port) as second:
        line = Line(runs, "moving", first.address, second.address)
        with line.living():
            for host in (first, second):
                line.send_on()
                host.go_away()
                line.wait_until_done()
                host.come_back()
            line.send_on()
            first.stall()  # Which is in use: the second was away.
            took = line.wait_until_done()
            first.flow()
            return expect(took < 2 * NOTICED_WITHIN, True,
                          f"the other host in time, after {took:.1f} s") + line.finish()


CASES = (silent_network, silent_broker, queue_deleted, failover)
