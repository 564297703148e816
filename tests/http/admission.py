"""Scenarios of who may send, how much, and in which shape."""
import base64
import hashlib
import hmac
import json
import os
import threading
import time

from engine import Failed
from talk import HANGS, ask, basic, expect, post

WAITING_MAX = 20
LARGE = 256 * 1024
KEYS = {"mobile": "hush-mobile", "partner": "hush-partner"}
STANDARD_KEY = b"a key of twenty-four byte"


class Sent(threading.Thread):
    """One request, and what it is answered in the end."""

    def __init__(self, *arguments, **headers):
        super().__init__()
        self.arguments, self.headers = arguments, headers
        self.answer = None
        self.start()

    def run(self):
        self.answer = ask(*self.arguments, **self.headers)

    def status(self):
        self.join(HANGS)
        return self.answer and self.answer.status


def behind_a_valve(case, **more):
    """A pipeline whose function waits until `open_valve` of what this returns."""
    fifo = case.folder / "valve"
    os.mkfifo(fifo)
    valve = open(fifo, "r+b", buffering=0)  # Whoever opens a FIFO alone waits for the other end.
    case.start(
        {"held": {"source": case.listen(path="/in", respond=202, **more), "function": "valve",
                  "batch": {"events": 1},
                  "sinks": {"out": {"from": "out", "file": {"path": str(case.folder / "out")}}}}},
        functions={"valve": {"native": str(case.options.valves / "valve_messages.so"),
                             "timeout": "10m", "config": {"fifo": str(fifo)}}})
    return valve


def open_valve(valve):
    """Lets through what a scenario has."""
    valve.write(b"." * 4096)


def is_told_to_come_back(answer):
    return (answer is not None and answer.status == 429
            and int(answer.headers.get("retry-after", 0)) >= 1)


def fill(case, body):
    """Sends until one is told to come back; those that wait."""
    waiting = []
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        sent = Sent(case.port, "POST", "/in", body)
        sent.join(0.2)
        if sent.answer is not None:
            expect(is_told_to_come_back(sent.answer), f"one too many: {sent.answer}")
            return waiting
        waiting.append(sent)
    raise Failed("nobody is told to come back")


def more_than_may_wait_is_told_to_come_back(case):
    valve = behind_a_valve(case, waiting_max=WAITING_MAX)
    waiting = fill(case, "x")
    expect(len(waiting) == WAITING_MAX, f"{len(waiting)} wait")
    open_valve(valve)
    statuses = [sent.status() for sent in waiting]
    expect(statuses == [202] * WAITING_MAX, f"those that waited: {statuses}")
    expect(ask(case.port, "POST", "/in", "x").status == 202, "there is room again")
    case.stop()


