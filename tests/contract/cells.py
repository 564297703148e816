"""The cells of the contract's table: what must hold of every source and every sink, whatever happens
to the server or to the engine."""
import fcntl
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from connector import Sink, Source
from engine import Engine, Failed
from server_process import ServerFailed

HANGS = 120         # Seconds after which something is taken to hang.
PAUSE = 2.0         # How long a server stands still.
PULSE = (0.15, 0.05)    # A slow server: how long it stands still, and runs, by turns.
EVENTS = 300
BATCH = 20
LARGE = 64 << 10
MEMORY = 16         # MiB for events under way, where events are large.
OVERHEAD = 96       # MiB that an engine may have besides: its program, its state, its clients.


def expect(holds, sentence):
    if not holds:
        raise Failed(sentence)


class Valve:
    """Lets as many batches of the engine through as it is told to."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, 4096)

    def let(self, batches):
        os.write(self.pipe, b"." * batches)

    def open(self):
        """For the next 4096 batches, which is all that a cell has."""
        try:
            while True:
                os.write(self.pipe, b"." * 64)
        except BlockingIOError:
            pass


class Slow(threading.Thread):
    """Makes a server slow for as long as the block lasts."""

    def __init__(self, server):
        super().__init__()
        self.server, self.ending = server, threading.Event()

    def run(self):
        while not self.ending.is_set():
            self.server.pause()
            self.ending.wait(PULSE[0])
            self.server.resume()
            self.ending.wait(PULSE[1])

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.ending.set()
        self.join()


class Cell:
    """A pipeline through a valve, in a folder of its own, and the engines that run it."""

    def __init__(self, connector, name, folder, options):
        self.connector, self.options, self.folder = connector, options, folder
        self.server = connector.server
        self.place = f"{connector.name}-{name}".replace(" ", "-").lower()
        self.valve = Valve(folder / "valve")
        self.log = open(folder / "log", "w", encoding="utf-8")
        connector.make(self.place)
        self.engine = self.engine_of(self.pipeline(self.place), connector.connection)

    def engine_of(self, pipeline, connection, *more, name="data"):
        plan = {"connections": {"it": connection}, "pipelines": {"cell": pipeline},
                "functions": {"valve": {
                    "native": str(self.options.plugins / f"valve_{self.connector.valve}.so"), "timeout": "10m",
                    "config": {"fifo": str(self.valve.path)}}}}
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(plan), encoding="utf-8")  # JSON is YAML too.
        return Engine(self.options.tidemill, path, self.folder / name, "--admin-listen", "off",
                      "--log-level", "debug", *more)

    def start(self, *more):
        self.engine.start(*more, stdout=self.log, stderr=self.log)

    def look_whether_it_can_be_reached(self):
        return subprocess.run(
            [self.engine.tidemill, "check", self.engine.pipeline, "--connect", "--data",
             str(self.engine.data)], stdout=self.log, stderr=self.log, timeout=HANGS,
            check=False).returncode

    def said(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def of_pipeline(self, word):
        for line in self.engine.live("/api/v1/pipelines"):
            return line[word]
        return 0

    def wait_for(self, what, holds):
        expect(self.engine.wait_until(holds, HANGS),
               f"{what} does not come\n{self.said()[-2000:]}")

    def wait_for_events(self, events):
        self.wait_for(f"{events} events", lambda: self.of_pipeline("events") >= events)

    def drain(self):
        self.engine.process.send_signal(signal.SIGTERM)
        expect(self.engine.wait(HANGS), "a drain hangs")
        expect(self.engine.process.returncode == 0,
               f"a drain ended with {self.engine.process.returncode}\n{self.said()[-2000:]}")

    def finish(self):
        """Runs what is left to its end."""
        self.valve.open()
        self.start("--until-idle")
        expect(self.engine.wait(HANGS), f"the last run hangs\n{self.said()[-3000:]}")
        expect(self.engine.process.returncode == 0,
               f"the last run ended with {self.engine.process.returncode}\n{self.said()[-2000:]}")
        letters = self.engine.lines("dlq", "list")
        expect(not letters, f"there are dead letters: {letters[:2]}")

    def tells_no_secret(self):
        for secret in self.connector.secrets:
            expect(secret not in self.said(), "the log tells a secret")

    def close(self):
        self.engine.kill()
        self.log.close()
        os.close(self.valve.pipe)


class SourceCell(Cell):
    def readers_return(self):
        """It is the reader, and has to return by itself."""

    def pipeline(self, place):
        return {"source": self.connector.block(place), "function": "valve",
                "batch": {"events": BATCH, "window": "20ms"},
                "sinks": {"rows": {"from": "out", "table": {"name": "counts"}}},
                **self.connector.pipeline}

    def feed(self, begin, end, size=0):
        self.connector.put(self.place, [f"e{n}" for n in range(begin, end)], size)

    def check(self, events):
        rows = {row["key"]: row["value"] for row in self.engine.lines("table", "export", "counts")}
        missing = [n for n in range(events) if f"e{n}" not in rows]
        doubled = [key for key, count in rows.items() if count != 1]
        expect(not missing and not doubled and len(rows) == events,
               f"{len(missing)} of {events} events are missing and {len(doubled)} counted twice, "
               f"such as {missing[:3]} and {doubled[:3]}")


class SinkCell(Cell):
    def readers_return(self):
        if self.connector.return_to:
            self.connector.return_to(self.place)

    def pipeline(self, place):
        return {"source": {"file": {"path": str(self.folder / "events.ndjson"), "key": ".id"}},
                "function": "valve", "batch": {"events": BATCH, "window": "20ms"},
                "sinks": {"it": {"from": "out", **self.connector.block(place)}}}

    def feed(self, begin, end, size=0):
        with open(self.folder / "events.ndjson", "a", encoding="utf-8") as file:
            for n in range(begin, end):
                file.write(json.dumps({"id": f"e{n}", "text": "x" * size}) + "\n")

    def check(self, events):
        found = self.connector.found(self.place)
        missing = [n for n in range(events) if f"e{n}" not in found]
        doubled = [key for key, count in found.items() if count != 1]
        if self.connector.repeats and self.killed:
            doubled = []
        expect(not missing and not doubled and len(found) == events,
               f"{len(missing)} of {events} events are missing and {len(doubled)} there twice, "
               f"such as {missing[:3]} and {doubled[:3]}")

    killed = False


def half_way(cell):
    """A live engine with a third of the events done, and work in hand."""
    cell.feed(0, EVENTS // 2)
    cell.valve.let(EVENTS // 3 // BATCH)
    cell.start()
    cell.wait_for_events(1)


def server_is_killed(cell):
    half_way(cell)
    cell.server.kill()
    cell.valve.let(3)
    told = len(cell.said())
    cell.wait_for("a word of a server that is gone", lambda: trouble(cell.said()[told:]))
    cell.server.start()
    cell.readers_return()
    cell.feed(EVENTS // 2, EVENTS)
    cell.valve.open()
    cell.wait_for_events(EVENTS // 2)
    cell.drain()
    cell.finish()
    cell.check(EVENTS)
    told = len(trouble(cell.said()))
    expect(told < 60, f"{told} lines tell of one server that was gone")


def trouble(text):
    return re.findall(r" (?:warning|error) .*", text)


def server_stands_still(cell):
    half_way(cell)
    cell.server.pause()
    cell.valve.let(3)
    time.sleep(PAUSE)
    cell.server.resume()
    cell.feed(EVENTS // 2, EVENTS)
    cell.valve.open()
    cell.wait_for_events(EVENTS // 2)
    cell.drain()
    cell.finish()
    cell.check(EVENTS)


def server_answers_errors(cell):
    """Of the server alone they say something: they cost no event an attempt, of which it has one."""
    with cell.connector.errors() as errors:
        pipeline = {**cell.pipeline(cell.place), "retry": {"attempts": 1}}
        cell.engine = cell.engine_of(pipeline, errors.connection)
        half_way(cell)
        errors.begin()
        cell.valve.let(3)
        cell.wait_for("a word in the status", lambda: "waited for" in str(cell.of_pipeline("error")))
        errors.end()
        cell.feed(EVENTS // 2, EVENTS)
        cell.valve.open()
        cell.wait_for_events(EVENTS // 2)
        cell.wait_for("a status that is well again", lambda: not cell.of_pipeline("error"))
        cell.drain()
        cell.finish()
    cell.check(EVENTS)


def server_is_slow(cell):
    cell.feed(0, EVENTS)
    cell.valve.open()
    with Slow(cell.server):
        cell.start()
        cell.wait_for_events(EVENTS // 3)
    cell.drain()
    cell.finish()
    cell.check(EVENTS)


def engine_is_killed(cell):
    cell.killed = True
    cell.feed(0, EVENTS)
    for _ in range(4):
        cell.valve.let(4)
        cell.start()
        cell.wait_for_events(1)
        expect(cell.engine.kill(), "the engine ended by itself")
    cell.finish()
    cell.check(EVENTS)


def engine_is_stopped(cell):
    for begin in (0, EVENTS // 2):
        cell.feed(begin, begin + EVENTS // 2)
        cell.valve.let(EVENTS // BATCH)
        cell.start()
        cell.wait_for_events(1)
        cell.drain()
    cell.finish()
    cell.check(EVENTS)


def engine_is_stopped_without_its_server(cell):
    half_way(cell)
    cell.server.kill()
    cell.valve.open()
    told = len(cell.said())
    cell.wait_for("a word of a server that is gone", lambda: trouble(cell.said()[told:]))
    cell.drain()
    cell.server.start()
    cell.feed(EVENTS // 2, EVENTS)
    cell.finish()
    cell.check(EVENTS)


def nothing_is_acknowledged_before_it_is_done(cell):
    cell.feed(0, EVENTS)
    cell.start()
    cell.wait_for("work in hand", lambda: cell.of_pipeline("in_flight") >= BATCH)
    time.sleep(PAUSE)  # Longer than whoever acknowledges too early waits to do so.
    expect(cell.engine.kill(), "the engine ended by itself")
    acknowledged = cell.connector.acknowledged(cell.place)
    expect(acknowledged == 0, f"the server was told that {acknowledged} events were done")
    cell.finish()
    cell.check(EVENTS)
    acknowledged = cell.connector.acknowledged(cell.place)
    expect(acknowledged == EVENTS, f"in the end the server was told of {acknowledged} events")


def memory_is_bounded_behind_what_is_slow(cell):
    count = 4 * (MEMORY << 20) // LARGE
    cell.feed(0, count, LARGE)
    cell.engine.options += ["--memory", f"{MEMORY}MiB"]
    cell.start()
    cell.wait_for("work in hand", lambda: cell.of_pipeline("in_flight") >= 1)
    most = 0
    end = time.monotonic() + PAUSE
    while time.monotonic() < end:
        status = Path(f"/proc/{cell.engine.process.pid}/status").read_text(encoding="utf-8")
        most = max(most, int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10)
        time.sleep(0.05)
    cell.valve.open()
    cell.drain()
    cell.finish()
    cell.check(count)
    expect(most <= MEMORY + OVERHEAD, f"{most} MiB for {MEMORY} MiB of events")
    return f"{most} MiB with {count * LARGE >> 20} MiB to read"


def what_is_right_is_reached(cell):
    cell.feed(0, EVENTS)
    expect(cell.look_whether_it_can_be_reached() == 0 and "reached: cell: " in cell.said(),
           f"check --connect does not reach it\n{cell.said()}")
    cell.finish()
    cell.check(EVENTS)  # And nothing was taken away or left there.


def mistake(cell, wrong):
    pipeline = cell.pipeline(wrong.place or cell.place)
    cell.feed(0, 1)
    cell.valve.open()
    cell.engine = cell.engine_of(pipeline, wrong.connection, name="wrong")
    exit_code = cell.look_whether_it_can_be_reached()
    expect(exit_code == 1 and wrong.sentence in cell.said(),
           f"check --connect does not say {wrong.sentence!r}, exit code {exit_code}\n{cell.said()}")
    cell.start()
    cell.wait_for(repr(wrong.sentence), lambda: any(
        wrong.sentence in line for line in trouble(cell.said())))
    cell.engine.kill()


SOURCE = {
    "server killed": server_is_killed,
    "server stands still": server_stands_still,
    "server slow": server_is_slow,
    "server answers errors": server_answers_errors,
    "engine killed": engine_is_killed,
    "engine stopped": engine_is_stopped,
    "stopped alone": engine_is_stopped_without_its_server,
    "done before acked": nothing_is_acknowledged_before_it_is_done,
    "memory": memory_is_bounded_behind_what_is_slow,
    "check --connect": what_is_right_is_reached,
}
SINK = {name: SOURCE[name] for name in ("check --connect", "server killed", "server stands still",
                                        "server slow", "server answers errors", "engine killed",
                                        "engine stopped")}


def cells_of(connector):
    """(name, function) of each cell of its row."""
    cells = dict(SINK if isinstance(connector, Sink) else SOURCE)
    if isinstance(connector, Source) and connector.acknowledged is None:
        del cells["done before acked"]
    if connector.errors is None:
        del cells["server answers errors"]
    for what, wrong in connector.mistakes.items():
        cells[what] = lambda cell, wrong=wrong: mistake(cell, wrong)
    return list(cells.items())


def make_cell(connector, name, folder, options):
    kind = SinkCell if isinstance(connector, Sink) else SourceCell
    return kind(connector, name, folder, options)


FAULTS = (Failed, ServerFailed, subprocess.SubprocessError)
