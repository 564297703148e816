"""Scenarios of what an answer is worth: through stops and kills, to repeats, to many pipelines."""
import http.client
import json
import random
import threading
import time

from talk import HANGS, ask, expect, post

SENDERS = 8
PIPELINES = 8
DEDUPE = {"id": "native", "horizon": "1d"}


def kill(case):
    expect(case.engine.kill(), "the engine ended by itself")


def replies_are_given_again(case):
    case.start({"users": {
        "source": case.listen(routes=["GET /users", "POST /users", "GET /users/{id}",
                                      "DELETE /users/{id}"]),
        "dedupe": DEDUPE, "function": "users",
        "sinks": {"users": {"from": "users", "table": {}}}}}, functions={"users": {"native": "users"}})
    ada = {"name": "Ada", "email": "ada@example.com"}
    first = post(case.port, "/users", ada, Idempotency_Key="k1")
    expect(first and first.status == 201, f"the first: {first}")
    user = json.loads(first.body)
    expect(user["name"] == "Ada" and first.headers["location"] == "/users/" + user["id"], first)

    def is_told_again(when):
        again = post(case.port, "/users", ada, Idempotency_Key="k1")
        expect(again and (again.status, again.body) == (201, first.body), f"{when}: {again}")
        expect(again.headers["location"] == first.headers["location"], f"{when}: {again}")

    is_told_again("at once")
    other = post(case.port, "/users", ada, Idempotency_Key="k2")
    expect(other.status == 201 and other.body != first.body, f"another key: {other}")
    shown = ask(case.port, "GET", "/users/" + user["id"])
    expect(shown.status == 200 and json.loads(shown.body) == user, f"what was made: {shown}")
    kill(case)
    case.start()
    is_told_again("after a kill")
    case.stop()
    case.start()
    is_told_again("after a stop")
    bad = post(case.port, "/users", {"name": "Ada"}, Idempotency_Key="k3")
    expect(bad.status == 400 and "email" in bad.body, f"a user without an address: {bad}")
    gone = ask(case.port, "DELETE", "/users/" + user["id"])
    expect(gone.status == 204 and gone.body == "", f"one who goes: {gone}")
    expect(ask(case.port, "GET", "/users/" + user["id"]).status == 404, "one who is gone")
    is_told_again("of one who is gone")
    case.stop()
    expect(len(case.rows("users")) == 1, f"rows: {case.rows('users')}")


def pipelines_share_a_listener(case):
    case.start({f"p{n}": case.intake(f"rows{n}", path=f"/p{n}/{{name}}") for n in range(PIPELINES)})
    with_all = [threading.Thread(target=lambda n=n: [
        post(case.port, f"/p{n}/x", {"id": f"{n}-{m}"}) for m in range(20)]) for n in range(PIPELINES)]
    for thread in with_all:
        thread.start()
    for thread in with_all:
        thread.join()
    expect(ask(case.port, "POST", f"/p{PIPELINES}/x", "x").status == 404, "one that nobody has")
    case.stop()
    for n in range(PIPELINES):
        expect(set(case.rows(f"rows{n}")) == {f"{n}-{m}" for m in range(20)},
               f"rows of {n}: {case.rows(f'rows{n}')}")


class Sender(threading.Thread):
    """Posts numbers of its own on one connection, each until it is answered 202."""

    def __init__(self, name, port):
        super().__init__()
        self.name, self.port = name, port
        self.ending = threading.Event()
        self.taken, self.repeats, self.statuses = [], 0, set()
        self.connection = None

    def post(self, key):
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANGS)
            self.connection.request("POST", "/in", json.dumps({"id": key}), {
                "Content-Type": "application/json", "Idempotency-Key": key})
            answer = self.connection.getresponse()
            answer.read()
            self.statuses.add(answer.status)
            return answer.status == 202
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return False

    def run(self):
        while not self.ending.is_set():
            key = f"{self.name}-{len(self.taken)}"
            while not self.post(key):
                if self.ending.is_set():
                    return
                self.repeats += 1
                time.sleep(0.01)  # The engine is not there.
            self.taken.append(key)


class Senders:
    """Some of them, for as long as the block lasts."""

    def __init__(self, port):
        self.all = [Sender(f"s{n}", port) for n in range(SENDERS)]

    def __enter__(self):
        for sender in self.all:
            sender.start()
        return self

    def __exit__(self, *_):
        for sender in self.all:
            sender.ending.set()
        for sender in self.all:
            sender.join()

    def taken(self):
        return [key for sender in self.all for key in sender.taken]

    def expect_known_statuses(self):
        statuses = set().union(*(sender.statuses for sender in self.all))
        expect(statuses <= {202, 503}, f"answers: {statuses}")


def a_stop_loses_nothing(case):
    case.start({"in": case.intake()})
    with Senders(case.port) as senders:
        for _ in range(3):
            before = len(senders.taken())
            case.wait_for(lambda: len(senders.taken()) > before + 200, "load")
            case.stop()
            case.start()
        case.stop()
    taken, rows = senders.taken(), case.rows()
    missing = [key for key in taken if key not in rows]
    expect(not missing, f"{len(missing)} of {len(taken)} answered 202 are lost: {missing[:5]}")
    senders.expect_known_statuses()
    return f"{len(taken)} answered 202, 4 stops"


def queue_is_empty(case):
    return all(stream["records"] == 0 for stream in case.engine.lines("stream", "list")
               if stream["kind"] == "queue")


def kills_lose_and_double_nothing(case):
    chance = random.Random(case.options.seed)
    case.start({
        "in": {"source": case.listen(path="/in", respond=202), "dedupe": DEDUPE,
               "sinks": {"entries": {"from": "event", "queue": {"name": "entries"}}}},
        "counts": {"source": {"queue": {"name": "entries"}},
                   "sinks": {"counts": {"from": "event", "aggregate": {
                       "table": "counts", "key": ".id", "count": True}}}}})
    with Senders(case.port) as senders:
        for _ in range(case.options.kills):
            before = len(senders.taken())
            case.wait_for(lambda: len(senders.taken()) > before + 50, "load")
            case.engine.wait(chance.uniform(0, 0.4))
            kill(case)
            case.start()
    # What was under way when its sender stopped may be there without an answer.
    taken = set(senders.taken())
    case.wait_for(lambda: queue_is_empty(case), "end of the queue")
    case.stop()
    counts = {key: row["count"] for key, row in case.rows("counts").items()}
    missing = [key for key in taken if key not in counts]
    expect(not missing, f"{len(missing)} of {len(taken)} answered 202 are lost: {missing[:5]}")
    twice = {key: count for key, count in counts.items() if count != 1}
    expect(not twice, f"{len(twice)} of {len(counts)} are there twice: {dict(list(twice.items())[:5])}")
    expect(len(counts) <= len(taken) + SENDERS, f"{len(counts)} rows of {len(taken)}")
    senders.expect_known_statuses()
    repeats = sum(sender.repeats for sender in senders.all)
    return f"{len(taken)} answered 202, {case.options.kills} kills, {repeats} sent again"


SCENARIOS = [replies_are_given_again, pipelines_share_a_listener, a_stop_loses_nothing,
             kills_lose_and_double_nothing]