def more_than_memory_takes_is_told_to_come_back(case):
    valve = behind_a_valve(case, memory="4MiB", body_max="1MiB")
    body = b"x" * LARGE
    waiting = fill(case, body)
    expect(len(waiting) == 4 * 1024 * 1024 // LARGE, f"{len(waiting)} wait")
    before = case.resident()
    tries = 300
    refusals = sum(is_told_to_come_back(ask(case.port, "POST", "/in", body)) for _ in range(tries))
    grown = case.resident() - before
    expect(refusals == tries, f"{refusals} of {tries} are refused")
    expect(grown < 8, f"{tries * LARGE >> 20} MiB that were refused cost {grown:.1f} MiB")
    # What has no body needs no memory.
    small = Sent(case.port, "POST", "/in", b"")
    open_valve(valve)
    statuses = [sent.status() for sent in waiting]
    expect(set(statuses) == {202}, f"those that waited: {statuses}")
    expect(small.status() == 202, f"one without a body: {small.answer}")
    expect(ask(case.port, "POST", "/in", body).status == 202, "there is room again")
    case.stop()
    return f"{tries} refused, {grown:.1f} MiB more"


def callers_are_known(case):
    case.start({"in": case.intake(
        auth={"api_keys": [f"{name}:{key}" for name, key in KEYS.items()],
              "bearer": "ci:hush-token", "basic": ["old:hush-old", "old:hush-new"]},
        rate_limit={"rate": "0.01/s", "burst": 3})})
    wrong = {"nothing": {}, "a wrong key": {"X_Api_Key": "hush"},
             "a key as a token": {"Authorization": f"Bearer {KEYS['mobile']}"},
             "a wrong token": {"Authorization": "Bearer hush-tokem"},
             "another name's password": basic("new:hush-old"), "half a login": basic("old:")}
    for what, headers in wrong.items():
        answer = post(case.port, "/in", {"id": what}, **headers)
        expect(answer and answer.status == 401, f"{what}: {answer}")
        expect("Bearer" in answer.headers.get("www-authenticate", ""), f"{what}: {answer}")
    right = {"a key": {"X_Api_Key": KEYS["mobile"]},
             "a token": {"Authorization": "bearer hush-token"},
             "a login": basic("old:hush-old"), "the next login": basic("old:hush-new")}
    for what, headers in right.items():
        answer = post(case.port, "/in", {"id": what}, **headers)
        expect(answer and answer.status == 202, f"{what}: {answer}")
    statuses = [post(case.port, "/in", {"id": f"m{n}"}, X_Api_Key=KEYS["mobile"]).status
                for n in range(3)]
    expect(statuses == [202, 202, 429], f"one that has had its rate: {statuses}")
    other = post(case.port, "/in", {"id": "partner"}, X_Api_Key=KEYS["partner"])
    expect(other.status == 202, f"another one: {other}")
    late = post(case.port, "/in", {"id": "late"}, X_Api_Key=KEYS["mobile"])
    expect(is_told_to_come_back(late), f"when to come back: {late}")
    case.stop()
    expect(set(case.rows()) == {*right, "m0", "m1", "partner"}, f"rows: {set(case.rows())}")
    expect("hush" not in case.said(), "a secret stands in the log")


def signed(key, algorithm, *parts):
    return hmac.new(key, b"".join(parts), algorithm)


def signatures_are_checked(case):
    sources = {
        "github": {"secret": ["hush-next", "hush-github"]},
        "stripe": {"secret": "hush-stripe", "scheme": "stripe"},
        "standard": {"secret": "whsec_" + base64.b64encode(STANDARD_KEY).decode(),
                     "scheme": "standard"}}
    case.start({name: case.intake(name, path=f"/{name}", verify={"hmac": hmac_options})
                for name, hmac_options in sources.items()})
    now = int(time.time())

    def github(body, _):
        return {"X_Hub_Signature_256": "sha256=" + signed(b"hush-github", "sha256", body).hexdigest()}

    def stripe(body, at):
        mac = signed(b"hush-stripe", "sha256", f"{at}.".encode(), body).hexdigest()
        return {"Stripe_Signature": f"t={at},v1={'0' * 64},v1={mac}"}

    def standard(body, at):
        mac = signed(STANDARD_KEY, "sha256", f"msg_1.{at}.".encode(), body).digest()
        return {"webhook_id": "msg_1", "webhook_timestamp": at,
                "webhook_signature": "v1," + base64.b64encode(mac).decode()}

    for sign in (github, stripe, standard):
        path = "/" + sign.__name__
        body = json.dumps({"id": sign.__name__}).encode()
        fine = ask(case.port, "POST", path, body, **sign(body, now))
        expect(fine and fine.status == 202, f"{path}: {fine}")
        for what, answer in (
                ("another body", ask(case.port, "POST", path, body + b" ", **sign(body, now))),
                ("no signature", ask(case.port, "POST", path, body)),
                ("a signature of long ago", ask(case.port, "POST", path, body,
                                                **sign(body, now - 900)))):
            late_is_fine = sign is github and "long ago" in what  # It says no time.
            status = 202 if late_is_fine else 401
            expect(answer and answer.status == status, f"{path}, {what}: {answer}")
    case.stop()
    for name in sources:
        expect(set(case.rows(name)) == {name}, f"rows of {name}: {case.rows(name)}")
    expect("hush" not in case.said(), "a secret stands in the log")


def cloud_events_come_in_three_modes(case):
    source = case.listen(path="/in", respond=202, event="cloudevents")
    case.start({"in": {"source": source, "sinks": {"events": {
        "from": "event", "table": {"key": "$event.id"}}}}})
    binary = post(case.port, "/in", {"n": 1}, ce_specversion="1.0", ce_id="binary",
                  ce_source="/tests", ce_type="test")
    expect(binary and binary.status == 202, f"binary: {binary}")

    def event(name):
        return {"specversion": "1.0", "id": name, "source": "/tests", "type": "test",
                "datacontenttype": "application/json", "data": {"of": name}}

    structured = post(case.port, "/in", event("structured"),
                      Content_Type="application/cloudevents+json")
    expect(structured and structured.status == 202, f"structured: {structured}")
    batch = post(case.port, "/in", [event("one"), event("two")],
                 Content_Type="application/cloudevents-batch+json")
    expect(batch and batch.status == 202, f"a batch: {batch}")
    none = post(case.port, "/in", [], Content_Type="application/cloudevents-batch+json")
    expect(none and none.status == 202, f"an empty batch: {none}")
    for what, answer in (
            ("no event", post(case.port, "/in", {"n": 1})),
            ("one without an id", post(case.port, "/in", {"n": 1}, ce_specversion="1.0",
                                       ce_source="/tests", ce_type="test")),
            ("half a batch", post(case.port, "/in", [event("lost"), {"id": "half"}],
                                  Content_Type="application/cloudevents-batch+json"))):
        expect(answer and answer.status == 400 and "message" in answer.body, f"{what}: {answer}")
    case.stop()
    wanted = {"binary": {"n": 1}, **{name: {"of": name} for name in ("structured", "one", "two")}}
    expect(case.rows("events") == wanted, f"rows: {case.rows('events')}")


SCENARIOS = [more_than_may_wait_is_told_to_come_back, more_than_memory_takes_is_told_to_come_back,
             callers_are_known, signatures_are_checked, cloud_events_come_in_three_modes]
